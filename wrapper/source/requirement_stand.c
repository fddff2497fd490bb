/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements that pin everything, as they stand: each must name one version; no process is started but for markers. */
#include <stdlib.h>

#include "wrapper/source/requirement_set.h"

#include "matcher/base/banned.h"

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
	struct span name, version;
	const struct requirement_row *row;
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
			return error_set(error, PIPGATE_INVALID, "%s, line %zu: package " SPAN_FMT " has duplicate requirements: " SPAN_FMT,
				seen[i].row->file, seen[i].row->line, SPAN_ARG(seen[i].name),
				SPAN_ARG(seen[i].row->text));
	return PIPGATE_OK;
}

static void add_pinned(struct gathering *g, const struct requirement_row *row)
{
	const struct pipgate_component c = {.name = row->name, .shown_name = row->parsed.name, .version = row->pin,
		.origin = PIPGATE_ORIGIN_INDEX, .requested = true, .extras = row->parsed.extras, .n_extras = row->parsed.n_extras,
		.unpinned = !row->pin.n, .unlocked = !row->n_hashes};

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
		seen[(*n)++] = (struct pinned){row->name, row->pin, row};
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

enum pipgate_status requirements_as_they_stand(struct gathering *g, const struct requirement_files *files, struct pipgate_error *error)
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
