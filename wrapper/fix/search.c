/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/search.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

#define NONE SIZE_MAX

struct node { /* a distribution that the search knows: one that is there, or one that a need names */
	struct span name, version; /* version empty: it is not there */
	bool marked, read;
	const struct fix_release *releases;
	size_t n_releases;
	size_t above;  /* the first release that is newer than what is there */
	size_t chosen; /* a release, NONE: as it is */
	const struct fix_need *needs; /* of what is there */
	size_t n_needs;
	struct list on; /* of struct edge: needs on it, of what is there */
};

struct edge {
	size_t from; /* NONE: asked for */
	const struct fix_need *need;
};

struct search {
	const struct fix_problem *problem;
	struct pipgate_error *error;
	enum pipgate_status status;
	struct pipgate_run *scratch; /* of comparisons */
	struct list nodes;
	struct list moved;           /* of size_t, in their order */
	size_t steps, left;          /* left: marked ones that have not moved */
	struct list best;            /* of struct fix_move */
	size_t best_moves, best_steps;
	size_t visited;
	struct edge blocked;         /* the first need at which a way ended, and whom it kept */
	size_t kept;
};

static struct node *node_at(struct search *s, size_t i)
{
	return (struct node *)s->nodes.items + i;
}

static size_t moved_at(const struct search *s, size_t i)
{
	return ((const size_t *)s->moved.items)[i];
}

static void *push(struct search *s, struct list *list, size_t size)
{
	return must(list_push(s->problem->run, list, size));
}

static size_t find(struct search *s, struct span name)
{
	for (size_t i = 0; i < s->nodes.n; i++)
		if (span_equal(node_at(s, i)->name, name))
			return i;
	*(struct node *)push(s, &s->nodes, sizeof(struct node)) = (struct node){.name = name, .chosen = NONE};
	return s->nodes.n - 1;
}

/* ---- versions ---- */

static bool satisfies(struct search *s, const struct fix_need *need, struct span version)
{
	bool holds = false;

	pipgate_run_reset(s->scratch);
	return !need->specifiers.n ||
		(pipgate_specifier_contains(s->scratch, need->specifiers, version, PIPGATE_PRERELEASES_YES, &holds) == PIPGATE_OK && holds);
}

static bool newer(struct search *s, struct span a, struct span b)
{
	struct pipgate_version x, y;

	pipgate_run_reset(s->scratch);
	return pipgate_version_parse(s->scratch, a, &x) == PIPGATE_OK &&
		(pipgate_version_parse(s->scratch, b, &y) != PIPGATE_OK || pipgate_key_compare(x.key, y.key) > 0);
}

/* Its releases, asked for once. */
static bool read_releases(struct search *s, size_t i)
{
	struct node *node = node_at(s, i);

	if (node->read)
		return true;
	s->status = s->problem->source->releases(s->problem->source->ctx, node->name, &node->releases, &node->n_releases, s->error);
	node->read = true;
	while (node->version.n && node->above < node->n_releases && !newer(s, node->releases[node->above].version, node->version))
		node->above++;
	return s->status == PIPGATE_OK;
}

static struct span version_of(const struct node *node)
{
	return node->chosen == NONE ? node->version : node->releases[node->chosen].version;
}

static bool needs_of(struct search *s, size_t i, const struct fix_need **out, size_t *n)
{
	struct node *node = node_at(s, i);

	*out = node->needs;
	*n = node->n_needs;
	if (node->chosen == NONE)
		return true;
	s->status = s->problem->source->needs(s->problem->source->ctx, node->name, version_of(node), out, n, s->error);
	return s->status == PIPGATE_OK;
}

/* Allowed releases between what is there and this one; of something new: those that are newer. */
static size_t steps_to(const struct node *node, size_t release)
{
	size_t from = node->version.n ? node->above : release + 1, to = node->version.n ? release + 1 : node->n_releases, n = 0;

	if (node->version.n && release < node->above) {
		from = release;
		to = node->above;
	}
	for (size_t i = from; i < to; i++)
		n += node->releases[i].allowed;
	return n;
}

