/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/lock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wrapper/source/toml.h"

#include "matcher/base/banned.h"

#define REFUSED_MAX 400 /* of an error's text, before the file's name */

/* ---- what is wrong ---- */

enum pipgate_status lock_refuse(struct lock *lock, const char *format, ...)
{
	char text[REFUSED_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(lock->error, PIPGATE_INVALID, "%s: %s", lock->file->path, text);
}

/* ---- packages ---- */

enum pipgate_status lock_package(struct lock *lock, const cJSON *item, struct span name, struct span version, struct lock_package **out)
{
	struct pipgate_run *run = lock->gathering->run;
	struct lock_package *p;

	if (!name.n)
		return lock_refuse(lock, "invalid package #%zu: no name", lock->packages.n);
	if (lock->packages.n == LOCK_PACKAGES)
		return lock_refuse(lock, "more than %zu packages", LOCK_PACKAGES);
	p = must(list_push(run, &lock->packages, sizeof(*p)));
	*p = (struct lock_package){.shown_name = must_span(arena_copy(run, name)), .origin = PIPGATE_ORIGIN_INDEX, .item = item};
	if (version.n)
		p->version = must_span(arena_copy(run, version));
	if (pipgate_name_normalize(run, name, &p->name) != PIPGATE_OK)
		die_no_memory();
	*out = p;
	return PIPGATE_OK;
}

void lock_knows_name(struct lock *lock, struct span name)
{
	struct span *place = must(list_push(lock->gathering->run, &lock->known, sizeof(*place)));

	if (pipgate_name_normalize(lock->gathering->run, name, place) != PIPGATE_OK)
		die_no_memory();
}

void lock_knows(struct lock *lock, const cJSON *names)
{
	const cJSON *item;

	if (cJSON_IsString(names))
		lock_knows_name(lock, json_string(names));
	if (!cJSON_IsArray(names) && !cJSON_IsObject(names))
		return;
	cJSON_ArrayForEach(item, names)
		lock_knows_name(lock, cJSON_IsObject(names) ? span_of(item->string) : json_string(item));
}

static void put_extras(struct pipgate_run *run, const cJSON *extras, struct span *out)
{
	const cJSON *item;

	*out = SPAN("");
	cJSON_ArrayForEach(item, extras)
		if (cJSON_IsString(item))
			*out = must_span(arena_format(run, SPAN_FMT "%s" SPAN_FMT, SPAN_ARG(*out), out->n ? "," : "", SPAN_ARG(json_string(item))));
	if (out->n)
		*out = must_span(arena_format(run, "[" SPAN_FMT "]", SPAN_ARG(*out)));
}

void lock_require(struct lock *lock, struct lock_package *package, struct span name, const cJSON *extras, struct span marker, struct span extra)
{
	struct pipgate_run *run = lock->gathering->run;
	struct span text, asked;

	put_extras(run, extras, &asked);
	text = must_span(arena_format(run, SPAN_FMT SPAN_FMT, SPAN_ARG(name), SPAN_ARG(asked)));
	if (marker.n && extra.n)
		text = must_span(arena_format(run, SPAN_FMT "; (" SPAN_FMT ") and extra == \"" SPAN_FMT "\"", SPAN_ARG(text),
			SPAN_ARG(marker), SPAN_ARG(extra)));
	else if (marker.n)
		text = must_span(arena_format(run, SPAN_FMT "; " SPAN_FMT, SPAN_ARG(text), SPAN_ARG(marker)));
	else if (extra.n)
		text = must_span(arena_format(run, SPAN_FMT "; extra == \"" SPAN_FMT "\"", SPAN_ARG(text), SPAN_ARG(extra)));
	*(struct span *)must(list_push(run, &package->requires, sizeof(text))) = text;
}

/* ---- lines ---- */

static struct span next_line(struct lock *lock)
{
	lock->unread_line++;
	return span_trim(span_split(&lock->unread, '\n'));
}

/* Does a line say `name = "NAME"`? */
static bool says_name(struct span line, struct span name)
{
	struct span key = span_trim(span_split(&line, '='));

	line = span_trim(line);
	return span_is(key, "name") && line.n > name.n + 1 && (line.p[0] == '"' || line.p[0] == '\'') &&
	       span_starts(span_from(line, 1), name) && line.p[name.n + 1] == line.p[0];
}

/* The line of the next entry that begins with this line ("[[package]]") and says this name; 0: there is none. Entries are asked for in
 * their order. */
static size_t line_of(struct lock *lock, const char *head, struct span name)
{
	size_t at = 0;

	while (lock->unread.n) {
		struct span line = next_line(lock);

		if (span_is(line, head))
			at = lock->unread_line;
		else if (line.n && line.p[0] == '[')
			at = 0;
		else if (at && says_name(line, name))
			return at;
	}
	return 0; /* nor have those that follow: nothing is unread */
}

/* ---- TOML's tables ---- */

enum pipgate_status lock_tables(struct lock *lock, const char *key, enum pipgate_status (*read)(struct lock *lock, struct lock_package *p))
{
	const cJSON *tables = json_member(lock->root, key), *item;
	const char *head = text_format(lock->gathering->run, "[[%s]]", key);

