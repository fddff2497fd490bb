/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirement_file.h"

#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/text.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define FILE_MAX ((size_t)64 << 20)
#define NESTING 16     /* files that name files */
#define FILES_MAX 1000 /* of one reading */
#define WORDS_MAX 4096 /* of a line's options: a requirement with hashes of every wheel has some hundred */

struct place { /* where a line stands */
	const char *file;
	size_t line;
	bool constraint;
	const struct place *above; /* the line that named this file */
	struct span logical;
};

static enum pipgate_status refuse(const struct place *at, struct pipgate_error *error, const char *what, struct span text)
{
	return error_set(error, PIPGATE_INVALID, "requirement file %s contains invalid specifier at line %zu: %s '%.200s'", at->file, at->line,
		what, text.n ? text.p : "");
}

/* ---- encodings: a BOM, a coding line (PEP 263), else UTF-8 and what is none of it as Latin-1 ---- */

static struct span convert(struct pipgate_run *run, struct span text, const char *from)
{
	size_t room = text.n * 4 + 4, left = text.n, free_room = room;
	char *out = must(arena_array(run, room, 1)), *to = out, *in = (char *)(uintptr_t)text.p;
	iconv_t cd = iconv_open("UTF-8", from);
	bool good = cd != (iconv_t)-1 && iconv(cd, &in, &left, &to, &free_room) != (size_t)-1;

	if (cd != (iconv_t)-1)
		iconv_close(cd);
	return good ? (struct span){out, room - free_room} : (struct span){NULL, 0};
}

static struct span coding_of(struct span text)
{
	for (int i = 0; i < 2 && text.n; i++) {
		struct span line = span_split(&text, '\n'), rest = span_trim(line);
		const char *at = rest.n && rest.p[0] == '#' ? memmem(rest.p, rest.n, "coding", 6) : NULL;
		size_t n = 0;

		if (!at)
			continue;
		rest = span_from(rest, (size_t)(at - rest.p) + 6);
		if (!rest.n || (rest.p[0] != ':' && rest.p[0] != '='))
			continue;
		rest = span_trim(span_from(rest, 1));
		while (n < rest.n && (ascii_alpha(rest.p[n]) || ascii_digit(rest.p[n]) || memchr("-_.", rest.p[n], 3)))
			n++;
		return (struct span){rest.p, n};
	}
	return (struct span){NULL, 0};
}

static enum pipgate_status decode(struct pipgate_run *run, const char *path, struct span text, struct span *out, struct pipgate_error *error)
{
	static const struct {
		const char *bom;
		size_t n;
		const char *name;
	} boms[] = {{"\xff\xfe\0\0", 4, "UTF-32LE"}, {"\0\0\xfe\xff", 4, "UTF-32BE"}, {"\xff\xfe", 2, "UTF-16LE"}, {"\xfe\xff", 2, "UTF-16BE"}};
	struct span coding;

	*out = text;
	if (span_starts(text, SPAN("\xef\xbb\xbf"))) {
		*out = span_from(text, 3);
		return PIPGATE_OK;
	}
	for (size_t i = 0; i < sizeof(boms) / sizeof(*boms); i++)
		if (span_starts(text, (struct span){boms[i].bom, boms[i].n})) {
			*out = convert(run, span_from(text, boms[i].n), boms[i].name);
			return out->p ? PIPGATE_OK : error_set(error, PIPGATE_INVALID, "%s: no text in %s", path, boms[i].name);
		}
	coding = coding_of(text);
	if (coding.n && !span_equal_nocase(coding, SPAN("utf-8")) && !span_equal_nocase(coding, SPAN("utf8"))) {
		*out = convert(run, text, text_copy(run, coding));
		if (!out->p)
			return error_set(error, PIPGATE_INVALID, "%s: no text in the encoding that it names, " SPAN_FMT, path, SPAN_ARG(coding));
	} else if (text_valid(text) < text.n) {
		*out = convert(run, text, "ISO-8859-1");
	}
	return PIPGATE_OK;
}

/* ---- lines, as str.splitlines() cuts them ---- */

