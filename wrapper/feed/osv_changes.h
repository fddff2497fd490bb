/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSV's list of what was modified when, modified_id.csv beside an ecosystem's all.zip: a line "TIME,ID" a record. By it an archive is
 * checked (it has lacked records at times), and later only what has changed since is fetched, as ID.json from the same folder.
 * Source: https://google.github.io/osv.dev/data/#data-dumps
 */
#ifndef WRAPPER_FEED_OSV_CHANGES_H
#define WRAPPER_FEED_OSV_CHANGES_H

#include "wrapper/feed/reading.h"
#include "wrapper/memory.h"

#define OSV_ARCHIVE "all.zip"
#define OSV_LIST "modified_id.csv"
#define OSV_FEW 2000 /* more single records take longer than the archive */

struct osv_list {
	struct buf text;
	struct list lines; /* by id */
	struct list gone;  /* struct span: ids */
	size_t wanted;
	struct pipgate_run *run;
	char etag[STORE_ETAG_MAX];
	bool there; /* false: the server has none */
	bool unchanged;
};
/* etag: of the list that the store is up to date with, "": none. INVALID: it is no such list. */
enum pipgate_status osv_list_get(struct reading *reading, struct span folder, struct span etag, struct osv_list *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
void osv_list_free(struct osv_list *list);
/* What the store lacks or has older (wanted), and what it has and the list has not (gone). */
enum pipgate_status osv_list_compare(struct reading *reading, struct osv_list *list, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Fetches what is wanted. gone: what the list no longer has goes, too. Where a
 * record comes older than the list has it, the list loses its etag: it is asked again. */
enum pipgate_status osv_list_follow(struct reading *reading, struct span folder, struct osv_list *list, bool gone,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
