/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uv.lock: all that could be installed somewhere, as a graph. What is wanted is what can be walked to from the projects that it is for,
 * over edges whose markers hold. (The format is uv's own; version 1.)
 */
#include <stdlib.h>

#include "wrapper/source/lock_kinds.h"

#include "matcher/base/banned.h"

#define UV_VERSION 1
#define UV_MEMBERS 10000    /* of a workspace; some hundred are known */
#define UV_WORK ((size_t)50000000) /* steps of the walk, far beyond a lock of 10,000 packages: a second */

/* Where an edge leads: a package, itself or one of its extras. */
struct step {
	size_t package;
	struct span extra; /* n 0: the package itself */
};

struct walk {
	struct lock *lock;
	size_t *by_name;    /* indexes of the packages, by name */
	struct list seen;   /* per package: a struct list of the extras that were walked */
	struct list steps;  /* of struct step: what is still to be walked */
	size_t work;        /* steps that were taken */
	bool project;       /* the edges at hand are a project's */
};

/* ---- packages ---- */

static const struct {
	const char *key;
	enum pipgate_origin origin;
} origins[] = {
	{"registry", PIPGATE_ORIGIN_INDEX}, {"git", PIPGATE_ORIGIN_VCS}, {"url", PIPGATE_ORIGIN_URL}, {"path", PIPGATE_ORIGIN_ARCHIVE},
	{"directory", PIPGATE_ORIGIN_DIRECTORY}, {"editable", PIPGATE_ORIGIN_EDITABLE}, {"virtual", PIPGATE_ORIGIN_DIRECTORY},
};

static bool is_member(const struct lock *lock, struct span name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_member(json_member(lock->root, "manifest"), "members"))
		if (span_equal(json_string(item), name))
			return true;
	return false;
}

static enum pipgate_status read_package(struct lock *lock, struct lock_package *p)
{
	const cJSON *source = json_member(p->item, "source");

	for (size_t i = 0; i < sizeof(origins) / sizeof(*origins); i++) {
		struct span place = json_string(json_member(source, origins[i].key));

		if (!place.n)
			continue;
		p->origin = origins[i].origin;
		if (p->origin == PIPGATE_ORIGIN_VCS || p->origin == PIPGATE_ORIGIN_URL)
			p->url = must_span(arena_copy(lock->gathering->run, place));
		if (p->origin == PIPGATE_ORIGIN_DIRECTORY || p->origin == PIPGATE_ORIGIN_EDITABLE)
			p->project = span_is(place, ".") || is_member(lock, json_string(json_member(p->item, "name")));
	}
	return PIPGATE_OK;
}

/* ---- the graph ---- */

static int by_name(const void *a, const void *b, void *packages)
{
	const struct lock_package *v = packages;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = span_compare(v[x].name, v[y].name);

	return order ? order : x < y ? -1 : x > y;
}