	if (tables && !cJSON_IsArray(tables))
		return lock_refuse(lock, "%s is no array of tables", key);
	cJSON_ArrayForEach(item, tables) {
		struct span name = json_string(json_member(item, "name"));
		struct lock_package *p;
		enum pipgate_status status = lock_package(lock, item, name, json_string(json_member(item, "version")), &p);

		if (status != PIPGATE_OK)
			return status;
		p->line = line_of(lock, head, name);
		status = read(lock, p);
		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}

/* ---- what the lock is for ---- */

void lock_python(struct lock *lock, struct span specifiers)
{
	const struct pipgate_environment *e = &lock->gathering->inventory->environment;
	bool inside = true;

	for (size_t i = 0; i < e->n && specifiers.n; i++)
		if (span_is(e->v[i].name, "python_full_version") && pipgate_specifier_contains(lock->gathering->run, specifiers, e->v[i].value,
									PIPGATE_PRERELEASES_YES, &inside) == PIPGATE_OK && !inside)
			inventory_note(lock->gathering->inventory, "%s is made for Python " SPAN_FMT ", and Python " SPAN_FMT " is meant: what its "
				"markers say may not hold there", lock->file->path, SPAN_ARG(specifiers), SPAN_ARG(e->v[i].value));
}

/* Every extra and group that was asked for is one of its own: a slip of the pen would audit less, and nobody would see it. */
static enum pipgate_status check_names(struct lock *lock, const struct list *names, const char *what)
{
	static const char *const always[] = {"main", "default"};
	const struct span *known = lock->known.items;
	const char *const *v = names->items;

