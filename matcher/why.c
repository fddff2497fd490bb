/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a distribution is in a plan: a breadth-first walk from what was requested. A step is a component together with
 * the extras that were new when it was reached; steps stand in the order of their chains' names, so the first step that
 * reaches a component is its answer. A requirement is parsed and its marker evaluated only where it could change that.
 */
#include <stdlib.h>

#include "matcher/base/arena.h"
#include "matcher/base/error.h"

#include "matcher/base/banned.h"

#define EVALUATIONS_MAX 200000 /* a fraction of a second; the largest real plans need some ten thousand */
#define NAME_BYTES_MAX 255     /* what a file may be called */
#define NO_STEP SIZE_MAX

struct edge { /* a requirement that names a component of the plan */
	size_t rank;      /* of the first component with that name */
	const struct span *text;
	const struct pipgate_requirement *requirement; /* NULL: not parsed yet */
	bool refused;     /* it does not parse */
};

struct node {
	struct edge *edges; /* by rank; read when the walk comes here */
	size_t n_edges;
	struct list extras; /* of struct span, normalized; "" once it is reached */
	size_t step;        /* the first that reached it */
};

struct step {
	size_t component;
	size_t before; /* NO_STEP: it was requested */
	size_t length; /* of the chain up to here */
	const struct span *extras; /* what is new by this step */
	size_t n_extras;
};

struct pipgate_graph {
	struct pipgate_run *run;
	const struct pipgate_component *components;
	size_t n;
	const struct pipgate_environment *environment;
	size_t *order;   /* rank → component, by name, then index */
	size_t *ends;    /* rank → behind the last of that name: an installed distribution and the one that replaces it */
	uint32_t *slots; /* hash of a name → rank + 1 of its first component */
	size_t mask;
	struct node *nodes;
	struct list steps;
	size_t n_reached, n_evaluations;
};

/* ---- names → ranks ---- */

static size_t name_hash(struct span name)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < name.n; i++)
		hash = (hash ^ (unsigned char)name.p[i]) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

static struct span name_at(const struct pipgate_graph *g, size_t rank)
{
	return g->components[g->order[rank]].name;
}

static int order_by_name(const void *a, const void *b, void *graph)
{
	const struct pipgate_graph *g = graph;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	int c = span_compare(g->components[i].name, g->components[j].name);

	return c ? c : i < j ? -1 : i > j;
}

static void rank_enter(struct pipgate_graph *g, size_t rank)
{
	size_t slot = name_hash(name_at(g, rank)) & g->mask;

	while (g->slots[slot])
		slot = (slot + 1) & g->mask;
	g->slots[slot] = (uint32_t)rank + 1;
}

static bool names_index(struct pipgate_graph *g)
{
	size_t capacity = 16;

	while (capacity < g->n * 2)
		capacity *= 2;
	g->mask = capacity - 1;
	g->order = arena_array(g->run, g->n, sizeof(*g->order));
	g->ends = arena_array(g->run, g->n, sizeof(*g->ends));
	g->slots = arena_array(g->run, capacity, sizeof(*g->slots));
	if (!g->order || !g->ends || !g->slots)
		return false;
	for (size_t i = 0; i < g->n; i++)
		g->order[i] = i;
	qsort_r(g->order, g->n, sizeof(*g->order), order_by_name, g);
	for (size_t rank = g->n; rank-- > 0;) {
		bool last = rank + 1 == g->n || !span_equal(name_at(g, rank), name_at(g, rank + 1));

		g->ends[rank] = last ? rank + 1 : g->ends[rank + 1];
	}
	for (size_t rank = 0; rank < g->n; rank = g->ends[rank])
		rank_enter(g, rank);
	return true;
}

static bool name_find(const struct pipgate_graph *g, struct span name, size_t *rank)
{
	for (size_t slot = name_hash(name) & g->mask; g->slots[slot]; slot = (slot + 1) & g->mask)
		if (span_equal(name_at(g, g->slots[slot] - 1), name)) {
			*rank = g->slots[slot] - 1;
			return true;
		}
	return false;
}

/* A name's normalized form in place, without memory; n 0: there is none, or no file could be called so. */
struct folded {
	char p[NAME_BYTES_MAX];
	size_t n;
};

static bool separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

static void fold(struct span name, struct folded *out)
{
	out->n = 0;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (separator(c) && i && separator(name.p[i - 1]))
			continue;
		if (out->n == sizeof(out->p)) {
			out->n = 0;
			return;
		}
		out->p[out->n++] = separator(c) ? '-' : ascii_lower(c);
	}
}

static struct span folded_view(const struct folded *folded)
{
	return (struct span){folded->p, folded->n};
}

/* ---- requirements ---- */

static struct span name_of(struct span requirement)
{
	struct span name = span_trim(requirement);
	size_t n = 0;