/* The first of by_name that has this name, or where it would stand. */
static size_t first_named(const struct walk *w, struct span name)
{
	const struct lock_package *v = w->lock->packages.items;
	size_t low = 0, high = w->lock->packages.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (span_compare(v[w->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void step_to(struct walk *w, size_t package, struct span extra)
{
	struct list *seen = (struct list *)w->seen.items + package;
	const struct span *extras = seen->items;

	w->work += seen->n;
	for (size_t i = 0; i < seen->n; i++)
		if (span_equal(extras[i], extra))
			return;
	*(struct span *)must(list_push(w->lock->gathering->run, seen, sizeof(extra))) = extra;
	*(struct step *)must(list_push(w->lock->gathering->run, &w->steps, sizeof(struct step))) = (struct step){package, extra};
}

static void go(struct walk *w, size_t index, const cJSON *edge)
{
	struct lock_package *p = (struct lock_package *)w->lock->packages.items + index;
	const cJSON *extra;

	p->wanted = true;
	p->direct = p->direct || w->project;
	step_to(w, index, (struct span){NULL, 0});
	cJSON_ArrayForEach(extra, json_member(edge, "extra")) {
		struct span name = json_string(extra);

		if (name.n)
			step_to(w, index, name);
		if (name.n && w->project)
			*(struct span *)must(list_push(w->lock->gathering->run, &p->extras, sizeof(name))) =
				must_span(arena_copy(w->lock->gathering->run, name));
	}
}

/* An edge names a version and a source where several packages have its name. */
static enum pipgate_status follow(struct walk *w, const cJSON *edge)
{
	struct lock *lock = w->lock;
	const struct lock_package *v = lock->packages.items;
	struct span name = json_string(json_member(edge, "name")), version = json_string(json_member(edge, "version")), normal;
	const cJSON *source = json_member(edge, "source");
	bool holds, found = false;
	enum pipgate_status status = lock_marker(lock, json_string(json_member(edge, "marker")), &holds);

	if (status != PIPGATE_OK || !holds)
		return status;
	if (pipgate_name_normalize(lock->gathering->run, name, &normal) != PIPGATE_OK)
		die_no_memory();
	for (size_t i = first_named(w, normal); i < lock->packages.n && span_equal(v[w->by_name[i]].name, normal); i++) {
		const struct lock_package *p = &v[w->by_name[i]];

		w->work++;
		if ((version.n && !span_equal(version, p->version)) || (source && !cJSON_Compare(source, json_member(p->item, "source"), true)))
			continue;
		found = true;
		go(w, w->by_name[i], edge);
	}
	if (w->work > UV_WORK)
		return lock_refuse(lock, "more dependencies than can be walked");
	return found ? PIPGATE_OK : lock_refuse(lock, "there is no package " SPAN_FMT " " SPAN_FMT ", and another one needs it", SPAN_ARG(name),
					    SPAN_ARG(version));
}

static enum pipgate_status follow_all(struct walk *w, const cJSON *edges)
{
	enum pipgate_status status = PIPGATE_OK;
	const cJSON *edge;

	if (edges && !cJSON_IsArray(edges))
		return lock_refuse(w->lock, "dependencies are no array");
	cJSON_ArrayForEach(edge, edges) {
		status = follow(w, edge);
		if (status != PIPGATE_OK)
			return status;
	}
	return status;
}

/* ---- from where ---- */

static enum pipgate_status follow_named(struct walk *w, const cJSON *table, bool (*chooses)(const struct lock *lock, struct span name))
{
	enum pipgate_status status = PIPGATE_OK;
	const cJSON *edges;

	lock_knows(w->lock, table);
	cJSON_ArrayForEach(edges, table) {
		if (chooses(w->lock, span_of(edges->string)))
			status = follow_all(w, edges);
		if (status != PIPGATE_OK)
			return status;
	}
	return status;
}

static enum pipgate_status follow_project(struct walk *w, const struct lock_package *p)
{
	enum pipgate_status status = follow_all(w, json_member(p->item, "dependencies"));

	lock_knows(w->lock, json_member(json_member(p->item, "metadata"), "provides-extras"));
	if (status == PIPGATE_OK)
		status = follow_named(w, json_member(p->item, "optional-dependencies"), lock_chooses_extra);
	if (status == PIPGATE_OK)
		status = follow_named(w, json_member(p->item, "dev-dependencies"), lock_chooses_group);
	return status;
}

/* Projects; what a script or a workspace without a project of its own asks for stands in the manifest. */
static enum pipgate_status follow_roots(struct walk *w, bool *any)
{
	const struct lock_package *v = w->lock->packages.items;
	const cJSON *manifest = json_member(w->lock->root, "manifest");
	enum pipgate_status status = follow_all(w, json_member(manifest, "requirements"));

	if (status == PIPGATE_OK)
		status = follow_named(w, json_member(manifest, "dependency-groups"), lock_chooses_group);
	*any = json_member(manifest, "requirements") || json_member(manifest, "dependency-groups");
	for (size_t i = 0; i < w->lock->packages.n && status == PIPGATE_OK; i++) {
		if (!v[i].project)
			continue;
		*any = true;
		status = follow_project(w, &v[i]);
	}
	return status;
}

static enum pipgate_status walk(struct walk *w)
{
	struct lock_package *v = w->lock->packages.items;
	enum pipgate_status status;
	bool any;

	w->project = true;
	status = follow_roots(w, &any);
	w->project = false;
	for (size_t i = 0; !any && i < w->lock->packages.n; i++)
		v[i].wanted = true; /* nothing tells what it is for: all of it counts */
	while (status == PIPGATE_OK && w->steps.n) {
		struct step step = ((struct step *)w->steps.items)[--w->steps.n];
		const cJSON *item = v[step.package].item, *optional = json_member(item, "optional-dependencies");

		if (step.extra.n)
			status = follow_all(w, json_member(optional, text_copy(w->lock->gathering->run, step.extra)));
		else if (!v[step.package].project)
			status = follow_all(w, json_member(item, "dependencies"));
	}
	return status;
}

/* ---- requirements, for the chains ---- */

static void require_all(struct lock *lock, struct lock_package *p, const cJSON *edges, struct span extra)
{
	const cJSON *edge;

	cJSON_ArrayForEach(edge, edges)
		lock_require(lock, p, json_string(json_member(edge, "name")), json_member(edge, "extra"),
			json_string(json_member(edge, "marker")), extra);
}

static void require(struct lock *lock)
{
	struct lock_package *v = lock->packages.items;
	const cJSON *edges;

	for (size_t i = 0; i < lock->packages.n; i++) {
		if (!v[i].wanted)
			continue;
		require_all(lock, &v[i], json_member(v[i].item, "dependencies"), (struct span){NULL, 0});
		cJSON_ArrayForEach(edges, json_member(v[i].item, "optional-dependencies"))
			require_all(lock, &v[i], edges, span_of(edges->string));
	}
}

enum pipgate_status lock_read_uv(struct lock *lock)
{
	const cJSON *version = json_member(lock->root, "version");
	struct walk w = {.lock = lock};
	enum pipgate_status status;

	if (!cJSON_IsNumber(version) || version->valueint != UV_VERSION)
		return lock_refuse(lock, "its version is not 1, which is the one that is known");
	if (cJSON_GetArraySize(json_member(json_member(lock->root, "manifest"), "members")) > UV_MEMBERS)
		return lock_refuse(lock, "more than %d members", UV_MEMBERS);
	status = lock_tables(lock, "package", read_package);
	if (status != PIPGATE_OK)
		return status;
	lock_python(lock, json_string(json_member(lock->root, "requires-python")));
	w.by_name = must(arena_array(lock->gathering->run, lock->packages.n + 1, sizeof(*w.by_name)));
	w.seen.items = must(arena_array(lock->gathering->run, lock->packages.n + 1, sizeof(struct list)));
	for (size_t i = 0; i < lock->packages.n; i++)
		w.by_name[i] = i;
	qsort_r(w.by_name, lock->packages.n, sizeof(*w.by_name), by_name, lock->packages.items);
	status = walk(&w);
	if (status == PIPGATE_OK)
		require(lock);
	return status;
}
