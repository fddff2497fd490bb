/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repair, step by step. What does not hold has one side that was moved already; so the other side must move, or the step before was
 * wrong: there is one place to go on, and nothing is missed and nothing met twice. What must move anyway (targets, other sides) gives
 * the least that a set can still cost, and what cannot be better than the best so far is not looked at.
 *
 * Targets that have nothing to do with each other are searched each for itself: what is tried for the one is no concern of what is
 * tried for the other. Without that, the alternatives of all would be multiplied.
 */
#include "wrapper/fix/search.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

struct demand {
	const struct fix_need *need;
	size_t owner; /* FIX_NONE: asked */
};

/* Known once for all searches of a question. */
struct ground {
	const struct fix_question *q;
	struct list *needed_by; /* per distribution that is there: of struct demand, who needs it and is content */
	struct pipgate_error *error;
};

struct slot { /* of one distribution */
	bool target, tried, touched;
	size_t choice;         /* FIX_NONE: as it is */
	size_t least;          /* of a target: steps to its nearest acceptable release */
	size_t stamp;          /* the last scan that found that it must move */
	bool asked;            /* releases are known */
	struct fix_releases releases;
};

struct search {
	const struct ground *ground;
	const struct fix_question *q;
	struct list slots;     /* of struct slot; grows as needs name new ones */
	const size_t *targets; /* of this search */
	size_t n_targets;
	size_t *moved, n_moved; /* a stack */
	size_t undecided;      /* targets that are still to be moved */
	size_t steps, least;   /* of what is moved; at least those of the targets that are not */
	size_t nodes, last_nodes, stamp; /* last_nodes: where to stop */
	bool limited;          /* something was not tried because it would move too many */
	bool failed;           /* the error is set */
	bool found;
	struct fix_set best;
	struct fix_answer *out;
};

static struct slot *slot_of(struct search *s, size_t distribution)
{
	while (s->slots.n <= distribution)
		*(struct slot *)must(list_push(s->q->run, &s->slots, sizeof(struct slot))) = (struct slot){.choice = FIX_NONE};
	return (struct slot *)s->slots.items + distribution;
}

static bool stopped(const struct search *s)
{
	return s->failed || s->nodes > s->last_nodes;
}

static const struct fix_releases *releases_of(struct search *s, size_t distribution)
{
	struct fix_releases releases;

	if (!slot_of(s, distribution)->asked) {
		if (s->q->world->releases(s->q->world->ctx, distribution, &releases, s->ground->error) != PIPGATE_OK) {
			s->failed = true;
			return NULL;
		}
		slot_of(s, distribution)->releases = releases;
		slot_of(s, distribution)->asked = true;
	}
	return &slot_of(s, distribution)->releases;
}

static bool needs_of(struct search *s, size_t owner, const struct fix_need **out, size_t *n)
{
	s->failed = s->q->world->needs(s->q->world->ctx, owner, slot_of(s, owner)->choice, out, n, s->ground->error) != PIPGATE_OK;
	return !s->failed;
}

static bool fits_now(struct search *s, const struct fix_need *need)
{
	return s->q->world->fits(s->q->world->ctx, need, slot_of(s, need->distribution)->choice);
}

static void blame(struct search *s, const struct demand *demand)
{
	struct fix_answer *out = s->out;

	if (out->blamed && (slot_of(s, out->need.distribution)->target || !slot_of(s, demand->need->distribution)->target))
		return;
	out->blamed = true;
	out->need = *demand->need;
	out->owner = demand->owner;
}

/* ---- what does not hold ---- */

struct scan {
	bool dead;             /* a need between two that were moved, or one that was asked */
	size_t must;           /* the first that must move; FIX_NONE: nothing is broken */
	struct demand demand;  /* why */
	size_t more;           /* distributions that must move and are no target */
};

