/* SPDX-License-Identifier: Apache-2.0 */
/* Findings × policy → judgements: one row a rule, with the reason as it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "matcher/policy/policy.h"
#include "tests/unit/faulty.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))

static int run_up(void **state)
{
	return pipgate_run_new(NULL, (struct pipgate_run **)state) == PIPGATE_OK ? 0 : -1;
}

static int run_down(void **state)
{
	pipgate_run_free((struct pipgate_run **)state);
	return 0;
}

/* "key=value key=value", each from the layer "--gate". */
static struct pipgate_policy *policy_of(struct pipgate_run *run, const char *settings)
{
	struct pipgate_policy *policy = NULL;
	struct span rest = span_of(settings);

	assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
	while (rest.n) {
		struct span value = span_split(&rest, ' '), key = span_split(&value, '=');
		struct pipgate_error error = {""};

		if (pipgate_policy_set(policy, key, value, "--gate", &error) != PIPGATE_OK)
			fail_msg("%s", error.text);
	}
	return policy;
}

/* What a row of the tables is about. */
enum fact {
	MALICIOUS = 1,
	NO_END = 2,
	INSTALLED = 4,
	SDIST = 8,
	UNKNOWN_VERSION = 16,
	NO_FINDING = 32,
};

static enum pipgate_status decide(struct pipgate_run *run, const struct pipgate_policy *policy, enum pipgate_level level, int facts,
	struct pipgate_verdict *out, struct pipgate_error *error)
{
	const struct pipgate_component component = {
		.name = SPAN("jinja2"),
		.version = SPAN("2.10"),
		.origin = facts & INSTALLED ? PIPGATE_ORIGIN_INSTALLED : PIPGATE_ORIGIN_INDEX,
		.sdist = facts & SDIST,
	};
	const struct pipgate_finding finding = {
		.id = SPAN("PYSEC-1"),
		.severity = {.level = level},
		.has_end = !(facts & NO_END),
		.malicious = facts & MALICIOUS,
	};
	const bool unknown = facts & UNKNOWN_VERSION;

	return pipgate_decide(run, policy, &(struct pipgate_case){
		.components = &component,
		.n_components = 1,
		.unknown = &unknown,
		.findings = &finding,
		.n_findings = facts & NO_FINDING ? 0 : 1,
	}, out, error);
}