	for (size_t i = 0; i < names->n; i++) {
		bool found = lock->gathering->many || strcmp(v[i], always[0]) == 0 || strcmp(v[i], always[1]) == 0;
		struct span normal;

		if (pipgate_name_normalize(lock->gathering->run, span_of(v[i]), &normal) != PIPGATE_OK)
			die_no_memory();
		for (size_t k = 0; k < lock->known.n && !found; k++)
			found = span_equal(known[k], normal);
		if (!found)
			return lock_refuse(lock, "there is no %s named %s in it", what, v[i]);
	}
	return PIPGATE_OK;
}

/* ---- into the inventory ---- */

static int by_name_version(const void *a, const void *b)
{
	const struct lock_package *x = *(const struct lock_package *const *)a, *y = *(const struct lock_package *const *)b;
	int order = span_compare(x->name, y->name);

	if (!order)
		order = span_compare(x->version, y->version);
	return order ? order : x < y ? -1 : x > y;
}

static void join(struct pipgate_run *run, struct list *into, const struct list *from)
{
	const struct span *v = from->items;

	for (size_t i = 0; i < from->n; i++)
		*(struct span *)must(list_push(run, into, sizeof(*v))) = v[i];
}

/* Entries of one name and version (of two groups, with an extra and without) become one, the first of them. */
static void join_repeats(struct lock *lock)
{
	struct lock_package *v = lock->packages.items, *first = NULL;
	struct lock_package **sorted = must(arena_array(lock->gathering->run, lock->packages.n + 1, sizeof(*sorted)));
	size_t n = 0;

	for (size_t i = 0; i < lock->packages.n; i++)
		if (v[i].wanted && !v[i].project)
			sorted[n++] = &v[i];
	qsort(sorted, n, sizeof(*sorted), by_name_version);
	for (size_t i = 0; i < n; i++) {
		if (!first || !span_equal(first->name, sorted[i]->name) || !span_equal(first->version, sorted[i]->version)) {
			first = sorted[i];
			continue;
		}
		sorted[i]->wanted = false;
		first->direct = first->direct || sorted[i]->direct;
		join(lock->gathering->run, &first->requires, &sorted[i]->requires);
		join(lock->gathering->run, &first->extras, &sorted[i]->extras);
	}
}

/* Of files that a lock lists with their names or addresses: is there one for the machine that is meant? */
static bool has_file(struct lock *lock, const cJSON *files)
{
	static const char *const keys[] = {"name", "file", "filename", "url", "path"};
	const cJSON *item;
	bool any = false;

	cJSON_ArrayForEach(item, files) {
		struct span name = {NULL, 0};

		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !name.n; i++)
			name = json_string(json_member(item, keys[i]));
		name = span_split(&name, '#');
		for (const char *slash; name.n && (slash = memchr(name.p, '/', name.n));)
			name = span_from(name, (size_t)(slash - name.p) + 1);
		any = any || name.n;
		if (name.n && (!span_ends(name, SPAN(".whl")) || target_fits(&lock->target, name)))
			return true;
	}
	return !any;
}

static void note_unfit(struct lock *lock, const struct lock_package *p)
{
	const cJSON *files = json_member(p->item, "wheels");

	if (!lock->other || p->origin != PIPGATE_ORIGIN_INDEX || json_member(p->item, "sdist"))
		return;
	if (!files)
		files = json_member(p->item, "files");
	if (files && !has_file(lock, files))
		inventory_note(lock->gathering->inventory, "%s: " SPAN_FMT " " SPAN_FMT " has no wheel for the target and no source distribution",
			lock->file->path, SPAN_ARG(p->shown_name), SPAN_ARG(p->version));
}

static void add(struct lock *lock, const struct lock_package *p)
{
	struct gathering *g = lock->gathering;
	const char *path = lock->file->path;
	struct pipgate_component c = {.name = p->name, .shown_name = p->shown_name, .version = p->version, .origin = p->origin, .url = p->url,
		.requires_dist = p->requires.items, .n_requires_dist = p->requires.n, .extras = p->extras.items, .n_extras = p->extras.n,
		.requested = p->direct};

	if (p->origin == PIPGATE_ORIGIN_EDITABLE && g->settings->skip_editable)
		inventory_skip(g->inventory, p->name, "requirement marked as editable", path, p->line);
	else if (!p->version.n)
		inventory_skip(g->inventory, p->name, "no version specified", path, p->line);
	else
		inventory_add(g->inventory, c, (struct found){.file = path, .line = p->line, .direct = p->direct});
	note_unfit(lock, p);
}

static enum pipgate_status finish(struct lock *lock)
{
	const struct source_settings *s = lock->gathering->settings;
	const struct lock_package *v;
	enum pipgate_status status = check_names(lock, &s->extras, "extra");

	if (status == PIPGATE_OK)
		status = check_names(lock, &s->groups, "group");
	if (status != PIPGATE_OK)
		return status;
	join_repeats(lock);
	v = lock->packages.items;
	for (size_t i = 0; i < lock->packages.n; i++)
		if (v[i].wanted && !v[i].project)
			add(lock, &v[i]);
	return PIPGATE_OK;
}

enum pipgate_status lock_take(struct gathering *g, const struct lock_kind *kind, const struct source_file *file, const cJSON *root,
	struct pipgate_error *error)
{
	struct lock lock = {.gathering = g, .file = file, .kind = kind, .root = root, .unread = file->text, .error = error};
	enum pipgate_status status = gathering_markers(g, error);

	if (status != PIPGATE_OK)
		return status;
	lock.other = target_is_other(g, &g->inventory->environment, &lock.target);
	inventory_input(g->inventory, kind->name, file->path, file->path);
	status = kind->read(&lock);
	return status == PIPGATE_OK ? finish(&lock) : status;
}
