/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pardon/lines.h"

#include "matcher/base/banned.h"

struct line line_at(struct span text, size_t begin)
{
	struct line line = {.begin = begin, .end = begin};
	struct span words;

	while (line.end < text.n && text.p[line.end] != '\n')
		line.end++;
	line.next = line.end + (line.end < text.n);
	if (line.end > begin && text.p[line.end - 1] == '\r')
		line.end--;
	while (begin + line.indent < line.end && text.p[begin + line.indent] == ' ')
		line.indent++;
	words = line_text(text, &line);
	line.blank = span_trim(words).n == 0;
	line.comment = words.n > 0 && words.p[0] == '#';
	return line;
}

const char *line_end(struct span text)
{
	struct line first = line_at(text, 0);

	return first.next > first.end + 1 ? "\r\n" : "\n";
}

/* Is it "key:" and then a blank or nothing? *value: where the value begins. */
static bool has_key(struct span text, const struct line *line, size_t at, const char *key, size_t *value)
{
	struct span words = {text.p + at, line->end - at};
	size_t n = strlen(key);

	if (!span_starts(words, span_of(key)) || words.n <= n || words.p[n] != ':' || (words.n > n + 1 && !ascii_space(words.p[n + 1])))
		return false;
	*value = at + n + 1;
	return true;
}

/* The end of the value that begins here, on its line: behind its closing quote, or before the comment. */
static size_t value_end(struct span text, const struct line *line, size_t begin)
{
	size_t i = begin, end = begin;
	char quote = i < line->end && (text.p[i] == '"' || text.p[i] == '\'') ? text.p[i] : 0;

	if (quote) {
		for (i++; i < line->end && text.p[i] != quote; i++)
			i += quote == '"' && text.p[i] == '\\';
		return i < line->end ? i + 1 : line->end;
	}
	for (; i < line->end && !(text.p[i] == '#' && i > 0 && ascii_space(text.p[i - 1])); i++)
		if (!ascii_space(text.p[i]))
			end = i + 1;
	return end;
}

static size_t skip_blanks(struct span text, const struct line *line, size_t i)
{
	while (i < line->end && ascii_space(text.p[i]))
		i++;
	return i;
}

static bool is_dash(struct span text, const struct line *line)
{
	struct span words = line_text(text, line);

	return words.n > 0 && words.p[0] == '-' && (words.n == 1 || ascii_space(words.p[1]));
}

static bool is_document_end(struct span text, const struct line *line)
{
	struct span words = line_text(text, line);

	return line->indent == 0 && words.n >= 3 && (span_starts(words, SPAN("...")) || span_starts(words, SPAN("---")));
}

/* The items below the key's line, until something stands further left or, beside the dashes, is none. */
static void read_items(struct pipgate_run *run, struct span text, size_t begin, struct list_lines *out)
{
	struct item_lines *item = NULL;

	for (size_t at = begin; at < text.n;) {
		struct line line = line_at(text, at);
		bool dash = !line.blank && !line.comment && is_dash(text, &line) && !is_document_end(text, &line);

		at = line.next;
		if (line.blank || (line.comment && (!item || line.indent <= out->indent)))
			continue;
		if (!item && dash)
			out->indent = line.indent;
		if (dash && line.indent == out->indent) {
			item = must(list_push(run, &out->items, sizeof(*item)));
			item->begin = line.begin;
		} else if (!item || line.indent <= out->indent) {
			return;
		}
		out->end = item->end = line.next;
	}
}

void lines_of_list(struct pipgate_run *run, struct span text, const char *list, struct list_lines *out)
{
	*out = (struct list_lines){.indent = 2};
	for (size_t at = 0; at < text.n && !out->there;) {
		struct line line = line_at(text, at);

		at = line.next;
		if (line.indent || !has_key(text, &line, line.begin, list, &out->value))
			continue;
		out->there = true;
		out->own.p = text.p + skip_blanks(text, &line, out->value);
		out->own.n = value_end(text, &line, (size_t)(out->own.p - text.p)) - (size_t)(out->own.p - text.p);
		out->end = line.next;
		if (!out->own.n)
			read_items(run, text, line.next, out);
	}
}

size_t lines_document_end(struct span text)
{
	for (size_t at = 0; at < text.n;) {
		struct line line = line_at(text, at);

		if (line.indent == 0 && span_starts(line_text(text, &line), SPAN("...")))
			return line.begin;
		at = line.next;
	}
	return text.n;
}

/* Where the item's first key stands: behind the dash, or on a line of its own. */
static size_t first_key(struct span text, const struct item_lines *item, struct line *line)
{
	size_t at;

	*line = line_at(text, item->begin);
	at = skip_blanks(text, line, line->begin + line->indent + 1);
	while ((at >= line->end || text.p[at] == '#') && line->next < item->end) {
		*line = line_at(text, line->next);
		at = line->begin + line->indent;
	}
	return at;
}

void lines_of_value(struct span text, const struct item_lines *item, const char *key, struct value_lines *out)
{
	struct line line;
	size_t at = first_key(text, item, &line), value;

	*out = (struct value_lines){.flow = at < line.end && text.p[at] == '{', .indent = at - line.begin};
	for (;;) {
		if (at - line.begin == out->indent && has_key(text, &line, at, key, &value)) {
			out->there = true;
			out->begin = skip_blanks(text, &line, value);
			out->end = value_end(text, &line, out->begin);
			if (out->end < out->begin || out->begin == line.end)
				out->begin = out->end = value;
			return;
		}
		if (line.next >= item->end)
			return;
		line = line_at(text, line.next);
		at = line.begin + line.indent;
	}
}
