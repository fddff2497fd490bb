/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements files: read as they stand where they pin everything and pip is not wanted, else resolved by the real pip. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/source/requirement_file.h"
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

	if (status == PIPGATE_OK && row->kind == REQUIREMENT_NAMED)
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

static const struct requirement_row *row_of(const struct requirement_files *files, struct span name)
{
	const struct requirement_row *rows = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (!rows[i].constraint && span_equal(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static void add_plan(struct gathering *g, const struct requirement_files *files, const struct plan *plan, const char *file)
{
	g->inventory->environment = plan->environment;
	for (size_t i = 0; i < plan->n; i++) {
		const struct requirement_row *row = row_of(files, plan->components[i].name);
		struct pipgate_component c = plan->components[i];

		c.sdist = false; /* nothing is built here any more: what is vulnerable is asked, not what may be installed */
		inventory_add(g->inventory, c, (struct found){.file = row ? row->file : file, .line = row ? row->line : 0, .direct = row != NULL});
	}
}

/* Its files must still be as we have read them, or lines and answer would not belong together. */
static enum pipgate_status unchanged(const struct requirement_files *files, struct pipgate_error *error)
{
	const struct requirement_text *texts = files->texts.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < files->texts.n && status == PIPGATE_OK; i++) {
		struct buf bytes;

		buf_init(&bytes, NULL, SOURCE_BYTES);
		if (file_read(AT_FDCWD, texts[i].path, &bytes, NULL) == PIPGATE_OK &&
			!span_equal(bytes.n ? buf_view(&bytes) : SPAN(""), texts[i].bytes))
			status = error_set(error, PIPGATE_FAILED, "%s was changed while it was audited; run it again", texts[i].path);
		buf_fini(&bytes);
	}
	return status;
}

/* What can be read once only is kept for pip in a file of ours. */
static const char *for_pip(struct gathering *g, const struct source_file *file, size_t index, struct pipgate_error *error)
{
	const char *folder = NULL, *copy;
	struct stat st;

	if (strcmp(file->path, "-") != 0 && stat(file->path, &st) == 0 && S_ISREG(st.st_mode))
		return file->path;
	folder = temporary_folder(error);
	copy = folder ? text_format(g->run, "%s/requirements-%zu.txt", folder, index) : NULL;
	return copy && file_write(copy, file->text, error) == PIPGATE_OK ? copy : NULL;
}

static enum pipgate_status by_pip(struct gathering *g, const struct requirement_files *files, const struct source_file *given, size_t n,
	struct pipgate_error *error)
{
	const struct requirement_text *texts = files->texts.items;
	struct resolution resolution = {.words = {.run = g->run}};
	enum pipgate_status status;
	struct plan plan;

	buf_init(&resolution.material, NULL, MATERIAL_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *path = for_pip(g, &given[i], i, error);

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
	buf_fini(&resolution.material);
	if (status == PIPGATE_OK)
		status = unchanged(files, error);
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

enum pipgate_status source_requirements(struct gathering *g, const struct source_file *given, size_t n, struct pipgate_error *error)
{
	struct requirement_files files = {.run = g->run, .require_hashes = g->settings->require_hashes};
	enum pipgate_status status = PIPGATE_OK;

	inventory_input(g->inventory, "requirements", title_of(g, given, n), given[0].path);
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++)
		status = requirement_file_add(&files, given[i].path, given[i].text, error);
	if (status != PIPGATE_OK)
		return status;
	if (g->settings->disable_pip && !g->settings->no_deps && !files.require_hashes)
		return error_set(error, PIPGATE_INVALID, "the --disable-pip flag can only be used with a hashed requirements files or "
			"if the --no-deps flag has been provided");
	if (files.remote && (g->settings->no_deps || g->settings->disable_pip))
		return error_set(error, PIPGATE_INVALID,
			"%s names a file at an address, which only pip can read: not with --no-deps or --disable-pip", given[0].path);
	if (g->settings->no_deps || g->settings->disable_pip || (files.require_hashes && requirement_files_pinned(&files)))
		return as_they_stand(g, &files, error);
	return by_pip(g, &files, given, n, error);
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
