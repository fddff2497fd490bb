/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirement_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/source/requirement_options.h"
#include "wrapper/source/requirement_place.h"
#include "wrapper/source/requirement_text.h"

#include "matcher/base/banned.h"

#define FILE_MAX ((size_t)64 << 20)
#define NESTING 64     /* files that name files; pip has no limit but Python's stack */
#define FILES_MAX 1000 /* of one reading: files that name two others each could make a million */

struct place { /* where a line stands */
	const char *file;
	const char *plain; /* absolute and without "..": what tells a loop */
	size_t text;       /* its index */
	size_t line, lines;
	bool constraint;
	const struct place *above; /* the line that named this file */
	struct span logical;
};

static enum pipgate_status refuse(const struct place *at, struct pipgate_error *error, const char *what, struct span text)
{
	return error_set(error, PIPGATE_INVALID, "requirement file %s contains invalid specifier at line %zu: %s: '%.*s'", at->file, at->line,
		what, (int)(text.n > 200 ? 200 : text.n), text.n ? text.p : "");
}

/* ---- requirements ---- */

/* "==1.0" or "===1.0" alone, without a wildcard */
static struct span pin_of(struct span specifiers)
{
	struct span version = {NULL, 0};

	if (span_starts(specifiers, SPAN("===")))
		version = span_from(specifiers, 3);
	else if (span_starts(specifiers, SPAN("==")))
		version = span_from(specifiers, 2);
	if (!version.n || memchr(version.p, ',', version.n) || span_ends(version, SPAN(".*")))
		return (struct span){NULL, 0};
	return version;
}

static enum pipgate_status invalid(const struct place *at, const struct pipgate_error *why, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID, "requirement file %s contains invalid specifier at line %zu: %s", at->file, at->line, why->text);
}

static enum pipgate_status read_marker(struct requirement_files *files, const struct place *at, struct span text, struct span *out,
	struct pipgate_error *error)
{
	struct pipgate_error why;
	enum pipgate_status status = text.n ? pipgate_marker_canonical(files->run, text, out, &why) : PIPGATE_OK;

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK ? status : invalid(at, &why, error);
}

/* As pip: the marker is cut off before the rest is read, so that nothing may stand behind a ";". */
static enum pipgate_status read_named(struct requirement_files *files, const struct place *at, struct requirement_row *row,
	struct pipgate_error *error)
{
	struct pipgate_error why;
	struct span rest = row->text, name = span_split(&rest, ';');
	enum pipgate_status status = pipgate_requirement_parse(files->run, strip(name), &row->parsed, &why);

	if (status == PIPGATE_NO_MEMORY || (status == PIPGATE_OK && pipgate_name_normalize(files->run, row->parsed.name, &row->name) != PIPGATE_OK))
		die_no_memory();
	if (status != PIPGATE_OK)
		return invalid(at, &why, error);
	row->pin = row->parsed.url.n ? (struct span){NULL, 0} : pin_of(row->parsed.specifiers);
	return read_marker(files, at, strip(rest), &row->parsed.marker, error);
}

static enum pipgate_status add_row(struct requirement_files *files, const struct place *at, enum requirement_kind kind, struct span text,
	const struct line_options *options, struct pipgate_error *error)
{
	struct requirement_row row = {.kind = kind, .file = at->file, .line = at->line, .lines = at->lines, .constraint = at->constraint,
		.text = text, .hashes = options->hashes.items, .n_hashes = options->hashes.n, .logical = at->logical};
	enum pipgate_status status = PIPGATE_OK;
	struct span marker;

	if (kind != REQUIREMENT_EDITABLE && requirement_is_place(files->run, text, &marker)) {
		row.kind = REQUIREMENT_PLACE;
		status = read_marker(files, at, marker, &row.parsed.marker, error);
	}
	if (row.kind == REQUIREMENT_NAMED)
		status = read_named(files, at, &row, error);
	else if (status == PIPGATE_OK)
		row.name = requirement_place_name(files->run, text);
	if (status == PIPGATE_OK)
		*(struct requirement_row *)must(list_push(files->run, &files->rows, sizeof(row))) = row;
	files->require_hashes |= row.n_hashes > 0;
	return status;
}

