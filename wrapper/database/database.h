/* SPDX-License-Identifier: Apache-2.0 */
/* The advisory database: one SQLite file as a container of compiled rows. The only folder that knows SQLite. */
#ifndef WRAPPER_DATABASE_H
#define WRAPPER_DATABASE_H

#include <stdint.h>

#include "matcher/base/error.h"

/* ---- which file ---- */

enum database_kind {
	DATABASE_NAMED = 1, /* by option or PIPGATE_DB */
	DATABASE_USER,
	DATABASE_SYSTEM,
	DATABASE_STARTER, /* the set that ships with the program: counts as missing */
};
struct database_place {
	char path[4096];
	enum database_kind kind;
};
/* named: the option's value or NULL. One that is named and missing is an error, never a fallback. FAILED: none at all. */
enum pipgate_status database_find(const char *named, struct database_place *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Where `db build` and `db update` write without -o: the system's as root, the user's otherwise (its folder is made). */
enum pipgate_status database_default_path(char path[4096], struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- reading ---- */

struct database_feed {
	struct span name, kind, place; /* as it was built */
	int64_t time;                  /* newest `modified` in it, or its own (KEV, EPSS), seconds since 1970 */
	int64_t accepted, withdrawn, refused;
	struct span sha256;            /* of its bytes as read, hex; empty for a folder */
	int64_t max_age;               /* seconds it may be old; 0: what the policy says, DATABASE_AGELESS: for ever */
	int64_t weight;                /* of two records of one id the feed's with more counts */
};
#define DATABASE_AGELESS INT64_C(-1)
struct database_info { /* spans live as long as the database is open */
	int64_t built;     /* seconds since 1970 */
	int64_t time;      /* of what it holds: the oldest time of a feed whose age the policy judges; without any: built */
	int64_t names, records; /* distributions, live advisories */
	int64_t serial;    /* one more than that of the file it replaced (history.h); 0: it has none */
	const struct database_feed *feeds;
	size_t n_feeds;
};

struct database;
enum pipgate_status database_open(const char *path, struct database **out, struct pipgate_error *error) PIPGATE_MUST_USE;
void database_close(struct database **database);
const struct database_info *database_info(const struct database *database);
/* Rows for the matcher, all inside one read transaction; fast for names that are not there (a filter of names). */
struct pipgate_cursor database_cursor(struct database *database);
/* An advisory as OSV JSON, what is shown of it (shown.h), also a withdrawn one; n 0: no such id. Valid until the next call. */
enum pipgate_status database_text(struct database *database, struct span id, struct span *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Every name with its row, in no order; until each gives false. */
enum pipgate_status database_rows_each(struct database *database, bool (*each)(void *ctx, struct span name, struct span row), void *ctx,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* An advisory that has this id among its aliases, found by reading all of them; n 0: none has. Lives in the run. */
enum pipgate_status database_alias(struct database *database, struct pipgate_run *run, struct span alias, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* What the build did not take: the first thousand, in order. reason and item are text from outside. */
struct database_refused {
	size_t feed; /* index into the feeds */
	struct span item, reason;
};
enum pipgate_status database_refused_each(struct database *database, void (*each)(void *ctx, const struct database_refused *refused),
	void *ctx, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- building: beside the old one, fsynced, renamed ---- */

struct database_build;
struct database_totals {
	int64_t names, records, refused;
};

/* Waits for another build of the same file. The build time is SOURCE_DATE_EPOCH, else now. */
enum pipgate_status database_build_new(const char *path, struct database_build **out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* *number: what its records carry, in rising order from 0; accepted, withdrawn and refused are counted anew. */
enum pipgate_status database_build_feed(struct database_build *build, const struct database_feed *feed, uint32_t *number,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* A record as compile() gives it. Across feeds that of the heavier feed stays, of equals the one with the newer `modified`, of equals
 * the first. FAILED: the disk said no, or it is damaged; the build ends. */
struct compiled;
enum pipgate_status database_build_add(struct database_build *build, uint32_t feed, const struct compiled *record,
	struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status database_build_refuse(struct database_build *build, uint32_t feed, struct span item, struct span reason,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* What is said of a CVE id, joined into the records that bear it when the build is finished. Across feeds the EPSS of the newer one
 * stays, of equals the higher. INVALID: no CVE id, or that feed has brought it already. */
enum pipgate_status database_build_exploitation(struct database_build *build, uint32_t feed, struct span cve,
	const struct pipgate_exploitation *said, struct pipgate_error *error) PIPGATE_MUST_USE;

/* totals may be NULL. */
enum pipgate_status database_build_finish(struct database_build *build, struct database_totals *totals,
	struct pipgate_error *error) PIPGATE_MUST_USE;
void database_build_free(struct database_build **build); /* without finish: the file beside is removed, the old one stays */

#endif
