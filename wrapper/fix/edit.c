/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "matcher/base/buf.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define EDITED_MAX ((size_t)80 << 20) /* the largest file that is read, and some hashes more */
#define HASH_LINE " \\%s    --hash="  /* as pip-compile writes them */

/* ---- a line as it stands, its offsets ---- */

struct region {
	size_t begin, end;
};

struct anatomy {
	struct region version;    /* behind == */
	struct region specifiers; /* all of them; empty: where they would stand */
	struct region hashes;     /* from the first to the last --hash; empty: there is none */
	struct region gap;        /* what stands between two hashes, or before the only one */
	size_t n_hashes;
	bool equals;              /* "--hash=…", not "--hash …" */
	bool odd;                 /* not to be taken apart */
};

/* Bytes of a line end at i that a backslash before it continues; 0: none. */
static size_t continued(struct span s, size_t i)
{
	if (i + 1 >= s.n || s.p[i] != '\\')
		return 0;
	if (s.p[i + 1] == '\r')
		return i + 2 < s.n && s.p[i + 2] == '\n' ? 3 : 2;
	return s.p[i + 1] == '\n' ? 2 : 0;
}

static size_t blank(struct span s, size_t i)
{
	return i < s.n && (s.p[i] == ' ' || s.p[i] == '\t') ? 1 : continued(s, i);
}

static size_t skip_blanks(struct span s, size_t i)
{
	size_t n;

	while ((n = blank(s, i)))
		i += n;
	return i;
}

static bool line_ends(struct span s, size_t i)
{
	return i >= s.n || s.p[i] == '\n' || s.p[i] == '\r';
}

/* Where a word that begins behind a blank with this text starts, from i on; s.n: nowhere before the comment or the end. */
static size_t find_word(struct span s, size_t i, const char *begin)
{
	bool free_before = true;

	while (!line_ends(s, i)) {
		size_t n = blank(s, i);

		if (free_before && s.p[i] == '#')
			break;
		if (free_before && !n && span_starts(span_from(s, i), span_of(begin)))
			return i;
		free_before = n > 0;
		i += n ? n : 1;
	}
	return s.n;
}

static size_t word_end(struct span s, size_t i)
{
	while (!line_ends(s, i) && !blank(s, i))
		i++;
	return i;
}

/* Name and extras; where they end. */
static size_t name_end(struct span s)
{
	size_t i = skip_blanks(s, 0), end;

	while (i < s.n && (ascii_alpha(s.p[i]) || ascii_digit(s.p[i]) || memchr("-_.", s.p[i], 3)))
		i++;
	end = i;
	i = skip_blanks(s, i);
	if (i < s.n && s.p[i] == '[') {
		while (!line_ends(s, i) && s.p[i] != ']')
			i += blank(s, i) ? blank(s, i) : 1;
		end = line_ends(s, i) ? i : i + 1;
	}
	return end;
}

static void find_specifiers(struct span s, struct anatomy *out)
{
	size_t after = name_end(s), i = skip_blanks(s, after), last = i;
	bool paren = i < s.n && s.p[i] == '(', free_before = true;

	if (paren)
		last = ++i;
	out->specifiers.begin = i;
	while (!line_ends(s, i) && s.p[i] != ';' && s.p[i] != ')' && !(free_before && (s.p[i] == '#' || s.p[i] == '-'))) {
		size_t n = blank(s, i);

		free_before = n > 0;
		i += n ? n : 1;
		if (!n)
			last = i;
	}
	out->specifiers.end = last;
	out->odd |= memmem(s.p + out->specifiers.begin, last - out->specifiers.begin, "${", 2) != NULL;
	if (out->specifiers.begin == last && !paren)
		out->specifiers = (struct region){after, after};
	i = out->specifiers.begin;
	while (i < last && s.p[i] == '=')
		i++;
	out->version = (struct region){skip_blanks(s, i), last};
}

static void find_hashes(struct span s, struct anatomy *out)
{
	size_t i = find_word(s, out->specifiers.end, "--hash"), before = 0;

	for (; i < s.n; i = find_word(s, before, "--hash")) {
		size_t end = word_end(s, i);

		if (!out->n_hashes) {
			size_t k = out->specifiers.end, n = 0, last = k;

			for (; k < i; k += n ? n : 1) { /* what stands between the word before and the first hash */
				n = blank(s, k);
				last = n ? last : k + 1;
			}
			out->gap = (struct region){last, i};
			out->hashes.begin = i;
			out->equals = i + 6 < s.n && s.p[i + 6] == '=';
		} else if (skip_blanks(s, before) != i) {
			out->odd = true; /* another option stands between */
		} else if (out->n_hashes == 1) {
			out->gap = (struct region){before, i};
		}
		if (end == i + 6)
			end = word_end(s, skip_blanks(s, end));
		before = out->hashes.end = end;
		out->n_hashes++;
	}
}