	while (n < name.n && (ascii_alpha(name.p[n]) || ascii_digit(name.p[n]) || separator(name.p[n])))
		n++;
	return (struct span){name.p, n};
}

static int order_by_rank(const void *a, const void *b)
{
	size_t i = ((const struct edge *)a)->rank, j = ((const struct edge *)b)->rank;

	return i < j ? -1 : i > j;
}

static bool edges_read(struct pipgate_graph *g, size_t component)
{
	const struct pipgate_component *c = &g->components[component];
	struct node *node = &g->nodes[component];

	node->edges = arena_array(g->run, c->n_requires_dist, sizeof(*node->edges));
	if (!node->edges)
		return false;
	for (size_t i = 0; i < c->n_requires_dist; i++) {
		struct folded name;
		size_t rank;

		fold(name_of(c->requires_dist[i]), &name);
		if (name.n && name_find(g, folded_view(&name), &rank))
			node->edges[node->n_edges++] = (struct edge){.rank = rank, .text = &c->requires_dist[i]};
	}
	qsort(node->edges, node->n_edges, sizeof(*node->edges), order_by_rank);
	return true;
}

/* Could this requirement still reach anything? Without extras it is for nothing once its target is there. */
static bool edge_matters(const struct pipgate_graph *g, const struct edge *edge)
{
	if (memchr(edge->text->p, '[', edge->text->n))
		return true;
	for (size_t rank = edge->rank; rank < g->ends[edge->rank]; rank++)
		if (!g->nodes[g->order[rank]].extras.n)
			return true;
	return false;
}

static enum pipgate_status edge_parse(struct pipgate_graph *g, struct edge *edge)
{
	struct pipgate_requirement *requirement;
	enum pipgate_status status;

	if (edge->requirement || edge->refused)
		return PIPGATE_OK;
	requirement = arena_alloc(g->run, sizeof(*requirement));
	if (!requirement)
		return PIPGATE_NO_MEMORY;
	status = pipgate_requirement_parse(g->run, *edge->text, requirement, NULL);
	if (status == PIPGATE_NO_MEMORY || status == PIPGATE_FAILED)
		return status;
	edge->refused = status != PIPGATE_OK;
	edge->requirement = requirement;
	return PIPGATE_OK;
}

/* Can the marker's value differ between this extra and none? Only if it compares with it, or looks into a text. */
static bool marker_names(struct span marker, struct span extra)
{
	struct span rest = marker;
	struct folded folded;

	if (memmem(marker.p, marker.n, " in ", 4))
		return true;
	while (rest.n) {
		char quote = rest.p[0];
		struct span literal;

		rest = span_from(rest, 1);
		if (quote != '"' && quote != '\'')
			continue;
		literal = span_split(&rest, quote);
		fold(literal, &folded);
		if (span_equal(folded_view(&folded), extra))
			return true;
	}
	return false;
}

/* Does the requirement hold for an extra that is new by this step? Where it held without, it did its work before. */
static enum pipgate_status edge_holds(struct pipgate_graph *g, const struct edge *edge, const struct step *step, bool *holds)
{
	struct span marker = edge->requirement->marker;

	*holds = !marker.n;
	for (size_t i = 0; i < step->n_extras && !*holds; i++) {
		struct span extra = step->extras[i];
		enum pipgate_status status;

		if (extra.n && !marker_names(marker, extra))
			continue;
		if (++g->n_evaluations > EVALUATIONS_MAX)
			return PIPGATE_LIMIT;
		status = pipgate_marker_evaluate(g->run, marker, g->environment, extra, holds, NULL);
		if (status == PIPGATE_NO_MEMORY || status == PIPGATE_FAILED)
			return status;
		if (status != PIPGATE_OK)
			*holds = false;
	}
	return PIPGATE_OK;
}

/* ---- the walk ---- */

static bool list_has(const struct list *list, struct span text)
{
	const struct span *items = list->items;

	for (size_t i = 0; i < list->n; i++)
		if (span_equal(items[i], text))
			return true;
	return false;
}

static bool list_add(struct pipgate_run *run, struct list *list, struct span text)
{
	struct span *place;

	if (list_has(list, text))
		return true;
	place = list_push(run, list, sizeof(*place));
	if (place)
		*place = text;
	return place;
}

/* Adds extras as they are written to wanted, which begins with none at all. */
static bool wanted_add(struct pipgate_run *run, struct list *wanted, const struct span *extras, size_t n)
{
	if (!list_add(run, wanted, SPAN("")))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct span normalized;

		if (pipgate_name_normalize(run, extras[i], &normalized) != PIPGATE_OK || !list_add(run, wanted, normalized))
			return false;
	}
	return true;
}

