/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds into a database file. Each feed is read by a process of its own, all at once, into its store; a feed that fails leaves its
 * store with the last good data. Then the database is put together from the stores, where something has changed.
 */
#ifndef WRAPPER_FEED_UPDATE_H
#define WRAPPER_FEED_UPDATE_H

#include "wrapper/database/store.h"
#include "wrapper/feed/feed.h"

#define UPDATE_STORE_END ".feed" /* of a store's file */

struct update_order {
	const char *database;  /* the file that is replaced */
	const struct feed_source *sources;
	size_t n;
	bool kept;             /* the stores beside the database are brought up to date; else all is read anew, and none is kept */
	const char *only;      /* the name of one source: the others stay as they are; NULL: all */
	const char *accept;    /* the name of one that may shrink and go back in time now; NULL: none */
	int64_t if_older_s;    /* feeds that were asked with success less than this ago stay as they are */
	uint32_t deadline_ms;  /* of each download; 0: the ordinary one */
};
struct update_outcome {
	struct database_totals totals;
	bool unchanged; /* no feed had anything new: the database was left alone */
	size_t failed;  /* feeds that must be there and have only their last good data */
};
/* Anything but OK: the database was not replaced. Waits for another update of the same file, and then asks no feed that this one has
 * just asked. What went wrong with single feeds is said as it comes. */
enum pipgate_status update_run(const struct update_order *order, struct update_outcome *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The folder of the stores, beside the database. */
const char *update_folder(struct pipgate_run *run, const char *database);
/* When the feed of that name in a database was last asked in vain, and why; 0: it was not, since it worked. text lives in the run. */
int64_t update_failure(struct pipgate_run *run, const char *database, struct span name, struct span *text);
/* A source's store. */
enum pipgate_status update_store(struct pipgate_run *run, const char *folder, const struct feed_source *source, struct store **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
