/* SPDX-License-Identifier: Apache-2.0 */
/* Specifier sets as bounds: random ones against the specifiers themselves, and what is no set. Prints its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "matcher/advisory/record.h"
#include "matcher/advisory/specified.h"
#include "matcher/base/buf.h"
#include "tests/unit/faulty.h"

#include "matcher/base/banned.h"

static const char *const versions[] = {
	"0", "0.dev0", "0.1", "1", "1.0.0", "1.0a1", "1.0a1.post2", "1.0a1.dev3", "1.0rc1", "1.0.dev1", "1.0.post1",
	"1.0.post1.dev2", "1.0+l", "1.0+1", "1.0.1", "1.0.0.1", "1.1", "1.10", "1.9", "2", "2.0rc1", "2.0+cu.1",
	"1!0", "1!1.0", "1!1.0.1", "300.2", "1.99999999999999999999999",
};
#define N_VERSIONS (sizeof(versions) / sizeof(*versions))
static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">=", "~=", "===", "=="};
#define N_OPERATORS (sizeof(operators) / sizeof(*operators))
#define ROUNDS 20000

static uint64_t random_state;

static size_t random_below(size_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(random_state >> 33) % n;
}

/* One to three members; some do not parse. */
static void set_make(struct buf *out)
{
	size_t n = 1 + random_below(3);

	buf_clear(out);
	for (size_t i = 0; i < n; i++) {
		size_t operator = random_below(N_OPERATORS);

		buf_format(out, "%s%s%s", i ? "," : "", operators[operator], versions[random_below(N_VERSIONS)]);
		if (operator < 2 && random_below(2))
			buf_text(out, ".*");
	}
}

/* "===" means the version, however it is spelt. */
static bool contains(struct pipgate_run *run, struct span set, struct span version, struct span key)
{
	while (set.n) {
		struct span one = span_split(&set, ','), other;
		bool inside = false;

		if (span_starts(one, SPAN("==="))) {
			assert_int_equal(intervals_key(run, span_from(one, 3), &other), PIPGATE_OK);
			inside = span_equal(other, key);
		} else {
			assert_int_equal(pipgate_specifier_contains(run, one, version, PIPGATE_PRERELEASES_YES, &inside), PIPGATE_OK);
		}
		if (!inside)
			return false;
	}
	return true;
}

static void random_sets(void **state)
{
	const char *seed = getenv("SEED");
	uint64_t start = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	struct pipgate_run *run = NULL;
	size_t taken = 0;
	struct buf set;

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)start);
	random_state = start;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	buf_init(&set, NULL, 4096);
	for (size_t round = 0; round < ROUNDS; round++) {
		struct specified specified;
		enum pipgate_status status;
		bool ignored;

		pipgate_run_reset(run);
		set_make(&set);
		status = specified_compile(run, buf_view(&set), &specified);
		assert_int_equal(status, pipgate_specifier_contains(run, buf_view(&set), SPAN("1"), PIPGATE_PRERELEASES_YES, &ignored));
		if (status != PIPGATE_OK)
			continue;
		taken++;
		for (size_t i = 0; i < N_VERSIONS; i++) {
			const struct intervals intervals = {.bounds = specified.bounds, .n = specified.n};
			struct span key;

			assert_int_equal(intervals_key(run, span_of(versions[i]), &key), PIPGATE_OK);
			if (intervals_inside(&intervals, key) != contains(run, buf_view(&set), span_of(versions[i]), key))
				fail_msg("round %zu: %s in %s", round, versions[i], set.p);
		}
	}
	assert_true(taken > ROUNDS / 2);
	buf_fini(&set);
	pipgate_run_free(&run);
}

