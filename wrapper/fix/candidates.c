/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/candidates.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

#define DISTRIBUTIONS_MAX 20000 /* that one search has heard of */

/* ---- names ---- */

struct distribution *candidates_at(const struct candidates *c, size_t index)
{
	return ((struct distribution **)c->distributions.items)[index];
}

static size_t add(struct candidates *c, struct span name)
{
	struct distribution *d = must(arena_alloc(c->request->run, sizeof(*d)));

	d->name = name;
	d->releases.present = FIX_NONE;
	*(struct distribution **)must(list_push(c->request->run, &c->distributions, sizeof(d))) = d;
	return c->distributions.n - 1;
}

static int by_name(const void *a, const void *b, void *ctx)
{
	const struct candidates *c = ctx;

	return span_compare(candidates_at(c, *(const size_t *)a)->name, candidates_at(c, *(const size_t *)b)->name);
}

size_t candidates_number(struct candidates *c, struct span name)
{
	size_t low = 0, high = c->request->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_compare(candidates_at(c, c->by_name[middle])->name, name);

		if (order == 0)
			return c->by_name[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = c->request->n; i < c->distributions.n; i++)
		if (span_equal(candidates_at(c, i)->name, name))
			return i;
	return add(c, must_span(arena_copy(c->request->run, name)));
}

/* ---- needs ---- */

static bool marker_holds(struct candidates *c, struct span marker, const struct list *extras)
{
	const struct span *v = extras ? extras->items : NULL;
	bool value = false;

	if (!marker.n)
		return true;
	for (size_t i = 0; i <= (extras ? extras->n : 0); i++)
		if (pipgate_marker_evaluate(c->request->run, marker, &c->request->environment, i ? v[i - 1] : SPAN(""), &value, NULL) == PIPGATE_OK &&
				value)
			return true;
	return false;
}

bool candidates_need(struct candidates *c, struct span text, const struct list *extras, struct fix_need *out)
{
	struct pipgate_requirement r;
	struct span name;
	size_t number;

	if (c->distributions.n > DISTRIBUTIONS_MAX || pipgate_requirement_parse(c->request->run, text, &r, NULL) != PIPGATE_OK ||
			!marker_holds(c, r.marker, extras))
		return false;
	if (pipgate_name_normalize(c->request->run, r.name, &name) != PIPGATE_OK)
		die_no_memory();
	number = candidates_number(c, name);
	*out = (struct fix_need){.distribution = number, .specifiers = r.specifiers, .text = text};
	for (size_t i = 0; i < r.n_extras; i++)
		*(struct span *)must(list_push(c->request->run, &candidates_at(c, number)->extras, sizeof(struct span))) = r.extras[i];
	return true;
}

static void read_needs(struct candidates *c, size_t owner, const struct span *texts, size_t n, struct candidate_needs *out)
{
	struct list list = {0};

	for (size_t i = 0; i < n; i++) {
		struct fix_need need;

		if (candidates_need(c, texts[i], &candidates_at(c, owner)->extras, &need) && need.distribution != owner)
			*(struct fix_need *)must(list_push(c->request->run, &list, sizeof(need))) = need;
	}
	*out = (struct candidate_needs){true, list.items, list.n};
}

enum pipgate_status candidates_finder(struct candidates *c, struct finder **out, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	if (!c->finder)
		status = finder_start(c->request->run, c->request->pip, c->request->options, &c->finder, error);
	*out = c->finder;
	return status;
}

static enum pipgate_status ask_needs(struct candidates *c, size_t owner, struct span version, struct candidate_needs *out,
	struct pipgate_error *error)
{
	struct finder *finder;
	const struct span *texts;
	size_t n;
	bool known;
	enum pipgate_status status = candidates_finder(c, &finder, error);

	if (status == PIPGATE_OK)
		status = finder_needs(finder, candidates_at(c, owner)->name, version, &texts, &n, &known, error);
	if (status == PIPGATE_OK)
		read_needs(c, owner, texts, n, out); /* what is not known, the real resolver will say */
	return status;
}

bool candidates_of_index(const struct pipgate_component *c)
{
	return c->origin == PIPGATE_ORIGIN_INDEX || c->origin == PIPGATE_ORIGIN_UNKNOWN || c->origin == PIPGATE_ORIGIN_INSTALLED;
}

static enum pipgate_status present_needs(struct candidates *c, size_t index, struct pipgate_error *error)
{
	const struct pipgate_component *component = &c->request->components[index];
	struct distribution *d = candidates_at(c, index);
	enum pipgate_status status = PIPGATE_OK;

	if (c->request->requires_known || component->n_requires_dist || !candidates_of_index(component))
		read_needs(c, index, component->requires_dist, component->n_requires_dist, &d->present);
	else
		status = ask_needs(c, index, component->version, &d->present, error);
	return status;
}

static enum pipgate_status needs(void *ctx, size_t index, size_t candidate, const struct fix_need **out, size_t *n, struct pipgate_error *error)
{
	struct candidates *c = ctx;
	struct distribution *d = candidates_at(c, index);
	struct candidate_needs *known = candidate == FIX_NONE ? &d->present : &d->needs[candidate];
	enum pipgate_status status = PIPGATE_OK;

	if (c->request->no_deps)
		known->asked = true;
	if (!known->asked)
		status = candidate == FIX_NONE ? present_needs(c, index, error)
			: ask_needs(c, index, d->releases.v[candidate].version, known, error);
	*out = known->v;
	*n = known->n;
	return status;
}

/* ---- releases ---- */

