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
};
extern const struct feed_kind feed_kinds[]; /* ends with a NULL name */

struct feed_source {
	const struct feed_kind *kind;
	const char *place; /* borrowed, as all text here */
	const char *name;  /* a finding says which feed it is from */
	const char *key;   /* a bundle's public key */
	int64_t weight;    /* of two records of one id the heavier feed's counts, whatever their times */
	int64_t max_age;   /* as struct database_feed's */
	int64_t max_shrink; /* per cent that may go in one update */
	bool optional;     /* the others make a database without it, too */
};
#define FEED_SHRINK_PERCENT 10

/* INVALID: no such kind, or no place. Its name is the kind's. */
enum pipgate_status feed_source_parse(const char *word, struct feed_source *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* An address without user, password, query and fragment: those may be secret, and this is stored and shown. */
struct span feed_place_shown(struct pipgate_run *run, const char *place);

/* ---- the kinds ---- */
enum pipgate_status feed_read_osv(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_pypa(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_safety(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_dir(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_kev(struct reading *reading, struct pipgate_error *error);
enum pipgate_status feed_read_epss(struct reading *reading, struct pipgate_error *error);

#endif
