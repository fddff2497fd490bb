/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements files: read as they stand where they pin everything and pip is not wanted, else resolved by the real pip. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/source/requirement_file.h"
#include "wrapper/source/requirement_place.h"
#include "wrapper/source/resolve.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define MATERIAL_MAX ((size_t)256 << 20)

/* ---- as they stand ---- */

static struct span shown(const struct requirement_row *row)
{
	return row->parsed.name.n ? row->parsed.name : row->name.n ? row->name : row->text;
}

static enum pipgate_status check_row(const struct requirement_files *files, const struct requirement_row *row, struct pipgate_error *error)
{
	if (files->require_hashes && !row->n_hashes)
		return error_set(error, PIPGATE_INVALID, "%s, line %zu: requirement " SPAN_FMT " does not contain a hash", row->file, row->line,
			SPAN_ARG(row->text));
	if (row->kind != REQUIREMENT_NAMED || row->parsed.url.n || row->pin.n)
		return PIPGATE_OK;
	if (!row->parsed.specifiers.n)
		return error_set(error, PIPGATE_INVALID, "%s, line %zu: requirement " SPAN_FMT " is not pinned: " SPAN_FMT, row->file, row->line,
			SPAN_ARG(row->name), SPAN_ARG(row->text));
	return error_set(error, PIPGATE_INVALID, "%s, line %zu: requirement " SPAN_FMT " is not pinned to an exact version: " SPAN_FMT, row->file,
		row->line, SPAN_ARG(row->name), SPAN_ARG(row->text));
}

/* Does its marker hold for the Python that is meant? The markers are asked for once, and only where one stands. */
static enum pipgate_status holds(struct gathering *g, const struct requirement_row *row, bool *out, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	*out = true;
	if (!row->parsed.marker.n)
		return PIPGATE_OK;
	if (!g->inventory->environment.n)
		status = gathering_markers(g, error);
	if (status == PIPGATE_OK)
		status = pipgate_marker_evaluate(g->run, row->parsed.marker, &g->inventory->environment, SPAN(""), out, error);
	return status;
}

struct pinned { /* names that were seen, for repeats */
	struct span name, version, text;
};

static int by_name(const void *a, const void *b)
{
	return span_compare(((const struct pinned *)a)->name, ((const struct pinned *)b)->name);
}

static enum pipgate_status check_repeats(struct pinned *seen, size_t n, struct pipgate_error *error)
{
	qsort(seen, n, sizeof(*seen), by_name);
	for (size_t i = 1; i < n; i++)
		if (span_equal(seen[i].name, seen[i - 1].name) && !span_equal(seen[i].version, seen[i - 1].version))
			return error_set(error, PIPGATE_INVALID, "package " SPAN_FMT " has duplicate requirements: " SPAN_FMT, SPAN_ARG(seen[i].name),
				SPAN_ARG(seen[i].text));
	return PIPGATE_OK;
}

static void add_pinned(struct gathering *g, const struct requirement_row *row)
{
	const struct pipgate_component c = {.name = row->name, .shown_name = row->parsed.name, .version = row->pin,
		.origin = PIPGATE_ORIGIN_INDEX, .requested = true, .extras = row->parsed.extras, .n_extras = row->parsed.n_extras};

	inventory_add(g->inventory, c, (struct found){.file = row->file, .line = row->line, .direct = true});
}

static enum pipgate_status add_row(struct gathering *g, const struct requirement_files *files, const struct requirement_row *row,
	struct pinned *seen, size_t *n, struct pipgate_error *error)
{
	enum pipgate_status status = check_row(files, row, error);
	bool wanted = true;

