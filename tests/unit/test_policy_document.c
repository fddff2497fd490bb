/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as documents: what is taken, what is refused and how it is said, what locks and untrusted layers may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/policy/exception.h"
#include "matcher/policy/rule.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define HEAD "schema: pipgate/policy/1\n"

static const struct pipgate_layer system_layer = {PIPGATE_LAYER_SYSTEM, "/etc/p.yaml", true, true};
static const struct pipgate_layer user_layer = {PIPGATE_LAYER_USER, "u.yaml", true, false};
static const struct pipgate_layer project_layer = {PIPGATE_LAYER_PROJECT, ".pipgate.yaml", false, false};

static struct pipgate_policy *policy_of(void **state)
{
	struct pipgate_policy *policy = NULL;

	assert_int_equal(pipgate_policy_new(*state, &policy), PIPGATE_OK);
	return policy;
}

static enum pipgate_status add(struct pipgate_policy *policy, const struct pipgate_layer *layer, const char *text, struct pipgate_error *error)
{
	return pipgate_policy_add(policy, layer, span_of(text), error);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
	} table[] = {
		{"fail-on: low\n", "'schema: pipgate/policy/1' is missing"},
		{"schema: pipgate/policy/2\n", "schema 'pipgate/policy/2' is not known"},
		{"- a\n", "a policy is a mapping"},
		{HEAD "fail_on: low\n", "line 2, column 1: a policy has no key 'fail_on'; did you mean 'fail-on'?\n    fail_on: low\n    ^"},
		{HEAD "fail-on: lo\n", "line 2, column 10: fail-on: 'lo' is none of low"},
		{HEAD "fail-on: [low]\n", "fail-on takes one value"},
		{HEAD "fail-on: low\nfail-on: high\n", "repeats the key"},
		{HEAD "a: &x 1\nb: *x\n", "anchors and tags"},
		{HEAD "epss: 1.5\n", "no probability"},
		{HEAD "epss: 0.\n", "no probability"},
		{HEAD "min-age: 3\n", "no span of time"},
		{HEAD "min-age: 99999y\n", "no span of time"},
		{HEAD "rules: {}\n", "a list belongs here"},
		{HEAD "rules:\n  - nam: x\n    action: block\n", "line 3, column 5: there is no 'nam' here; did you mean 'name'?"},
		{HEAD "rules:\n  - name: x\n", "'action' is missing here"},
		{HEAD "rules:\n  - {name: x, action: allow, from: 2027-01-01}\n", "belongs to 'action: block'"},
		{HEAD "rules:\n  - {name: \"(\", action: block}\n", "name: '(': byte"},
		{HEAD "rules:\n  - {version: \"!\", action: block}\n", "no version specifier"},
		{HEAD "rules:\n  - {locked: true, action: block}\n", "only a rule of the system's policy"},
		{HEAD "lock: [mode]\n", "'lock' is the system's policy's alone"},
		{HEAD "approvers: []\n", "'approvers' is the system's policy's alone"},
		{HEAD "index: {a: mine}\n", "public, mirror or private"},
		{HEAD "direct: {git: block}\n", "direct has vcs, url and local"},
		{HEAD "priority: {critical: -1}\n", "a number from 0 to 1000"},
		{HEAD "priority: {critical: 1}\n", "have to rise"},
		{HEAD "checks:\n  - {run: []}\n", "a program to run"},
		{HEAD "checks:\n  - {run: [x], may-loosen: true}\n", "only a check of the system's policy"},
		{HEAD "exceptions:\n  - {id: X, reason: r, created: 2026-01-01}\n", "'expires' is missing here"},
		{HEAD "exceptions:\n  - {id: X, reason: r, created: 2026-02-30, expires: 2026-03-01}\n", "created is a day"},
		{HEAD "exceptions:\n  - {id: X, reason: r, created: 2026-03-01, expires: 2026-03-01}\n", "expires before it begins"},
		{HEAD "exceptions:\n  - {reason: r, created: 2026-01-01, expires: 2026-03-01}\n", "'id: …' of a finding"},
		{HEAD "exceptions:\n  - {rule: sdist, reason: r, created: 2026-01-01, expires: 2026-03-01}\n", "says for which distribution"},
		{"schema: pipgate/owners/1\nowner: []\n", "there is no 'owner' here"},
		{"schema: pipgate/baseline/1\nfindings:\n  - {id: X}\n", "'distribution' is missing here"},
	};

	for (size_t i = 0; i < N(table); i++) {
		struct pipgate_error error = {""};

		assert_int_equal(add(policy_of(state), &user_layer, table[i].text, &error), PIPGATE_INVALID);
		if (!strstr(error.text, table[i].says))
			fail_msg("%s\nsays: %s\nnot: %s", table[i].text, error.text, table[i].says);
	}
}

