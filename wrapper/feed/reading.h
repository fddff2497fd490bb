/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One feed while it is read. A kind knows in which forms its records come and gives them to reading_item() one by one;
 * what is accepted, what is refused and when a feed has failed is decided here, for all kinds alike.
 */
#ifndef WRAPPER_FEED_READING_H
#define WRAPPER_FEED_READING_H

#include "matcher/base/buf.h"
#include "wrapper/database/store.h"
#include "wrapper/feed/feed.h"

#define READING_ITEM_MAX ((size_t)16 << 20) /* pipgate-fetch's bound of an item; real records stay below 1 MiB */
#define READING_NAMED 10                    /* refused records that a message names */

struct tally { /* things counted, the first few of them named */
	uint64_t n;
	struct buf lines;
};
struct reading {
	const struct feed_source *source;
	struct span shown; /* source->place without what may be secret */
	struct store *store; /* the feed's; written as it comes */
	uint32_t deadline_ms;
	int64_t now;
	bool accept; /* it may shrink and be older this time */
	struct pipgate_run *run; /* forgotten at every record */
	void *state; /* of the kind, while it reads */
	enum store_writing writing; /* 0: nothing has come yet */
	bool anew;      /* the store's etag is not of what is fetched next */
	bool unchanged; /* the feed is what the store has */
	char etag[STORE_ETAG_MAX]; /* of what was read */
	uint64_t accepted; /* this time */
	struct tally refused, renamed;
	void (*progress)(void *ctx, struct span text); /* may be NULL */
	void *progress_ctx;
};

/* Brings the store up to date: reads the feed from end to end, says what was refused, and judges it. What is not OK leaves the store
 * with the data that it has. */
enum pipgate_status reading_run(struct reading *reading, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- for the kinds ---- */

enum reading_form {
	READING_FOLDER = 1,
	READING_ADDRESS, /* http or https */
	READING_FILE
};
/* FAILED: a path that is not there. */
enum pipgate_status reading_form(const struct reading *reading, enum reading_form *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Whether the place ends so; of an address, its path. */
bool reading_place_ends(const struct reading *reading, struct span suffix);
/* The part behind the last slash. */
struct span reading_base(struct span path);

/* A file is called ID.json or ID.yaml. The id counts, but the difference is said. */
bool reading_named_so(struct span name, struct span id);

/* Before what comes: all of the feed (the first record begins it, too), or changes to what the store has. */
enum pipgate_status reading_begin(struct reading *reading, enum store_writing how, struct pipgate_error *error) PIPGATE_MUST_USE;
/* One record. That it was refused is OK too; another status ends the feed. ctx is the reading. */
typedef enum pipgate_status reading_taker(void *ctx, struct span name, struct span bytes, struct pipgate_error *error);
reading_taker reading_item;
/* The same of one that is decoded already. name: for messages. */
enum pipgate_status reading_advisory(struct reading *reading, struct span name, const struct pipgate_advisory *advisory,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Of a record, by the end of its file's name; 0: it is none. */
#define READING_RECORDS ".json .yaml .yml"
enum pipgate_encoding reading_encoding(struct span name);
/* A record that cannot even be read. */
reading_taker reading_refuse;
/* What is said of a CVE id; refused where it is none, or was there before. name: for messages. */
enum pipgate_status reading_exploitation(struct reading *reading, struct span name, struct span cve, const struct pipgate_exploitation *said,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The feed's own time, before what it holds. INVALID: text is no date and time; what: its name. */
enum pipgate_status reading_time(struct reading *reading, const char *what, struct span text, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The place through pipgate-fetch: "get" for one file, "unpack" for the archive's entries that end in suffix. */
enum pipgate_status reading_transport(struct reading *reading, const char *verb, struct span suffix, reading_taker *take,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* One small file that belongs to the feed, to its end, if it is not what etag says (NULL: in any case). */
struct transport_result;
enum pipgate_status reading_get(struct reading *reading, struct span place, const char *etag, struct buf *out,
	struct transport_result *result, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
