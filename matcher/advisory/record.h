/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled record: one affected entry of one advisory. Its bytes are written and read by one RECORD_FORMAT. */
#ifndef PIPGATE_ADVISORY_RECORD_H
#define PIPGATE_ADVISORY_RECORD_H

#include "matcher/advisory/interval.h"

#define RECORD_FORMAT 3
#define RECORD_FIXED_BYTES 5 /* the format, and the feed's number in four bytes: it changes when feeds are put together */
#define RECORD_BYTES_MAX ((size_t)64 << 20) /* the largest real one has some 20 KB */

struct record_fixed {
	struct span key, text;
};

struct record {
	struct span bytes; /* what it was decoded from */
	struct span id;
	const struct span *aliases; /* as the advisory lists them */
	size_t n_aliases;
	uint32_t feed;
	struct pipgate_severity severity;
	bool exploit_public; /* a reference leads to an exploit */
	struct intervals intervals;
	const struct record_fixed *fixed; /* ascending, no key twice */
	size_t n_fixed;
};

/* Text points into bytes, lists live in the run. INVALID: no such bytes. */
enum pipgate_status record_decode(struct pipgate_run *run, struct span bytes, struct record *out) PIPGATE_MUST_USE;

#endif
