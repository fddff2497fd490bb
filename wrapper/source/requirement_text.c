/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirement_text.h"

#include <iconv.h>
#include <stdlib.h>

#include "matcher/base/buf.h"
#include "matcher/base/text.h"

#include "matcher/base/banned.h"

#define LINE_MAX_BYTES ((size_t)64 << 20) /* a whole file may be one line */
#define CODING_MAX 40                     /* the longest name of an encoding that Python knows has 15 letters */

/* ---- encodings ---- */

static bool try_encoding(struct pipgate_run *run, struct span text, const char *from, struct span *out)
{
	iconv_t cd = iconv_open("UTF-8", from);
	size_t room = text.n * 4 + 4, left = text.n, free_room = room;
	char *in = (char *)(uintptr_t)text.p, *p, *to;
	bool good;

	if (cd == (iconv_t)-1)
		return false;
	p = to = must(arena_array(run, room, 1));
	good = iconv(cd, &in, &left, &to, &free_room) != (size_t)-1;
	iconv_close(cd);
	if (good)
		*out = (struct span){p, room - free_room};
	return good;
}

/* Python's names of encodings are libc's but for their dashes: iso8859_15, latin-1, euc_jp. */
static bool convert(struct pipgate_run *run, struct span text, struct span name, struct span *out)
{
	char dashes[CODING_MAX + 1], bare[CODING_MAX + 1];
	size_t n = 0;

	if (name.n > CODING_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		dashes[i] = name.p[i] == '_' ? '-' : name.p[i];
		if (dashes[i] != '-')
			bare[n++] = dashes[i];
	}
	dashes[name.n] = bare[n] = 0;
	return try_encoding(run, text, dashes, out) || try_encoding(run, text, bare, out);
}

static bool is_word(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '_' || c == '.';
}

/* coding[:=]\s*([-\w.]+), anywhere in a line */
static struct span coding_in(struct span line)
{
	const char *at;

	while ((at = line.n ? memmem(line.p, line.n, "coding", 6) : NULL)) {
		size_t n = 0;

		line = span_from(line, (size_t)(at - line.p) + 6);
		if (!line.n || (line.p[0] != ':' && line.p[0] != '='))
			continue;
		line = span_trim(span_from(line, 1));
		while (n < line.n && is_word(line.p[n]))
			n++;
		if (n)
			return (struct span){line.p, n};
	}
	return (struct span){NULL, 0};
}

static struct span coding_of(struct span text)
{
	struct span found = {NULL, 0};

	for (int i = 0; i < 2 && text.n && !found.n; i++) {
		struct span line = span_split(&text, '\n');

		if (line.n && line.p[0] == '#')
			found = coding_in(line);
	}
	return found;
}

static enum pipgate_status not_in(struct pipgate_error *error, const char *path, struct span name)
{
	return error_set(error, PIPGATE_INVALID, "%s: its bytes are no text in " SPAN_FMT ", or that encoding is not known; save it as UTF-8", path,
		SPAN_ARG(name));
}

enum pipgate_status requirement_text_decode(struct pipgate_run *run, const char *path, struct span text, struct span *out,
	struct pipgate_error *error)
{
	static const struct {
		struct span mark, name;
	} marks[] = { /* the longer before what they begin with */
		{SPAN("\xef\xbb\xbf"), SPAN("UTF-8")}, {SPAN("\xff\xfe\0\0"), SPAN("UTF-32LE")}, {SPAN("\0\0\xfe\xff"), SPAN("UTF-32BE")},
		{SPAN("\xff\xfe"), SPAN("UTF-16LE")}, {SPAN("\xfe\xff"), SPAN("UTF-16BE")},
	};
	struct span name = {NULL, 0};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks) && !name.n; i++)
		if (span_starts(text, marks[i].mark)) {
			name = marks[i].name;
			text = span_from(text, marks[i].mark.n);
		}
	if (!name.n)
		name = coding_of(text);
	if (!text.n || (text_valid(text) == text.n && (!name.n || span_equal_nocase(name, SPAN("utf-8")) || span_equal_nocase(name, SPAN("utf8"))))) {
		*out = text;
		return PIPGATE_OK;
	}
	return convert(run, text, name.n ? name : SPAN("ISO-8859-1"), out) ? PIPGATE_OK : not_in(error, path, name);
}