/* ---- what is wrong with the set as it stands ---- */

struct conflict {
	struct edge edge;
	size_t on; /* whom it is about */
};

/* A need of the moved i that does not hold. */
static bool own_conflict(struct search *s, size_t i, struct conflict *out)
{
	const struct fix_need *needs;
	size_t n;

	if (!needs_of(s, i, &needs, &n))
		return false;
	for (size_t k = 0; k < n; k++) {
		size_t on = find(s, needs[k].name);
		struct span version = version_of(node_at(s, on));

		if (version.n && satisfies(s, &needs[k], version))
			continue;
		*out = (struct conflict){{i, &needs[k]}, on};
		return true;
	}
	return false;
}

/* A need on the moved i, of what stays, that does not hold. */
static bool others_conflict(struct search *s, size_t i, struct conflict *out)
{
	const struct node *node = node_at(s, i);
	const struct edge *edges = node->on.items;

	for (size_t k = 0; k < node->on.n; k++) {
		if (edges[k].from != NONE && node_at(s, edges[k].from)->chosen != NONE)
			continue; /* it has moved: its new needs are looked at by themselves */
		if (satisfies(s, edges[k].need, version_of(node)))
			continue;
		*out = (struct conflict){edges[k], i};
		return true;
	}
	return false;
}

static bool find_conflict(struct search *s, struct conflict *out)
{
	for (size_t i = 0; i < s->moved.n && s->status == PIPGATE_OK; i++)
		if (own_conflict(s, moved_at(s, i), out) || others_conflict(s, moved_at(s, i), out))
			return true;
	return false;
}

/* ---- the search: every set that could be better than the best so far ---- */

static void go_on(struct search *s);

static bool hopeless(const struct search *s)
{
	size_t least = s->moved.n + s->left;

	return least > s->best_moves || (least == s->best_moves && s->steps >= s->best_steps);
}

static void keep_best(struct search *s)
{
	s->best.n = 0;
	s->best_moves = s->moved.n;
	s->best_steps = s->steps;
	for (size_t i = 0; i < s->moved.n; i++) {
		const struct node *node = node_at(s, moved_at(s, i));

		*(struct fix_move *)push(s, &s->best, sizeof(struct fix_move)) = (struct fix_move){
			node->name, node->version, version_of(node), steps_to(node, node->chosen)};
	}
}

static void try_release(struct search *s, size_t i, size_t release)
{
	size_t steps = steps_to(node_at(s, i), release);
	bool marked = node_at(s, i)->marked;

	node_at(s, i)->chosen = release;
	*(size_t *)push(s, &s->moved, sizeof(size_t)) = i;
	s->steps += steps;
	s->left -= marked;
	if (!hopeless(s))
		go_on(s);
	s->left += marked;
	s->steps -= steps;
	s->moved.n--;
	node_at(s, i)->chosen = NONE;
}

/* Moves i to every release that this need lets, the nearest first; need NULL: to any. */
static void try_releases(struct search *s, size_t i, const struct fix_need *need)
{
	bool is_new = !node_at(s, i)->version.n;
	size_t n, above;

	if (s->moved.n >= s->best_moves || !read_releases(s, i))
		return;
	n = node_at(s, i)->n_releases;
	above = node_at(s, i)->above;
	for (size_t k = is_new ? 0 : above; k < n; k++) {
		size_t release = is_new ? n - 1 - k : k;
		const struct fix_release *r = &node_at(s, i)->releases[release];

		if (r->allowed && r->clean && (!need || satisfies(s, need, r->version)))
			try_release(s, i, release);
	}
	for (size_t k = above; s->problem->downgrades && !is_new && k-- > 0;) {
		const struct fix_release *r = &node_at(s, i)->releases[k];

		if (r->allowed && r->clean && !span_equal(r->version, node_at(s, i)->version) && (!need || satisfies(s, need, r->version)))
			try_release(s, i, k);
	}
}