	if (status == PIPGATE_OK)
		status = holds(g, row, &wanted, error);
	if (status != PIPGATE_OK || !wanted)
		return status;
	if (row->kind == REQUIREMENT_EDITABLE && g->settings->skip_editable)
		inventory_skip(g->inventory, shown(row), "requirement marked as editable", row->file, row->line);
	else if (row->kind != REQUIREMENT_NAMED)
		inventory_skip(g->inventory, shown(row), "could not deduce package version from URL requirement", row->file, row->line);
	else if (row->parsed.url.n)
		inventory_skip(g->inventory, row->name, "URL requirements cannot be pinned to a specific package version", row->file, row->line);
	else
		seen[(*n)++] = (struct pinned){row->name, row->pin, row->text};
	return PIPGATE_OK;
}

static bool repeats(const struct requirement_row *row, const struct pinned *seen, size_t n, bool *taken)
{
	const struct pinned key = {.name = row->name}, *found = n ? bsearch(&key, seen, n, sizeof(key), by_name) : NULL;
	bool before;

	if (!found)
		return true; /* its marker does not hold, or it is skipped */
	while (found > seen && span_equal(found[-1].name, row->name))
		found--;
	before = taken[found - seen];
	taken[found - seen] = true;
	return before;
}

static enum pipgate_status as_they_stand(struct gathering *g, const struct requirement_files *files, struct pipgate_error *error)
{
	const struct requirement_row *rows = files->rows.items;
	struct pinned *seen = must(arena_array(g->run, files->rows.n + 1, sizeof(*seen)));
	bool *taken = must(arena_array(g->run, files->rows.n + 1, sizeof(*taken)));
	enum pipgate_status status = PIPGATE_OK;
	size_t n = 0;

	for (size_t i = 0; i < files->rows.n && status == PIPGATE_OK; i++)
		if (!rows[i].constraint)
			status = add_row(g, files, &rows[i], seen, &n, error);
	if (status == PIPGATE_OK)
		status = check_repeats(seen, n, error);
	for (size_t i = 0; i < files->rows.n && status == PIPGATE_OK; i++)
		if (!rows[i].constraint && rows[i].kind == REQUIREMENT_NAMED && !rows[i].parsed.url.n && !repeats(&rows[i], seen, n, taken))
			add_pinned(g, &rows[i]);
	return status;
}

/* ---- by the real pip ---- */

struct named { /* rows by name, of one name in their order */
	struct span name;
	const struct requirement_row *row;
};

