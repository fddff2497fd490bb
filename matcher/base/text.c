/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/base/text.h"

#include "matcher/base/banned.h"

size_t text_character(struct span text, uint32_t *code_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text.p;
	size_t n;
	uint32_t c;

	if (!text.n)
		return 0;
	c = p[0];
	n = c < 0x80 ? 1 : c >= 0xF0 && c < 0xF8 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC0 && c < 0xE0 ? 2 : 0;
	if (!n || n > text.n)
		return 0;
	if (n > 1)
		c &= 0x7Fu >> n;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*code_point = c;
	return n;
}

size_t text_valid(struct span text)
{
	size_t i = 0;

	while (i < text.n) {
		uint32_t c;
		size_t n = (unsigned char)text.p[i] < 0x80 ? 1 : text_character(span_from(text, i), &c);

		if (!n)
			break;
		i += n;
	}
	return i;
}

/* Code points that a terminal or a reader obeys instead of showing. */
static bool obeyed(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F},
		{0x2028, 0x202E}, {0x2060, 0x206F}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE01EF},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void escape(struct buf *out, uint32_t c)
{
	unsigned digits = c < 0x80 ? 2 : c < 0x10000 ? 4 : 8;

	buf_add(out, digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U", 2);
	buf_hex(out, c, digits);
}

void text_escape(struct buf *out, struct span text)
{
	size_t i = 0;

	while (i < text.n) {
		uint32_t c = 0;
		size_t n = 0;

		while (i + n < text.n && text.p[i + n] >= 0x20 && text.p[i + n] < 0x7F) /* nearly all of nearly every text */
			n++;
		if (n) {
			buf_add(out, text.p + i, n);
			i += n;
			continue;
		}
		n = text_character(span_from(text, i), &c);
		if (!n) {
			buf_add(out, "\\x", 2);
			buf_hex(out, (unsigned char)text.p[i], 2);
		} else if (!obeyed(c)) {
			buf_add(out, text.p + i, n);
		} else {
			escape(out, c);
		}
		i += n ? n : 1;
	}
}
