/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of advisories, written KIND=PLACE, into a database build. A new kind is one file and one row in feed.c. */
#ifndef WRAPPER_FEED_H
#define WRAPPER_FEED_H

#include "wrapper/database/database.h"

struct reading;
struct feed_kind {
	const char *name;
	enum pipgate_encoding encoding; /* 0: by the end of a record's name, or it has no records */
	/* Every record to reading_item() or reading_exploitation(). Anything but OK: the feed is broken, the error says why. NULL: no feed
	 * of records, but a database (bundle.h): feeds_read() does not take it. */
	enum pipgate_status (*read)(struct reading *reading, struct pipgate_error *error);
	const char *forms; /* of PLACE, for messages */
	bool enriches;     /* names CVE ids and no distributions: adds to what others bring, and is read behind them */
	uint64_t max_bytes; /* of all of it; 0: reading_transport()'s own */
	int64_t max_age;    /* as struct database_feed's, where the source says nothing */
	bool asks;          /* a service that is asked about names: it needs a file of them, and may know nothing; its place is no path */
	int64_t weight;     /* a source's, where nobody says it: less than 0 for a kind that says less of an advisory than others */
};
extern const struct feed_kind feed_kinds[]; /* ends with a NULL name */

struct feed_source {
	const struct feed_kind *kind;
	const char *place; /* borrowed, as all text here */
	const char *name;  /* a finding says which feed it is from */
	const char *key;   /* a bundle's public key */
	const char *names; /* of a kind that asks: a requirements file or a lock (names.h); else NULL */
	int64_t weight;    /* of two records of one id the heavier feed's counts, whatever their times */
	int64_t max_age;   /* as struct database_feed's */
	int64_t max_shrink; /* per cent that may go in one update */
	bool optional;     /* the others make a database without it, too */
};
#define FEED_SHRINK_PERCENT 10
#define FEED_NAMES_WANTED "%s= asks a service about names, and none are given: --names FILE (what pip freeze prints, requirements, a lock)"

/* NULL: there is none. */
const struct feed_kind *feed_kind_find(struct span name);

/* INVALID: no such kind, or no place. Its name is the kind's. */
enum pipgate_status feed_source_parse(const char *word, struct feed_source *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* An address without user, password, query and fragment: those may be secret, and this is stored and shown. */
struct span feed_place_shown(struct pipgate_run *run, const char *place);

/* ---- the kinds ---- */
enum pipgate_status feed_read_osv(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_osv_api(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_pypa(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_pypi(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_safety(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_dir(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_kev(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_epss(struct reading *reading, struct pipgate_error *error);

#endif
