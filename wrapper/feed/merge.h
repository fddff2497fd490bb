/* SPDX-License-Identifier: Apache-2.0 */
/* The database out of the feeds' stores. */
#ifndef WRAPPER_FEED_MERGE_H
#define WRAPPER_FEED_MERGE_H

#include "wrapper/feed/update.h"

struct merge {
	struct pipgate_run *run;
	const struct update_order *order;
	const char *folder; /* of the stores */
	const struct feed_source **turns; /* in which they are put together */
};
/* Sets the turns; the others are set. */
void merge_begin(struct merge *merge);
/* Whether the database holds what the stores hold, and nothing else; then totals are its own. */
bool merge_is_current(struct merge *merge, struct database_totals *totals);
/* FAILED, too, where a feed that must be there never was. */
enum pipgate_status merge_run(struct merge *merge, struct database_totals *totals, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Remembers in the stores that the database has what they have. Where that fails, the next update puts the same together: no harm. */
void merge_note(struct merge *merge);

#endif