static const struct {
	const char *settings;
	enum pipgate_level level;
	int facts;
	enum pipgate_action action;
	const char *reason; /* of the last judgement; NULL: there is none */
} rules[] = {
	/* severity */
	{"", PIPGATE_LEVEL_HIGH, 0, PIPGATE_BLOCK, "HIGH reaches fail-on high (default)"},
	{"", PIPGATE_LEVEL_CRITICAL, 0, PIPGATE_BLOCK, "CRITICAL reaches fail-on high (default)"},
	{"", PIPGATE_LEVEL_MEDIUM, 0, PIPGATE_WARN, "MEDIUM is below fail-on high (default)"},
	{"fail-on=low", PIPGATE_LEVEL_LOW, 0, PIPGATE_BLOCK, "LOW reaches fail-on low (--gate)"},
	{"fail-on=low", PIPGATE_LEVEL_NONE, 0, PIPGATE_WARN, "NONE is below fail-on low (--gate)"},
	{"fail-on=any", PIPGATE_LEVEL_NONE, 0, PIPGATE_BLOCK, "NONE reaches fail-on any (--gate)"},
	{"fail-on=any", PIPGATE_LEVEL_UNKNOWN, 0, PIPGATE_BLOCK,
		"unknown severity counts as high (default) and reaches fail-on any (--gate)"},
	{"fail-on=critical", PIPGATE_LEVEL_HIGH, 0, PIPGATE_WARN, "HIGH is below fail-on critical (--gate)"},
	{"fail-on=none", PIPGATE_LEVEL_CRITICAL, 0, PIPGATE_WARN, "CRITICAL does not block: fail-on none (--gate)"},
	/* unknown severity */
	{"", PIPGATE_LEVEL_UNKNOWN, 0, PIPGATE_BLOCK, "unknown severity counts as high (default) and reaches fail-on high (default)"},
	{"unknown=low", PIPGATE_LEVEL_UNKNOWN, 0, PIPGATE_WARN, "unknown severity counts as low (--gate) and is below fail-on high (default)"},
	{"unknown=critical fail-on=critical", PIPGATE_LEVEL_UNKNOWN, 0, PIPGATE_BLOCK,
		"unknown severity counts as critical (--gate) and reaches fail-on critical (--gate)"},
	{"unknown=warn", PIPGATE_LEVEL_UNKNOWN, 0, PIPGATE_WARN, "unknown severity: unknown warn (--gate)"},
	{"unknown=ignore", PIPGATE_LEVEL_UNKNOWN, 0, PIPGATE_ALLOW, "unknown severity: unknown ignore (--gate)"},
	{"unknown=ignore", PIPGATE_LEVEL_HIGH, 0, PIPGATE_BLOCK, "HIGH reaches fail-on high (default)"},
	/* no release to go to */
	{"no-fix-available=block", PIPGATE_LEVEL_HIGH, NO_END, PIPGATE_BLOCK, "HIGH reaches fail-on high (default)"},
	{"no-fix-available=allow", PIPGATE_LEVEL_HIGH, NO_END, PIPGATE_ALLOW, "HIGH reaches fail-on high (default), but no clean release is known"},
	{"", PIPGATE_LEVEL_HIGH, NO_END, PIPGATE_WARN, "HIGH reaches fail-on high (default), but no clean release is known"},
	{"", PIPGATE_LEVEL_LOW, NO_END, PIPGATE_WARN, "LOW is below fail-on high (default)"},
	{"", PIPGATE_LEVEL_UNKNOWN, NO_END, PIPGATE_WARN,
		"unknown severity counts as high (default) and reaches fail-on high (default), but no clean release is known"},
	/* malicious: whatever its severity, and with or without an end */
	{"", PIPGATE_LEVEL_LOW, MALICIOUS, PIPGATE_BLOCK, "malicious: block (default)"},
	{"", PIPGATE_LEVEL_UNKNOWN, MALICIOUS | NO_END, PIPGATE_BLOCK, "malicious: block (default)"},
	{"fail-on=none", PIPGATE_LEVEL_UNKNOWN, MALICIOUS, PIPGATE_BLOCK, "malicious: block (default)"},
	{"malicious=warn", PIPGATE_LEVEL_CRITICAL, MALICIOUS, PIPGATE_WARN, "malicious: warn (--gate)"},
	{"malicious=allow", PIPGATE_LEVEL_CRITICAL, MALICIOUS, PIPGATE_ALLOW, "malicious: allow (--gate)"},
	/* already installed */
	{"", PIPGATE_LEVEL_HIGH, INSTALLED, PIPGATE_WARN, "HIGH reaches fail-on high (default), but already installed: satisfied warn (default)"},
	{"", PIPGATE_LEVEL_LOW, INSTALLED, PIPGATE_WARN, "LOW is below fail-on high (default)"},
	{"", PIPGATE_LEVEL_LOW, INSTALLED | MALICIOUS, PIPGATE_WARN,
		"malicious: block (default), but already installed: satisfied warn (default)"},
	{"satisfied=ignore", PIPGATE_LEVEL_LOW, INSTALLED, PIPGATE_ALLOW,
		"LOW is below fail-on high (default), but already installed: satisfied ignore (--gate)"},
	{"satisfied=block", PIPGATE_LEVEL_HIGH, INSTALLED, PIPGATE_BLOCK, "HIGH reaches fail-on high (default)"},
	{"satisfied=block", PIPGATE_LEVEL_LOW, INSTALLED, PIPGATE_WARN, "LOW is below fail-on high (default)"},
	/* names */
	{"block=jin.*", PIPGATE_LEVEL_LOW, 0, PIPGATE_BLOCK, "its name matches block 'jin.*' (--gate)"},
	{"block=jin block=.*2", PIPGATE_LEVEL_LOW, NO_FINDING, PIPGATE_BLOCK, "its name matches block '.*2' (--gate)"},
	{"block=jinja", PIPGATE_LEVEL_LOW, NO_FINDING, PIPGATE_ALLOW, NULL},
	{"block=jin.*", PIPGATE_LEVEL_LOW, NO_FINDING | INSTALLED, PIPGATE_WARN,
		"its name matches block 'jin.*' (--gate), but already installed: satisfied warn (default)"},
	/* versions that cannot be compared: never clean */
	{"", PIPGATE_LEVEL_LOW, NO_FINDING | UNKNOWN_VERSION, PIPGATE_BLOCK,
		"a version that is not PEP 440 counts as high (default) and reaches fail-on high (default)"},
	{"unknown=low", PIPGATE_LEVEL_LOW, NO_FINDING | UNKNOWN_VERSION, PIPGATE_WARN,
		"a version that is not PEP 440 counts as low (--gate) and is below fail-on high (default)"},
	{"unknown=ignore", PIPGATE_LEVEL_LOW, NO_FINDING | UNKNOWN_VERSION, PIPGATE_WARN,
		"a version that is not PEP 440: unknown ignore (--gate)"},
	/* build code */
	{"", PIPGATE_LEVEL_LOW, NO_FINDING | SDIST, PIPGATE_WARN, "builds from source: sdist warn (default)"},
	{"sdist=block", PIPGATE_LEVEL_LOW, NO_FINDING | SDIST, PIPGATE_BLOCK, "builds from source: sdist block (--gate)"},
	{"sdist=allow", PIPGATE_LEVEL_LOW, NO_FINDING | SDIST, PIPGATE_ALLOW, NULL},
	{"sdist=block", PIPGATE_LEVEL_LOW, NO_FINDING | SDIST | INSTALLED, PIPGATE_ALLOW, NULL},
	/* mode */
	{"mode=warn", PIPGATE_LEVEL_HIGH, 0, PIPGATE_WARN, "would block: HIGH reaches fail-on high (default); mode warn (--gate)"},
	{"mode=warn", PIPGATE_LEVEL_LOW, 0, PIPGATE_WARN, "LOW is below fail-on high (default)"},
	{"mode=warn block=j.*", PIPGATE_LEVEL_LOW, NO_FINDING, PIPGATE_WARN,
		"would block: its name matches block 'j.*' (--gate); mode warn (--gate)"},
	{"mode=off", PIPGATE_LEVEL_CRITICAL, MALICIOUS, PIPGATE_ALLOW, "mode off (--gate)"},
	/* nothing said */
	{"", PIPGATE_LEVEL_LOW, NO_FINDING, PIPGATE_ALLOW, NULL},
};

