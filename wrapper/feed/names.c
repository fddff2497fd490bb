/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wrapper/database/moment.h"
#include "wrapper/feed/reading.h"
#include "wrapper/source/lock.h"
#include "wrapper/source/requirement_file.h"

#include "matcher/base/banned.h"

#define VERSION_MAX 256 /* characters of one, part of an address */

/* Safe as a part of a path: no version is "..", though a file may pin it (===..). */
static bool version_proper(struct span version)
{
	for (size_t i = 0; i < version.n; i++)
		if (!ascii_alpha(version.p[i]) && !ascii_digit(version.p[i]) && (!i || !memchr("-_.!+", version.p[i], 5)))
			return false;
	return version.n <= VERSION_MAX;
}

static enum pipgate_status name_add(struct pipgate_run *run, struct list *names, struct span name, struct span version,
	struct pipgate_error *error)
{
	struct span canonical;

	if (!version_proper(version))
		return error_set(error, PIPGATE_INVALID, SPAN_FMT " is pinned to what is no version", SPAN_ARG(name));
	if (names->n >= FEED_NAMES_MAX)
		return error_set(error, PIPGATE_LIMIT, "more than %d distributions", FEED_NAMES_MAX);
	if (version.n && pipgate_version_canonical(run, version, &canonical) == PIPGATE_OK)
		version = canonical;
	*(struct release *)must(list_push(run, names, sizeof(struct release))) = (struct release){name, version};
	return PIPGATE_OK;
}

static enum pipgate_status of_lock(struct gathering *g, const struct source_file *file, struct list *names, struct pipgate_error *error)
{
	const struct pipgate_component *components;
	enum pipgate_status status = read_lock(g, file, error);

	components = g->inventory->components.items;
	for (size_t i = 0; i < g->inventory->components.n && status == PIPGATE_OK; i++)
		status = name_add(g->run, names, components[i].name, components[i].version, error);
	return status;
}

static enum pipgate_status of_requirements(struct gathering *g, const struct source_file *file, struct list *names,
	struct pipgate_error *error)
{
	struct requirement_files files = {.run = g->run};
	const struct requirement_row *rows;
	enum pipgate_status status = requirement_file_add(&files, file->path, file->text, error);

	if (status == PIPGATE_OK && files.remote)
		status = error_set(error, PIPGATE_INVALID, "it names a file at an address, which is not read here");
	rows = files.rows.items;
	for (size_t i = 0; i < files.rows.n && status == PIPGATE_OK; i++)
		if (rows[i].name.n)
			status = name_add(g->run, names, rows[i].name, rows[i].pin, error);
	return status;
}

static int release_order(const void *a, const void *b)
{
	const struct release *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	return order ? order : span_compare(x->version, y->version);
}

static size_t each_once(struct release *v, size_t n)
{
	size_t kept = 0;

	if (n > 1)
		qsort(v, n, sizeof(*v), release_order);
	for (size_t i = 0; i < n; i++)
		if (!i || release_order(&v[i], &v[kept - 1]) != 0)
			v[kept++] = v[i];
	return kept;
}

enum pipgate_status feed_names(struct pipgate_run *run, const char *path, const struct release **out, size_t *n,
	struct pipgate_error *error)
{
	const struct source_settings settings = {.no_deps = true};
	struct inventory inventory = {.run = run};
	struct gathering g = {.run = run, .settings = &settings, .inventory = &inventory};
	struct source_file file;
	struct list names = {0};
	enum pipgate_status status = source_open(&g, path, &file, error);

	if (status != PIPGATE_OK)
		return status;
	if (file.folder)
		status = error_set(error, PIPGATE_INVALID, "it is a folder");
	else if (lock_kind_of(&file))
		status = of_lock(&g, &file, &names, error);
	else
		status = of_requirements(&g, &file, &names, error);
	if (status == PIPGATE_OK && !names.n)
		status = error_set(error, PIPGATE_INVALID, "it names no distribution");
	if (status != PIPGATE_OK) {
		error_before(error, "the names to ask about, %s", path);
		return status;
	}
	*n = each_once(names.items, names.n);
	*out = names.items;
	return PIPGATE_OK;
}

#define DIGEST_CHARS 16

/* FNV-1a: two files are told apart that nobody made to be taken for each other. */
static void digest_make(const struct release *releases, size_t n, char out[DIGEST_CHARS + 1])
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < 2 * n; i++) {
		struct span text = i % 2 ? releases[i / 2].version : releases[i / 2].name;

		for (size_t k = 0; k <= text.n; k++)
			hash = (hash ^ (k < text.n ? (unsigned char)text.p[k] : 0)) * UINT64_C(1099511628211);
	}
	snprintf(out, DIGEST_CHARS + 1, "%016" PRIx64, hash);
}

bool feed_names_same(struct pipgate_run *run, const char *path, struct span digest)
{
	const struct release *releases;
	struct pipgate_error ignored;
	char hex[DIGEST_CHARS + 1];
	size_t n;

	if (!requirement_file_stays(path) || feed_names(run, path, &releases, &n, &ignored) != PIPGATE_OK)
		return false;
	digest_make(releases, n, hex);
	return span_is(digest, hex);
}

/* ---- of the kinds that ask ---- */

enum pipgate_status feed_asking(struct reading *r, struct asking *asking, struct pipgate_error *error)
{
	*asking = (struct asking){.name = r->source->name, .title = "the service", .timeout_ms = r->deadline_ms,
		.cache = {.folder = -1}, .ctx = r};
	if (pipgate_run_new(NULL, &asking->run) != PIPGATE_OK)
		die_no_memory();
	if (!r->source->names)
		return error_set(error, PIPGATE_INVALID, FEED_NAMES_WANTED, r->source->kind->name);
	return feed_names(asking->run, r->source->names, &asking->releases, &asking->n_releases, error);
}

struct span feed_moment(struct pipgate_run *run, int64_t told)
{
	int64_t now = (int64_t)time(NULL);
	char text[MOMENT_TEXT];

	return must_span(arena_copy(run, span_of(moment_text(told > 0 && told < now ? told : now, text))));
}

enum pipgate_status feed_asked(struct reading *r, const struct asking *asking, struct pipgate_error *error)
{
	enum pipgate_status status = reading_time(r, "the time of the answers", feed_moment(asking->run, asking->oldest), error);
	char hex[DIGEST_CHARS + 1];

	digest_make(asking->releases, asking->n_releases, hex);
	if (status == PIPGATE_OK)
		store_digest(r->store, hex);
	return status;
}

enum pipgate_status feed_base(const struct reading *r, struct pipgate_run *run, const char **out, struct pipgate_error *error)
{
	struct span base = span_of(r->source->place);
	enum reading_form form;

	if (reading_form(r, &form, error) != PIPGATE_OK || form != READING_ADDRESS)
		return error_set(error, PIPGATE_INVALID, "it is no address; expected %s", r->source->kind->forms);
	if (memchr(base.p, '?', base.n) || memchr(base.p, '#', base.n))
		return error_set(error, PIPGATE_INVALID, "an address without ? and # is wanted: paths are written behind it");
	while (span_ends(base, SPAN("/")))
		base.n--;
	*out = text_copy(run, base);
	return PIPGATE_OK;
}
