/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/advisory/interval.h"

#include <stdlib.h>

#include "matcher/advisory/specified.h"
#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

#define KIND(k) (1u << PIPGATE_EVENT_##k)

/* An event of a range's timeline. */
struct point {
	struct span key;
	unsigned kind; /* a bit, KIND(…) */
};

/* A bound of one interval before the union of all; ascending, at one place openings come first. */
struct edge {
	struct bound at;
	bool closes;
};

struct compiler {
	struct pipgate_run *run;
	struct list edges; /* struct edge */
	struct list raw;   /* struct span */
};

enum pipgate_status intervals_key(struct pipgate_run *run, struct span text, struct span *key)
{
	struct pipgate_version version;
	enum pipgate_status status = pipgate_version_parse(run, text, &version);

	*key = status == PIPGATE_OK ? version.key : (struct span){NULL, 0};
	return status == PIPGATE_NO_MEMORY ? status : PIPGATE_OK;
}

int intervals_bound_compare(const struct bound *a, const struct bound *b)
{
	int order = span_compare(a->key, b->key);

	return order ? order : (int)a->behind - (int)b->behind;
}

bool intervals_inside(const struct intervals *intervals, struct span key)
{
	const struct bound just_behind = {key, true};
	bool inside = false;

	for (size_t i = 0; i < intervals->n && intervals_bound_compare(&intervals->bounds[i], &just_behind) < 0; i++)
		inside = !inside;
	return inside;
}

static enum pipgate_status add_edge(struct compiler *c, struct bound at, bool closes)
{
	struct edge *edge = list_push(c->run, &c->edges, sizeof(*edge));

	if (!edge)
		return PIPGATE_NO_MEMORY;
	*edge = (struct edge){at, closes};
	return PIPGATE_OK;
}

/* ---- one range ---- */

struct timeline {
	struct list points;
	bool capped;     /* there are limits, and each is a version */
	struct span cap; /* the highest of them */
};

static enum pipgate_status add_limit(struct compiler *c, const struct pipgate_event *event, struct timeline *line, bool *open)
{
	struct span key;
	enum pipgate_status status = intervals_key(c->run, event->version, &key);

	line->capped = true;
	if (!key.p)
		*open = true; /* "*" is no version either */
	else if (span_compare(key, line->cap) > 0)
		line->cap = key;
	return status;
}

static enum pipgate_status add_point(struct compiler *c, const struct pipgate_event *event, struct timeline *line)
{
	bool introduced = event->kind == PIPGATE_EVENT_INTRODUCED;
	struct span key = {NULL, 0};
	enum pipgate_status status = PIPGATE_OK;
	struct point *point;

	if (!introduced || !span_is(event->version, "0"))
		status = intervals_key(c->run, event->version, &key);
	if (status != PIPGATE_OK || (!key.p && !introduced))
		return status;
	point = list_push(c->run, &line->points, sizeof(*point));
	if (!point)
		return PIPGATE_NO_MEMORY;
	*point = (struct point){key, 1u << event->kind};
	return PIPGATE_OK;
}

static int point_order(const void *a, const void *b)
{
	return span_compare(((const struct point *)a)->key, ((const struct point *)b)->key);
}

static enum pipgate_status read_timeline(struct compiler *c, const struct pipgate_range *range, struct timeline *line)
{
	enum pipgate_status status = PIPGATE_OK;
	bool open = false;

	for (size_t i = 0; i < range->n_events && status == PIPGATE_OK; i++) {
		const struct pipgate_event *event = &range->events[i];

		status = event->kind == PIPGATE_EVENT_LIMIT ? add_limit(c, event, line, &open) : add_point(c, event, line);
	}
	line->capped = line->capped && !open;
	if (line->points.n > 1)
		qsort(line->points.items, line->points.n, sizeof(struct point), point_order);
	return status;
}

/* What the events of one version do: *at, is that version itself affected; the result: are those right above it. */
static bool apply(unsigned kinds, bool state, bool *at)
{
	if ((kinds & KIND(INTRODUCED)) && (kinds & KIND(FIXED)))
		; /* fixed then introduced within an affected stretch, the other way round outside: the state stays */
	else if (kinds & KIND(INTRODUCED))
		state = true;
	else if (kinds & KIND(FIXED))
		state = false;
	*at = state;
	return state && !(kinds & KIND(LAST_AFFECTED));
}

/* The state changes at a bound; what lies at the cap or above is cut away, *cut says that it has happened. */
static enum pipgate_status change(struct compiler *c, const struct timeline *line, struct bound at, bool closes, bool *cut)
{
	struct bound cap = {line->cap, false};

	if (*cut)
		return PIPGATE_OK;
	if (line->capped && intervals_bound_compare(&at, &cap) >= 0) {
		*cut = true;
		return closes ? add_edge(c, cap, true) : PIPGATE_OK;
	}
	return add_edge(c, at, closes);
}