static void every_rule(void **state)
{
	for (size_t i = 0; i < N(rules); i++) {
		struct pipgate_policy *policy = policy_of(*state, rules[i].settings);
		struct pipgate_verdict verdict = {0};
		struct pipgate_error error = {""};
		struct span reason;

		if (decide(*state, policy, rules[i].level, rules[i].facts, &verdict, &error) != PIPGATE_OK)
			fail_msg("row %zu: %s", i, error.text);
		reason = verdict.n_judgements ? verdict.judgements[verdict.n_judgements - 1].reason : SPAN("");
		if (verdict.action != rules[i].action || !span_is(reason, rules[i].reason ? rules[i].reason : ""))
			fail_msg("row %zu: %d, '%.*s'", i, verdict.action, SPAN_ARG(reason));
	}
}

/* Findings in order, then components; the strictest decides. */
static void order_of_judgements(void **state)
{
	static const struct pipgate_component components[] = {
		{.name = {"a", 1}, .origin = PIPGATE_ORIGIN_INDEX, .sdist = true},
		{.name = {"b", 1}, .origin = PIPGATE_ORIGIN_INDEX},
	};
	static const struct pipgate_finding found[] = {
		{.component = 1, .severity = {.level = PIPGATE_LEVEL_LOW}, .has_end = true},
		{.component = 0, .severity = {.level = PIPGATE_LEVEL_HIGH}, .has_end = true},
	};
	static const bool unknown[] = {true, true};
	static const struct {
		size_t component, finding;
		enum pipgate_rule rule;
		enum pipgate_action action;
	} expected[] = {
		{1, 0, PIPGATE_RULE_SEVERITY, PIPGATE_WARN},        {0, 1, PIPGATE_RULE_SEVERITY, PIPGATE_BLOCK},
		{0, SIZE_MAX, PIPGATE_RULE_NAME, PIPGATE_BLOCK},    {0, SIZE_MAX, PIPGATE_RULE_VERSION, PIPGATE_BLOCK},
		{0, SIZE_MAX, PIPGATE_RULE_SDIST, PIPGATE_WARN},    {1, SIZE_MAX, PIPGATE_RULE_VERSION, PIPGATE_BLOCK},
	};
	struct pipgate_policy *policy = policy_of(*state, "block=a block=a+");
	struct pipgate_verdict v = {0};

	assert_int_equal(pipgate_decide(*state, policy, &(struct pipgate_case){components, 2, unknown, found, 2, NULL, 0, NULL, NULL}, &v, NULL), PIPGATE_OK);
	assert_int_equal(v.action, PIPGATE_BLOCK);
	assert_int_equal(v.n_judgements, N(expected));
	for (size_t i = 0; i < N(expected); i++) {
		assert_int_equal(v.judgements[i].component, expected[i].component);
		assert_int_equal(v.judgements[i].finding, expected[i].finding);
		assert_int_equal(v.judgements[i].rule, expected[i].rule);
		assert_int_equal(v.judgements[i].action, expected[i].action);
	}
}

