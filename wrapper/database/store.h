/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last good data of one feed, compiled, in a file of its own beside the database: a feed that is down, shrinks or is cut short
 * leaves it as it is, and only what has changed needs to be fetched. The database is put together from the stores of all feeds.
 *
 * Written whole (beside, fsynced, renamed) or by changes (one transaction): at every moment the old data are there or the new ones.
 * A store of another format, feed or place, and a damaged one, counts as none. One process at a time (wrapper/feed/update.h's lock).
 */
#ifndef WRAPPER_DATABASE_STORE_H
#define WRAPPER_DATABASE_STORE_H

#include "wrapper/database/database.h"
#include "wrapper/database/moment.h"

#define STORE_ETAG_MAX 256

struct store_state { /* spans live as long as the store */
	bool there;      /* it holds data */
	bool merged;     /* the database has them */
	int64_t time;    /* of the feed: its own, else the newest `modified` that is not in the future */
	int64_t checked; /* when the feed was last asked with success */
	int64_t accepted, withdrawn, refused;
	int64_t future;  /* records of the future (moment.h), after store_settle() alone */
	struct span etag, sha256;
	int64_t failed; /* when it was last asked in vain since; 0: not since */
	struct span failure;
};
enum store_writing {
	STORE_WHOLE = 1,
	STORE_CHANGES, /* of what is there; what was refused is to be brought again */
};

struct store;
/* identity: what the data are of (kind and place, no secret is kept of it); p NULL: whatever
 * they are of, to be looked at. FAILED: the disk says no. */
enum pipgate_status store_open(const char *path, struct span identity, struct store **out, struct pipgate_error *error) PIPGATE_MUST_USE;
void store_close(struct store **store); /* what was begun and not committed is dropped */
const struct store_state *store_state(const struct store *store);

/* ---- writing: begin, what came, settle, then commit or drop ---- */

enum pipgate_status store_begin(struct store *store, enum store_writing how, struct pipgate_error *error) PIPGATE_MUST_USE;
/* INVALID, LIMIT: nothing was taken, the caller refuses it. FAILED: the id came twice (whole), or the disk said no. */
enum pipgate_status store_add(struct store *store, const struct pipgate_advisory *advisory, struct pipgate_error *error) PIPGATE_MUST_USE;
/* INVALID: no CVE id, or it was there already. */
enum pipgate_status store_exploitation(struct store *store, struct span cve, const struct pipgate_exploitation *said,
	struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status store_refuse(struct store *store, struct span item, struct span reason, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The record of that id goes, and what was refused under that name. */
enum pipgate_status store_remove(struct store *store, struct span id, struct pipgate_error *error) PIPGATE_MUST_USE;
void store_time(struct store *store, int64_t time);    /* the feed's own */
void store_digest(struct store *store, const char *hex); /* of its bytes; not said: there are none */
/* What the state will be. */
enum pipgate_status store_settle(struct store *store, int64_t now, struct store_state *out, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status store_commit(struct store *store, const struct store_state *state, struct pipgate_error *error) PIPGATE_MUST_USE;
void store_drop(struct store *store);

/* ---- its state alone: nothing has changed, it was asked in vain, it was merged ---- */
enum pipgate_status store_note(struct store *store, const struct store_state *state, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- reading ---- */

/* false: no such record. */
bool store_modified(struct store *store, struct span id, struct moment *out);
/* Whether a record ID, or a file ID.json, was refused. */
bool store_was_refused(struct store *store, struct span id);
/* Every id, ascending, withdrawn ones too, until each gives another status than OK. */
enum pipgate_status store_each(struct store *store,
	enum pipgate_status (*each)(void *ctx, struct span id, struct moment modified, struct pipgate_error *error), void *ctx,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* All of it into a build. feed: its name, kind, place, weight and max_age; the rest is the store's. INVALID: it is damaged. */
enum pipgate_status store_merge(struct store *store, struct database_build *build, const struct database_feed *feed,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