static enum pipgate_status compile_range(struct compiler *c, const struct pipgate_range *range)
{
	struct timeline line = {0};
	enum pipgate_status status = read_timeline(c, range, &line);
	const struct point *points = line.points.items;
	bool state = false, cut = false;

	for (size_t i = 0; i < line.points.n && status == PIPGATE_OK;) {
		struct bound before = {points[i].key, false}, behind = {points[i].key, true};
		unsigned kinds = 0;
		bool was = state, at;

		for (; i < line.points.n && span_equal(points[i].key, before.key); i++)
			kinds |= points[i].kind;
		state = apply(kinds, was, &at);
		if (was != at)
			status = change(c, &line, before, was, &cut);
		if (status == PIPGATE_OK && at != state)
			status = change(c, &line, behind, at, &cut);
	}
	if (status == PIPGATE_OK && state && line.capped && !cut)
		status = add_edge(c, (struct bound){line.cap, false}, true);
	return status;
}

/* ---- the union ---- */

static enum pipgate_status add_raw(struct compiler *c, struct span text)
{
	struct span *raw = list_push(c->run, &c->raw, sizeof(*raw));

	if (!raw)
		return PIPGATE_NO_MEMORY;
	*raw = text;
	return PIPGATE_OK;
}

static enum pipgate_status compile_versions(struct compiler *c, const struct pipgate_affected *affected)
{
	for (size_t i = 0; i < affected->n_versions; i++) {
		struct span key;
		enum pipgate_status status = intervals_key(c->run, affected->versions[i], &key);

		if (status == PIPGATE_OK && key.p) {
			status = add_edge(c, (struct bound){key, false}, false);
			if (status == PIPGATE_OK)
				status = add_edge(c, (struct bound){key, true}, true);
		} else if (status == PIPGATE_OK) {
			status = add_raw(c, unicode_trim(affected->versions[i])); /* as match_find() trims what it asks for */
		}
		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}

static enum pipgate_status compile_specifiers(struct compiler *c, struct span set, struct intervals *out)
{
	struct specified specified;
	enum pipgate_status status = specified_compile(c->run, set, &specified);

	if (status != PIPGATE_OK)
		return status;
	for (size_t i = 0; i < specified.n && status == PIPGATE_OK; i++)
		status = add_edge(c, specified.bounds[i], i % 2 == 1);
	if (status == PIPGATE_OK && specified.raw.n)
		status = add_raw(c, specified.raw);
	out->every |= specified.every;
	out->has_end |= specified.has_end;
	return status;
}

static int edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	int order = intervals_bound_compare(&x->at, &y->at);

	return order ? order : (int)x->closes - (int)y->closes;
}

/* Sweeps over the edges; a bound is where the number of open intervals leaves or reaches zero. */
static enum pipgate_status unite(struct compiler *c, struct intervals *out)
{
	struct edge *edges = c->edges.items;
	struct list bounds = {0};
	size_t open = 0;

	if (c->edges.n > 1)
		qsort(edges, c->edges.n, sizeof(*edges), edge_order);
	for (size_t i = 0; i < c->edges.n; i++) {
		struct bound *bound;
		bool was = open > 0;

		open = edges[i].closes ? open - 1 : open + 1;
		if (was == (open > 0))
			continue;
		bound = list_push(c->run, &bounds, sizeof(*bound));
		if (!bound)
			return PIPGATE_NO_MEMORY;
		*bound = edges[i].at;
	}
	out->bounds = bounds.items;
	out->n = bounds.n;
	out->raw = c->raw.items;
	out->n_raw = c->raw.n;
	return PIPGATE_OK;
}

static bool names_end(const struct pipgate_range *range)
{
	for (size_t i = 0; i < range->n_events; i++) {
		const struct pipgate_event *event = &range->events[i];

		if (event->kind != PIPGATE_EVENT_INTRODUCED && !(event->kind == PIPGATE_EVENT_LIMIT && span_is(event->version, "*")))
			return true;
	}
	return false;
}

static bool is_every(const struct pipgate_range *range)
{
	return range->n_events == 1 && range->events->kind == PIPGATE_EVENT_INTRODUCED && span_is(range->events->version, "0");
}

enum pipgate_status intervals_compile(struct pipgate_run *run, const struct pipgate_affected *affected, struct intervals *out)
{
	struct compiler c = {.run = run};
	struct intervals result = {.has_end = affected->n_versions && !affected->n_ranges && !affected->n_specifiers};
	enum pipgate_status status = compile_versions(&c, affected);

	for (size_t i = 0; i < affected->n_ranges && status == PIPGATE_OK; i++) {
		const struct pipgate_range *range = &affected->ranges[i];

		status = compile_range(&c, range);
		result.every |= is_every(range);
		result.has_end |= names_end(range);
	}
	for (size_t i = 0; i < affected->n_specifiers && status == PIPGATE_OK; i++)
		status = compile_specifiers(&c, affected->specifiers[i], &result);
	if (status == PIPGATE_OK)
		status = unite(&c, &result);
	if (status == PIPGATE_OK)
		*out = result;
	return status;
}