static void long_patterns_are_refused(void **state)
{
	size_t n = (size_t)100 << 10;
	char *text = malloc(n + 100);
	struct pipgate_error error = {""};
	int head = 0;

	assert_non_null(text);
	head = snprintf(text, n, HEAD "block: [\"");
	memset(text + head, 'a', n);
	memcpy(text + head + n, "\"]\n", 4);
	assert_int_equal(add(policy_of(state), &user_layer, text, &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "the limit is 1024"));
	free(text);
}

static void taken(void **state)
{
	struct pipgate_policy *p = policy_of(state);
	struct pipgate_error error = {""};
	const struct policy_exception *e;
	const struct policy_rule *r;

	assert_int_equal(add(p, &system_layer,
		HEAD "fail-on: critical\nepss: 0.25\nmin-age: 3d\ndirect: {vcs: block}\nlocal-versions: \"acme.*\"\nblock: [evil-.*]\n"
		"index: {packages.example.org/simple: private}\nlock: [mode]\n"
		"rules:\n  - {title: t, name: \"a.*\", source: [sdist, vcs], requested: true, action: block, from: 2027-01-01, message: m}\n"
		"exceptions:\n  - id: CVE-2026-1\n    distribution: Jinja_2\n    reason: r\n    created: 2026-01-01\n    expires: 2026-06-01\n",
		&error), PIPGATE_OK);
	assert_int_equal(p->values[POLICY_FAIL_ON].value, PIPGATE_LEVEL_CRITICAL);
	assert_int_equal(p->values[POLICY_FAIL_ON].line, 2);
	assert_int_equal(p->values[POLICY_EPSS].value, 2500);
	assert_int_equal(p->values[POLICY_MIN_AGE].value, 3 * 86400);
	assert_int_equal(p->values[POLICY_DIRECT_VCS].value, PIPGATE_BLOCK);
	assert_int_equal(p->values[POLICY_DIRECT_URL].value, PIPGATE_ALLOW);
	assert_int_equal(p->values[POLICY_LOCAL_VERSIONS].value, POLICY_LOCAL_PATTERN);
	assert_true(p->values[POLICY_MODE].locked);
	assert_int_equal(p->patterns.n, 1);
	assert_int_equal(policy_index_kind(p, SPAN("https://u:p@packages.example.org/simple/")), PIPGATE_INDEX_PRIVATE);
	assert_int_equal(policy_index_kind(p, SPAN("https://packages.example.org/simpler/")), PIPGATE_INDEX_UNKNOWN);
	assert_int_equal(policy_index_kind(p, SPAN("https://other.example.org/simple/")), PIPGATE_INDEX_UNKNOWN);
	r = p->rules.items;
	assert_int_equal(r->from, 1798761600); /* 2027-01-01 */
	assert_int_equal(r->line, 11);
	assert_int_equal(r->sources, 1u << RULE_SOURCE_SDIST | 1u << PIPGATE_ORIGIN_VCS);
	e = p->exceptions.items;
	assert_true(span_is(e->id, "cve-2026-1") && span_is(e->distribution, "jinja-2") && e->layer.approves);
	assert_int_equal(e->line, 13);
}

static void locked_keys_hold(void **state)
{
	static const char *const tries[] = {HEAD "mode: off\n", HEAD "fail-on: none\n", HEAD "rules: []\n", HEAD "exceptions: []\n",
		"schema: pipgate/exceptions/1\nexceptions: []\n"};
	struct pipgate_policy *p = policy_of(state);
	struct pipgate_error error = {""};

	assert_int_equal(add(p, &system_layer, HEAD "fail-on: low\nlock: [mode, fail-on, rules, exceptions]\n", &error), PIPGATE_OK);
	for (size_t i = 0; i < N(tries); i++) {
		assert_int_equal(add(p, &user_layer, tries[i], &error), PIPGATE_INVALID);
		assert_non_null(strstr(error.text, "locked by the system's policy"));
	}
	assert_int_equal(pipgate_policy_set(p, SPAN("fail-on"), SPAN("none"), "--gate-fail-on", &error), PIPGATE_INVALID);
	assert_string_equal(error.text, "fail-on is locked by the system's policy (low, /etc/p.yaml:2)");
	assert_int_equal(add(p, &user_layer, HEAD "unknown: low\n", &error), PIPGATE_OK);
}

