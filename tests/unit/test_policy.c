/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and values of a policy, and patterns with their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "matcher/base/span.h"
#include "matcher/policy/policy.h"
#include "tests/unit/faulty.h"
#include "tests/unit/stopwatch.h"

#include "matcher/base/banned.h"

static int run_up(void **state)
{
	return pipgate_run_new(NULL, (struct pipgate_run **)state) == PIPGATE_OK ? 0 : -1;
}

static int run_down(void **state)
{
	pipgate_run_free((struct pipgate_run **)state);
	return 0;
}

static struct pipgate_policy *policy_of(void **state)
{
	struct pipgate_policy *policy = NULL;

	assert_int_equal(pipgate_policy_new(*state, &policy), PIPGATE_OK);
	return policy;
}

static void defaults(void **state)
{
	static const struct {
		enum policy_key key;
		const char *name, *word;
		int64_t value;
	} table[] = {
		{POLICY_MODE, "mode", "block", POLICY_MODE_BLOCK},  {POLICY_FAIL_ON, "fail-on", "high", PIPGATE_LEVEL_HIGH},
		{POLICY_UNKNOWN, "unknown", "high", PIPGATE_LEVEL_HIGH}, {POLICY_MALICIOUS, "malicious", "block", PIPGATE_BLOCK},
		{POLICY_EXPLOITED, "exploited", "block", PIPGATE_BLOCK}, {POLICY_NO_FIX, "no-fix-available", "warn", PIPGATE_WARN},
		{POLICY_SDIST, "sdist", "warn", PIPGATE_WARN}, {POLICY_SATISFIED, "satisfied", "warn", PIPGATE_WARN},
		{POLICY_EPSS, "epss", "none", POLICY_EPSS_NEVER}, {POLICY_MIN_AGE, "min-age", "0", 0},
		{POLICY_DATABASE_MAX_AGE, "database-max-age", "14d", 14 * 86400}, {POLICY_EXCEPTION_DAYS, "exception-days", "365", 365},
	};
	struct pipgate_policy *policy = policy_of(state);

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		assert_string_equal(policy_key_name(table[i].key), table[i].name);
		assert_string_equal(policy->values[table[i].key].word, table[i].word);
		assert_int_equal(policy->values[table[i].key].value, table[i].value);
	}
	for (size_t i = 0; i < POLICY_KEYS; i++)
		assert_string_equal(policy->values[i].layer, "default");
	assert_int_equal(policy->patterns.n, 0);
}

static void values(void **state)
{
	static const struct {
		const char *key, *value;
		enum policy_key at;
		int expected; /* 0: refused */
	} table[] = {
		{"mode", "block", POLICY_MODE, POLICY_MODE_BLOCK},
		{"mode", "warn", POLICY_MODE, POLICY_MODE_WARN},
		{"mode", "OFF", POLICY_MODE, POLICY_MODE_OFF},
		{"mode", "allow", POLICY_MODE, 0},
		{"fail-on", "low", POLICY_FAIL_ON, PIPGATE_LEVEL_LOW},
		{"fail-on", "Medium", POLICY_FAIL_ON, PIPGATE_LEVEL_MEDIUM},
		{"fail-on", "CRITICAL", POLICY_FAIL_ON, PIPGATE_LEVEL_CRITICAL},
		{"fail-on", "any", POLICY_FAIL_ON, POLICY_FAIL_ON_ANY},
		{"fail-on", "none", POLICY_FAIL_ON, POLICY_FAIL_ON_NEVER},
		{"fail-on", "hgh", POLICY_FAIL_ON, 0},
		{"fail-on", "", POLICY_FAIL_ON, 0},
		{"fail-on", "high ", POLICY_FAIL_ON, 0},
		{"unknown", "warn", POLICY_UNKNOWN, POLICY_UNKNOWN_WARN},
		{"unknown", "ignore", POLICY_UNKNOWN, POLICY_UNKNOWN_IGNORE},
		{"unknown", "none", POLICY_UNKNOWN, 0},
		{"malicious", "allow", POLICY_MALICIOUS, PIPGATE_ALLOW},
		{"malicious", "ignore", POLICY_MALICIOUS, 0},
		{"sdist", "block", POLICY_SDIST, PIPGATE_BLOCK},
		{"no-fix-available", "block", POLICY_NO_FIX, PIPGATE_BLOCK},
		{"satisfied", "ignore", POLICY_SATISFIED, PIPGATE_ALLOW},
		{"satisfied", "allow", POLICY_SATISFIED, 0},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct pipgate_policy *policy = policy_of(state);
		struct policy_value before = policy->values[table[i].at];
		struct pipgate_error error = {""};
		enum pipgate_status status;

		status = pipgate_policy_set(policy, span_of(table[i].key), span_of(table[i].value), "--gate-x", &error);
		assert_int_equal(status, table[i].expected ? PIPGATE_OK : PIPGATE_INVALID);
		if (table[i].expected) {
			assert_int_equal(policy->values[table[i].at].value, table[i].expected);
			assert_string_equal(policy->values[table[i].at].layer, "--gate-x");
		} else {
			assert_memory_equal(&before, &policy->values[table[i].at], sizeof(before));
			assert_non_null(strstr(error.text, table[i].key));
			assert_non_null(strstr(error.text, " is none of "));
		}
	}
}

