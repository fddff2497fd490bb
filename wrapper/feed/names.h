/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the feeds that ask a service ask about: the names of a requirements file (what `pip freeze` gives) or of a lock. */
#ifndef WRAPPER_FEED_NAMES_H
#define WRAPPER_FEED_NAMES_H

#include "wrapper/service/asking.h"

/* Each once, by name, then version; n 0 of a version: none is pinned. Lives in the run. Nothing is resolved, what a place or an address
 * asks for without a name is passed over. INVALID, LIMIT: the file is none, names nothing, or names a file that only pip can read. */
enum pipgate_status feed_names(struct pipgate_run *run, const char *path, const struct release **out, size_t *n,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Whether the file names what it named when a feed was read, by the digest that the feed's state has. A pipe cannot be read twice: no. */
bool feed_names_same(struct pipgate_run *run, const char *path, struct span digest);

#define FEED_NAMES_MAX 200000 /* more than any machine has */

/* ---- of the kinds that ask ---- */

struct reading;
/* Begins the asking (its run is for pipgate_run_free()): the names, and how the reading wants to ask. */
enum pipgate_status feed_asking(struct reading *reading, struct asking *asking, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Before records are given: the feed's digest, which is that of the names, and its time. A service answers live, so that is the time of
 * the oldest answer, as the server tells it; never later than now, which it is where none told. */
enum pipgate_status feed_asked(struct reading *reading, const struct asking *asking, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The earlier of told and now; told < 1: now. RFC 3339, in the run. */
struct span feed_moment(struct pipgate_run *run, int64_t told);
/* "https://host/base" of the reading's place, without slashes at its end. INVALID: it is no address, or has a query or fragment. */
enum pipgate_status feed_base(const struct reading *reading, struct pipgate_run *run, const char **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
