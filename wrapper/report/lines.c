/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/lines.h"

#include <wchar.h>

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

static size_t character(struct span text, size_t *columns)
{
	uint32_t c = 0;
	size_t n = text_character(text, &c);
	int width = n ? wcwidth((wchar_t)c) : 1;

	*columns = width < 0 ? 1 : (size_t)width; /* -1: the locale does not know it */
	return n ? n : 1;
}

size_t lines_columns(struct span text)
{
	size_t total = 0;

	while (text.n) {
		size_t columns;

		text = span_from(text, character(text, &columns));
		total += columns;
	}
	return total;
}

struct span lines_break(struct span *text, size_t width)
{
	struct span whole = *text, rest = *text, line;
	size_t used = 0, space = 0;

	while (rest.n) {
		size_t columns, n = character(rest, &columns);

		if (used + columns > width && used)
			break;
		if (rest.p[0] == ' ')
			space = (size_t)(rest.p - whole.p);
		used += columns;
		rest = span_from(rest, n);
	}
	line = (struct span){whole.p, (size_t)(rest.p - whole.p)};
	if (rest.n && rest.p[0] != ' ' && space) {
		line.n = space;
		rest = span_from(whole, space);
	}
	if (rest.n && rest.p[0] == ' ')
		rest = span_from(rest, 1);
	*text = rest;
	return line;
}

void lines_wrap(struct buf *out, struct span text, size_t width)
{
	size_t room = (width < LINES_WIDTH_MIN ? LINES_WIDTH_MIN : width) - (sizeof(LINES_PREFIX) - 1);
	const char *indent = "";

	do {
		buf_text(out, LINES_PREFIX);
		buf_text(out, indent);
		buf_span(out, lines_break(&text, room - strlen(indent)));
		buf_byte(out, '\n');
		indent = "  ";
	} while (text.n);
}

void lines_raw(struct buf *out, struct span text)
{
	while (text.n) {
		struct span line = span_split(&text, '\n');

		while (line.n && line.p[line.n - 1] == ' ')
			line.n--;
		buf_text(out, LINES_PREFIX);
		buf_span(out, line);
		buf_byte(out, '\n');
	}
}
