/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/advisory/specified.h"

#include <stdlib.h>

#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

#define BEHIND 0xff      /* above all that continues a key: what begins with this key lies before key and BEHIND */
#define BOUNDS_OF_ONE 3  /* "!=" has two intervals, the second without an end */
#define NEXT_NUMBER 2    /* bytes of ".1" in a key: the number and KEY_FINAL */

/* The bounds of one specifier, ascending. */
struct stretch {
	struct bound bounds[BOUNDS_OF_ONE];
	size_t n;
};

/* A bound of one specifier before the intersection of all; ascending, at one place endings come first. */
struct edge {
	struct bound at;
	bool closes;
};

bool specified_next(struct pipgate_run *run, struct span *rest, struct specifier *out, enum pipgate_status *status)
{
	*status = PIPGATE_OK;
	while (rest->n) {
		struct span text = unicode_trim(span_split(rest, ','));

		if (!text.n)
			continue;
		*status = specifier_parse(run, text, out);
		return *status == PIPGATE_OK;
	}
	return false;
}

/* ---- keys that are bounds ---- */

static void put(struct stretch *s, struct span key, bool behind)
{
	s->bounds[s->n++] = (struct bound){key, behind};
}

/* The key, and one byte more. */
static enum pipgate_status put_longer(struct pipgate_run *run, struct stretch *s, struct span key, unsigned char byte)
{
	char *p = arena_alloc(run, key.n + 1);

	if (!p)
		return PIPGATE_NO_MEMORY;
	memcpy(p, key.p, key.n);
	p[key.n] = (char)byte;
	put(s, (struct span){p, key.n + 1}, false);
	return PIPGATE_OK;
}

/* Behind all versions whose release begins with the first n numbers of this one: "1.0" and n 2 gives the keys of 1.0.…, and
 * by their order 1.0 itself, whose key has no zeros at its end, is among them. */
static enum pipgate_status put_family_end(struct pipgate_run *run, struct stretch *s, const struct version_parts *parts, size_t n)
{
	struct version_parts next = {.n_release = n + 1};
	struct span rest = parts->release, one;
	struct pipgate_version version;
	enum pipgate_status status;
	size_t used = 0;
	char *text;

	for (size_t i = 0; i < n; i++) {
		one = span_split(&rest, '.');
		used += one.n + (i > 0);
	}
	text = arena_alloc(run, parts->epoch.n + used + 2);
	if (!text)
		return PIPGATE_NO_MEMORY;
	if (parts->epoch.n)
		memcpy(text, parts->epoch.p, parts->epoch.n);
	memcpy(text + parts->epoch.n, parts->release.p, used);
	memcpy(text + parts->epoch.n + used, ".1", 2);
	next.text = (struct span){text, parts->epoch.n + used + 2};
	next.epoch = (struct span){text, parts->epoch.n};
	next.release = span_from(next.text, parts->epoch.n);
	status = version_key(run, &next, &version);
	if (status != PIPGATE_OK)
		return status;
	return put_longer(run, s, (struct span){version.key.p, version.key.n - NEXT_NUMBER}, BEHIND);
}

/* ---- operators ---- */

static enum pipgate_status stretch_equal(struct pipgate_run *run, const struct specifier *specifier, struct stretch *s)
{
	struct span key = specifier->key.key;
	enum pipgate_status status;

	if (specifier->wildcard) {
		status = specifier_first(run, specifier, &key);
		put(s, key, false);
		return status == PIPGATE_OK ? put_family_end(run, s, &specifier->parts, specifier->parts.n_release) : status;
	}
	put(s, key, false);
	if (!specifier->parts.local.n) /* whatever the local label of the version that is asked about */
		return put_longer(run, s, key, BEHIND);
	put(s, key, true);
	return PIPGATE_OK;
}

/* ">1.0" leaves out 1.0 with any local label and its post-releases, all that continue its key up to the stage; ">1.0.post1"
 * and ">1.0.dev1" leave out their own local labels only. */
static enum pipgate_status stretch_greater(struct pipgate_run *run, const struct specifier *specifier, struct stretch *s)
{
	struct span key = specifier->key.key;

	if (specifier->parts.dev || specifier->parts.post)
		return put_longer(run, s, key, BEHIND);
	return put_longer(run, s, (struct span){key.p, key.n - 1}, KEY_NUMBER);
}

static enum pipgate_status stretch_less(struct pipgate_run *run, const struct specifier *specifier, struct stretch *s)
{
	struct span key = specifier->key.key;
	enum pipgate_status status = specifier->key.prerelease ? PIPGATE_OK : specifier_first(run, specifier, &key);

	put(s, SPAN(""), false);
	put(s, key, false);
	return status;
}