static int by_key(const void *a, const void *b)
{
	return pipgate_key_compare(((const struct fix_candidate *)a)->key, ((const struct fix_candidate *)b)->key);
}

/* One that the search may move to; what is clean and may not be taken is remembered for words. */
static bool read_release(struct candidates *c, struct distribution *d, const struct asked_release *r, struct fix_candidate *out)
{
	struct pipgate_version version;
	bool usable = r->fits && (r->wheel || c->request->build);
	struct span *kept = r->fits ? &d->unbuilt : &d->unfit;
	struct pipgate_version before;

	if (pipgate_version_parse(c->request->run, r->version, &version) != PIPGATE_OK)
		return false;
	*out = (struct fix_candidate){.version = r->version, .key = version.key, .clean = c->request->clean(c->request->ctx, d->name, r->version),
		.yanked = r->yanked, .prerelease = version.prerelease};
	if (!usable && out->clean && !r->yanked && !version.prerelease && (!kept->n ||
			(pipgate_version_parse(c->request->run, *kept, &before) == PIPGATE_OK && pipgate_key_compare(version.key, before.key) < 0)))
		*kept = r->version;
	return usable;
}

/* What is there is a row, too, so that steps are counted from it. */
static void add_present(struct candidates *c, size_t index, struct fix_candidate *v, size_t *n)
{
	const struct pipgate_component *component = &c->request->components[index];
	struct pipgate_version version;

	if (pipgate_version_parse(c->request->run, component->version, &version) != PIPGATE_OK)
		version = (struct pipgate_version){.key = SPAN("")}; /* before all others: any release is newer than what is none */
	for (size_t i = 0; i < *n; i++)
		if (pipgate_key_compare(v[i].key, version.key) == 0)
			return;
	v[(*n)++] = (struct fix_candidate){.version = component->version, .key = version.key};
}

static size_t present_at(struct candidates *c, size_t index, const struct fix_candidate *v, size_t n)
{
	struct pipgate_version version;

	if (pipgate_version_parse(c->request->run, c->request->components[index].version, &version) != PIPGATE_OK)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (pipgate_key_compare(v[i].key, version.key) == 0)
			return i;
	return FIX_NONE;
}

static enum pipgate_status releases(void *ctx, size_t index, struct fix_releases *out, struct pipgate_error *error)
{
	struct candidates *c = ctx;
	struct distribution *d = candidates_at(c, index);
	const struct asked_release *rows = NULL;
	struct finder *finder;
	size_t n = 0, used = 0;
	struct fix_candidate *v;
	enum pipgate_status status = PIPGATE_OK;

	if (!d->asked) {
		bool movable = index >= c->request->n || candidates_of_index(&c->request->components[index]);

		if (movable)
			status = candidates_finder(c, &finder, error);
		if (movable && status == PIPGATE_OK)
			status = finder_releases(finder, d->name, &rows, &n, error);
		if (status != PIPGATE_OK)
			return status;
		v = must(arena_array(c->request->run, n + 1, sizeof(*v)));
		for (size_t i = 0; i < n; i++)
			used += read_release(c, d, &rows[i], &v[used]);
		if (index < c->request->n)
			add_present(c, index, v, &used);
		qsort(v, used, sizeof(*v), by_key);
		d->releases = (struct fix_releases){v, used, index < c->request->n ? present_at(c, index, v, used) : FIX_NONE};
		d->needs = must(arena_array(c->request->run, used + 1, sizeof(*d->needs)));
		d->asked = true;
	}
	*out = d->releases;
	return status;
}

static bool fits(void *ctx, const struct fix_need *need, size_t candidate)
{
	struct candidates *c = ctx;
	const struct distribution *d = candidates_at(c, need->distribution);
	struct span version;
	bool contains = false;

	if (candidate == FIX_NONE && need->distribution >= c->request->n)
		return false; /* it is not there */
	version = candidate == FIX_NONE ? c->request->components[need->distribution].version : d->releases.v[candidate].version;
	return !need->specifiers.n || (pipgate_specifier_contains(c->request->run, need->specifiers, version, PIPGATE_PRERELEASES_YES, &contains) ==
		PIPGATE_OK && contains);
}

/* ---- beginning and end ---- */

/* Extras that what is there asks for, before any need is read: the one that has them may come before the one that asks. */
static void learn_extras(struct candidates *c)
{
	for (size_t i = 0; i < c->request->n; i++) {
		const struct pipgate_component *component = &c->request->components[i];
		struct fix_need need;

		for (size_t k = 0; k < component->n_requires_dist; k++)
			if (memchr(component->requires_dist[k].p, '[', component->requires_dist[k].n))
				candidates_need(c, component->requires_dist[k], &candidates_at(c, i)->extras, &need);
	}
}

void candidates_init(struct candidates *c, const struct fix_request *request)
{
	*c = (struct candidates){.request = request, .by_name = must(arena_array(request->run, request->n + 1, sizeof(size_t)))};
	c->world = (struct fix_world){releases, needs, fits, c};
	for (size_t i = 0; i < request->n; i++) {
		const struct pipgate_component *component = &request->components[i];
		struct distribution *d;

		c->by_name[add(c, component->name)] = i;
		d = candidates_at(c, i);
		for (size_t k = 0; k < component->n_extras; k++)
			*(struct span *)must(list_push(request->run, &d->extras, sizeof(struct span))) = component->extras[k];
	}
	qsort_r(c->by_name, request->n, sizeof(size_t), by_name, c);
	learn_extras(c);
}

void candidates_fini(struct candidates *c)
{
	finder_end(&c->finder);
}
