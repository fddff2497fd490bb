/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Repair, step by step: the first thing that does not hold is made good by moving one of its two sides. Whatever set is the answer,
 * it differs from what stands so far in one of them, so nothing is missed; the side that is not moved is held still afterwards, so
 * that no set is met twice. The number of moved distributions is raised from the least on; within it the smallest steps win.
 */
#include "wrapper/fix/search.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

struct slot { /* of one distribution */
	bool target, decided;  /* decided: it is moved, or held still */
	size_t choice;         /* FIX_NONE: as it is */
	size_t steps;
	bool asked;            /* releases are known */
	struct fix_releases releases;
	struct list needed_by; /* of struct demand: who needs it of those that are there, and is content */
};

struct demand {
	const struct fix_need *need;
	size_t owner; /* FIX_NONE: asked */
};

struct search {
	const struct fix_question *q;
	struct list slots;     /* of struct slot; grows as needs name new ones */
	size_t *moved, n_moved, may_move; /* a stack */
	size_t undecided;      /* targets that are still to be moved */
	size_t steps, nodes;
	bool limited;          /* something was not tried because may_move is too small */
	bool failed;           /* the error is set */
	struct pipgate_error *error;
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

static bool too_far(const struct search *s)
{
	return s->nodes > FIX_NODES_MAX;
}

static const struct fix_releases *releases_of(struct search *s, size_t distribution)
{
	struct fix_releases releases;

	if (!slot_of(s, distribution)->asked) {
		if (s->q->world->releases(s->q->world->ctx, distribution, &releases, s->error) != PIPGATE_OK) {
			s->failed = true;
			return NULL;
		}
		slot_of(s, distribution)->releases = releases;
		slot_of(s, distribution)->asked = true;
	}
	return &slot_of(s, distribution)->releases;
}

static bool fits_now(struct search *s, const struct fix_need *need)
{
	return s->q->world->fits(s->q->world->ctx, need, slot_of(s, need->distribution)->choice);
}

/* ---- what does not hold ---- */

static bool broken_for_moved(struct search *s, size_t owner, struct demand *out)
{
	const struct fix_need *needs;
	size_t n;

	if (s->q->world->needs(s->q->world->ctx, owner, slot_of(s, owner)->choice, &needs, &n, s->error) != PIPGATE_OK) {
		s->failed = true;
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!fits_now(s, &needs[i])) {
			*out = (struct demand){&needs[i], owner};
			return true;
		}
	return false;
}

/* Those that stayed and were content with what was there before. */
static bool broken_by_moved(struct search *s, size_t moved, struct demand *out)
{
	const struct list *by = &slot_of(s, moved)->needed_by;
	const struct demand *v = by->items;
	size_t n = by->n;

	for (size_t i = 0; i < n; i++)
		if (slot_of(s, v[i].owner)->choice == FIX_NONE && !fits_now(s, v[i].need)) {
			*out = v[i];
			return true;
		}
	return false;
}

static bool find_broken(struct search *s, struct demand *out)
{
	for (size_t i = 0; i < s->q->n_asked; i++)
		if (!fits_now(s, &s->q->asked[i])) {
			*out = (struct demand){&s->q->asked[i], FIX_NONE};
			return true;
		}
	for (size_t i = 0; i < s->n_moved && !s->failed; i++)
		if (broken_for_moved(s, s->moved[i], out) || (!s->failed && broken_by_moved(s, s->moved[i], out)))
			return true;
	return false;
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
	s->found = true;
}

/* ---- branching ---- */

static void go_on(struct search *s);

static void move_to(struct search *s, size_t distribution, size_t candidate, size_t steps)
{
	struct slot *slot = slot_of(s, distribution);
	bool target = slot->target;

	slot->decided = true;
	slot->choice = candidate;
	s->moved[s->n_moved++] = distribution;
	s->undecided -= target;
	s->steps += steps;
	go_on(s);
	s->steps -= steps;
	s->undecided += target;
	s->n_moved--;
	slot = slot_of(s, distribution); /* it may have been moved itself, with the list */
	slot->choice = FIX_NONE;
	slot->decided = false;
}

static bool tempting(struct search *s, const struct fix_releases *r, size_t candidate, const struct fix_need *need)
{
	return fix_acceptable(s->q, r, candidate) && (!need || s->q->world->fits(s->q->world->ctx, need, candidate));
}

/* Every release that may stand here (and for the need, where one is given), the nearest first. false: there is none. */
static bool try_releases(struct search *s, size_t distribution, const struct fix_need *need)
{
	const struct fix_releases *known = releases_of(s, distribution);
	struct fix_releases r;
	bool any = false;

	if (!known)
		return true;
	r = *known;
	for (size_t steps = 0; steps < r.n && !s->failed && !too_far(s); steps++) {
		size_t base = r.present == FIX_NONE ? r.n - 1 : r.present;
		bool up = r.present != FIX_NONE && steps && base + steps < r.n && tempting(s, &r, base + steps, need);
		bool down = base >= steps && tempting(s, &r, base - steps, need);

		any |= up || down;
		if (s->n_moved + 1 + (s->undecided - slot_of(s, distribution)->target) > s->may_move) {
			s->limited |= up || down;
			continue;
		}
		if (up)
			move_to(s, distribution, base + steps, steps);
		if (down)
			move_to(s, distribution, base - steps, steps);
	}
	return any;
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

static void repair(struct search *s, const struct demand *demand)
{
	size_t needed = demand->need->distribution, owner = demand->owner;
	bool free_needed = !slot_of(s, needed)->decided, any = false;

	if (free_needed) {
		any = try_releases(s, needed, demand->need);
		slot_of(s, needed)->decided = true; /* from here on it stays */
	}
	if (owner != FIX_NONE && !slot_of(s, owner)->decided)
		any = try_releases(s, owner, NULL) || any;
	if (free_needed)
		slot_of(s, needed)->decided = false;
	if (!any)
		blame(s, demand);
}

static void go_on(struct search *s)
{
	struct demand demand;

	if (s->failed || ++s->nodes > FIX_NODES_MAX || (s->found && s->n_moved >= s->best.n && s->steps > s->best.steps))
		return;
	for (size_t i = 0; i < s->q->n_targets; i++)
		if (slot_of(s, s->q->targets[i])->choice == FIX_NONE) {
			if (!slot_of(s, s->q->targets[i])->decided)
				try_releases(s, s->q->targets[i], NULL);
			return;
		}
	if (find_broken(s, &demand))
		repair(s, &demand);
	else if (!s->failed)
		take(s);
}

/* ---- the beginning ---- */

static bool learn_needs(struct search *s)
{
	const struct fix_need *needs;
	size_t n;

	for (size_t d = 0; d < s->q->n; d++) {
		if (s->q->world->needs(s->q->world->ctx, d, FIX_NONE, &needs, &n, s->error) != PIPGATE_OK)
			return false;
		for (size_t i = 0; i < n; i++)
			if (fits_now(s, &needs[i])) /* what was broken before is no concern of a fix */
				*(struct demand *)must(list_push(s->q->run, &slot_of(s, needs[i].distribution)->needed_by,
					sizeof(struct demand))) = (struct demand){&needs[i], d};
	}
	return true;
}

enum fix_outcome fix_search(const struct fix_question *q, struct fix_answer *out, struct pipgate_error *error)
{
	struct search s = {.q = q, .error = error, .out = out, .moved = must(arena_array(q->run, FIX_MOVED_MAX + 1, sizeof(size_t)))};

	*out = (struct fix_answer){.owner = FIX_NONE};
	for (size_t i = 0; i < q->n_targets; i++)
		if (!slot_of(&s, q->targets[i])->target) {
			slot_of(&s, q->targets[i])->target = true;
			s.undecided++;
		}
	if (!learn_needs(&s))
		return FIX_ERROR;
	s.limited = true;
	for (s.may_move = s.undecided; s.may_move <= FIX_MOVED_MAX && s.limited && !s.found && !s.failed && !too_far(&s); s.may_move++) {
		s.limited = false;
		go_on(&s);
	}
	out->set = s.best;
	if (s.failed)
		return FIX_ERROR;
	if (too_far(&s)) /* a set that was found may not be the best: it is said to be none rather than a worse one without a word */
		return FIX_TOO_FAR;
	return s.found ? FIX_FOUND : s.limited ? FIX_TOO_FAR : FIX_IMPOSSIBLE;
}