static size_t next_marked(struct search *s)
{
	for (size_t i = 0; i < s->problem->n; i++)
		if (node_at(s, i)->marked && node_at(s, i)->chosen == NONE)
			return i;
	return NONE;
}

static void go_on(struct search *s)
{
	struct conflict c;
	size_t marked;

	if (s->status != PIPGATE_OK || ++s->visited > FIX_NODES)
		return;
	if (find_conflict(s, &c)) {
		bool from_stays = c.edge.from != NONE && node_at(s, c.edge.from)->chosen == NONE;
		bool on_stays = node_at(s, c.on)->chosen == NONE;

		if (!s->blocked.need) {
			s->blocked = c.edge;
			s->kept = c.on;
		}
		if (on_stays)
			try_releases(s, c.on, c.edge.need);
		if (from_stays)
			try_releases(s, c.edge.from, NULL);
		return;
	}
	marked = next_marked(s);
	if (s->status != PIPGATE_OK)
		return;
	if (marked == NONE)
		keep_best(s);
	else
		try_releases(s, marked, NULL);
}

/* ---- beginning and end ---- */

static void enter(struct search *s)
{
	const struct fix_problem *p = s->problem;

	for (size_t i = 0; i < p->n; i++) {
		*(struct node *)push(s, &s->nodes, sizeof(struct node)) = (struct node){.name = p->present[i].name, .version = p->present[i].version,
			.marked = p->present[i].marked, .chosen = NONE, .needs = p->present[i].needs, .n_needs = p->present[i].n_needs};
		s->left += p->present[i].marked;
	}
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->present[i].n_needs; k++) {
			const struct fix_need *need = &p->present[i].needs[k];
			size_t on = find(s, need->name);

			*(struct edge *)push(s, &node_at(s, on)->on, sizeof(struct edge)) = (struct edge){i, need};
		}
	for (size_t k = 0; k < p->n_asked; k++) {
		size_t on = find(s, p->asked[k].name);

		*(struct edge *)push(s, &node_at(s, on)->on, sizeof(struct edge)) = (struct edge){NONE, &p->asked[k]};
	}
}

static int by_name(const void *a, const void *b)
{
	return span_compare(((const struct fix_move *)a)->name, ((const struct fix_move *)b)->name);
}

static const char *reason_of(struct search *s)
{
	const struct fix_need *need = s->blocked.need;
	struct pipgate_run *run = s->problem->run;

	if (s->visited > FIX_NODES)
		return "no set was found within the bounds of the search";
	if (!need)
		return "no clean release of it is on the index";
	if (s->blocked.from == NONE)
		return text_format(run, "what was asked for keeps it back: " SPAN_FMT, SPAN_ARG(need->text));
	return text_format(run, SPAN_FMT " keeps it back: it requires " SPAN_FMT, SPAN_ARG(node_at(s, s->blocked.from)->name), SPAN_ARG(need->text));
}

enum pipgate_status fix_search(const struct fix_problem *problem, struct fix_answer *out, struct pipgate_error *error)
{
	struct search s = {.problem = problem, .error = error, .status = PIPGATE_OK, .best_moves = SIZE_MAX - 1, .best_steps = SIZE_MAX};

	if (pipgate_run_new(NULL, &s.scratch) != PIPGATE_OK)
		die_no_memory();
	enter(&s);
	go_on(&s);
	if (s.best.n)
		qsort(s.best.items, s.best.n, sizeof(struct fix_move), by_name);
	*out = (struct fix_answer){.found = s.best_steps != SIZE_MAX, .moves = s.best.items, .n = s.best.n, .steps = s.best_steps,
		.bounded = s.visited > FIX_NODES};
	if (!out->found)
		out->reason = reason_of(&s);
	pipgate_run_free(&s.scratch);
	return s.status;
}