/* Bytes of the line end at text[i], 0: there is none. */
static size_t line_end(struct span text, size_t i)
{
	unsigned char c = (unsigned char)text.p[i];

	if (c == '\r')
		return i + 1 < text.n && text.p[i + 1] == '\n' ? 2 : 1;
	if (c == '\n' || c == '\v' || c == '\f' || (c >= 0x1c && c <= 0x1e))
		return 1;
	if (c == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] == 0x85)
		return 2;
	if (c == 0xe2 && i + 2 < text.n && (unsigned char)text.p[i + 1] == 0x80 && ((unsigned char)text.p[i + 2] & 0xfe) == 0xa8)
		return 3;
	return 0;
}

static struct span next_physical(struct span *text)
{
	size_t i = 0, end = 0;
	struct span line;

	while (i < text->n && !(end = line_end(*text, i)))
		i++;
	line = (struct span){text->p, i};
	*text = span_from(*text, i + end);
	return line;
}

static bool is_comment(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || ascii_space(line.p[i - 1])))
			return true;
	return false;
}

static struct span without_comment(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || ascii_space(line.p[i - 1])))
			return span_trim((struct span){line.p, i});
	return span_trim(line);
}

static struct span without_backslashes(struct span line)
{
	while (line.n && line.p[0] == '\\')
		line = span_from(line, 1);
	while (line.n && line.p[line.n - 1] == '\\')
		line.n--;
	return line;
}

/* The next line with what continues it, its comment cut off, and how many lines it took. */
static struct span next_logical(struct pipgate_run *run, struct span *text, size_t *lines)
{
	struct buf joined;
	struct span line = next_physical(text), result;

	*lines = 1;
	if (!line.n || line.p[line.n - 1] != '\\' || is_comment(line))
		return without_comment(line);
	buf_init(&joined, NULL, FILE_MAX);
	for (;;) {
		bool more = line.n && line.p[line.n - 1] == '\\' && !is_comment(line);

		if (is_comment(line) && joined.n)
			buf_byte(&joined, ' '); /* so that it stays one */
		buf_span(&joined, more ? without_backslashes(line) : line);
		if (!more || !text->n)
			break;
		line = next_physical(text);
		++*lines;
	}
	result = must_span(arena_copy(run, without_comment(joined.n ? buf_view(&joined) : SPAN(""))));
	buf_fini(&joined);
	return result;
}

/* ${NAME} where the variable is there and not empty */
static struct span expand(struct pipgate_run *run, struct span line)
{
	struct buf out;
	struct span result;

	if (!memmem(line.p, line.n, "${", 2))
		return line;
	buf_init(&out, NULL, FILE_MAX);
	for (size_t i = 0; i < line.n; i++) {
		size_t n = 0;
		const char *value = NULL;

		if (line.p[i] == '$' && i + 1 < line.n && line.p[i + 1] == '{') {
			const char *name = line.p + i + 2;

			while (i + 2 + n < line.n && ((name[n] >= 'A' && name[n] <= 'Z') || ascii_digit(name[n]) || name[n] == '_'))
				n++;
			if (n && i + 2 + n < line.n && name[n] == '}')
				value = getenv(text_copy(run, ((struct span){name, n})));
		}
		if (value && *value) {
			buf_text(&out, value);
			i += n + 2;
		} else {
			buf_byte(&out, (unsigned char)line.p[i]);
		}
	}
	result = must_span(arena_copy(run, buf_view(&out)));
	buf_fini(&out);
	return result;
}

/* ---- options ---- */

enum what {
	OPTION_PASS,     /* to pip, as it stands */
	OPTION_NESTED,
	OPTION_CONSTRAINT,
	OPTION_EDITABLE,
	OPTION_HASH,     /* of a requirement */
	OPTION_HASHES,   /* --require-hashes */
	OPTION_BUILD,    /* of a requirement, for its build */
};

static const struct option_row {
	const char *names; /* long ones, a space between */
	char letter;
	bool value;
	enum what what;
} options[] = {
	{"requirement", 'r', true, OPTION_NESTED}, {"constraint", 'c', true, OPTION_CONSTRAINT}, {"editable", 'e', true, OPTION_EDITABLE},
	{"hash", 0, true, OPTION_HASH}, {"require-hashes", 0, false, OPTION_HASHES}, {"index-url pypi-url", 'i', true, OPTION_PASS},
	{"extra-index-url", 0, true, OPTION_PASS}, {"no-index", 0, false, OPTION_PASS}, {"find-links", 'f', true, OPTION_PASS},
	{"no-binary", 0, true, OPTION_PASS}, {"only-binary", 0, true, OPTION_PASS}, {"prefer-binary", 0, false, OPTION_PASS},
	{"pre", 0, false, OPTION_PASS}, {"trusted-host", 0, true, OPTION_PASS}, {"use-feature", 0, true, OPTION_PASS},
	{"config-settings config-setting", 'C', true, OPTION_BUILD}, {"global-option", 0, true, OPTION_BUILD},
	{"install-option", 0, true, OPTION_BUILD},
};
#define N_OPTIONS (sizeof(options) / sizeof(*options))

