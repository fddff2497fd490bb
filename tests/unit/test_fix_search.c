/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest clean set beside brute force: 500 made-up graphs of up to six distributions (FIX_SEED=N makes another 500). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wrapper/fix/search.h"

#include "matcher/base/banned.h"

#define GRAPHS 500
#define MOST 6      /* distributions of a made-up graph */
#define ROOM 64     /* of any */
#define RELEASES 4
#define NEEDS 3     /* of one release */

struct graph {
	size_t n, present_n; /* the last ones are not there */
	struct fix_candidate candidates[ROOM][RELEASES];
	struct fix_releases releases[ROOM];
	struct fix_need needs[ROOM][RELEASES][NEEDS];
	size_t n_needs[ROOM][RELEASES];
	struct fix_need asked[2];
	size_t n_asked, targets[ROOM], n_targets;
	bool downgrades, prereleases;
	size_t questions; /* how often the index was asked */
};

static uint64_t state;

static size_t below(size_t n) /* xorshift: the same graphs on every machine */
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)((state >> 16) % n);
}

/* A need's specifiers are one byte: the releases that fit, as bits. */
static char masks[1 << RELEASES];

static struct fix_need need_to(size_t distribution)
{
	return (struct fix_need){.distribution = distribution, .specifiers = {&masks[below(1 << RELEASES) | below(1 << RELEASES)], 1}};
}

static size_t index_of(const struct graph *g, size_t distribution, size_t candidate)
{
	return candidate == FIX_NONE ? g->releases[distribution].present : candidate;
}

static bool fits(void *ctx, const struct fix_need *need, size_t candidate)
{
	size_t index = index_of(ctx, need->distribution, candidate);

	return index != FIX_NONE && (need->specifiers.p[0] >> index & 1);
}

static enum pipgate_status releases(void *ctx, size_t distribution, struct fix_releases *out, struct pipgate_error *error)
{
	struct graph *g = ctx;

	(void)error;
	g->questions++;
	*out = g->releases[distribution];
	return PIPGATE_OK;
}

static enum pipgate_status needs(void *ctx, size_t distribution, size_t candidate, const struct fix_need **out, size_t *n,
	struct pipgate_error *error)
{
	struct graph *g = ctx;
	size_t index = index_of(g, distribution, candidate);

	(void)error;
	*out = g->needs[distribution][index];
	*n = g->n_needs[distribution][index];
	return PIPGATE_OK;
}

static void make_distribution(struct graph *g, size_t d)
{
	g->releases[d] = (struct fix_releases){g->candidates[d], 1 + below(RELEASES), FIX_NONE};
	if (d < g->present_n)
		g->releases[d].present = below(g->releases[d].n);
	for (size_t c = 0; c < g->releases[d].n; c++) {
		g->candidates[d][c] = (struct fix_candidate){.clean = below(4) > 0, .yanked = below(10) == 0, .prerelease = below(8) == 0};
		for (size_t i = below(NEEDS + 1); i; i--) {
			size_t other = below(g->n);

			if (other != d)
				g->needs[d][c][g->n_needs[d][c]++] = need_to(other);
		}
	}
}

static void make_graph(struct graph *g)
{
	*g = (struct graph){.n = 1 + below(MOST), .downgrades = below(2), .prereleases = below(2)};
	g->present_n = g->n > 2 ? g->n - below(3) : g->n;
	for (size_t d = 0; d < g->n; d++)
		make_distribution(g, d);
	for (size_t d = 0; d < g->present_n; d++)
		if (below(3) == 0)
			g->targets[g->n_targets++] = d;
	if (!g->n_targets)
		g->targets[g->n_targets++] = 0;
	for (size_t i = 0; i < g->n_targets; i++)
		g->candidates[g->targets[i]][g->releases[g->targets[i]].present].clean = false;
	for (g->n_asked = below(3); g->n_asked && below(2); g->n_asked--)
		;
	for (size_t i = 0; i < g->n_asked; i++)
		g->asked[i] = need_to(below(g->present_n));
}

/* ---- brute force: every assignment, judged by the words of search.h ---- */