static void nothing_at_all_is_allowed(void **state)
{
	struct pipgate_verdict v = {0};

	assert_int_equal(pipgate_decide(*state, policy_of(*state, ""), &(struct pipgate_case){0}, &v, NULL), PIPGATE_OK);
	assert_int_equal(v.action, PIPGATE_ALLOW);
	assert_int_equal(v.n_judgements, 0);
}

/* ---- zero is never yes ---- */

static void unset_fails(void **state)
{
	for (size_t key = 0; key < POLICY_KEYS; key++) {
		struct pipgate_policy *policy = policy_of(*state, "");
		struct pipgate_verdict v = {0};
		struct pipgate_error error = {""};

		policy->values[key] = (struct policy_value){0};
		assert_int_equal(decide(*state, policy, PIPGATE_LEVEL_LOW, NO_FINDING, &v, &error), PIPGATE_FAILED);
		assert_int_equal(v.action, PIPGATE_UNDECIDED);
		assert_non_null(strstr(error.text, "was never set"));
	}
}

static void an_action_that_is_none_fails(void **state)
{
	static const struct {
		enum policy_key key;
		int facts;
	} table[] = {{POLICY_MALICIOUS, MALICIOUS}, {POLICY_SDIST, SDIST}, {POLICY_SATISFIED, INSTALLED}};
	static const int values[] = {-1, PIPGATE_BLOCK + 1, 99};

	for (size_t i = 0; i < N(table); i++)
		for (size_t k = 0; k < N(values); k++) {
			struct pipgate_policy *policy = policy_of(*state, "mode=off");
			struct pipgate_verdict v = {0};
			struct pipgate_error error = {""};

			policy->values[table[i].key].value = values[k];
			if (table[i].key == POLICY_SATISFIED && values[k] > 0)
				continue; /* no cap: stricter, not laxer */
			assert_int_equal(decide(*state, policy, PIPGATE_LEVEL_HIGH, table[i].facts, &v, &error), PIPGATE_FAILED);
			assert_int_equal(v.action, PIPGATE_UNDECIDED);
			assert_string_equal(error.text, "no action was set for jinja2");
		}
}

