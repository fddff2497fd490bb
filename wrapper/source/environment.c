/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/environment.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define METADATA_MAX ((size_t)4 << 20) /* the longest real descriptions stay below 1 MiB */
#define DISTRIBUTIONS_MAX 100000       /* in one environment */

/* ---- one METADATA ---- */

static struct span header_value(struct span line, size_t name_n)
{
	return span_trim(span_from(line, name_n + 1));
}

static bool take_once(struct pipgate_run *run, struct span *place, struct span value)
{
	if (place->n || !value.n)
		return false;
	*place = must_span(arena_copy(run, value));
	return true;
}

bool metadata_read(struct pipgate_run *run, struct span text, struct pipgate_component *out)
{
	struct list requires_dist = {0};
	bool good = true;

	*out = (struct pipgate_component){.origin = PIPGATE_ORIGIN_INSTALLED};
	while (text.n && good) {
		struct span line = span_split(&text, '\n');
		struct span rest = line;
		struct span name = span_split(&rest, ':');

		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n)
			break; /* the body begins */
		if (ascii_space(line.p[0]))
			continue; /* a folded line */
		if (span_equal_nocase(name, SPAN("Name")))
			good = take_once(run, &out->shown_name, header_value(line, name.n));
		else if (span_equal_nocase(name, SPAN("Version")))
			good = take_once(run, &out->version, header_value(line, name.n));
		else if (span_equal_nocase(name, SPAN("Requires-Dist")))
			*(struct span *)must(list_push(run, &requires_dist, sizeof(struct span))) =
				must_span(arena_copy(run, header_value(line, name.n)));
	}
	out->requires_dist = requires_dist.items;
	out->n_requires_dist = requires_dist.n;
	if (!good || !out->shown_name.n || !out->version.n)
		return false;
	if (pipgate_name_normalize(run, out->shown_name, &out->name) != PIPGATE_OK)
		die_no_memory();
	return true;
}

/* ---- folders ---- */

static bool read_distribution(struct pipgate_run *run, int folder, const char *entry, struct buf *bytes, struct pipgate_component *out)
{
	static const char *const files[] = {"/METADATA", "/PKG-INFO", ""};
	struct span name = span_of(entry);
	bool found = false;

	if (!span_ends(name, SPAN(".dist-info")) && !span_ends(name, SPAN(".egg-info")))
		return false;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && !found; i++) {
		char path[512];

		if (snprintf(path, sizeof(path), "%s%s", entry, files[i]) >= (int)sizeof(path))
			continue;
		buf_clear(bytes);
		found = file_read(folder, path, bytes, NULL) == PIPGATE_OK;
	}
	return found && metadata_read(run, buf_view(bytes), out);
}

struct entry {
	struct pipgate_component component;
	const char *place;
};

static void read_folder(struct pipgate_run *run, const char *path, struct list *list, struct buf *bytes, struct list *broken)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && list->n < DISTRIBUTIONS_MAX && (entry = readdir(dir))) {
		struct span name = span_of(entry->d_name);
		struct pipgate_component c;
		const char *place;

		if (entry->d_name[0] == '~' || !(span_ends(name, SPAN(".dist-info")) || span_ends(name, SPAN(".egg-info"))))
			continue;
		place = text_format(run, "%s/%s", path, entry->d_name);
		if (read_distribution(run, dirfd(dir), entry->d_name, bytes, &c))
			*(struct entry *)must(list_push(run, list, sizeof(struct entry))) = (struct entry){c, place};
		else
			*(const char **)must(list_push(run, broken, sizeof(place))) = place;
	}
	if (dir)
		closedir(dir);
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return span_compare(x->component.name, y->component.name);
}

static int by_name_and_version(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = by_name(a, b);

	return c ? c : span_compare(x->component.version, y->component.version);
}

/* Folder by folder, so that what an earlier one has hides the later; then by name. */
static void keep_first(struct list *all, const struct list *more, struct pipgate_run *run)
{
	size_t earlier = all->n;

	for (size_t i = 0; i < more->n; i++) {
		const struct entry *e = (const struct entry *)more->items + i;

		if (earlier && bsearch(e, all->items, earlier, sizeof(*e), by_name))
			continue;
		*(struct entry *)must(list_push(run, all, sizeof(*e))) = *e;
	}
}

static void drop_repeats(struct list *list)
{
	struct entry *v = list->items;
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!kept || !span_equal(v[kept - 1].component.name, v[i].component.name))
			v[kept++] = v[i];
	list->n = kept;
}

/* Components alone stand in a row: the matcher walks them. */
static void split(struct pipgate_run *run, const struct list *all, struct installed *out)
{
	const struct entry *v = all->items;

	out->n = all->n;
	out->components = must(arena_array(run, all->n + 1, sizeof(*out->components)));
	out->places = must(arena_array(run, all->n + 1, sizeof(*out->places)));
	for (size_t i = 0; i < all->n; i++) {
		out->components[i] = v[i].component;
		out->places[i] = v[i].place;
	}
}

void environment_read(struct pipgate_run *run, char *const *path, struct installed *out)
{
	struct list all = {0};
	struct buf bytes;

	buf_init(&bytes, NULL, METADATA_MAX);
	*out = (struct installed){0};
	for (; *path; path++) {
		struct list here = {0};

		read_folder(run, *path, &here, &bytes, &out->broken);
		keep_first(&all, &here, run);
		if (all.n)
			qsort(all.items, all.n, sizeof(struct entry), by_name_and_version);
		drop_repeats(&all);
	}
	buf_fini(&bytes);
	split(run, &all, out);
}