static bool holds(struct graph *g, const size_t *chosen, const struct fix_question *q)
{
	for (size_t i = 0; i < q->n_targets; i++)
		if (chosen[q->targets[i]] == FIX_NONE)
			return false;
	for (size_t i = 0; i < q->n_asked; i++)
		if (!fits(g, &q->asked[i], chosen[q->asked[i].distribution]))
			return false;
	for (size_t d = 0; d < g->n; d++) {
		size_t at = index_of(g, d, chosen[d]);

		if (chosen[d] != FIX_NONE && !fix_acceptable(q, &g->releases[d], chosen[d]))
			return false;
		for (size_t i = 0; at != FIX_NONE && i < g->n_needs[d][at]; i++) {
			const struct fix_need *need = &g->needs[d][at][i];

			if (!fits(g, need, chosen[need->distribution]) && (chosen[d] != FIX_NONE || fits(g, need, FIX_NONE)))
				return false;
		}
	}
	return true;
}

struct cost {
	size_t moved, sum, steps[MOST];
};

static struct cost cost_of(const struct graph *g, const size_t *chosen)
{
	struct cost cost = {0};

	for (size_t d = 0; d < g->n; d++) {
		size_t present = g->releases[d].present, c = chosen[d];

		if (c == FIX_NONE)
			continue;
		cost.moved++;
		cost.steps[d] = present == FIX_NONE ? g->releases[d].n - 1 - c : c > present ? c - present : present - c;
		cost.sum += cost.steps[d];
	}
	return cost;
}

static int compare(const struct cost *a, const struct cost *b)
{
	if (a->moved != b->moved || a->sum != b->sum)
		return a->moved < b->moved || (a->moved == b->moved && a->sum < b->sum) ? -1 : 1;
	for (size_t d = 0; d < MOST; d++)
		if (a->steps[d] != b->steps[d])
			return a->steps[d] < b->steps[d] ? -1 : 1;
	return 0;
}

static bool brute(struct graph *g, const struct fix_question *q, struct cost *best)
{
	size_t chosen[MOST];
	bool found = false;

	for (size_t d = 0; d < MOST; d++)
		chosen[d] = FIX_NONE;
	for (size_t d = 0; d < g->n;) {
		if (holds(g, chosen, q)) {
			struct cost cost = cost_of(g, chosen);

			if (!found || compare(&cost, best) < 0)
				*best = cost;
			found = true;
		}
		for (d = 0; d < g->n; d++) { /* the next one, as an odometer counts */
			if (++chosen[d] < g->releases[d].n) /* FIX_NONE + 1 is 0 */
				break;
			chosen[d] = FIX_NONE;
		}
	}
	return found;
}

static void as_brute_force(void **unused)
{
	const char *given = getenv("FIX_SEED");
	size_t found = 0, impossible = 0, moved = 0;
	uint64_t seed = given ? strtoull(given, NULL, 10) : 20261124;

	(void)unused;
	state = seed * 0x9e3779b97f4a7c15u + 1;
	printf("FIX_SEED=%llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < GRAPHS; i++) {
		struct graph g;
		struct cost expected = {0}, got;
		struct fix_world world = {releases, needs, fits, &g};
		struct fix_answer answer;
		struct pipgate_run *run;
		enum fix_outcome outcome;
		size_t chosen[MOST];
		bool possible;

		make_graph(&g);
		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		struct fix_question q = {.run = run, .world = &world, .n = g.present_n, .targets = g.targets, .n_targets = g.n_targets,
			.asked = g.asked, .n_asked = g.n_asked, .downgrades = g.downgrades, .prereleases = g.prereleases};
		possible = brute(&g, &q, &expected);
		outcome = fix_search(&q, &answer, NULL);
		if (outcome != (possible ? FIX_FOUND : FIX_IMPOSSIBLE))
			fail_msg("graph %zu: brute force %s, the search says %d", i, possible ? "finds one" : "finds none", outcome);
		for (size_t d = 0; d < MOST; d++)
			chosen[d] = FIX_NONE;
		for (size_t k = 0; possible && k < answer.set.n; k++)
			chosen[answer.set.v[k].distribution] = answer.set.v[k].candidate;
		got = cost_of(&g, chosen);
		if (possible && (!holds(&g, chosen, &q) || compare(&got, &expected) != 0))
			fail_msg("graph %zu: moved %zu by %zu steps, brute force %zu by %zu", i, got.moved, got.sum, expected.moved, expected.sum);
		*(possible ? &found : &impossible) += 1;
		moved += got.moved > g.n_targets;
		pipgate_run_free(&run);
	}
	printf("%zu found (%zu moved more than their targets), %zu impossible\n", found, moved, impossible);
	assert_true(found > GRAPHS / 10 && impossible > GRAPHS / 10 && moved > GRAPHS / 50); /* or the graphs prove nothing */
}