/* ---- options ---- */

static void pass(struct requirement_files *files, struct span word)
{
	*(char **)must(list_push(files->run, &files->options, sizeof(char *))) = text_copy(files->run, word);
}

static const char *beside(struct pipgate_run *run, const char *file, struct span name)
{
	const char *slash = strrchr(file, '/');

	if (!slash || (name.n && name.p[0] == '/'))
		return text_copy(run, name);
	return text_format(run, "%.*s%s", (int)(slash - file) + 1, file, text_copy(run, name));
}

/* A line of options alone. */
static void keep_options(struct requirement_files *files, const struct place *at, const struct line_options *options)
{
	const struct span *words = options->pass.items;

	files->require_hashes |= options->require_hashes;
	for (size_t i = 0; i < options->pass.n; i++)
		pass(files, words[i]);
	if (options->find_links.p) { /* beside the file where such a thing is there, else as it stands */
		const char *there = beside(files->run, at->file, options->find_links);

		pass(files, SPAN("--find-links"));
		pass(files, access(there, F_OK) == 0 ? span_of(there) : options->find_links);
	}
}

/* ---- files ---- */

/* Absolute, without ".", ".." and repeated slashes, and without asking the file system, as os.path.abspath(). */
static const char *plain(struct pipgate_run *run, const char *path)
{
	char folder[PATH_MAX];
	struct span rest, part;
	char *out;
	size_t n = 0;

	if (path[0] != '/' && getcwd(folder, sizeof(folder)))
		path = text_format(run, "%s/%s", folder, path);
	out = must(arena_array(run, strlen(path) + 2, 1));
	for (rest = span_of(path); rest.n;) {
		part = span_split(&rest, '/');
		if (!part.n || span_is(part, "."))
			continue;
		if (span_is(part, "..")) {
			while (n && out[--n] != '/')
				;
			continue;
		}
		out[n++] = '/';
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	out[n] = 0;
	return out;
}

static enum pipgate_status add_text(struct requirement_files *files, struct place at, struct span bytes, struct pipgate_error *error);

static enum pipgate_status loops(struct requirement_files *files, const struct place *at, const char *path, struct pipgate_error *error)
{
	const char *wanted = plain(files->run, path);
	int depth = 0;

	for (const struct place *p = at; p; p = p->above)
		if (strcmp(p->plain, wanted) == 0)
			return error_set(error, PIPGATE_INVALID, "%s, line %zu: %s recursively references itself", at->file, at->line, path);
		else if (++depth > NESTING)
			return error_set(error, PIPGATE_LIMIT, "%s, line %zu: files name files more than %d deep", at->file, at->line, NESTING);
	return PIPGATE_OK;
}

static enum pipgate_status read_nested(struct requirement_files *files, const struct place *at, struct span name, bool constraint,
	struct pipgate_error *error)
{
	struct place next = {.constraint = constraint, .above = at};
	enum pipgate_status status;
	struct span bytes;

	if (requirement_is_web(name)) {
		files->remote = true;
		return PIPGATE_OK;
	}
	next.file = beside(files->run, at->file, requirement_file_path(files->run, name));
	*(struct requirement_reference *)must(list_push(files->run, &files->references, sizeof(struct requirement_reference))) =
		(struct requirement_reference){.text = at->text, .logical = at->logical, .constraint = constraint, .path = next.file};
	status = loops(files, at, next.file, error);
	if (status != PIPGATE_OK)
		return status;
	status = keep_file(files->run, next.file, FILE_MAX, &bytes, error);
	if (status == PIPGATE_OK)
		status = add_text(files, next, bytes, error);
	else
		error_before(error, "%s, line %zu", at->file, at->line);
	return status;
}

static enum pipgate_status read_line(struct requirement_files *files, const struct place *at, struct span line, struct list *words,
	struct pipgate_error *error)
{
	const size_t begin = options_begin(line);
	struct span text = strip((struct span){line.p, begin}), word = {NULL, 0};
	struct line_options options = {0};
	const char *why;

	words->n = 0; /* what stood in it is used up */
	if (begin < line.n && split_words(files->run, span_from(line, begin), words) != PIPGATE_OK)
		return refuse(at, error, "a quote is open, or nothing stands behind a backslash", span_from(line, begin));
	if (words->n && line_options_read(files->run, words, &options, &why, &word) != PIPGATE_OK)
		return refuse(at, error, why, word);
	if (text.n && !options.editable.p)
		return add_row(files, at, REQUIREMENT_NAMED, text, &options, error);
	if (options.editable.p && !text.n && !options.editable.n)
		return refuse(at, error, "-e names nothing", line);
	if (options.editable.p) /* of "x -e y" pip takes x; hashes are none of its options */
		return add_row(files, at, REQUIREMENT_EDITABLE, text.n ? text : options.editable, &(struct line_options){0}, error);
	if (options.requirement.p || options.constraint.p) /* pip reads nothing else of such a line, and of two files the first */
		return read_nested(files, at, options.requirement.p ? options.requirement : options.constraint, !options.requirement.p, error);
	keep_options(files, at, &options);
	return PIPGATE_OK;
}

static enum pipgate_status read_lines(struct requirement_files *files, struct place at, struct span text, size_t before,
	struct pipgate_error *error)
{
	struct line_reader reader = {.run = files->run, .rest = text, .line = before};
	enum pipgate_status status = PIPGATE_OK;
	struct list words = {0};
	struct logical_line line;

	while (status == PIPGATE_OK && next_logical_line(&reader, &line)) {
		at.line = line.line;
		at.lines = line.lines;
		at.logical = line.bytes;
		if (line.too_long)
			status = refuse(&at, error, "with its variables it is too long", line.text);
		else if (line.text.n && memchr(line.text.p, 0, line.text.n))
			status = refuse(&at, error, "a NUL byte", SPAN(""));
		else if (line.text.n)
			status = read_line(files, &at, line.text, &words, error);
	}
	return status;
}

static enum pipgate_status add_text(struct requirement_files *files, struct place at, struct span bytes, struct pipgate_error *error)
{
	struct requirement_text *place;
	struct span text;
	enum pipgate_status status;

	if (files->texts.n >= FILES_MAX)
		return error_set(error, PIPGATE_LIMIT, "%s: more than %d files name each other", at.file, FILES_MAX);
	status = requirement_text_decode(files->run, at.file, bytes, &text, error);
	if (status != PIPGATE_OK)
		return status;
	at.plain = plain(files->run, at.file);
	at.text = files->texts.n;
	place = must(list_push(files->run, &files->texts, sizeof(*place)));
	*place = (struct requirement_text){.path = at.file, .bytes = bytes, .utf8 = !text.n || (text.p >= bytes.p && text.p <= bytes.p + bytes.n)};
	return read_lines(files, at, text, 0, error);
}

enum pipgate_status requirement_file_add(struct requirement_files *files, const char *path, struct span text, struct pipgate_error *error)
{
	return add_text(files, (struct place){.file = path}, text, error);
}

bool requirement_file_stays(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

enum pipgate_status requirement_file_read(struct requirement_files *files, const char *path, struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = keep_file(files->run, path, FILE_MAX, &text, error);

	return status == PIPGATE_OK ? requirement_file_add(files, path, text, error) : status;
}

enum pipgate_status requirement_line_add(struct requirement_files *files, const char *path, size_t line, struct span text,
	struct pipgate_error *error)
{
	return read_lines(files, (struct place){.file = path, .plain = plain(files->run, path), .text = files->texts.n}, text, line - 1, error);
}

bool requirement_files_pinned(const struct requirement_files *files)
{
	const struct requirement_row *v = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (!v[i].constraint && !v[i].pin.n)
			return false;
	return !files->remote;
}

bool requirement_files_hashed(const struct requirement_files *files)
{
	const struct requirement_row *v = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (!v[i].constraint && !v[i].n_hashes)
			return false;
	return true;
}
