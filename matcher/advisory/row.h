/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row: all live records of one name, laid out for the question "which of them does this version match". Numbers and
 * text as in bytes.h:
 *
 *	ROW_FORMAT (a byte), n_keys, n_records, n_groups, bytes of keys, bytes of heads
 *	ends    n_keys × 4 bytes, little endian: where in keys each one ends
 *	keys    every version key of the row once, ascending: the key as text, then (the rest) how it is shown
 *	heads   a record each, in the order of ids: bytes of what follows of this head, bytes of its body, its group, flags (a
 *	        byte), its bounds: the first as it is, each other one as the distance to the one before
 *	bodies  a record each: id, raw versions (only with ROW_RAW), aliases (sorted, each once, without the id), feed,
 *	        level, tenths (a byte each), vector, EPSS and its percentile (only with ROW_EPSS), fixed versions: how many,
 *	        numbers of keys, the first as it is, each other one as the distance to the one before
 *
 * A place is a number on the line of versions: key k is at 2k + 1, what lies between k - 1 and k at 2k. A bound is the
 * first place behind it: 0 below everything, 2k + 1 before key k, 2k + 2 behind it. So a version is looked up once, by
 * binary search, and everything else compares small numbers.
 */
#ifndef PIPGATE_ADVISORY_ROW_H
#define PIPGATE_ADVISORY_ROW_H

#include "matcher/advisory/bytes.h"
#include "matcher/base/arena.h"

#define ROW_FORMAT 2
#define ROW_EPSS_ONE 10000u /* a probability of 1 */
#define ROW_BYTES_MAX ((size_t)256 << 20) /* fits four bytes of an end; the largest real one has some 60 KB */

enum row_flag {
	ROW_EVERY = 1,     /* matches what is no version, too */
	ROW_HAS_END = 2,
	ROW_RAW = 4,       /* lists what is no version */
	ROW_EXPLOITED = 8, /* this and ROW_EPSS: of its group, the same in all of its records */
	ROW_EXPLOIT_PUBLIC = 16,
	ROW_EPSS = 32,
};

struct row { /* an opened row; points into its bytes */
	struct span bytes;
	const unsigned char *ends;
	size_t n_keys;
	struct span keys;
	size_t n_records, n_groups;
	struct reader heads, bodies; /* of the next record */
};

struct row_head {
	struct span bounds, body;
	size_t group;
	uint8_t flags;
};

struct row_body {
	struct span id;
	struct reader raw;     /* n_raw texts */
	struct reader aliases; /* n_aliases texts */
	size_t n_raw, n_aliases;
	uint32_t feed;
	struct pipgate_severity severity;
	struct pipgate_exploitation exploitation;
	bool exploit_public;
	struct reader fixed;   /* n_fixed numbers */
	size_t n_fixed;
};

/* Adds what is said of another id of the same vulnerability: the highest EPSS counts. */
void row_exploitation_add(struct pipgate_exploitation *all, const struct pipgate_exploitation *one);

/* Every one of these gives false for bytes that are no row. */
bool row_open(struct span bytes, struct row *out);
bool row_place(const struct row *row, struct span key, uint64_t *place);
bool row_shown(const struct row *row, uint64_t key, struct span *text);
bool row_next(struct row *row, struct row_head *out); /* n_records times */
bool row_body(const struct row_head *head, struct row_body *out);
bool row_inside(const struct row_head *head, uint64_t place, bool *inside);

/* The row without the records that are not to be kept; n 0: none is left. Anything but OK of keep ends it. INVALID: no row. */
typedef enum pipgate_status row_keeper(void *ctx, struct span id, bool *kept);
enum pipgate_status row_filter(struct pipgate_run *run, struct span bytes, row_keeper *keep, void *ctx, struct span *out) PIPGATE_MUST_USE;

#endif