/* ---- a chain by hand: web 1 (vulnerable) is held by app 1, app 2 lets it go ---- */

static void make_chain(struct graph *g)
{
	*g = (struct graph){.n = 2, .present_n = 2, .targets = {0}, .n_targets = 1};
	for (size_t d = 0; d < 2; d++) {
		g->releases[d] = (struct fix_releases){g->candidates[d], 3, 0};
		for (size_t c = 0; c < 3; c++)
			g->candidates[d][c].clean = d || c;
	}
	for (size_t c = 0; c < 3; c++) {
		g->needs[1][c][0] = (struct fix_need){.distribution = 0, .specifiers = {&masks[c == 0 ? 1 : 2], 1}};
		g->n_needs[1][c] = 1;
	}
}

static void held_back_and_refused(void **unused)
{
	struct graph g;
	struct fix_world world = {releases, needs, fits, &g};
	struct fix_answer first, second;
	struct pipgate_run *run;

	(void)unused;
	make_chain(&g);
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	struct fix_question q = {.run = run, .world = &world, .n = 2, .targets = g.targets, .n_targets = 1};
	assert_int_equal(fix_search(&q, &first, NULL), FIX_FOUND);
	assert_int_equal(first.set.n, 2);
	assert_int_equal(first.set.v[0].candidate, 1);
	assert_int_equal(first.set.v[1].candidate, 1);
	assert_int_equal(g.questions, 2); /* only those that had to move */
	q.refused = &first.set; /* the real resolver says no: the next one */
	q.n_refused = 1;
	assert_int_equal(fix_search(&q, &second, NULL), FIX_FOUND);
	assert_int_equal(second.set.v[1].candidate, 2);
	g.releases[1].n = 1; /* app has no other release: it is the one to blame */
	assert_int_equal(fix_search(&q, &second, NULL), FIX_IMPOSSIBLE);
	assert_true(second.blamed);
	assert_int_equal(second.owner, 1);
	assert_int_equal(second.need.distribution, 0);
	pipgate_run_free(&run);
}

/* ---- many pairs, each held as above: what one costs must not be multiplied by the others ---- */

static void pairs_do_not_multiply(void **unused)
{
	static struct graph g;
	struct fix_world world = {releases, needs, fits, &g};
	struct fix_answer answer;
	struct pipgate_run *run;

	(void)unused;
	g = (struct graph){.n = ROOM, .present_n = ROOM, .n_targets = ROOM / 2};
	for (size_t d = 0; d < ROOM; d++) {
		g.releases[d] = (struct fix_releases){g.candidates[d], RELEASES, 0};
		for (size_t c = 0; c < RELEASES; c++) {
			g.candidates[d][c].clean = d % 2 || c;
			g.needs[d][c][0] = (struct fix_need){.distribution = d - 1, .specifiers = {&masks[1 << c], 1}};
			g.n_needs[d][c] = d % 2;
		}
		if (d % 2 == 0)
			g.targets[d / 2] = d;
	}
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	struct fix_question q = {.run = run, .world = &world, .n = ROOM, .targets = g.targets, .n_targets = ROOM / 2};
	assert_int_equal(fix_search(&q, &answer, NULL), FIX_FOUND);
	assert_true(answer.nearest);
	assert_int_equal(answer.set.n, ROOM);
	assert_int_equal(answer.set.steps, ROOM);
	g.releases[ROOM - 1].n = 1; /* the last one is held for good, and named */
	assert_int_equal(fix_search(&q, &answer, NULL), FIX_IMPOSSIBLE);
	assert_int_equal(answer.target, ROOM / 2 - 1);
	assert_int_equal(answer.owner, ROOM - 1);
	pipgate_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_brute_force), cmocka_unit_test(held_back_and_refused),
		cmocka_unit_test(pairs_do_not_multiply)};

	for (size_t i = 0; i < sizeof(masks); i++)
		masks[i] = (char)i;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