static void what_a_set_says(void **state)
{
	static const struct {
		const char *set;
		enum pipgate_status status;
		size_t bounds;
		bool every, has_end;
		const char *raw;
	} cases[] = {
		{"", PIPGATE_OK, 1, true, false, ""},
		{" , ", PIPGATE_OK, 1, true, false, ""},
		{">=1", PIPGATE_OK, 1, false, false, ""},
		{">1", PIPGATE_OK, 1, false, false, ""},
		{"<1", PIPGATE_OK, 2, false, true, ""},
		{">1,<1", PIPGATE_OK, 0, false, true, ""},
		{"!=1", PIPGATE_OK, 3, false, true, ""},
		{"!=1,!=2,>=0", PIPGATE_OK, 5, false, true, ""},
		{"===foo", PIPGATE_OK, 0, false, true, "foo"},
		{"===foo,===foo", PIPGATE_OK, 0, false, true, "foo"},
		{"===foo,===bar", PIPGATE_OK, 0, false, true, ""},
		{"===foo,>=1", PIPGATE_OK, 0, false, true, ""},
		{">=1,===foo", PIPGATE_OK, 0, false, true, ""},
		{"===1.0", PIPGATE_OK, 2, false, true, ""},
		{"<1.x", PIPGATE_INVALID, 0, false, false, ""},
		{"1.0", PIPGATE_INVALID, 0, false, false, ""},
		{">=1,,=2", PIPGATE_INVALID, 0, false, false, ""},
	};
	struct pipgate_run *run = NULL;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct specified s = {.n = 0, .raw = SPAN("")};

		assert_int_equal(specified_compile(run, span_of(cases[i].set), &s), cases[i].status);
		if (s.n != cases[i].bounds || s.every != cases[i].every || s.has_end != cases[i].has_end || !span_is(s.raw, cases[i].raw))
			fail_msg("'%s': %zu bounds, every %d, has_end %d, raw '%.*s'", cases[i].set, s.n, s.every, s.has_end, (int)s.raw.n,
				s.raw.p);
	}
	pipgate_run_free(&run);
}

/* Upper bounds, ascending, each once, but for those that another set reaches over. */
static void fixed_versions(void **state)
{
	static const struct span sets[] = {{"<1.5,<2", 7}, {">=3,<4.0", 8}, {">=5,<6", 6}, {">=6,<7", 6}, {"<4", 2}, {"==8", 3}};
	const struct pipgate_affected affected = {.name = SPAN("demo"), .specifiers = sets, .n_specifiers = 6};
	const struct pipgate_advisory advisory = {.id = SPAN("A-1")};
	static const char *const wanted[] = {"4", "7"};
	struct pipgate_run *run = NULL;
	struct record record;
	struct span bytes;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	assert_int_equal(pipgate_record_encode(run, &advisory, &affected, 0, &bytes), PIPGATE_OK);
	assert_int_equal(record_decode(run, bytes, &record), PIPGATE_OK);
	assert_int_equal(record.n_fixed, 2);
	for (size_t i = 0; i < record.n_fixed; i++)
		assert_true(span_starts(record.fixed[i].text, span_of(wanted[i])));
	assert_true(record.intervals.has_end);
	pipgate_run_free(&run);
}

static void bad_set_refuses_the_record(void **state)
{
	static const struct span sets[] = {{"<1", 2}, {"<1.x", 4}};
	const struct pipgate_affected affected = {.name = SPAN("demo"), .specifiers = sets, .n_specifiers = 2};
	const struct pipgate_advisory advisory = {.id = SPAN("A-1")};
	struct pipgate_run *run = NULL;
	struct span bytes;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	assert_int_equal(pipgate_record_encode(run, &advisory, &affected, 0, &bytes), PIPGATE_INVALID);
	pipgate_run_free(&run);
}

/* Texts of many kilobytes, so that the arena asks often. */
static void every_allocation_fails(void **state)
{
	const struct pipgate_advisory advisory = {.id = SPAN("A-1")};
	size_t failures = 0;
	struct buf set;

	(void)state;
	buf_init(&set, NULL, (size_t)1 << 20);
	buf_text(&set, "===foo,==1.2.*,~=1.2.3,<=2");
	for (size_t i = 0; i < 2000; i++)
		buf_format(&set, ",<%zu.%zu,!=%zu,>0.%zu", i + 3, i, i + 9, i);
	for (size_t n = 1;; n++) {
		struct faulty faulty = {.fail_at = n};
		const struct pipgate_allocator allocator = faulty_allocator(&faulty);
		const struct span sets[] = {buf_view(&set)};
		const struct pipgate_affected affected = {.name = SPAN("demo"), .specifiers = sets, .n_specifiers = 1};
		struct pipgate_run *run = NULL;
		struct span bytes;
		enum pipgate_status status = pipgate_run_new(&allocator, &run);

		if (status == PIPGATE_OK)
			status = pipgate_record_encode(run, &advisory, &affected, 0, &bytes);
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
		if (status == PIPGATE_OK)
			break;
		assert_int_equal(status, PIPGATE_NO_MEMORY);
		failures++;
	}
	assert_true(failures > 5);
	buf_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sets),
		cmocka_unit_test(what_a_set_says),
		cmocka_unit_test(fixed_versions),
		cmocka_unit_test(bad_set_refuses_the_record),
		cmocka_unit_test(every_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