static void take_broken(struct search *s, const struct demand *demand, struct scan *out)
{
	size_t other = slot_of(s, demand->need->distribution)->choice == FIX_NONE ? demand->need->distribution : demand->owner;
	struct slot *slot = other == FIX_NONE ? NULL : slot_of(s, other);

	if (!slot || slot->choice != FIX_NONE) {
		out->dead = true;
		blame(s, demand);
		return;
	}
	if (out->must == FIX_NONE) {
		out->must = other;
		out->demand = *demand;
	}
	if (slot->stamp != s->stamp && !slot->target)
		out->more++;
	slot->stamp = s->stamp;
}

static void scan_moved(struct search *s, size_t moved, struct scan *out)
{
	const struct list *by = moved < s->q->n ? &s->ground->needed_by[moved] : NULL;
	const struct demand *v = by ? by->items : NULL;
	const struct fix_need *needs;
	size_t n;

	for (size_t i = 0; by && i < by->n && !out->dead; i++) { /* those that stayed and were content with what was there */
		slot_of(s, v[i].owner)->touched = true;
		if (slot_of(s, v[i].owner)->choice == FIX_NONE && !fits_now(s, v[i].need))
			take_broken(s, &v[i], out);
	}
	if (out->dead || !needs_of(s, moved, &needs, &n))
		return;
	for (size_t i = 0; i < n && !out->dead; i++) {
		slot_of(s, needs[i].distribution)->touched = true;
		if (!fits_now(s, &needs[i]))
			take_broken(s, &(struct demand){&needs[i], moved}, out);
	}
}

static struct scan scan(struct search *s)
{
	struct scan out = {.must = FIX_NONE};

	s->stamp++;
	for (size_t i = 0; i < s->q->n_asked && !out.dead; i++)
		if (!fits_now(s, &s->q->asked[i]))
			take_broken(s, &(struct demand){&s->q->asked[i], FIX_NONE}, &out);
	for (size_t i = 0; i < s->n_moved && !out.dead && !s->failed; i++)
		scan_moved(s, s->moved[i], &out);
	return out;
}

/* Does this release go with what was asked and what those that were moved need? Else who does not want it. */
static bool wanted(struct search *s, size_t distribution, size_t candidate, struct demand *why)
{
	const struct fix_need *needs;
	size_t n;

	for (size_t i = 0; i < s->q->n_asked; i++)
		if (s->q->asked[i].distribution == distribution && !s->q->world->fits(s->q->world->ctx, &s->q->asked[i], candidate)) {
			*why = (struct demand){&s->q->asked[i], FIX_NONE};
			return false;
		}
	for (size_t i = 0; i < s->n_moved; i++) {
		if (!needs_of(s, s->moved[i], &needs, &n))
			return false;
		for (size_t k = 0; k < n; k++)
			if (needs[k].distribution == distribution && !s->q->world->fits(s->q->world->ctx, &needs[k], candidate)) {
				*why = (struct demand){&needs[k], s->moved[i]};
				return false;
			}
	}
	return true;
}

/* ---- a set that holds ---- */

static size_t steps_to(const struct fix_releases *r, size_t candidate)
{
	if (r->present == FIX_NONE)
		return r->n - 1 - candidate;
	return candidate > r->present ? candidate - r->present : r->present - candidate;
}

static int by_distribution(const void *a, const void *b)
{
	size_t x = ((const struct fix_choice *)a)->distribution, y = ((const struct fix_choice *)b)->distribution;

	return (x > y) - (x < y);
}

static struct fix_set set_of(struct search *s)
{
	struct fix_choice *v = must(arena_array(s->q->run, s->n_moved + 1, sizeof(*v)));

	for (size_t i = 0; i < s->n_moved; i++)
		v[i] = (struct fix_choice){s->moved[i], slot_of(s, s->moved[i])->choice};
	qsort(v, s->n_moved, sizeof(*v), by_distribution);
	return (struct fix_set){v, s->n_moved, s->steps};
}

static bool same_set(const struct fix_set *a, const struct fix_set *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++)
		if (a->v[i].distribution != b->v[i].distribution || a->v[i].candidate != b->v[i].candidate)
			return false;
	return a->n == b->n;
}

