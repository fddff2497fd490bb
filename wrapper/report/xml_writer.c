/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/xml_writer.h"

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

/* Char of XML 1.0 (2.2). */
static bool allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0xFFFD) || c >= 0x10000;
}

static void put_character(struct buf *out, uint32_t c)
{
	switch (c) {
	case '&':
		buf_text(out, "&amp;");
		return;
	case '<':
		buf_text(out, "&lt;");
		return;
	case '>':
		buf_text(out, "&gt;");
		return;
	case '"':
		buf_text(out, "&quot;");
		return;
	default:
		c = allowed(c) ? c : 0xFFFD;
		buf_add(out, "&#x", 3);
		buf_hex(out, c, c < 0x100 ? 2 : c < 0x10000 ? 4 : 6);
		buf_byte(out, ';');
	}
}

/* Tabs and ends of line stay in text; in an attribute a reader would make blanks of them. */
static void put(struct buf *out, struct span text, bool attribute)
{
	size_t i = 0, from = 0;

	while (i < text.n) {
		unsigned char byte = (unsigned char)text.p[i];
		uint32_t c = 0xFFFD;
		size_t n;

		if ((byte >= 0x20 && byte < 0x7F && !memchr("&<>\"", byte, 4)) || (!attribute && (byte == '\n' || byte == '\t'))) {
			i++;
			continue;
		}
		if (i > from)
			buf_add(out, text.p + from, i - from);
		n = text_character(span_from(text, i), &c);
		put_character(out, n ? c : 0xFFFD);
		i += n ? n : 1;
		from = i;
	}
	if (i > from)
		buf_add(out, text.p + from, i - from);
}

void xml_begin(struct buf *out)
{
	buf_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
}

void xml_open(struct buf *out, const char *name)
{
	buf_byte(out, '<');
	buf_text(out, name);
}

void xml_attribute(struct buf *out, const char *name, struct span value)
{
	buf_byte(out, ' ');
	buf_text(out, name);
	buf_text(out, "=\"");
	put(out, value, true);
	buf_byte(out, '"');
}

void xml_number(struct buf *out, const char *name, size_t value)
{
	buf_format(out, " %s=\"%zu\"", name, value);
}

void xml_inside(struct buf *out)
{
	buf_byte(out, '>');
}

void xml_empty(struct buf *out)
{
	buf_text(out, "/>");
}

void xml_close(struct buf *out, const char *name)
{
	buf_text(out, "</");
	buf_text(out, name);
	buf_byte(out, '>');
}

void xml_text(struct buf *out, struct span text)
{
	put(out, text, false);
}

void xml_element(struct buf *out, const char *name, struct span text)
{
	xml_open(out, name);
	xml_inside(out);
	xml_text(out, text);
	xml_close(out, name);
}