/* ---- characters ---- */

/* Bytes of the white space that begins at text[i], as Python's \s has it; 0: none does. */
static size_t space_at(struct span text, size_t i)
{
	unsigned char c = (unsigned char)text.p[i];
	uint32_t code;
	size_t n;

	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
	if (c != 0xc2 && c != 0xe1 && c != 0xe2 && c != 0xe3) /* what all the others begin with */
		return 0;
	n = text_character(span_from(text, i), &code);
	return n && (code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
		code == 0x202f || code == 0x205f || code == 0x3000) ? n : 0;
}

/* Bytes of the white space that ends before text[i]. */
static size_t space_before(struct span text, size_t i)
{
	for (size_t n = 1; n <= 3 && n <= i; n++)
		if (space_at((struct span){text.p, i}, i - n) == n)
			return n;
	return 0;
}

struct span strip(struct span text)
{
	size_t n;

	while (text.n && (n = space_at(text, 0)))
		text = span_from(text, n);
	while (text.n && (n = space_before(text, text.n)))
		text.n -= n;
	return text;
}

/* ---- lines ---- */

/* Bytes of the line end at text[i], as str.splitlines() knows them; 0: there is none. */
static size_t line_end(struct span text, size_t i)
{
	unsigned char c = (unsigned char)text.p[i];

	if (c == '\r')
		return i + 1 < text.n && text.p[i + 1] == '\n' ? 2 : 1;
	if ((c >= '\n' && c <= '\f') || (c >= 0x1c && c <= 0x1e))
		return 1;
	if (c == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] == 0x85)
		return 2;
	return c == 0xe2 && i + 2 < text.n && (unsigned char)text.p[i + 1] == 0x80 && ((unsigned char)text.p[i + 2] & 0xfe) == 0xa8 ? 3 : 0;
}

static struct span next_line(struct line_reader *reader)
{
	const struct span text = reader->rest;
	size_t i = 0, end = 0;

	while (i < text.n && !(end = line_end(text, i)))
		i++;
	reader->rest = (struct span){text.p + i + end, text.n - i - end};
	reader->line++;
	return (struct span){text.p, i};
}

/* A line that is nothing else. A comment behind something does not end what a backslash continues: so it is in pip. */
static bool is_comment(struct span line)
{
	size_t i = 0, n;

	while (i < line.n && (n = space_at(line, i)))
		i += n;
	return i < line.n && line.p[i] == '#';
}

static struct span without_comment(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || space_before(line, i)))
			line.n = i;
	return strip(line);
}

static bool continues(struct span line)
{
	return line.n && line.p[line.n - 1] == '\\' && !is_comment(line);
}

static struct span join(struct line_reader *reader, struct span line)
{
	struct span joined;
	struct buf out;
	bool more;

	buf_init(&out, NULL, LINE_MAX_BYTES);
	for (;; line = next_line(reader)) {
		more = continues(line);
		while (more && line.n && line.p[0] == '\\')
			line = (struct span){line.p + 1, line.n - 1};
		while (more && line.n && line.p[line.n - 1] == '\\')
			line.n--;
		if (is_comment(line))
			buf_byte(&out, ' '); /* so that it stays one */
		buf_span(&out, line);
		if (!more || !reader->rest.n)
			break;
	}
	joined = must_span(arena_copy(reader->run, out.n ? buf_view(&out) : SPAN("")));
	buf_fini(&out);
	return joined;
}

/* ---- ${VARIABLES} ---- */