static enum pipgate_status stretch_arbitrary(struct pipgate_run *run, const struct specifier *specifier, struct stretch *s)
{
	struct span key;
	enum pipgate_status status = intervals_key(run, specifier->version, &key);

	if (status == PIPGATE_OK && key.p) {
		put(s, key, false);
		put(s, key, true);
	}
	return status;
}

static enum pipgate_status stretch_of(struct pipgate_run *run, const struct specifier *specifier, struct stretch *s)
{
	*s = (struct stretch){.n = 0};
	switch (specifier->operator) {
	case SPECIFIER_NOT_EQUAL:
		put(s, SPAN(""), false);
		return stretch_equal(run, specifier, s);
	case SPECIFIER_EQUAL:
		return stretch_equal(run, specifier, s);
	case SPECIFIER_COMPATIBLE:
		put(s, specifier->key.key, false);
		return put_family_end(run, s, &specifier->parts, specifier->parts.n_release - 1);
	case SPECIFIER_LESS_EQUAL:
		put(s, SPAN(""), false);
		return put_longer(run, s, specifier->key.key, BEHIND);
	case SPECIFIER_GREATER_EQUAL:
		put(s, specifier->key.key, false);
		return PIPGATE_OK;
	case SPECIFIER_LESS:
		return stretch_less(run, specifier, s);
	case SPECIFIER_GREATER:
		return stretch_greater(run, specifier, s);
	case SPECIFIER_ARBITRARY:
		return stretch_arbitrary(run, specifier, s);
	case SPECIFIER_NONE:
		break;
	}
	return PIPGATE_INVALID;
}

/* ---- the set ---- */

static int edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	int order = intervals_bound_compare(&x->at, &y->at);

	return order ? order : (int)y->closes - (int)x->closes;
}

/* A bound is where the number of stretches that are open reaches or leaves all of them. */
static enum pipgate_status intersect(struct pipgate_run *run, struct list *list, size_t all, struct specified *out)
{
	struct edge *edges = list->items;
	struct list bounds = {0};
	size_t open = 0;

	if (list->n > 1)
		qsort(edges, list->n, sizeof(*edges), edge_order);
	for (size_t i = 0; i < list->n; i++) {
		bool was = open == all;
		struct bound *bound;

		open = edges[i].closes ? open - 1 : open + 1;
		if (was == (open == all))
			continue;
		bound = list_push(run, &bounds, sizeof(*bound));
		if (!bound)
			return PIPGATE_NO_MEMORY;
		*bound = edges[i].at;
	}
	out->bounds = bounds.items;
	out->n = bounds.n;
	return PIPGATE_OK;
}

static enum pipgate_status add_edges(struct pipgate_run *run, struct list *edges, const struct stretch *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct edge *edge = list_push(run, edges, sizeof(*edge));

		if (!edge)
			return PIPGATE_NO_MEMORY;
		*edge = (struct edge){s->bounds[i], i % 2 == 1};
	}
	return PIPGATE_OK;
}

/* The text that every member names by "===", and which is no version. */
static void raw_take(struct specified *out, const struct specifier *specifier, const struct stretch *s, size_t members, bool *other)
{
	bool is_raw = specifier->operator == SPECIFIER_ARBITRARY && !s->n;

	if (members == 1 && is_raw)
		out->raw = specifier->version;
	else if (!is_raw || !span_equal(out->raw, specifier->version))
		*other = true;
}

enum pipgate_status specified_compile(struct pipgate_run *run, struct span set, struct specified *out)
{
	struct specified result = {.every = false};
	struct list edges = {0};
	struct specifier specifier;
	struct stretch stretch;
	enum pipgate_status status;
	bool other = false;
	size_t n = 0;

	while (specified_next(run, &set, &specifier, &status)) {
		status = stretch_of(run, &specifier, &stretch);
		if (status == PIPGATE_OK)
			status = add_edges(run, &edges, &stretch);
		if (status != PIPGATE_OK)
			return status;
		raw_take(&result, &specifier, &stretch, ++n, &other);
		result.has_end |= specifier.operator != SPECIFIER_GREATER && specifier.operator != SPECIFIER_GREATER_EQUAL;
	}
	if (status != PIPGATE_OK)
		return status;
	result.every = n == 0;
	if (other)
		result.raw = SPAN("");
	if (n == 0) {
		stretch = (struct stretch){.bounds = {{SPAN(""), false}}, .n = 1};
		status = add_edges(run, &edges, &stretch);
	}
	if (status == PIPGATE_OK)
		status = intersect(run, &edges, n ? n : 1, &result);
	if (status == PIPGATE_OK)
		*out = result;
	return status;
}