static const struct option_row *find_long(struct span name)
{
	const struct option_row *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		struct span rest = span_of(options[i].names);
		bool begins = false;

		while (rest.n) {
			struct span one = span_split(&rest, ' ');

			if (span_equal(one, name))
				return &options[i];
			begins |= span_starts(one, name);
		}
		if (begins) {
			found = &options[i];
			n++;
		}
	}
	return n == 1 ? found : NULL;
}

/* One option of a line's words; *value is NULL where it takes none. */
static const struct option_row *take_option(struct span *const words, size_t n, size_t *at, struct span *value)
{
	struct span word = words[(*at)++], name = word;
	const struct option_row *row = NULL;
	bool joined = false;

	*value = (struct span){NULL, 0};
	if (span_starts(word, SPAN("--"))) {
		struct span rest = span_from(word, 2);

		joined = memchr(rest.p, '=', rest.n) != NULL;
		name = span_split(&rest, '=');
		row = name.n ? find_long(name) : NULL;
		*value = rest;
	} else if (word.n > 1) {
		for (size_t i = 0; i < N_OPTIONS && !row; i++)
			row = options[i].letter == word.p[1] ? &options[i] : NULL;
		joined = word.n > 2;
		*value = span_from(word, 2);
	}
	if (row && row->value && !joined) {
		if (*at == n)
			return NULL;
		*value = words[(*at)++];
	}
	return row && !row->value && joined ? NULL : row;
}

/* Cut as shlex does: quotes, backslashes. false: an open quote, or too many. */
static bool split_words(struct pipgate_run *run, struct span text, struct span *words, size_t *n)
{
	*n = 0;
	for (text = span_trim(text); text.n; text = span_trim(text)) {
		char *out = must(arena_array(run, text.n + 1, 1)), quote = 0;
		size_t i = 0, used = 0;

		for (; i < text.n && (quote || !ascii_space(text.p[i])); i++) {
			char c = text.p[i];

			if (!quote && (c == '"' || c == '\''))
				quote = c;
			else if (quote && c == quote)
				quote = 0;
			else if (c == '\\' && quote != '\'' && i + 1 < text.n)
				out[used++] = text.p[++i];
			else
				out[used++] = c;
		}
		if (quote || *n == WORDS_MAX)
			return false;
		words[(*n)++] = (struct span){out, used};
		text = span_from(text, i);
	}
	return true;
}

/* Where the options of a line begin: the first word with a dash. */
static size_t options_begin(struct span line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '-' && (i == 0 || ascii_space(line.p[i - 1])))
			return i;
	return line.n;
}

/* ---- rows ---- */

/* "==1.0" or "===1.0" alone, without a wildcard */
static struct span pin_of(struct span specifiers)
{
	struct span version = {NULL, 0};

	if (span_starts(specifiers, SPAN("===")))
		version = span_from(specifiers, 3);
	else if (span_starts(specifiers, SPAN("==")))
		version = span_from(specifiers, 2);
	return memchr(version.n ? version.p : "*", ',', version.n ? version.n : 1) || (version.n && span_ends(version, SPAN(".*")))
		? (struct span){NULL, 0} : version;
}

static bool is_place(struct span text)
{
	return memmem(text.p, text.n, "://", 3) || text.p[0] == '.' || text.p[0] == '/' || span_starts(text, SPAN("file:")) ||
		span_ends(text, SPAN(".whl")) || span_ends(text, SPAN(".tar.gz")) || span_ends(text, SPAN(".zip"));
}

/* What a path or an address tells of its name: #egg=NAME, or a distribution's file name. */
static void name_place(struct pipgate_run *run, struct requirement_row *row)
{
	const char *egg = memmem(row->text.p, row->text.n, "#egg=", 5);
	struct pipgate_filename parsed;
	struct span rest = row->text, name;

	if (egg) {
		name = span_from(row->text, (size_t)(egg - row->text.p) + 5);
		name = span_split(&name, '&');
		name = span_split(&name, '[');
	} else {
		rest = span_split(&rest, '#');
		while (memchr(rest.p, '/', rest.n))
			span_split(&rest, '/');
		name = pipgate_filename_parse(run, rest, &parsed) == PIPGATE_OK ? parsed.name : (struct span){NULL, 0};
	}
	if (name.n && pipgate_name_normalize(run, name, &row->name) != PIPGATE_OK)
		die_no_memory();
}

