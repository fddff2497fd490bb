/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

/* text_escape without memory of its own: into a field, whole characters only. */
static size_t escape_into(char *out, size_t room, struct span text)
{
	size_t used = 0, i = 0;

	while (i < text.n) {
		char small[64];
		struct buf one = {.p = small, .capacity = sizeof(small), .ceiling = sizeof(small) - 1, .status = PIPGATE_OK};
		uint32_t c;
		size_t n = text_character(span_from(text, i), &c);

		text_escape(&one, (struct span){text.p + i, n ? n : 1});
		if (one.n + 1 > room - used)
			break;
		memcpy(out + used, one.p, one.n);
		used += one.n;
		i += n ? n : 1;
	}
	out[used] = 0;
	return used;
}

enum pipgate_status error_set(struct pipgate_error *error, enum pipgate_status status, const char *format, ...)
{
	char raw[PIPGATE_ERROR_BYTES];
	va_list args;
	int n;

	if (!error)
		return status;
	va_start(args, format);
	n = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (n < 0)
		n = 0;
	escape_into(error->text, sizeof(error->text), (struct span){raw, (size_t)n < sizeof(raw) ? (size_t)n : sizeof(raw) - 1});
	return status;
}

void error_before(struct pipgate_error *error, const char *format, ...)
{
	char raw[PIPGATE_ERROR_BYTES], rest[PIPGATE_ERROR_BYTES];
	va_list args;
	size_t used;
	int n;

	if (!error)
		return;
	va_start(args, format);
	n = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	memcpy(rest, error->text, sizeof(rest));
	used = escape_into(error->text, sizeof(error->text) / 2, span_of(n < 0 ? "" : raw));
	snprintf(error->text + used, sizeof(error->text) - used, ": %.*s", (int)(sizeof(error->text) - used - 3), rest);
}

#define CARET_COLUMNS 72 /* of the line, around the place */

void error_caret(struct pipgate_error *error, struct span line, size_t at)
{
	char shown[4 * CARET_COLUMNS], before[4 * CARET_COLUMNS];
	size_t start = at > CARET_COLUMNS - 12 ? at - (CARET_COLUMNS - 12) : 0, used, width;

	if (!error)
		return;
	line = span_from(line, start);
	if (line.n > CARET_COLUMNS)
		line.n = CARET_COLUMNS;
	at -= start;
	escape_into(shown, sizeof(shown), line);
	width = escape_into(before, sizeof(before), (struct span){line.p, at < line.n ? at : line.n});
	used = strlen(error->text);
	snprintf(error->text + used, sizeof(error->text) - used, "\n    %s\n    %*s^", shown, (int)width, "");
}