/* A step to the component for those of the wanted extras that it did not have; no step where there is none. */
static bool step_add(struct pipgate_graph *g, size_t component, size_t before, const struct list *wanted)
{
	struct node *node = &g->nodes[component];
	const struct span *extras = wanted->items;
	size_t had = node->extras.n;
	struct step *step;

	for (size_t i = 0; i < wanted->n; i++)
		if (!list_add(g->run, &node->extras, extras[i]))
			return false;
	if (node->extras.n == had)
		return true;
	step = list_push(g->run, &g->steps, sizeof(*step));
	if (!step)
		return false;
	*step = (struct step){
		.component = component,
		.before = before,
		.length = before == NO_STEP ? 1 : ((struct step *)g->steps.items)[before].length + 1,
		.extras = (const struct span *)node->extras.items + had,
		.n_extras = node->extras.n - had,
	};
	if (!had) {
		node->step = g->steps.n - 1;
		g->n_reached++;
	}
	return true;
}

/* All edges to one name, the first of them edges[*i]; *i moves behind them. */
static enum pipgate_status follow(struct pipgate_graph *g, size_t from, struct node *node, size_t *i)
{
	size_t rank = node->edges[*i].rank;
	struct step step = ((const struct step *)g->steps.items)[from];
	struct list wanted = {0};

	for (; *i < node->n_edges && node->edges[*i].rank == rank; ++*i) {
		struct edge *edge = &node->edges[*i];
		enum pipgate_status status;
		bool holds = false;

		if (!edge_matters(g, edge))
			continue;
		status = edge_parse(g, edge);
		if (status == PIPGATE_OK && !edge->refused)
			status = edge_holds(g, edge, &step, &holds);
		if (status != PIPGATE_OK)
			return status;
		if (holds && !wanted_add(g->run, &wanted, edge->requirement->extras, edge->requirement->n_extras))
			return PIPGATE_NO_MEMORY;
	}
	for (size_t end = g->ends[rank]; wanted.n && rank < end; rank++)
		if (!step_add(g, g->order[rank], from, &wanted))
			return PIPGATE_NO_MEMORY;
	return PIPGATE_OK;
}

static enum pipgate_status walk(struct pipgate_graph *g)
{
	for (size_t rank = 0; rank < g->n; rank++) {
		const struct pipgate_component *c = &g->components[g->order[rank]];
		struct list wanted = {0};

		if (!c->requested)
			continue;
		if (!wanted_add(g->run, &wanted, c->extras, c->n_extras) || !step_add(g, g->order[rank], NO_STEP, &wanted))
			return PIPGATE_NO_MEMORY;
	}
	for (size_t from = 0; from < g->steps.n && g->n_reached < g->n; from++) {
		struct node *node = &g->nodes[((const struct step *)g->steps.items)[from].component];
		size_t i = 0;

		if (node->step == from && !edges_read(g, (size_t)(node - g->nodes)))
			return PIPGATE_NO_MEMORY;
		while (i < node->n_edges) {
			enum pipgate_status status = follow(g, from, node, &i);

			if (status != PIPGATE_OK)
				return status;
		}
	}
	return PIPGATE_OK;
}

enum pipgate_status pipgate_graph_new(struct pipgate_run *run, const struct pipgate_component *components, size_t n,
	const struct pipgate_environment *environment, struct pipgate_graph **out)
{
	struct pipgate_graph *g = arena_alloc(run, sizeof(*g));
	enum pipgate_status status;

	if (!g || n >= UINT32_MAX)
		return g ? PIPGATE_LIMIT : PIPGATE_NO_MEMORY;
	*g = (struct pipgate_graph){.run = run, .components = components, .n = n, .environment = environment};
	g->nodes = arena_array(run, n, sizeof(*g->nodes));
	if (!g->nodes || !names_index(g))
		return PIPGATE_NO_MEMORY;
	status = walk(g);
	if (status == PIPGATE_OK)
		*out = g;
	return status;
}

enum pipgate_status pipgate_why(const struct pipgate_graph *graph, size_t index, struct pipgate_chain *out)
{
	const struct step *steps = graph->steps.items;
	bool reached;
	size_t n, at, *chain;

	if (index >= graph->n)
		return PIPGATE_FAILED;
	reached = graph->nodes[index].extras.n > 0;
	at = reached ? graph->nodes[index].step : NO_STEP;
	n = reached ? steps[at].length : 1;
	chain = arena_array(graph->run, n, sizeof(*chain));
	if (!chain)
		return PIPGATE_NO_MEMORY;
	chain[0] = index;
	for (size_t i = n; at != NO_STEP; at = steps[at].before)
		chain[--i] = steps[at].component;
	*out = (struct pipgate_chain){chain, n, !reached};
	return PIPGATE_OK;
}