static void organisation_between_system_and_user(void **state)
{
	static const struct pipgate_layer organisation = {PIPGATE_LAYER_ORGANISATION, "b.yaml", true, false};
	struct pipgate_policy *p = policy_of(state);
	struct pipgate_error error = {""};

	assert_int_equal(add(p, &system_layer, HEAD "mode: warn\nlock: [mode, vex]\n", &error), PIPGATE_OK);
	assert_int_equal(add(p, &organisation, HEAD "fail-on: low\nlock: [fail-on, mode, rules]\nrules:\n  - {name: x, action: block, locked: true}\n",
		&error), PIPGATE_OK);
	assert_int_equal(p->values[POLICY_MODE].locked, PIPGATE_LAYER_SYSTEM);
	assert_int_equal(add(p, &organisation, HEAD "fail-on: low\nrules: []\n", &error), PIPGATE_OK); /* its own */
	assert_int_equal(add(p, &organisation, HEAD "mode: off\n", &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "mode is locked by the system's policy"));
	assert_int_equal(add(p, &organisation, HEAD "vex: []\n", &error), PIPGATE_INVALID);
	assert_int_equal(add(p, &organisation, HEAD "approvers: []\n", &error), PIPGATE_INVALID);
	assert_int_equal(add(p, &user_layer, HEAD "fail-on: none\n", &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "fail-on is locked by the organisation's policy (low, b.yaml:2)"));
	assert_int_equal(add(p, &user_layer, HEAD "rules: []\n", &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "'rules' is locked by the organisation's policy"));
	assert_int_equal(add(p, &user_layer, HEAD "vex: []\n", &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "'vex' is locked by the system's policy"));
}

static void strangers_only_tighten(void **state)
{
	static const struct {
		const char *text;
		bool taken;
	} table[] = {
		{"mode: off", false}, {"mode: block", true}, {"fail-on: none", false}, {"fail-on: low", true}, {"malicious: allow", false},
		{"sdist: block", true}, {"sdist: allow", false}, {"epss: 0.1", true}, {"min-age: 9d", true}, {"database: /x.db", false},
		{"profile: developer", false}, {"project: trust", false}, {"unknown: low", false}, {"exception-days: 30", true},
		{"exception-days: 900", false}, {"ask: block", false}, {"checks: [{run: [rm]}]", false}, {"index: {a: private}", false},
		{"exceptions: [{id: X, reason: r, created: 2026-01-01, expires: 2026-03-01}]", false},
		{"rules: [{name: x, action: allow}]", false}, {"rules: [{name: x, action: warn}]", false},
		{"rules: [{name: x, action: block}]", true}, {"block: [x]", true}, {"vex: [x]", false}, {"priority: {low: 0}", false},
	};

	for (size_t i = 0; i < N(table); i++) {
		struct pipgate_policy *p = policy_of(state), before = *p;
		struct pipgate_error error = {""};
		char text[200];

		snprintf(text, sizeof(text), HEAD "%s\n", table[i].text);
		if (add(p, &project_layer, text, &error) != PIPGATE_OK)
			fail_msg("%s: %s", text, error.text);
		if ((p->notes.n == 0) != table[i].taken)
			fail_msg("%s: %s", table[i].text, table[i].taken ? "left out" : "taken");
		if (!table[i].taken) {
			p->notes = before.notes;
			assert_memory_equal(p, &before, sizeof(before));
		}
	}
}

static int begin(void **state)
{
	struct pipgate_run *run = NULL;

	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		return -1;
	*state = run;
	return 0;
}

static int end(void **state)
{
	struct pipgate_run *run = *state;

	pipgate_run_free(&run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refused, begin, end),
		cmocka_unit_test_setup_teardown(long_patterns_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(taken, begin, end),
		cmocka_unit_test_setup_teardown(locked_keys_hold, begin, end),
		cmocka_unit_test_setup_teardown(organisation_between_system_and_user, begin, end),
		cmocka_unit_test_setup_teardown(strangers_only_tighten, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
