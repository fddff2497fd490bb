/* SPDX-License-Identifier: Apache-2.0 */
/* The job that runs: its deadline, its room, its first failure, and the ways its bytes go out. */
#ifndef FETCH_RUN_H
#define FETCH_RUN_H

#include "wrapper/fetch/frame.h"
#include "wrapper/fetch/job.h"

struct fetch {
	const struct job *job;
	struct frames *out;
	int64_t deadline;    /* clock_ms() */
	uint64_t sent;       /* bytes of items */
	char *room;          /* FETCH_ITEM_MAX bytes for one body; untouched pages cost nothing */
	bool silent;         /* no notes: other jobs' frames may be under way */
	const char *class;   /* of the first failure */
	char text[512];
};

/* Notes the first failure and gives FAILED: return fetch_fail(fetch, FETCH_CLASS_HTTP, "…"). */
enum pipgate_status fetch_fail(struct fetch *fetch, const char *class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* FAILED, class limit: the deadline has passed. */
enum pipgate_status fetch_in_time(struct fetch *fetch) PIPGATE_MUST_USE;
/* Sends an item, within max-bytes. */
enum pipgate_status fetch_item(struct fetch *fetch, struct span name, struct span body) PIPGATE_MUST_USE;

int64_t clock_ms(void); /* monotonic */

/* Bytes in order become ITEMs of FETCH_ITEM_MAX, in the fetch's room. At least one item, if only an empty one. */
struct chunker {
	struct fetch *fetch;
	struct span name;
	size_t n;
	uint64_t items;
};
enum pipgate_status chunker_add(struct chunker *chunker, const void *bytes, size_t n) PIPGATE_MUST_USE;
enum pipgate_status chunker_end(struct chunker *chunker) PIPGATE_MUST_USE;

#endif