static enum pipgate_status parse_row(struct requirement_files *files, const struct place *at, struct requirement_row *row, struct pipgate_error *error)
{
	struct pipgate_error why;
	enum pipgate_status status = PIPGATE_OK;

	if (row->kind == REQUIREMENT_EDITABLE) {
		name_place(files->run, row);
		return PIPGATE_OK;
	}
	status = pipgate_requirement_parse(files->run, row->text, &row->parsed, &why);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK && !is_place(row->text))
		return error_set(error, PIPGATE_INVALID, "requirement file %s contains invalid specifier at line %zu: %s", at->file, at->line, why.text);
	row->kind = status == PIPGATE_OK ? REQUIREMENT_NAMED : REQUIREMENT_PLACE;
	if (row->kind == REQUIREMENT_PLACE) {
		name_place(files->run, row);
		return PIPGATE_OK;
	}
	if (pipgate_name_normalize(files->run, row->parsed.name, &row->name) != PIPGATE_OK)
		die_no_memory();
	row->pin = row->parsed.url.n ? (struct span){NULL, 0} : pin_of(row->parsed.specifiers);
	return PIPGATE_OK;
}

static enum pipgate_status read_nested(struct requirement_files *files, const struct place *at, struct span name, bool constraint,
	struct pipgate_error *error);

/* The options behind a requirement. */
static enum pipgate_status row_options(struct requirement_files *files, const struct place *at, struct requirement_row *row,
	struct span *words, size_t n, struct pipgate_error *error)
{
	struct list hashes = {0};
	size_t i = 0;

	while (i < n) {
		struct span value, word = words[i];
		const struct option_row *option = take_option(words, n, &i, &value);

		if (!option || (option->what != OPTION_HASH && option->what != OPTION_BUILD))
			return refuse(at, error, "no option of a requirement:", word);
		if (option->what == OPTION_HASH)
			*(struct span *)must(list_push(files->run, &hashes, sizeof(value))) = value;
	}
	row->hashes = hashes.items;
	row->n_hashes = hashes.n;
	files->require_hashes |= hashes.n > 0 && !row->constraint;
	return PIPGATE_OK;
}

static enum pipgate_status add_row(struct requirement_files *files, const struct place *at, enum requirement_kind kind, struct span text,
	struct span *words, size_t n, struct pipgate_error *error)
{
	struct requirement_row row = {.kind = kind, .file = at->file, .line = at->line, .constraint = at->constraint, .text = text,
		.logical = at->logical};
	enum pipgate_status status = row_options(files, at, &row, words, n, error);

	if (status == PIPGATE_OK)
		status = parse_row(files, at, &row, error);
	if (status == PIPGATE_OK)
		*(struct requirement_row *)must(list_push(files->run, &files->rows, sizeof(row))) = row;
	return status;
}

static void pass_on(struct requirement_files *files, const struct option_row *option, struct span value)
{
	struct span rest = span_of(option->names);

	*(char **)must(list_push(files->run, &files->options, sizeof(char *))) =
		text_format(files->run, "--" SPAN_FMT, SPAN_ARG(span_split(&rest, ' ')));
	if (option->value)
		*(char **)must(list_push(files->run, &files->options, sizeof(char *))) = text_copy(files->run, value);
}

/* A line of options alone. */
static enum pipgate_status option_line(struct requirement_files *files, const struct place *at, struct span *words, size_t n,
	struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	size_t i = 0;

	while (i < n && status == PIPGATE_OK) {
		struct span value, word = words[i];
		const struct option_row *option = take_option(words, n, &i, &value);

		if (!option)
			return refuse(at, error, "no option of a requirements file, or without its value:", word);
		switch (option->what) {
		case OPTION_NESTED:
		case OPTION_CONSTRAINT:
			status = read_nested(files, at, value, option->what == OPTION_CONSTRAINT, error);
			break;
		case OPTION_EDITABLE:
			return add_row(files, at, REQUIREMENT_EDITABLE, value, words + i, n - i, error);
		case OPTION_HASHES:
			files->require_hashes = true;
			break;
		case OPTION_PASS:
			pass_on(files, option, value);
			break;
		case OPTION_HASH:
		case OPTION_BUILD:
			return refuse(at, error, "an option without a requirement:", word);
		}
	}
	return status;
}