static struct anatomy dissect(const struct requirement_row *row)
{
	struct anatomy a = {0};

	find_specifiers(row->logical, &a);
	find_hashes(row->logical, &a);
	a.odd |= a.n_hashes != row->n_hashes; /* abbreviated, quoted: the real reader sees more than we do */
	return a;
}

/* ---- which rows ---- */

static bool same_version(struct pipgate_run *run, struct span a, struct span b)
{
	struct pipgate_version x, y;

	return span_equal(a, b) || (pipgate_version_parse(run, a, &x) == PIPGATE_OK && pipgate_version_parse(run, b, &y) == PIPGATE_OK &&
		pipgate_key_compare(x.key, y.key) == 0);
}

/* Another line may pin another version for another Python: it stays. */
static bool concerns(const struct requirement_files *files, const struct requirement_row *row, const struct fix_move *move, bool narrow)
{
	if (row->kind != REQUIREMENT_NAMED || row->parsed.url.n || !span_equal(row->name, move->name))
		return false;
	return row->pin.n ? same_version(files->run, row->pin, move->from) : narrow && !row->constraint;
}

static const struct requirement_text *text_of(const struct requirement_files *files, const struct requirement_row *row)
{
	const struct requirement_text *v = files->texts.items;

	for (size_t i = 0; i < files->texts.n; i++)
		if (v[i].utf8 && row->logical.p >= v[i].bytes.p && row->logical.p < v[i].bytes.p + v[i].bytes.n)
			return &v[i];
	return NULL;
}

const char *edit_obstacle(const struct requirement_files *files, const struct fix_move *move)
{
	const struct requirement_row *rows = files->rows.items;
	bool hashed = files->require_hashes && !move->n_hashes;

	for (size_t i = 0; i < files->rows.n; i++) {
		const char *why = NULL;

		if (!concerns(files, &rows[i], move, true))
			continue;
		if (!text_of(files, &rows[i]))
			why = "its file is not in UTF-8, or not one of this machine's";
		else if (dissect(&rows[i]).odd)
			why = "its version comes from a variable, or its line is written in a way that is left alone";
		else if (rows[i].n_hashes && !move->n_hashes)
			hashed = true;
		if (why)
			return text_format(files->run, "edit %s, line %zu, by hand: %s", rows[i].file, rows[i].line, why);
	}
	return hashed ? "its line has hashes, and the index does not tell those of all files of the new release" : NULL;
}

/* ---- writing ---- */

static void put_hashes(struct buf *out, const struct fix_move *move, struct span gap, bool equals)
{
	for (size_t i = 0; i < move->n_hashes; i++) {
		if (i)
			buf_span(out, gap);
		buf_format(out, "--hash%c" SPAN_FMT, equals ? '=' : ' ', SPAN_ARG(move->hashes[i]));
	}
}

static void put_row(struct buf *out, const struct requirement_row *row, const struct fix_move *move)
{
	struct anatomy a = dissect(row);
	struct region place = row->pin.n ? a.version : a.specifiers;
	struct span s = row->logical;

	buf_add(out, s.p, place.begin);
	buf_format(out, "%s" SPAN_FMT, row->pin.n ? "" : "==", SPAN_ARG(move->to));
	if (!a.n_hashes) {
		buf_add(out, s.p + place.end, s.n - place.end);
		return;
	}
	buf_add(out, s.p + place.end, a.hashes.begin - place.end);
	put_hashes(out, move, (struct span){s.p + a.gap.begin, a.gap.end - a.gap.begin}, a.equals);
	buf_add(out, s.p + a.hashes.end, s.n - a.hashes.end);
}

static const struct fix_move *move_for(const struct requirement_files *files, const struct requirement_row *row, const struct fix_move *moves,
	const bool *narrow, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (moves[i].to.n && concerns(files, row, &moves[i], narrow[i]))
			return &moves[i];
	return NULL;
}

static bool has_row(const struct requirement_files *files, const struct fix_move *move)
{
	const struct requirement_row *rows = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (!rows[i].constraint && concerns(files, &rows[i], move, true))
			return true;
	return false;
}

/* What others draw in is pinned by a line of its own, at the end. */
static void add_rows(const struct requirement_files *files, struct span before, const struct fix_move *moves, const bool *narrow, size_t n,
	struct buf *out)
{
	const char *crlf = memmem(before.n ? before.p : "", before.n, "\r\n", 2), *end = crlf ? "\r\n" : "\n";