/* The next distribution that takes any step at all, from *at on; FIX_NONE: there is none. */
static size_t next_step(struct search *s, const struct fix_set *set, size_t *at, size_t *steps)
{
	for (; *at < set->n; ++*at) {
		*steps = steps_to(releases_of(s, set->v[*at].distribution), set->v[*at].candidate);
		if (*steps)
			return set->v[*at].distribution;
	}
	return FIX_NONE;
}

static bool newer(const struct fix_set *a, const struct fix_set *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].distribution == b->v[i].distribution && a->v[i].candidate != b->v[i].candidate)
			return a->v[i].candidate > b->v[i].candidate;
	return false;
}

/* Both move as many, by the same sum: is a the one to take? */
static bool better(struct search *s, const struct fix_set *a, const struct fix_set *b)
{
	for (size_t i = 0, k = 0;; i++, k++) {
		size_t a_steps = 0, b_steps = 0, mine = next_step(s, a, &i, &a_steps), other = next_step(s, b, &k, &b_steps);

		if (mine != other)
			return mine > other; /* the one takes a step there, the other none */
		if (mine == FIX_NONE)
			return newer(a, b);
		if (a_steps != b_steps)
			return a_steps < b_steps;
	}
}

static void take(struct search *s)
{
	struct fix_set set = set_of(s);

	for (size_t i = 0; i < s->q->n_refused; i++)
		if (same_set(&set, &s->q->refused[i]))
			return;
	if (!s->found || set.n < s->best.n || (set.n == s->best.n && (set.steps < s->best.steps ||
			(set.steps == s->best.steps && better(s, &set, &s->best)))))
		s->best = set;
	if (!s->found && s->nodes + FIX_PROOF_MAX < s->last_nodes)
		s->last_nodes = s->nodes + FIX_PROOF_MAX;
	s->found = true;
}

/* ---- branching ---- */

static void go_on(struct search *s);

static void move_to(struct search *s, size_t distribution, size_t candidate, size_t steps)
{
	bool target = slot_of(s, distribution)->target;
	size_t least = slot_of(s, distribution)->least;

	slot_of(s, distribution)->choice = candidate;
	slot_of(s, distribution)->tried = slot_of(s, distribution)->touched = true;
	s->moved[s->n_moved++] = distribution;
	s->undecided -= target;
	s->least -= target ? least : 0;
	s->steps += steps;
	go_on(s);
	s->steps -= steps;
	s->least += target ? least : 0;
	s->undecided += target;
	s->n_moved--;
	slot_of(s, distribution)->choice = FIX_NONE; /* the slot itself may stand elsewhere by now */
}

/* Every release that may stand here, the nearest first. why: what brought us here, to be blamed where there is none; need NULL: a target. */
static void try_releases(struct search *s, size_t distribution, struct demand why)
{
	const struct fix_releases *known = releases_of(s, distribution);
	bool any = false;
	struct fix_releases r;

	if (!known)
		return;
	r = *known;
	slot_of(s, distribution)->tried = slot_of(s, distribution)->touched = true;
	for (size_t steps = 0; steps < r.n && !stopped(s); steps++) {
		size_t base = r.present == FIX_NONE ? r.n - 1 : r.present;
		bool up = r.present != FIX_NONE && steps && base + steps < r.n && fix_acceptable(s->q, &r, base + steps);
		bool down = base >= steps && fix_acceptable(s->q, &r, base - steps);

		if (up && wanted(s, distribution, base + steps, &why)) {
			any = true;
			move_to(s, distribution, base + steps, steps);
		}
		if (down && wanted(s, distribution, base - steps, &why)) {
			any = true;
			move_to(s, distribution, base - steps, steps);
		}
	}
	if (!any && why.need && !s->failed)
		blame(s, &why);
}

/* Can what is still to come be better than the best so far? */
static bool promising(struct search *s, size_t at_least)
{
	if (at_least > FIX_MOVED_MAX) {
		s->limited = true;
		return false;
	}
	return !s->found || at_least < s->best.n || (at_least == s->best.n && s->steps + s->least <= s->best.steps);
}