static void bad_cases_fail(void **state)
{
	static const struct pipgate_component component = {.name = {"a", 1}};
	static const struct pipgate_finding finding = {.component = 1};
	static const bool unknown;
	struct pipgate_policy *policy = policy_of(*state, "");
	struct pipgate_verdict v = {0};

	assert_int_equal(pipgate_decide(*state, policy, &(struct pipgate_case){&component, 1, &unknown, &finding, 1, NULL, 0, NULL, NULL}, &v, NULL), PIPGATE_FAILED);
	assert_int_equal(pipgate_decide(*state, policy, &(struct pipgate_case){&component, 1, NULL, NULL, 0, NULL, 0, NULL, NULL}, &v, NULL), PIPGATE_FAILED);
	assert_int_equal(v.action, PIPGATE_UNDECIDED);
}

static void a_bomb_closes(void **state)
{
	char name[80];
	const struct pipgate_component component = {.name = {name, sizeof(name)}};
	const bool unknown = false;
	struct pipgate_policy *policy = policy_of(*state, "mode=warn block=(a+)+$");
	struct pipgate_verdict v = {0};
	struct pipgate_error error = {""};

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '-';
	assert_int_equal(pipgate_decide(*state, policy, &(struct pipgate_case){&component, 1, &unknown, NULL, 0, NULL, 0, NULL, NULL}, &v, &error), PIPGATE_INVALID);
	assert_int_equal(v.action, PIPGATE_UNDECIDED);
	assert_non_null(strstr(error.text, "match limit exceeded"));
}

/* ---- faults ---- */

static enum pipgate_status everything(struct pipgate_run *run, struct pipgate_verdict *verdict)
{
	enum { MANY = 600 }; /* several blocks of the arena */
	struct pipgate_component *components = arena_array(run, MANY, sizeof(*components));
	struct pipgate_finding *findings = arena_array(run, MANY, sizeof(*findings));
	bool *unknown = arena_array(run, MANY, sizeof(*unknown));
	struct pipgate_policy *policy = NULL;
	enum pipgate_status status = PIPGATE_NO_MEMORY;

	if (components && findings && unknown)
		status = pipgate_policy_new(run, &policy);
	if (status == PIPGATE_OK)
		status = pipgate_policy_set(policy, SPAN("block"), SPAN("x+y"), "--gate", NULL);
	if (status == PIPGATE_OK)
		status = pipgate_policy_set(policy, SPAN("mode"), SPAN("warn"), "--gate", NULL);
	for (size_t i = 0; status == PIPGATE_OK && i < MANY; i++) {
		components[i].name = SPAN("xxy");
		components[i].origin = i % 2 ? PIPGATE_ORIGIN_INSTALLED : PIPGATE_ORIGIN_INDEX;
		components[i].sdist = true;
		unknown[i] = i % 3 == 0;
		findings[i] = (struct pipgate_finding){.component = i, .severity = {.level = i % 6}, .has_end = i % 5, .malicious = i % 7 == 0};
	}
	if (status == PIPGATE_OK)
		status = pipgate_decide(run, policy, &(struct pipgate_case){components, MANY, unknown, findings, MANY, NULL, 0, NULL, NULL}, verdict, NULL);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		struct faulty faulty = {.fail_at = n};
		struct pipgate_allocator allocator = faulty_allocator(&faulty);
		struct pipgate_verdict verdict = {0};
		struct pipgate_run *run = NULL;
		enum pipgate_status status = pipgate_run_new(&allocator, &run);

		if (status == PIPGATE_OK)
			status = everything(run, &verdict);
		assert_int_equal(verdict.action, faulty.calls < n ? PIPGATE_WARN : PIPGATE_UNDECIDED);
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
		assert_int_equal(status, faulty.calls < n ? PIPGATE_OK : PIPGATE_NO_MEMORY);
		if (faulty.calls < n) {
			assert_true(n > 6);
			return;
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, run_up, run_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_rule),
		TEST(order_of_judgements),
		TEST(nothing_at_all_is_allowed),
		TEST(unset_fails),
		TEST(an_action_that_is_none_fails),
		TEST(bad_cases_fail),
		TEST(a_bomb_closes),
		TEST(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
