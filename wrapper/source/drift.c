/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/drift.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/buf.h"
#include "wrapper/file.h"
#include "wrapper/source/lock.h"
#include "wrapper/sorted.h"

#include "matcher/base/banned.h"

#define DIRECT_URL_MAX ((size_t)64 << 10)

struct entry { /* a name with one of its versions */
	struct span name, version; /* version n 0: any (a lock does not tell that of a local project) */
	const char *file;
	size_t line;
};

struct entries { /* by name */
	struct entry *v;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return span_compare(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static size_t find(const struct entries *entries, struct span name)
{
	return sorted_named(entries->v, entries->n, sizeof(*entries->v), name);
}

static struct entries entries_of(struct pipgate_run *run, const struct inventory *inventory)
{
	const struct pipgate_component *components = inventory->components.items;
	const struct found *found = inventory->found.items;
	const struct skipped *skipped = inventory->skipped.items;
	struct entries out = {must(arena_array(run, inventory->components.n + inventory->skipped.n + 1, sizeof(*out.v))), 0};

	for (size_t i = 0; i < inventory->components.n; i++)
		out.v[out.n++] = (struct entry){components[i].name, components[i].version, found[i].file, found[i].line};
	for (size_t i = 0; i < inventory->skipped.n; i++)
		out.v[out.n++] = (struct entry){skipped[i].name, {NULL, 0}, skipped[i].file, skipped[i].line};
	qsort(out.v, out.n, sizeof(*out.v), by_name);
	return out;
}

static bool same_version(struct pipgate_run *run, struct span a, struct span b)
{
	struct pipgate_version x, y;

	if (!a.n || !b.n || span_equal(a, b))
		return true;
	if (pipgate_version_parse(run, a, &x) != PIPGATE_OK || pipgate_version_parse(run, b, &y) != PIPGATE_OK)
		return false;
	return pipgate_key_compare(x.key, y.key) == 0;
}

static bool has_version(struct pipgate_run *run, const struct entries *entries, const struct entry *wanted)
{
	for (size_t i = find(entries, wanted->name); i < entries->n && span_equal(entries->v[i].name, wanted->name); i++)
		if (same_version(run, entries->v[i].version, wanted->version))
			return true;
	return false;
}

/* ---- what may be there without a lock's word ---- */

static bool is_installer(struct span name)
{
	static const char *const names[] = {"pip", "setuptools", "wheel", "distribute"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_is(name, names[i]))
			return true;
	return false;
}

/* The project itself: installed from the lock's own folder. */
static bool is_own(struct gathering *g, const struct entry *e, const char *lock)
{
	struct span folder = span_of(lock), url = {NULL, 0};
	char real[PATH_MAX];
	cJSON *root = NULL;
	struct buf bytes;
	bool own = false;

	while (folder.n && folder.p[folder.n - 1] != '/')
		folder.n--;
	buf_init(&bytes, NULL, DIRECT_URL_MAX);
	if (file_read(AT_FDCWD, text_format(g->run, "%s/direct_url.json", e->file), &bytes, NULL) == PIPGATE_OK &&
		json_parse(buf_view(&bytes), &root, NULL) == PIPGATE_OK && json_member(root, "dir_info"))
		url = json_string(json_member(root, "url"));
	if (url.n && realpath(folder.n ? text_copy(g->run, folder) : ".", real)) {
		while (url.n && url.p[url.n - 1] == '/')
			url.n--;
		own = span_starts(url, SPAN("file://")) && span_is(span_from(url, 7), real);
	}
	cJSON_Delete(root);
	buf_fini(&bytes);
	return own;
}

/* ---- what differs ---- */

static void put(struct gathering *g, struct drift drift, const char *what)
{
	*(struct drift *)must(list_push(g->run, &g->inventory->drifts, sizeof(drift))) = drift;
	inventory_note(g->inventory, "drift: %s", what);
}

static void compare_installed(struct gathering *g, const struct entries *installed, const struct entries *allowed, const char *lock)
{
	for (size_t i = 0; i < installed->n; i++) {
		const struct entry *e = &installed->v[i];
		size_t at = find(allowed, e->name);
		const struct entry *l = at < allowed->n ? &allowed->v[at] : NULL;

		if (l && !has_version(g->run, allowed, e))
			put(g, (struct drift){e->name, e->version, l->version, l->file, l->line},
				text_format(g->run, SPAN_FMT " " SPAN_FMT " is installed, and %s:%zu has " SPAN_FMT, SPAN_ARG(e->name),
					SPAN_ARG(e->version), l->file, l->line, SPAN_ARG(l->version)));
		else if (!l && !is_installer(e->name) && !is_own(g, e, lock))
			put(g, (struct drift){e->name, e->version, {NULL, 0}, e->file, 0},
				text_format(g->run, SPAN_FMT " " SPAN_FMT " is installed, and %s does not have it", SPAN_ARG(e->name),
					SPAN_ARG(e->version), lock));
	}
}

static void compare_locked(struct gathering *g, const struct entries *installed, const struct entries *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		const struct entry *e = &wanted->v[i];

		if (find(installed, e->name) == installed->n)
			put(g, (struct drift){e->name, {NULL, 0}, e->version, e->file, e->line},
				text_format(g->run, SPAN_FMT " " SPAN_FMT " of %s:%zu is not installed", SPAN_ARG(e->name),
					SPAN_ARG(e->version), e->file, e->line));
	}
}

/* ---- the lock, read into an inventory of its own ---- */

static enum pipgate_status take(struct gathering *g, const struct source_settings *settings, const struct lock_kind *kind,
	const struct source_file *file, const cJSON *root, struct entries *out, struct pipgate_error *error)
{
	struct inventory inventory = {.run = g->run};
	struct gathering own = *g;
	enum pipgate_status status;

	own.settings = settings;
	own.inventory = &inventory;
	status = lock_take(&own, kind, file, root, error);
	if (status == PIPGATE_OK)
		*out = entries_of(g->run, &inventory);
	return status;
}

static enum pipgate_status read_twice(struct gathering *g, const struct lock_kind *kind, const struct source_file *file, const cJSON *root,
	struct entries *wanted, struct entries *allowed, struct pipgate_error *error)
{
	struct source_settings main = *g->settings;
	enum pipgate_status status = take(g, g->settings, kind, file, root, allowed, error);

	if (!main.extras.n && !main.groups.n)
		*(const char **)must(list_push(g->run, &main.groups, sizeof(char *))) = "main";
	return status == PIPGATE_OK ? take(g, &main, kind, file, root, wanted, error) : status;
}

enum pipgate_status source_drift(struct gathering *g, const char *lock, struct pipgate_error *error)
{
	struct entries wanted, allowed, installed = entries_of(g->run, g->inventory);
	const struct lock_kind *kind;
	struct source_file file;
	cJSON *root = NULL;
	enum pipgate_status status = source_open(g, lock, &file, error);

	if (status != PIPGATE_OK)
		return status;
	kind = lock_kind_of(&file);
	if (!kind)
		return error_set(error, PIPGATE_INVALID, "--drift %s: this is no lock file (pylock.toml, uv.lock, poetry.lock, pdm.lock, "
			"Pipfile.lock, conda-lock.yml)", lock);
	status = lock_parse(g, kind, &file, &root, error);
	if (status == PIPGATE_OK)
		status = read_twice(g, kind, &file, root, &wanted, &allowed, error);
	cJSON_Delete(root);
	if (status != PIPGATE_OK)
		return status;
	compare_installed(g, &installed, &allowed, lock);
	compare_locked(g, &installed, &wanted);
	return PIPGATE_OK;
}
