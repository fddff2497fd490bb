/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/requirement_set.h"

#include <limits.h>
#include <stdlib.h>

#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/source/requirement_place.h"
#include "wrapper/source/resolve.h"
#include "wrapper/sorted.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define MATERIAL_MAX ((size_t)256 << 20) /* of all files together */

void requirement_set_init(struct requirement_set *set, struct gathering *g, const char *file)
{
	*set = (struct requirement_set){.files = {.run = g->run, .require_hashes = g->settings->require_hashes}, .file = file};
}

enum pipgate_status requirement_set_line_as(struct requirement_set *set, const char *path, size_t line, struct span text, struct span for_pip,
	struct pipgate_error *error)
{
	*(struct span *)must(list_push(set->files.run, &set->lines, sizeof(struct span))) = for_pip;
	return requirement_line_add(&set->files, path, line, text, error);
}

enum pipgate_status requirement_set_line(struct requirement_set *set, const char *path, size_t line, struct span text,
	struct pipgate_error *error)
{
	return requirement_set_line_as(set, path, line, text, text, error);
}

/* ---- which row asked for it ---- */

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
	size_t at = sorted_named(v, sorted->n, sizeof(*v), c->name);

	if (at < sorted->n)
		return v[at].row;
	for (size_t i = 0; c->requested && i < sorted->n && !v[i].name.n; i++)
		if (is_at(run, v[i].row, c->url))
			return v[i].row;
	return NULL;
}

/* Is this the project itself, whose requirements were asked for? */
static bool is_self(struct pipgate_run *run, const struct requirement_set *set, const struct pipgate_component *c)
{
	return set->self && c->requested && span_starts(c->url, SPAN("file://")) && span_is(requirement_file_path(run, c->url), set->self);
}

/* The names that the project asks for: they are direct, and it is no component. */
static struct list names_of_self(struct gathering *g, const struct requirement_set *set, const struct plan *plan)
{
	struct pipgate_requirement parsed;
	struct list names = {0};

	for (size_t i = 0; set->self && i < plan->n; i++)
		for (size_t k = 0; is_self(g->run, set, &plan->components[i]) && k < plan->components[i].n_requires_dist; k++)
			if (pipgate_requirement_parse(g->run, plan->components[i].requires_dist[k], &parsed, NULL) != PIPGATE_OK ||
				pipgate_name_normalize(g->run, parsed.name, must(list_push(g->run, &names, sizeof(struct span)))) != PIPGATE_OK)
				die_no_memory();
	if (names.n)
		qsort(names.items, names.n, sizeof(struct span), span_order);
	return names;
}

static void add_plan(struct gathering *g, const struct requirement_set *set, const struct plan *plan)
{
	const struct list sorted = sorted_rows(&set->files), names = names_of_self(g, set, plan);

	for (size_t i = 0; i < plan->n; i++) {
		const struct requirement_row *row = row_of(g->run, &sorted, &plan->components[i]);
		struct pipgate_component c = plan->components[i];
		const bool named = names.n && bsearch(&c.name, names.items, names.n, sizeof(struct span), span_order);

		c.sdist = false; /* nothing is built here any more: what is vulnerable is asked, not what may be installed */
		c.requested |= named;
		c.unpinned = c.requested && row && !row->pin.n;
		c.unlocked = !row || !row->n_hashes;
		if (is_self(g->run, set, &c))
			continue;
		if (row && row->kind == REQUIREMENT_EDITABLE && g->settings->skip_editable)
			inventory_skip(g->inventory, c.name, "requirement marked as editable", row->file, row->line);
		else
			inventory_add(g->inventory, c, (struct found){.file = row ? row->file : set->file, .line = row ? row->line : 0,
				.direct = row || named});
	}
}

/* ---- by the real pip ---- */

/* Its files must still be as we have read them, or lines and answer would not belong together. What can be read once only is a copy. */
static enum pipgate_status unchanged(const void *ctx, struct pipgate_error *error)
{
	const struct requirement_files *files = ctx;
	const struct requirement_text *texts = files->texts.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < files->texts.n && status == PIPGATE_OK; i++) {
		struct span now;

		if (requirement_file_stays(texts[i].path) && (keep_file(files->run, texts[i].path, SOURCE_BYTES, &now, NULL) != PIPGATE_OK ||
			!span_equal(now, texts[i].bytes)))
			status = error_set(error, PIPGATE_FAILED, "%s was changed while it was audited; run it again", texts[i].path);
	}
	return status;
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

