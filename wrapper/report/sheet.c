/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/sheet.h"

#include "matcher/base/text.h"
#include "wrapper/memory.h"
#include "wrapper/report/lines.h"

#include "matcher/base/banned.h"

/* A line at its ceiling is shown as far as it got. */
static void line_check(const struct sheet *s)
{
	if (buf_status(&s->line) == PIPGATE_NO_MEMORY)
		die_no_memory();
}

void sheet_end(struct sheet *s)
{
	line_check(s);
	lines_wrap(s->out, buf_view(&s->line), s->style->width);
	buf_clear(&s->line);
}

void sheet_end_whole(struct sheet *s)
{
	line_check(s);
	lines_raw(s->out, buf_view(&s->line));
	buf_clear(&s->line);
}

static void component_write(struct sheet *s, size_t index)
{
	text_escape(&s->line, s->audit->components[index].name);
	buf_byte(&s->line, ' ');
	text_escape(&s->line, s->audit->components[index].version);
}

bool sheet_names_take(struct sheet *s, struct names *names, size_t index)
{
	if (s->seen[index])
		return false;
	s->seen[index] = true;
	if (names->shown == SHEET_SHOWN_MAX && !names->all) {
		names->more++;
		return false;
	}
	if (names->shown++)
		buf_text(&s->line, ", ");
	component_write(s, index);
	return true;
}

void sheet_names_begin(struct sheet *s)
{
	memset(s->seen, 0, s->audit->n_components * sizeof(*s->seen));
}

void sheet_names_end(struct sheet *s, const struct names *names)
{
	if (names->more)
		buf_format(&s->line, " and %zu more", names->more);
}
