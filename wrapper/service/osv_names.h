/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which advisories OSV names for distributions (google.github.io/osv.dev/api): /v1/querybatch, a thousand names at once and without
 * versions, each followed over its pages until none is left. Of the service (osv.c) and of the feed (wrapper/feed/osv_api.c).
 */
#ifndef WRAPPER_SERVICE_OSV_NAMES_H
#define WRAPPER_SERVICE_OSV_NAMES_H

#include "wrapper/database/moment.h"
#include "wrapper/service/asking.h"

#define OSV_IDS_MAX 200000 /* six times what PyPI has */

struct osv_query { /* of one name, a page at a time */
	struct span name;
	struct span page; /* n 0: the first */
	unsigned pages;
};
struct osv_known { /* an advisory that the server names */
	struct span id; /* safe in a path */
	struct moment modified;
	bool dated; /* modified is told */
};
struct osv_names {
	struct asking *asking;
	struct list open;  /* of struct osv_query: still to be asked */
	struct list known; /* of struct osv_known; one may come with several names */
};

/* Every name of the asking's releases becomes a query. */
enum pipgate_status osv_names_open(struct osv_names *names, struct pipgate_error *error) PIPGATE_MUST_USE;
/* All that is open, once, at this address; what goes on is open afterwards. *missing: the server has no batches. */
enum pipgate_status osv_names_batch(struct osv_names *names, const char *address, bool *missing,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Sorts known by id; each stays once, with the newest `modified`. */
void osv_names_sort(struct osv_names *names);

/* ---- of one query ---- */

void osv_query_write(struct buf *out, const struct osv_query *query);
/* The first item of its answer's list; NULL: nothing is known. INVALID: it is no answer. */
enum pipgate_status osv_vulns_of(const struct osv_names *names, const struct osv_query *query, const cJSON *answer, const cJSON **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Where an answer says that it goes on, its next page is open. */
enum pipgate_status osv_page_take(struct osv_names *names, const struct osv_query *query, const cJSON *answer,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* A question's body into the run; ends the buf. */
enum pipgate_status osv_body_keep(const struct osv_names *names, struct buf *body, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
#define OSV_QUERY_MAX ((size_t)16 << 20) /* of one question: FETCH_BODY_MAX */

#endif