static void refusals_say_what_there_is(void **state)
{
	struct pipgate_policy *policy = policy_of(state);
	struct pipgate_error error = {""};

	assert_int_equal(pipgate_policy_set(policy, SPAN("fail-on"), SPAN("h\033[1m"), "x", &error), PIPGATE_INVALID);
	assert_string_equal(error.text, "fail-on: 'h\\x1b[1m' is none of low, medium, high, critical, any, none");
	assert_int_equal(pipgate_policy_set(policy, SPAN("failon"), SPAN("high"), "x", &error), PIPGATE_INVALID);
	assert_string_equal(error.text,
		"a policy has no key 'failon' (`pipgate policy show` lists them)");
	assert_int_equal(pipgate_policy_set(policy, SPAN("fail-on"), SPAN("high"), "x", NULL), PIPGATE_OK);
}

static void the_last_layer_wins(void **state)
{
	struct pipgate_policy *policy = policy_of(state);
	char layer[] = "PIPGATE_FAIL_ON";

	assert_int_equal(pipgate_policy_set(policy, SPAN("fail-on"), SPAN("low"), "/etc/pipgate", NULL), PIPGATE_OK);
	assert_int_equal(pipgate_policy_set(policy, SPAN("fail-on"), SPAN("none"), layer, NULL), PIPGATE_OK);
	layer[0] = 'X';
	assert_string_equal(policy->values[POLICY_FAIL_ON].word, "none");
	assert_string_equal(policy->values[POLICY_FAIL_ON].layer, "PIPGATE_FAIL_ON");
}

/* ---- patterns ---- */

static enum pipgate_status match(struct pipgate_run *run, const char *pattern, struct span name, bool *hit, struct pipgate_error *error)
{
	struct pattern_matcher matcher;
	struct pattern compiled;

	assert_int_equal(pattern_compile(run, span_of(pattern), "--gate-block", &compiled, error), PIPGATE_OK);
	assert_int_equal(pattern_matcher_init(run, &matcher), PIPGATE_OK);
	return pattern_match(&matcher, &compiled, name, hit, error);
}

static void patterns_match_whole_names(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool hit;
	} table[] = {
		{"jinja2", "jinja2", true},      {"jinja2", "jinja2-x", false}, {"jinja2", "xjinja2", false},  {"Jinja2", "jinja2", true},
		{"evil-.*", "evil-corp", true},  {"evil-.*", "evil", false},    {"a|ab", "ab", true},          {"^evil$", "evil", true},
		{"(?-i)Evil", "evil", false},    {"foo.bar", "foo-bar", true},  {"evil\\n?", "evil", true},    {"x*", "", true},
		{"[^-_]+", "abc", true},         {".*typo.*", "a-typo-b", true}, {"a", "a\n", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bool hit = !table[i].hit;

		assert_int_equal(match(*state, table[i].pattern, span_of(table[i].name), &hit, NULL), PIPGATE_OK);
		if (hit != table[i].hit)
			fail_msg("%s against %s", table[i].pattern, table[i].name);
	}
}

