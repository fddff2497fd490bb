/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/advisory/bytes.h"

#include "matcher/base/banned.h"

void put_number(struct buf *out, uint64_t value)
{
	unsigned char bytes[10];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (unsigned char)(value | 0x80);
	bytes[n++] = (unsigned char)value;
	buf_add(out, bytes, n);
}

void put_text(struct buf *out, struct span text)
{
	put_number(out, text.n);
	buf_span(out, text);
}

/* From here on nothing is left to read. */
static void give_up(struct reader *r)
{
	r->broken = true;
	r->p = r->end;
}

uint64_t take_long_number(struct reader *r)
{
	uint64_t value = 0;

	for (unsigned shift = 0; r->p < r->end && shift < 63; shift += 7) {
		unsigned char c = *r->p++;

		value |= (uint64_t)(c & 0x7F) << shift;
		if (c < 0x80)
			return value;
	}
	give_up(r);
	return 0;
}

struct span take_text(struct reader *r)
{
	uint64_t n = take_number(r);
	struct span text = {(const char *)r->p, (size_t)n};

	if (n > reader_left(r)) {
		give_up(r);
		return (struct span){"", 0};
	}
	r->p += n;
	return text;
}

size_t take_count(struct reader *r)
{
	uint64_t n = take_number(r);

	if (n > reader_left(r)) {
		give_up(r);
		return 0;
	}
	return (size_t)n;
}