static enum pipgate_status read_line(struct requirement_files *files, const struct place *at, struct span line, struct span *words,
	struct pipgate_error *error)
{
	size_t begin = options_begin(line), n = 0;

	if (!split_words(files->run, span_from(line, begin), words, &n))
		return refuse(at, error, "an open quote, or too many options:", line);
	if (begin)
		return add_row(files, at, REQUIREMENT_NAMED, span_trim((struct span){line.p, begin}), words, n, error);
	return option_line(files, at, words, n, error);
}

/* ---- files ---- */

static enum pipgate_status read_text(struct requirement_files *files, struct place at, struct span text, struct pipgate_error *error)
{
	struct span *words = must(arena_array(files->run, WORDS_MAX, sizeof(*words)));
	enum pipgate_status status = PIPGATE_OK;
	size_t lines;

	at.line = 1;
	while (text.n && status == PIPGATE_OK) {
		const char *begin = text.p;
		struct span line = next_logical(files->run, &text, &lines);

		at.logical = (struct span){begin, (size_t)(text.p - begin)};
		line = expand(files->run, line);
		if (memchr(line.n ? line.p : "x", 0, line.n ? line.n : 1))
			return refuse(&at, error, "a NUL byte:", SPAN(""));
		if (line.n)
			status = read_line(files, &at, line, words, error);
		at.line += lines;
	}
	return status;
}

static enum pipgate_status add_text(struct requirement_files *files, struct place at, struct span bytes, struct pipgate_error *error)
{
	struct requirement_text *place;
	struct span text;
	enum pipgate_status status;

	if (files->texts.n >= FILES_MAX)
		return error_set(error, PIPGATE_LIMIT, "%s: more than %d files", at.file, FILES_MAX);
	status = decode(files->run, at.file, bytes, &text, error);
	if (status != PIPGATE_OK)
		return status;
	place = must(list_push(files->run, &files->texts, sizeof(*place)));
	*place = (struct requirement_text){.path = at.file, .bytes = bytes, .utf8 = text.p >= bytes.p && text.p <= bytes.p + bytes.n};
	return read_text(files, at, text, error);
}

static bool is_address(struct span name)
{
	return span_starts(name, SPAN("http:")) || span_starts(name, SPAN("https:"));
}

static enum pipgate_status read_nested(struct requirement_files *files, const struct place *at, struct span name, bool constraint,
	struct pipgate_error *error)
{
	const char *slash = strrchr(at->file, '/');
	struct place next = {.constraint = at->constraint || constraint, .above = at};
	enum pipgate_status status;
	int depth = 0;
	struct buf bytes;

	if (is_address(name)) {
		files->remote = true;
		return PIPGATE_OK;
	}
	if (span_starts(name, SPAN("file://")))
		name = span_from(name, 7);
	next.file = name.p[0] == '/' || !slash ? text_copy(files->run, name)
		: text_format(files->run, "%.*s" SPAN_FMT, (int)(slash - at->file) + 1, at->file, SPAN_ARG(name));
	for (const struct place *p = at; p; p = p->above)
		if (strcmp(p->file, next.file) == 0 || ++depth > NESTING)
			return error_set(error, PIPGATE_INVALID, "%s, line %zu: %s recursively references itself", at->file, at->line, next.file);
	buf_init(&bytes, NULL, FILE_MAX);
	status = file_read(AT_FDCWD, next.file, &bytes, error);
	if (status == PIPGATE_OK)
		status = add_text(files, next, must_span(arena_copy(files->run, bytes.n ? buf_view(&bytes) : SPAN(""))), error);
	else
		error_before(error, "%s, line %zu", at->file, at->line);
	buf_fini(&bytes);
	return status;
}

enum pipgate_status requirement_file_add(struct requirement_files *files, const char *path, struct span text, struct pipgate_error *error)
{
	return add_text(files, (struct place){.file = path}, text, error);
}

bool requirement_files_pinned(const struct requirement_files *files)
{
	const struct requirement_row *v = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (!v[i].constraint && !v[i].pin.n)
			return false;
	return !files->remote;
}