static void go_on(struct search *s)
{
	struct scan broken;

	if (s->failed || ++s->nodes > s->last_nodes || !promising(s, s->n_moved + s->undecided))
		return;
	broken = scan(s);
	if (s->failed || broken.dead || !promising(s, s->n_moved + s->undecided + broken.more))
		return;
	if (broken.must != FIX_NONE) {
		try_releases(s, broken.must, broken.demand);
		return;
	}
	for (size_t i = 0; i < s->n_targets; i++)
		if (slot_of(s, s->targets[i])->choice == FIX_NONE) {
			try_releases(s, s->targets[i], (struct demand){NULL, FIX_NONE});
			return;
		}
	take(s);
}

/* ---- one search ---- */

static size_t least_steps(struct search *s, size_t distribution)
{
	const struct fix_releases *r = releases_of(s, distribution);
	size_t least = SIZE_MAX;

	for (size_t i = 0; r && i < r->n; i++)
		if (fix_acceptable(s->q, r, i) && steps_to(r, i) < least)
			least = steps_to(r, i);
	return least == SIZE_MAX ? 0 : least;
}

static enum fix_outcome search_for(struct search *s, const struct ground *ground, const size_t *targets, size_t n, struct fix_answer *out)
{
	*s = (struct search){.ground = ground, .q = ground->q, .targets = targets, .n_targets = n, .last_nodes = FIX_NODES_MAX, .out = out,
		.moved = must(arena_array(ground->q->run, FIX_MOVED_MAX + 1, sizeof(size_t)))};
	*out = (struct fix_answer){.owner = FIX_NONE, .target = FIX_NONE};
	for (size_t i = 0; i < n && !s->failed; i++)
		if (!slot_of(s, targets[i])->target) {
			size_t least = least_steps(s, targets[i]);

			slot_of(s, targets[i])->target = true;
			slot_of(s, targets[i])->least = least;
			s->least += least;
			s->undecided++;
		}
	go_on(s);
	if (s->failed)
		return FIX_ERROR;
	out->set = s->best;
	out->nearest = s->nodes <= s->last_nodes && !s->limited;
	if (s->found)
		return FIX_FOUND;
	return out->nearest ? FIX_IMPOSSIBLE : FIX_TOO_FAR;
}

/* ---- targets that have nothing to do with each other ---- */

struct group {
	size_t *targets, n;
	struct search search;
	struct fix_answer answer;
};

/* Did the one try to move what the other as much as looked at? */
static bool tries_what_is_seen(struct search *a, struct search *b)
{
	size_t n = a->slots.n < b->slots.n ? a->slots.n : b->slots.n;

	for (size_t i = 0; i < n; i++)
		if (slot_of(a, i)->tried && slot_of(b, i)->touched)
			return true;
	return false;
}

static bool meddle(struct group *a, struct group *b)
{
	return a->n && b->n && (tries_what_is_seen(&a->search, &b->search) || tries_what_is_seen(&b->search, &a->search));
}

static void join(const struct ground *g, struct group *a, struct group *b)
{
	size_t *targets = must(arena_array(g->q->run, a->n + b->n, sizeof(*targets)));

	memcpy(targets, a->targets, a->n * sizeof(*targets));
	memcpy(targets + a->n, b->targets, b->n * sizeof(*targets));
	a->targets = targets;
	a->n += b->n;
	b->n = 0;
}

/* Joins groups until none meddles with another. FIX_FOUND: each has its set. */
static enum fix_outcome settle(const struct ground *g, struct group *groups, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			enum fix_outcome outcome;

			if (!meddle(&groups[i], &groups[k]))
				continue;
			join(g, &groups[i], &groups[k]);
			outcome = search_for(&groups[i].search, g, groups[i].targets, groups[i].n, &groups[i].answer);
			if (outcome != FIX_FOUND)
				return outcome;
			k = (size_t)-1; /* it has grown: it may meddle with those before */
		}
	return FIX_FOUND;
}