/* "${NAME}" at text[i]: its bytes, 0: there is none. */
static size_t variable_at(struct span text, size_t i)
{
	size_t n = 2;

	if (i + 3 >= text.n || text.p[i] != '$' || text.p[i + 1] != '{')
		return 0;
	while (i + n < text.n && ((text.p[i + n] >= 'A' && text.p[i + n] <= 'Z') || ascii_digit(text.p[i + n]) || text.p[i + n] == '_'))
		n++;
	return n > 2 && i + n < text.n && text.p[i + n] == '}' ? n + 1 : 0;
}

/* What is not set, or is empty, stays as it stands. A value is not looked through again. */
static struct span expand(struct pipgate_run *run, struct span line, bool *too_long)
{
	struct span result;
	struct buf out;

	if (!line.n || !memmem(line.p, line.n, "${", 2))
		return line;
	buf_init(&out, NULL, LINE_MAX_BYTES);
	for (size_t i = 0; i < line.n;) {
		size_t n = variable_at(line, i);
		const char *value = n ? getenv(text_copy(run, ((struct span){line.p + i + 2, n - 3}))) : NULL;

		if (value && *value)
			buf_text(&out, value);
		else
			buf_add(&out, line.p + i, n ? n : 1);
		i += n ? n : 1;
	}
	*too_long = buf_status(&out) != PIPGATE_OK;
	result = must_span(arena_copy(run, buf_view(&out)));
	buf_fini(&out);
	return result;
}

bool next_logical_line(struct line_reader *reader, struct logical_line *out)
{
	const char *begin = reader->rest.p;
	struct span text;

	if (!reader->rest.n)
		return false;
	*out = (struct logical_line){.line = reader->line + 1};
	text = next_line(reader);
	if (continues(text))
		text = join(reader, text);
	out->text = expand(reader->run, without_comment(text), &out->too_long);
	out->bytes = (struct span){begin, (size_t)(reader->rest.p - begin)};
	out->lines = reader->line + 1 - out->line;
	return true;
}

/* ---- words ---- */

size_t options_begin(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '-' && (i == 0 || line.p[i - 1] == ' '))
			return i;
	return line.n;
}

static bool shell_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from text[*at] on, its quotes and backslashes undone. *room: for all words of a text that have some. */
static enum pipgate_status take_word(struct pipgate_run *run, struct span text, size_t *at, char **room, struct span *out)
{
	size_t i = *at, used = 0;
	char quote = 0, *word;

	while (i < text.n && !shell_space(text.p[i]) && text.p[i] != '"' && text.p[i] != '\'' && text.p[i] != '\\')
		i++;
	if (i == text.n || shell_space(text.p[i])) { /* nothing to undo: most are like this */
		*out = (struct span){text.p + *at, i - *at};
		*at = i;
		return PIPGATE_OK;
	}
	if (!*room)
		*room = must(arena_array(run, text.n - *at + 1, 1));
	word = *room;
	for (i = *at; i < text.n && (quote || !shell_space(text.p[i])); i++) {
		char c = text.p[i];

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? 0 : c;
		} else if (c == '\\' && quote != '\'') {
			if (++i == text.n)
				return PIPGATE_INVALID;
			if (quote && text.p[i] != quote && text.p[i] != '\\')
				word[used++] = c;
			word[used++] = text.p[i];
		} else {
			word[used++] = c;
		}
	}
	*out = (struct span){word, used};
	*room += used;
	*at = i;
	return quote ? PIPGATE_INVALID : PIPGATE_OK;
}

enum pipgate_status split_words(struct pipgate_run *run, struct span text, struct list *words)
{
	enum pipgate_status status = PIPGATE_OK;
	char *room = NULL;
	size_t at = 0;

	while (status == PIPGATE_OK) {
		while (at < text.n && shell_space(text.p[at]))
			at++;
		if (at == text.n)
			break;
		status = take_word(run, text, &at, &room, must(list_push(run, words, sizeof(struct span))));
	}
	return status;
}
