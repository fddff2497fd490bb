/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small parts that compiled records and rows are made of: numbers in seven bits a byte (the lowest first, the high
 * bit says that more follow), and text behind its length. Reading trusts nothing: past the end, or in a number that is
 * too large, `broken` is set, it sticks, and zeros are given from there on.
 */
#ifndef PIPGATE_ADVISORY_BYTES_H
#define PIPGATE_ADVISORY_BYTES_H

#include "matcher/base/buf.h"

struct reader {
	const unsigned char *p, *end;
	bool broken;
};

void put_number(struct buf *out, uint64_t value);
void put_text(struct buf *out, struct span text);

uint64_t take_long_number(struct reader *r); /* of two bytes and more */
struct span take_text(struct reader *r);
/* A number of things of which each takes a byte at least: more than there are bytes is broken. */
size_t take_count(struct reader *r);

static inline struct reader reader_of(struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	return (struct reader){p, p + bytes.n, false};
}

static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->p);
}

static inline uint64_t take_number(struct reader *r)
{
	if (r->p < r->end && *r->p < 0x80)
		return *r->p++;
	return take_long_number(r);
}

static inline uint8_t take_byte(struct reader *r)
{
	if (r->p < r->end)
		return *r->p++;
	r->broken = true;
	return 0;
}

#endif