static void patterns_refused(void **state)
{
	static const struct {
		const char *pattern, *says;
	} table[] = {
		{"", "empty pattern"},       {"(", "missing closing parenthesis"}, {"a\\C", "disabled"}, {"(*UTF)a", "disabled"},
		{"foo_bar", "never match"},  {"a{2,1}", "out of order"},           {"[a", "missing terminating ]"},
	};
	struct pipgate_policy *policy = policy_of(state);
	struct pipgate_error error = {""};
	char big[PATTERN_BYTES_MAX + 1];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		assert_int_equal(pipgate_policy_set(policy, SPAN("block"), span_of(table[i].pattern), "x", &error), PIPGATE_INVALID);
		if (strncmp(error.text, "block: ", 7) || !strstr(error.text, table[i].says))
			fail_msg("'%s': %s", table[i].pattern, error.text);
	}
	memset(big, 'a', sizeof(big));
	assert_int_equal(pipgate_policy_set(policy, SPAN("block"), (struct span){big, sizeof(big)}, "x", &error), PIPGATE_INVALID);
	memset(big, '(', sizeof(big));
	memset(big + sizeof(big) / 2, ')', sizeof(big) / 2);
	assert_int_equal(pipgate_policy_set(policy, SPAN("block"), (struct span){big, sizeof(big) - 1}, "x", &error), PIPGATE_INVALID);
	assert_int_equal(policy->patterns.n, 0);
	for (size_t i = 0; i < POLICY_PATTERNS_MAX; i++)
		assert_int_equal(pipgate_policy_set(policy, SPAN("block"), SPAN("a"), "x", &error), PIPGATE_OK);
	assert_int_equal(pipgate_policy_set(policy, SPAN("block"), SPAN("a"), "x", &error), PIPGATE_LIMIT);
}

/* Never "no match": a bomb ends soon, and it ends closed. */
static void bombs_close(void **state)
{
	static const char *const bombs[] = {"(a+)+$", "(a|aa)+$", "(a|a?)+", "(.*)*x", "((((a*)*)*)*)*b", "(?:a?){400}a{400}", "^(a(?1)?)*b$"};
	char name[4096];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '!';
	for (size_t i = 0; i < sizeof(bombs) / sizeof(*bombs); i++) {
		struct pipgate_error error = {""};
		double start = stopwatch_ms(), took;
		bool hit = true;
		enum pipgate_status status = match(*state, bombs[i], (struct span){name, sizeof(name)}, &hit, &error);

		took = stopwatch_ms() - start;
		print_message("%s: %s, %.2f ms\n", bombs[i], status == PIPGATE_OK ? "decided" : error.text, took);
		if (status == PIPGATE_OK)
			assert_false(hit); /* PCRE2 saw it by a short cut */
		else
			assert_int_equal(status, PIPGATE_INVALID);
		assert_true(took <= HANG_MS);
		pipgate_run_reset(*state);
	}
	{
		struct pipgate_error error = {""};
		bool hit = false;

		assert_int_equal(match(*state, "(a+)+$", (struct span){name, 200}, &hit, &error), PIPGATE_OK);
		assert_true(hit);
		name[60] = '!';
		assert_int_equal(match(*state, "(a+)+$", (struct span){name, 61}, &hit, &error), PIPGATE_INVALID);
		assert_non_null(strstr(error.text, "'(a+)+$' (--gate-block) cannot be decided for 'aaa"));
	}
}

/* ---- faults ---- */

static enum pipgate_status everything(struct pipgate_run *run)
{
	struct pipgate_policy *policy;
	struct pattern_matcher matcher;
	enum pipgate_status status = pipgate_policy_new(run, &policy);
	bool hit = false;

	for (int i = 0; status == PIPGATE_OK && i < 300; i++)
		status = pipgate_policy_set(policy, SPAN("block"), SPAN("(evil|bad)-[a-z]{3,60}(x|y|z)*"), "--gate-block", NULL);
	if (status == PIPGATE_OK)
		status = pipgate_policy_set(policy, SPAN("mode"), SPAN("warn"), "--gate", NULL);
	for (int i = 0; status == PIPGATE_OK && i < 8; i++) {
		status = pattern_matcher_init(run, &matcher);
		if (status == PIPGATE_OK)
			status = pattern_match(&matcher, policy->patterns.items, SPAN("evil-abc"), &hit, NULL);
		assert_true(status != PIPGATE_OK || hit);
	}
	return status;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct faulty faulty = {.fail_at = n};
		struct pipgate_allocator allocator = faulty_allocator(&faulty);
		struct pipgate_run *run = NULL;
		enum pipgate_status status = pipgate_run_new(&allocator, &run);

		if (status == PIPGATE_OK)
			status = everything(run);
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
		if (faulty.calls < n) {
			assert_int_equal(status, PIPGATE_OK);
			assert_true(n > 4);
			return;
		}
		assert_int_equal(status, PIPGATE_NO_MEMORY);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, run_up, run_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults),
		TEST(values),
		TEST(refusals_say_what_there_is),
		TEST(the_last_layer_wins),
		TEST(patterns_match_whole_names),
		TEST(patterns_refused),
		TEST(bombs_close),
		TEST(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