static int by_name_and_place(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	const int order = span_compare(x->name, y->name);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

static struct list sorted_rows(const struct requirement_files *files)
{
	const struct requirement_row *rows = files->rows.items;
	struct list sorted = {0};

	for (size_t i = 0; i < files->rows.n; i++)
		if (!rows[i].constraint)
			*(struct named *)must(list_push(files->run, &sorted, sizeof(struct named))) = (struct named){rows[i].name, &rows[i]};
	if (sorted.n)
		qsort(sorted.items, sorted.n, sizeof(struct named), by_name_and_place);
	return sorted;
}

/* Does this path without a name of its own mean the folder or file that pip names by its address? */
static bool is_at(struct pipgate_run *run, const struct requirement_row *row, struct span url)
{
	struct span text = row->text, path = span_split(&text, ';');
	char real[PATH_MAX];

	path = requirement_file_path(run, span_trim(path));
	path = span_split(&path, '[');
	return span_starts(url, SPAN("file://")) && realpath(text_copy(run, path), real) &&
		span_is(requirement_file_path(run, url), real);
}

/* The first row that asks for it. */
static const struct requirement_row *row_of(struct pipgate_run *run, const struct list *sorted, const struct pipgate_component *c)
{
	const struct named *v = sorted->items;
	size_t low = 0, high = sorted->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (span_compare(v[middle].name, c->name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < sorted->n && span_equal(v[low].name, c->name))
		return v[low].row;
	for (size_t i = 0; c->requested && i < sorted->n && !v[i].name.n; i++)
		if (is_at(run, v[i].row, c->url))
			return v[i].row;
	return NULL;
}

static void add_plan(struct gathering *g, const struct requirement_files *files, const struct plan *plan, const char *file)
{
	const struct list sorted = sorted_rows(files);

	for (size_t i = 0; i < plan->n; i++) {
		const struct requirement_row *row = row_of(g->run, &sorted, &plan->components[i]);
		struct pipgate_component c = plan->components[i];

		c.sdist = false; /* nothing is built here any more: what is vulnerable is asked, not what may be installed */
		if (row && row->kind == REQUIREMENT_EDITABLE && g->settings->skip_editable)
			inventory_skip(g->inventory, c.name, "requirement marked as editable", row->file, row->line);
		else
			inventory_add(g->inventory, c, (struct found){.file = row ? row->file : file, .line = row ? row->line : 0, .direct = row != NULL});
	}
}

static bool is_regular(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Its files must still be as we have read them, or lines and answer would not belong together. What can be read once only is a copy. */
static enum pipgate_status unchanged(const void *ctx, struct pipgate_error *error)
{
	const struct requirement_files *files = ctx;
	const struct requirement_text *texts = files->texts.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < files->texts.n && status == PIPGATE_OK; i++) {
		struct buf bytes;

		buf_init(&bytes, NULL, SOURCE_BYTES);
		if (is_regular(texts[i].path) && (file_read(AT_FDCWD, texts[i].path, &bytes, NULL) != PIPGATE_OK ||
			!span_equal(bytes.n ? buf_view(&bytes) : SPAN(""), texts[i].bytes)))
			status = error_set(error, PIPGATE_FAILED, "%s was changed while it was audited; run it again", texts[i].path);
		buf_fini(&bytes);
	}
	return status;
}

/* What it names by a path stands beside it, and not beside its copy. */
static void add_copy(struct buf *out, const struct requirement_files *files, size_t index, const char *folder)
{
	const struct requirement_text *text = (const struct requirement_text *)files->texts.items + index;
	const struct requirement_reference *references = files->references.items;
	struct span rest = text->bytes;

	for (size_t i = 0; i < files->references.n && text->utf8; i++) {
		const struct requirement_reference *r = &references[i];

		if (r->text != index)
			continue;
		buf_add(out, rest.p, (size_t)(r->logical.p - rest.p));
		buf_format(out, "%s '%s%s%s'\n", r->constraint ? "-c" : "-r", r->path[0] == '/' ? "" : folder, r->path[0] == '/' ? "" : "/", r->path);
		rest = span_from(text->bytes, (size_t)(r->logical.p - text->bytes.p) + r->logical.n);
	}
	buf_span(out, rest);
}

/* What can be read once only is kept for pip in a file of ours. */
static const char *for_pip(struct gathering *g, const struct requirement_files *files, const struct source_file *file, size_t index,
	struct pipgate_error *error)
{
	const char *temporary, *copy = NULL;
	char folder[PATH_MAX];
	struct buf out;

	if (is_regular(file->path))
		return file->path;
	temporary = temporary_folder(error);
	buf_init(&out, NULL, 2 * SOURCE_BYTES);
	add_copy(&out, files, index, getcwd(folder, sizeof(folder)) ? folder : ".");
	if (temporary && buf_status(&out) != PIPGATE_OK)
		error_set(error, PIPGATE_LIMIT, "%s: too large", file->path);
	else if (temporary)
		copy = text_format(g->run, "%s/requirements-%zu.txt", temporary, index);
	if (copy && file_write(copy, out.n ? buf_view(&out) : SPAN(""), error) != PIPGATE_OK)
		copy = NULL;
	buf_fini(&out);
	return copy;
}

/* Does it name what lies in a folder, whose content is no part of the key? */
static bool names_folders(const struct requirement_files *files)
{
	const struct requirement_row *rows = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++) {
		const struct span text = rows[i].kind == REQUIREMENT_NAMED ? rows[i].parsed.url : rows[i].text;

		if (text.n && (!memmem(text.p, text.n, "://", 3) || memmem(text.p, text.n, "file:", 5)))
			return true;
	}
	return files->remote;
}

static enum pipgate_status by_pip(struct gathering *g, const struct requirement_files *files, const struct source_file *given, const size_t *index,
	size_t n, struct pipgate_error *error)
{
	const struct requirement_text *texts = files->texts.items;
	struct resolution resolution = {.words = {.run = g->run}, .passing = names_folders(files), .unchanged = unchanged, .ctx = files};
	enum pipgate_status status;
	struct plan plan;

	buf_init(&resolution.material, NULL, MATERIAL_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *path = for_pip(g, files, &given[i], index[i], error);

		if (!path)
			return PIPGATE_FAILED;
		words_add(&resolution.words, "-r");
		words_add(&resolution.words, path);
	}
	for (size_t i = 0; i < files->texts.n; i++) {
		buf_format(&resolution.material, "%s %zu\n", texts[i].path, texts[i].bytes.n);
		buf_span(&resolution.material, texts[i].bytes);
	}
	status = resolve(g, &resolution, &plan, error);
	if (status == PIPGATE_OK)
		add_plan(g, files, &plan, given[0].path);
	return status;
}

/* ---- all of it ---- */

static const char *title_of(struct gathering *g, const struct source_file *files, size_t n)
{
	const char *title = files[0].name;

	for (size_t i = 1; i < n && i < 4; i++)
		title = text_format(g->run, "%s, %s", title, i == 3 ? "…" : files[i].name);
	return strcmp(files[0].path, "-") == 0 && n == 1 ? "requirements on standard input" : text_format(g->run, "requirements %s", title);
}

/* What no resolving would change: fully pinned and hashed, or said to be all. */
static bool stands(const struct gathering *g, const struct requirement_files *files)
{
	return g->settings->no_deps || g->settings->disable_pip ||
		(files->require_hashes && requirement_files_pinned(files) && requirement_files_hashed(files));
}

static enum pipgate_status check_settings(const struct gathering *g, const struct requirement_files *files, const char *path,
	struct pipgate_error *error)
{
	if (g->settings->disable_pip && !g->settings->no_deps && !files->require_hashes)
		return error_set(error, PIPGATE_INVALID, "the --disable-pip flag can only be used with a hashed requirements files or "
			"if the --no-deps flag has been provided");
	if (files->remote && (g->settings->no_deps || g->settings->disable_pip))
		return error_set(error, PIPGATE_INVALID, "%s names a file at an address, which only pip can read: not with --no-deps or --disable-pip",
			path);
	return PIPGATE_OK;
}

enum pipgate_status source_requirements(struct gathering *g, const struct source_file *given, size_t n, struct pipgate_error *error)
{
	struct requirement_files files = {.run = g->run, .require_hashes = g->settings->require_hashes};
	size_t *index = must(arena_array(g->run, n, sizeof(*index)));
	enum pipgate_status status = PIPGATE_OK;

	inventory_input(g->inventory, "requirements", title_of(g, given, n), given[0].path);
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		index[i] = files.texts.n;
		status = requirement_file_add(&files, given[i].path, given[i].text, error);
	}
	if (status == PIPGATE_OK)
		status = check_settings(g, &files, given[0].path, error);
	if (status != PIPGATE_OK)
		return status;
	return stands(g, &files) ? as_they_stand(g, &files, error) : by_pip(g, &files, given, index, n, error);
}

/* pip freeze's output is one, too. */
bool takes_requirements(const struct source_file *file)
{
	struct span name = span_of(file->name);

	return !file->folder && (span_ends(name, SPAN(".txt")) || span_ends(name, SPAN(".in")) || span_starts(name, SPAN("requirements")) ||
		(strcmp(file->path, "-") == 0 && file->text.n && file->text.p[0] != '{' && file->text.p[0] != '['));
}

enum pipgate_status read_requirements(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	return source_requirements(g, file, 1, error);
}