	for (size_t i = 0; i < n; i++) {
		if (!moves[i].to.n || !narrow[i] || has_row(files, &moves[i]))
			continue;
		if (out->n && out->p[out->n - 1] != '\n')
			buf_text(out, end);
		buf_format(out, "# pinned by pipgate: a dependency that was vulnerable, or is new%s" SPAN_FMT "==" SPAN_FMT, end,
			SPAN_ARG(moves[i].shown_name), SPAN_ARG(moves[i].to));
		for (size_t k = 0; files->require_hashes && k < moves[i].n_hashes; k++)
			buf_format(out, HASH_LINE SPAN_FMT, end, SPAN_ARG(moves[i].hashes[k]));
		buf_text(out, end);
	}
}

static bool seen_before(const struct requirement_files *files, size_t text)
{
	const struct requirement_text *v = files->texts.items;

	for (size_t i = 0; i < text; i++)
		if (strcmp(v[i].path, v[text].path) == 0)
			return true;
	return false;
}

static int by_place(const void *a, const void *b)
{
	const struct requirement_row *const *x = a, *const *y = b;

	return ((*x)->logical.p > (*y)->logical.p) - ((*x)->logical.p < (*y)->logical.p);
}

/* The rows of a text in the order in which they stand; a nested file's come between in the list, and lie in another text. */
static const struct requirement_row **rows_of(const struct requirement_files *files, const struct requirement_text *text, size_t *n)
{
	const struct requirement_row *rows = files->rows.items;
	const struct requirement_row **out = must(arena_array(files->run, files->rows.n + 1, sizeof(struct requirement_row *)));

	*n = 0;
	for (size_t i = 0; i < files->rows.n; i++)
		if (text_of(files, &rows[i]) == text)
			out[(*n)++] = &rows[i];
	qsort(out, *n, sizeof(struct requirement_row *), by_place);
	return out;
}

static void edit_text(const struct requirement_files *files, size_t index, const struct fix_move *moves, const bool *narrow, size_t n,
	struct buf *out)
{
	const struct requirement_text *text = (const struct requirement_text *)files->texts.items + index;
	size_t n_rows;
	const struct requirement_row **rows = rows_of(files, text, &n_rows);
	const char *at = text->bytes.p;

	for (size_t i = 0; i < n_rows; i++) {
		const struct fix_move *move = move_for(files, rows[i], moves, narrow, n);

		if (!move || rows[i]->logical.p < at)
			continue;
		buf_add(out, at, (size_t)(rows[i]->logical.p - at));
		put_row(out, rows[i], move);
		at = rows[i]->logical.p + rows[i]->logical.n;
	}
	if (text->bytes.n)
		buf_add(out, at, (size_t)(text->bytes.p + text->bytes.n - at));
	if (index == 0)
		add_rows(files, text->bytes, moves, narrow, n, out);
}

void edit_files(const struct requirement_files *files, const struct fix_move *moves, const bool *narrow, size_t n, struct list *out)
{
	const struct requirement_text *texts = files->texts.items;

	for (size_t i = 0; i < files->texts.n; i++) {
		struct buf after;

		if (!texts[i].utf8 || seen_before(files, i))
			continue;
		buf_init(&after, NULL, EDITED_MAX);
		edit_text(files, i, moves, narrow, n, &after);
		if (buf_status(&after) != PIPGATE_OK)
			die_no_memory();
		if (!span_equal(after.n ? buf_view(&after) : SPAN(""), texts[i].bytes))
			*(struct edited *)must(list_push(files->run, out, sizeof(struct edited))) = (struct edited){texts[i].path, texts[i].bytes,
				must_span(arena_copy(files->run, buf_view(&after)))};
		buf_fini(&after);
	}
}

static enum pipgate_status write_one(const struct edited *e, struct pipgate_error *error)
{
	char real[PATH_MAX];
	struct buf bytes;
	enum pipgate_status status;

	if (!realpath(e->path, real)) /* beside the file itself, not beside a link to it */
		return error_set(error, PIPGATE_FAILED, "%s: %s", e->path, strerror(errno));
	buf_init(&bytes, NULL, EDITED_MAX);
	status = file_read(AT_FDCWD, real, &bytes, error);
	if (status == PIPGATE_OK && !span_equal(bytes.n ? buf_view(&bytes) : SPAN(""), e->before))
		status = error_set(error, PIPGATE_FAILED, "%s was changed meanwhile and is left as it is; run it again", e->path);
	buf_fini(&bytes);
	return status == PIPGATE_OK ? file_write(real, e->after, error) : status;
}

enum pipgate_status edit_write(const struct list *edited, struct pipgate_error *error)
{
	const struct edited *v = edited->items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < edited->n && status == PIPGATE_OK; i++)
		status = write_one(&v[i], error);
	return status;
}
