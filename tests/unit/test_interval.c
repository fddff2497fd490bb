/* SPDX-License-Identifier: Apache-2.0 */
/* Random ranges and lists, compiled and matched, against the walk over events that the schema describes. Prints its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "matcher/match.h"

#include "matcher/base/banned.h"

static const char *const pool[] = {"0", "0.dev0", "0a1", "0.0", "1", "1.0.0", "1.0a1", "1.0.dev1", "1.0.post1", "1.0+l", "1.1", "2",
	"2.0rc1", "3", "1!1", "x", "1.x", "2.0+cu.1", "*"};
#define N_POOL (sizeof(pool) / sizeof(*pool))
#define EVENTS_MAX 6
#define ROUNDS 5000

static uint64_t random_state;

static size_t random_below(size_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(random_state >> 33) % n;
}

static struct span key_of(struct pipgate_run *run, struct span text)
{
	struct pipgate_version version;

	return pipgate_version_parse(run, text, &version) == PIPGATE_OK ? version.key : (struct span){NULL, 0};
}

static bool below_limits(struct pipgate_run *run, const struct pipgate_range *range, struct span version)
{
	bool any = false;

	for (size_t i = 0; i < range->n_events; i++) {
		struct span key;

		if (range->events[i].kind != PIPGATE_EVENT_LIMIT)
			continue;
		any = true;
		key = key_of(run, range->events[i].version);
		if (!key.p || pipgate_key_compare(version, key) < 0)
			return true;
	}
	return !any;
}

/* The kinds of events at the lowest key above *at (an empty one is below all versions); false: there is none. */
static bool next_point(struct pipgate_run *run, const struct pipgate_range *range, bool first, struct span *at, bool kinds[3])
{
	struct span lowest = {NULL, 0};
	bool found = false;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < range->n_events; i++) {
			const struct pipgate_event *event = &range->events[i];
			bool introduced = event->kind == PIPGATE_EVENT_INTRODUCED;
			struct span key = introduced && span_is(event->version, "0") ? (struct span){NULL, 0} : key_of(run, event->version);

			if (event->kind == PIPGATE_EVENT_LIMIT || (!key.p && !introduced) || (!first && span_compare(key, *at) <= 0))
				continue;
			if (pass == 0 && (!found || span_compare(key, lowest) < 0))
				lowest = key;
			else if (pass == 1 && span_equal(key, lowest))
				kinds[event->kind] = true;
			found = true;
		}
	*at = lowest;
	return found;
}

/* As the program oracle.py of the shared data does it. */
static bool walk(struct pipgate_run *run, const struct pipgate_range *range, struct span version)
{
	bool affected = false, state = false, first = true;
	struct span at = {NULL, 0};

	if (!below_limits(run, range, version))
		return false;
	for (;; first = false) {
		bool kinds[3] = {false, false, false}, reached, passed, was = state;

		if (!next_point(run, range, first, &at, kinds))
			return affected;
		reached = span_compare(version, at) >= 0;
		passed = span_compare(version, at) > 0;
		for (int step = 0; step < 2; step++) {
			bool fixed = step == (was ? 0 : 1);

			if (!kinds[fixed ? PIPGATE_EVENT_FIXED : PIPGATE_EVENT_INTRODUCED])
				continue;
			state = !fixed;
			if (reached)
				affected = !fixed;
		}
		if (kinds[PIPGATE_EVENT_LAST_AFFECTED]) {
			state = false;
			if (passed)
				affected = false;
		}
	}
}

static bool walk_all(struct pipgate_run *run, const struct pipgate_affected *affected, struct span version)
{
	for (size_t i = 0; i < affected->n_ranges; i++)
		if (walk(run, &affected->ranges[i], version))
			return true;
	for (size_t i = 0; i < affected->n_versions; i++) {
		struct span key = key_of(run, affected->versions[i]);

		if (key.p && span_equal(key, version))
			return true;
	}
	return false;
}

static void random_affected(struct pipgate_affected *out, struct pipgate_range *ranges, struct pipgate_event *events, struct span *listed)
{
	*out = (struct pipgate_affected){.name = SPAN("demo"), .versions = listed, .ranges = ranges};
	out->n_versions = random_below(3);
	for (size_t i = 0; i < out->n_versions; i++)
		listed[i] = span_of(pool[random_below(N_POOL)]);
	out->n_ranges = random_below(3) + !out->n_versions;
	for (size_t r = 0; r < out->n_ranges; r++, events += EVENTS_MAX) {
		ranges[r] = (struct pipgate_range){events, 1 + random_below(EVENTS_MAX)};
		for (size_t i = 0; i < ranges[r].n_events; i++) {
			size_t kind = random_below(9);

			events[i].kind = kind < 4 ? PIPGATE_EVENT_INTRODUCED : kind < 6 ? PIPGATE_EVENT_FIXED
				: kind < 8 ? PIPGATE_EVENT_LAST_AFFECTED : PIPGATE_EVENT_LIMIT;
			events[i].version = span_of(pool[random_below(3) ? random_below(N_POOL) : 0]);
		}
	}
}

static enum pipgate_status seek(void *ctx, struct span name, struct span *row, struct pipgate_error *error)
{
	(void)name;
	(void)error;
	*row = *(const struct span *)ctx;
	return PIPGATE_OK;
}

static bool matches(struct pipgate_run *run, struct span *row, const char *version)
{
	const struct pipgate_cursor cursor = {seek, row};
	struct match_hits found;
	struct pipgate_error error;

	assert_int_equal(match_find(run, SPAN("demo"), span_of(version), &cursor, &found, &error), PIPGATE_OK);
	return found.n > 0;
}

static void compare_all(struct pipgate_run *run, const struct pipgate_affected *affected, size_t round)
{
	struct pipgate_advisory advisory = {.id = SPAN("A-1")};
	struct span record, row;

	assert_int_equal(pipgate_record_encode(run, &advisory, affected, 0, &record), PIPGATE_OK);
	assert_int_equal(pipgate_row_encode(run, &record, 1, NULL, &row), PIPGATE_OK);
	for (size_t i = 0; i < N_POOL; i++) {
		struct pipgate_version version;
		bool got = matches(run, &row, pool[i]), want;

		if (pipgate_version_parse(run, span_of(pool[i]), &version) != PIPGATE_OK)
			continue;
		want = walk_all(run, affected, version.key) ||
			(version.local && walk_all(run, affected, (struct span){version.key.p, version.public_n}));
		if (got != want)
			fail_msg("round %zu, version %s: %d instead of %d", round, pool[i], got, want);
	}
}

static void random_ranges(void **state)
{
	const char *seed = getenv("SEED");
	uint64_t start = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	struct pipgate_run *run = NULL;

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)start);
	random_state = start;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t round = 0; round < ROUNDS; round++) {
		struct pipgate_range ranges[4];
		struct pipgate_event events[4 * EVENTS_MAX];
		struct span listed[4];
		struct pipgate_affected affected;

		random_affected(&affected, ranges, events, listed);
		compare_all(run, &affected, round);
		pipgate_run_reset(run);
	}
	pipgate_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