static int by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static enum fix_outcome together(const struct ground *g, struct fix_answer *out)
{
	size_t *all = must(arena_array(g->q->run, g->q->n_targets + 1, sizeof(*all)));
	struct search *s = must(arena_alloc(g->q->run, sizeof(*s)));

	memcpy(all, g->q->targets, g->q->n_targets * sizeof(*all));
	qsort(all, g->q->n_targets, sizeof(*all), by_number);
	return search_for(s, g, all, g->q->n_targets, out);
}

/* Do the groups' sets hold as one? Groups whose search ended early may have missed that they meddle. */
static bool put_together(const struct ground *g, struct group *groups, size_t n, struct fix_answer *out)
{
	struct search *s = must(arena_alloc(g->q->run, sizeof(*s)));
	struct scan broken;

	*out = (struct fix_answer){.owner = FIX_NONE, .target = FIX_NONE, .nearest = true};
	*s = (struct search){.ground = g, .q = g->q, .out = out, .moved = must(arena_array(g->q->run, n * FIX_MOVED_MAX + 1, sizeof(size_t)))};
	for (size_t i = 0; i < n; i++) {
		const struct fix_set *set = &groups[i].answer.set;

		for (size_t k = 0; groups[i].n && k < set->n; k++) {
			slot_of(s, set->v[k].distribution)->choice = set->v[k].candidate;
			s->moved[s->n_moved++] = set->v[k].distribution;
		}
		s->steps += groups[i].n ? set->steps : 0;
		out->nearest = out->nearest && (!groups[i].n || groups[i].answer.nearest);
	}
	broken = scan(s);
	out->set = set_of(s);
	return !s->failed && !broken.dead && broken.must == FIX_NONE;
}

static enum fix_outcome apart(const struct ground *g, struct fix_answer *out)
{
	struct group *groups = must(arena_array(g->q->run, g->q->n_targets + 1, sizeof(*groups)));
	enum fix_outcome outcome;

	for (size_t i = 0; i < g->q->n_targets; i++) {
		groups[i].targets = must(arena_array(g->q->run, 1, sizeof(size_t)));
		groups[i].targets[0] = g->q->targets[i];
		groups[i].n = 1;
		outcome = search_for(&groups[i].search, g, groups[i].targets, 1, &groups[i].answer);
		if (outcome != FIX_FOUND) {
			*out = groups[i].answer;
			out->target = i;
			return outcome;
		}
	}
	outcome = settle(g, groups, g->q->n_targets);
	if (outcome == FIX_FOUND && put_together(g, groups, g->q->n_targets, out))
		return outcome;
	return outcome == FIX_ERROR ? outcome : together(g, out);
}

static bool learn_needs(struct ground *g)
{
	const struct fix_world *w = g->q->world;
	const struct fix_need *needs;
	size_t n;

	for (size_t d = 0; d < g->q->n; d++) {
		if (w->needs(w->ctx, d, FIX_NONE, &needs, &n, g->error) != PIPGATE_OK)
			return false;
		for (size_t i = 0; i < n; i++) /* what was broken before is no concern of a fix */
			if (needs[i].distribution < g->q->n && w->fits(w->ctx, &needs[i], FIX_NONE))
				*(struct demand *)must(list_push(g->q->run, &g->needed_by[needs[i].distribution], sizeof(struct demand))) =
					(struct demand){&needs[i], d};
	}
	return true;
}

enum fix_outcome fix_search(const struct fix_question *q, struct fix_answer *out, struct pipgate_error *error)
{
	struct ground g = {.q = q, .error = error, .needed_by = must(arena_array(q->run, q->n + 1, sizeof(struct list)))};

	*out = (struct fix_answer){.owner = FIX_NONE, .target = FIX_NONE};
	if (!learn_needs(&g))
		return FIX_ERROR;
	return q->n_refused ? together(&g, out) : apart(&g, out);
}