/* Lines that stand in no file that pip could read. */
static const char *lines_for_pip(struct requirement_set *set, struct buf *material, struct pipgate_error *error)
{
	const char *temporary = temporary_folder(error), *path = temporary ? text_format(set->files.run, "%s/requirements.txt", temporary) : NULL;
	const struct span *lines = set->lines.items;
	const size_t begin = material->n;

	for (size_t i = 0; i < set->lines.n; i++) {
		buf_span(material, lines[i]);
		buf_byte(material, '\n');
	}
	if (!path || buf_status(material) != PIPGATE_OK || file_write(path, span_from(buf_view(material), begin), error) != PIPGATE_OK)
		return NULL;
	return path;
}

static enum pipgate_status by_pip(struct gathering *g, struct requirement_set *set, struct pipgate_error *error)
{
	const struct requirement_text *texts = set->files.texts.items;
	const char *const *paths = set->paths.items;
	struct resolution r = {.words = {.run = g->run}, .passing = set->self || names_folders(&set->files), .unchanged = unchanged,
		.ctx = &set->files};
	const char *path = "";
	struct plan plan;
	enum pipgate_status status;

	buf_init(&r.material, NULL, MATERIAL_MAX);
	for (size_t i = 0; i < set->files.texts.n; i++) {
		buf_format(&r.material, "%s %zu\n", texts[i].path, texts[i].bytes.n);
		buf_span(&r.material, texts[i].bytes);
	}
	if (set->lines.n)
		path = lines_for_pip(set, &r.material, error);
	for (size_t i = 0; i < set->paths.n + (set->lines.n > 0) && path; i++) {
		words_add(&r.words, "-r");
		words_add(&r.words, i < set->paths.n ? paths[i] : path);
	}
	if (set->self)
		words_add(&r.words, text_format(g->run, "%s%s", set->self, set->extras ? set->extras : ""));
	if (!path) {
		buf_fini(&r.material);
		return PIPGATE_FAILED;
	}
	status = resolve(g, &r, &plan, error);
	if (status == PIPGATE_OK)
		add_plan(g, set, &plan);
	return status;
}

/* ---- which of both ---- */

/* What no resolving would change: fully pinned and hashed, or said to be all. */
bool requirement_set_stands(const struct gathering *g, const struct requirement_set *set)
{
	return !set->self && !set->files.remote && (g->settings->no_deps || g->settings->disable_pip || !set->files.rows.n ||
		(set->files.require_hashes && requirement_files_pinned(&set->files) && requirement_files_hashed(&set->files)));
}

enum pipgate_status requirement_set_may_build(const struct gathering *g, const struct requirement_set *set, struct pipgate_error *error)
{
	if (g->settings->no_deps || g->settings->disable_pip)
		return error_set(error, PIPGATE_INVALID, "%s: only pip can tell what this project asks for: not with --no-deps or --disable-pip",
			set->file);
	if (!g->settings->build)
		return error_set(error, PIPGATE_INVALID, "%s: what this project asks for is told by its build alone, and building runs its code "
			"(sdist: block); audit a lock file of it, or allow it with --gate-sdist warn", set->file);
	return PIPGATE_OK;
}

static enum pipgate_status check_settings(const struct gathering *g, const struct requirement_set *set, struct pipgate_error *error)
{
	const bool without = g->settings->no_deps || g->settings->disable_pip;

	if (g->settings->disable_pip && !g->settings->no_deps && !set->files.require_hashes)
		return error_set(error, PIPGATE_INVALID, "the --disable-pip flag can only be used with a hashed requirements files or "
			"if the --no-deps flag has been provided");
	if (set->files.remote && without)
		return error_set(error, PIPGATE_INVALID,
			"%s names a file at an address, which only pip can read: not with --no-deps or --disable-pip", set->file);
	return PIPGATE_OK;
}

enum pipgate_status requirement_set_audit(struct gathering *g, struct requirement_set *set, struct pipgate_error *error)
{
	enum pipgate_status status = check_settings(g, set, error);

	if (status != PIPGATE_OK)
		return status;
	return requirement_set_stands(g, set) ? requirements_as_they_stand(g, &set->files, error) : by_pip(g, set, error);
}
