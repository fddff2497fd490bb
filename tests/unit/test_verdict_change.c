/* SPDX-License-Identifier: Apache-2.0 */
/* Rules, exceptions, baseline, facts: a policy text and one finding or component → what is decided, why, and what is noted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "matcher/base/buf.h"
#include "matcher/policy/policy.h"
#include "matcher/policy/when.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define POLICY "schema: pipgate/policy/1\n"
#define EXCEPTION "exceptions:\n  - {id: cve-1, reason: r, created: 2026-11-01, expires: 2026-12-01"

enum { /* the day of the case */
	DAY_LATER = 1, /* 2027-01-02 */
	MAL = 2,
	EXPLOITED = 4,
	LIKELY = 8,    /* EPSS 0.6 */
	NONE = 16,     /* no finding */
	PRIVATE = 32,  /* from a private index */
	LOCAL = 64,    /* version 1.5+acme.1 */
	UNFIXED = 128,
	YOUNG = 256,   /* uploaded an hour ago */
	FIXES = 512,
	YANKED = 1024,
	QUARANTINED = 2048,
	STRANGE = 4096, /* served by an index nobody declared */
};

static const struct {
	const char *policy;
	int facts;
	enum pipgate_action action;
	const char *says; /* in the reason of the strictest, or first, judgement; NULL: there is none */
	const char *notes; /* in the notes; NULL: there are none */
} cases[] = {
	{POLICY, 0, PIPGATE_WARN, "MEDIUM is below", NULL},
	{POLICY, EXPLOITED, PIPGATE_BLOCK, "known to be exploited: exploited block", NULL},
	{POLICY, EXPLOITED | UNFIXED, PIPGATE_BLOCK, "known to be exploited", NULL},
	{POLICY "exploited: allow\n", EXPLOITED, PIPGATE_WARN, "MEDIUM is below", NULL},
	{POLICY, LIKELY, PIPGATE_WARN, "MEDIUM is below", NULL},
	{POLICY "epss: 0.6\n", LIKELY, PIPGATE_BLOCK, "EPSS 60.00 % reaches epss 0.6 (p.yaml)", NULL},
	{POLICY "epss: 0.61\n", LIKELY, PIPGATE_WARN, "MEDIUM", NULL},
	/* rules */
	{POLICY "rules: [{id: CVE-1, action: block, message: ask us}]\n", 0, PIPGATE_BLOCK, "ask us (p.yaml:2)", NULL},
	{POLICY "rules: [{name: pkg, severity: medium, action: allow}, {name: pkg, action: block}]\n", NONE, PIPGATE_BLOCK, "p.yaml:2", NULL},
	{POLICY "rules: [{severity: high, action: block}]\n", 0, PIPGATE_WARN, "MEDIUM", NULL},
	{POLICY "rules: [{severity: medium, action: block}]\n", 0, PIPGATE_BLOCK, "a rule of the policy", NULL},
	{POLICY "rules: [{severity: medium, version: \"<1\", action: block}]\n", 0, PIPGATE_WARN, "MEDIUM", NULL},
	{POLICY "rules: [{name: p, action: block}]\n", 0, PIPGATE_WARN, "MEDIUM", NULL},
	{POLICY "rules: [{name: \"p.*\", requested: true, action: block}]\n", NONE, PIPGATE_BLOCK, "a rule", NULL},
	{POLICY "rules: [{name: \"p.*\", requested: false, action: block}]\n", NONE, PIPGATE_ALLOW, NULL, NULL},
	{POLICY "rules: [{group: dev, action: block}]\n", NONE, PIPGATE_BLOCK, "a rule", NULL},
	{POLICY "rules: [{group: web, action: block}]\n", NONE, PIPGATE_BLOCK, "a rule", NULL},
	{POLICY "rules: [{group: names, action: block}]\n", NONE, PIPGATE_ALLOW, NULL, NULL},
	{POLICY "rules: [{source: sdist, action: block}]\n", NONE, PIPGATE_ALLOW, NULL, NULL},
	{POLICY "rules: [{source: [sdist, wheel], action: block}]\n", NONE, PIPGATE_BLOCK, "a rule", NULL},
	{POLICY "rules: [{index: files.example.org, action: block}]\n", NONE, PIPGATE_BLOCK, "a rule", NULL},
	{POLICY "fail-on: any\nrules: [{name: pkg, action: allow}]\n", 0, PIPGATE_ALLOW, "a rule", NULL},
	{POLICY "rules: [{name: pkg, action: allow}]\n", MAL, PIPGATE_BLOCK, "malicious: block", NULL},
	{POLICY "rules: [{name: pkg, severity: low, action: allow}]\n", MAL, PIPGATE_BLOCK, "malicious: block", NULL},
	{POLICY "rules: [{malicious: true, action: warn}]\n", MAL, PIPGATE_WARN, "a rule", NULL},
	{POLICY "rules: [{severity: low, action: block, from: 2027-01-01}]\n", 0, PIPGATE_WARN, "this blocks from 2027-01-01", NULL},
	{POLICY "rules: [{severity: low, action: block, from: 2027-01-01}]\n", DAY_LATER, PIPGATE_BLOCK, "a rule", NULL},
	/* exceptions */
	{POLICY "fail-on: any\n" EXCEPTION "}\n", 0, PIPGATE_ALLOW, "exception (accepted) until 2026-12-01: r (p.yaml:4)", NULL},
	{POLICY "fail-on: any\n" EXCEPTION "}\n", DAY_LATER, PIPGATE_BLOCK, "MEDIUM reaches", "has expired"},
	{POLICY "fail-on: any\nexception-days: 7\n" EXCEPTION "}\n", 0, PIPGATE_BLOCK, "MEDIUM", "exception-days"},
	{POLICY "fail-on: any\napproval: required\n" EXCEPTION "}\n", 0, PIPGATE_BLOCK, "MEDIUM", "not approved"},
	{POLICY "fail-on: any\n" EXCEPTION ", distribution: other}\n", 0, PIPGATE_BLOCK, "MEDIUM", "matches nothing"},
	{POLICY "fail-on: any\n" EXCEPTION ", versions: \"<1\"}\n", 0, PIPGATE_BLOCK, "MEDIUM", "matches nothing"},
	{POLICY "fail-on: any\n" EXCEPTION ", places: [\"req/*.txt\"]}\n", 0, PIPGATE_ALLOW, "exception", NULL},
	{POLICY "fail-on: any\n" EXCEPTION ", places: [\"*.lock\"]}\n", 0, PIPGATE_BLOCK, "MEDIUM", "matches nothing"},
	{POLICY EXCEPTION "}\n", MAL, PIPGATE_BLOCK, "malicious", "matches nothing"},
	{POLICY EXCEPTION ", kind: false-positive}\n", MAL, PIPGATE_ALLOW, "exception (false-positive)", NULL},
	{POLICY "exceptions: [{rule: yanked, distribution: pkg, reason: r, created: 2026-11-01, expires: 2026-12-01}]\n", NONE | YANKED,
		PIPGATE_ALLOW, "exception", NULL},
	{POLICY "fail-on: any\nexceptions: [{id: CVE-9, distribution: pkg, reason: r, created: 2026-11-01, expires: 2026-12-01}]\n", 0,
		PIPGATE_BLOCK, "MEDIUM", "the exception for cve-9 (p.yaml:3) matches nothing any more"},
	{POLICY "fail-on: any\nrules: [{severity: low, action: block, locked: true}]\n" EXCEPTION "}\n", 0, PIPGATE_BLOCK, "a rule", NULL},
	/* indexes and local versions */
	{POLICY "index: {files.example.org: private}\n", MAL, PIPGATE_ALLOW, "from a private index", NULL},
	{POLICY "index: {mine.example.org: private}\n", MAL | PRIVATE, PIPGATE_ALLOW, "from a private index (https://mine.example.org", NULL},
	{POLICY, MAL | STRANGE, PIPGATE_BLOCK, "served by https://mine.example.org/simple: if this index is your own", NULL},
	{POLICY "allowed-indexes: [{name: \"p.*\", index: mine.example.org}]\n", NONE, PIPGATE_BLOCK, "comes from mine.example.org alone", NULL},
	{POLICY "allowed-indexes: [{name: \"p.*\", index: files.example.org}]\n", NONE, PIPGATE_ALLOW, NULL, NULL},
	{POLICY "fail-on: any\n", LOCAL, PIPGATE_BLOCK, "MEDIUM", NULL},
	{POLICY "fail-on: any\nlocal-versions: warn\n", LOCAL, PIPGATE_WARN, "a local version", NULL},
	{POLICY "fail-on: any\nlocal-versions: \"acme.*\"\n", LOCAL, PIPGATE_ALLOW, "a local version", NULL},
	{POLICY "fail-on: any\nlocal-versions: \"acm\"\n", LOCAL, PIPGATE_BLOCK, "MEDIUM", NULL},
	/* facts */
	{POLICY, NONE | YANKED, PIPGATE_WARN, "yanked (a bad build): yanked warn", NULL},
	{POLICY "yanked: block\n", NONE | YANKED, PIPGATE_BLOCK, "yanked", NULL},
	{POLICY, NONE | QUARANTINED, PIPGATE_BLOCK, "quarantined by its index", NULL},
	{POLICY, NONE | YOUNG, PIPGATE_ALLOW, NULL, NULL},
	{POLICY "min-age: 3d\n", NONE | YOUNG, PIPGATE_BLOCK, "uploaded 1 hours ago, min-age 3d (p.yaml); the newest old enough is 1.4", NULL},
	{POLICY "min-age: 3d\ntoo-young: warn\n", NONE | YOUNG, PIPGATE_WARN, "uploaded", NULL},
	{POLICY "min-age: 3d\n", NONE | YOUNG | FIXES, PIPGATE_ALLOW, NULL, NULL},
	{POLICY "min-age: 3d\n", NONE, PIPGATE_ALLOW, NULL, NULL},
};

static struct pipgate_verdict decided(struct pipgate_run *run, const struct pipgate_policy *policy, int facts, struct pipgate_error *error)
{
	static const struct span ids[] = {{"CVE-1", 5}, {"GHSA-1", 6}}, groups[] = {{"dev", 3}}, extras[] = {{"web", 3}}, fixed[] = {{"2.0", 3}};
	const struct pipgate_component component = {
		.name = SPAN("pkg"), .version = facts & LOCAL ? SPAN("1.5+acme.1") : SPAN("1.5"), .origin = PIPGATE_ORIGIN_INDEX,
		.url = SPAN("https://files.example.org/pkg-1.5-py3-none-any.whl"), .requested = true, .groups = groups, .n_groups = 1, .extras = extras, .n_extras = 1,
		.place = SPAN("req/a.txt"),
	};
	const struct pipgate_finding finding = {
		.id = SPAN("CVE-1"), .ids = ids, .n_ids = N(ids), .severity = {.level = PIPGATE_LEVEL_MEDIUM, .tenths = 50}, .fixed = fixed,
		.n_fixed = 1, .has_end = !(facts & UNFIXED), .malicious = facts & MAL, .exploited = facts & EXPLOITED, .has_epss = facts & LIKELY,
		.epss = 6000,
	};
	int64_t now = 0;
	struct pipgate_facts known = {.yanked = facts & YANKED ? PIPGATE_YES : PIPGATE_NOT_KNOWN, .yanked_reason = SPAN("a bad build"),
		.status = facts & QUARANTINED ? PIPGATE_PROJECT_QUARANTINED : PIPGATE_PROJECT_UNKNOWN, .fixes = facts & FIXES};
	const bool unknown = false;
	struct pipgate_verdict v = {0};

	assert_true(when_date(facts & DAY_LATER ? SPAN("2027-01-02") : SPAN("2026-11-24"), &now));
	if (facts & (PRIVATE | STRANGE))
		known.index = SPAN("https://mine.example.org/simple");
	if (facts & YOUNG) {
		known.uploaded = now - 3600;
		known.old_enough = SPAN("1.4");
	}
	if (pipgate_decide(run, policy, &(struct pipgate_case){&component, 1, &unknown, &finding, facts & NONE ? 0 : 1, &known, now, NULL, NULL}, &v,
			error) != PIPGATE_OK)
		fail_msg("%s", error->text);
	return v;
}

static void every_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		const struct pipgate_layer layer = {PIPGATE_LAYER_SYSTEM, "p.yaml", true, false};
		struct pipgate_policy *policy = NULL;
		struct pipgate_run *run = NULL;
		struct pipgate_error error = {""};
		struct pipgate_verdict v;
		const char *says = "", *notes = "";

		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
		if (pipgate_policy_add(policy, &layer, span_of(cases[i].policy), &error) != PIPGATE_OK)
			fail_msg("%s: %s", cases[i].policy, error.text);
		v = decided(run, policy, cases[i].facts, &error);
		for (size_t k = v.n_judgements; k-- > 0;)
			if (v.judgements[k].action == v.action)
				says = v.judgements[k].reason.p;
		if (v.n_notes)
			notes = v.notes[0].p;
		if (v.action != cases[i].action || !strstr(says, cases[i].says ? cases[i].says : "") || (!cases[i].says && v.n_judgements) ||
			!strstr(notes, cases[i].notes ? cases[i].notes : "") || (!cases[i].notes && v.n_notes))
			fail_msg("%s facts %d: action %d, \"%s\", notes \"%s\"", cases[i].policy, cases[i].facts, v.action, says, notes);
		pipgate_run_free(&run);
	}
}

/* The order of layers: locked rules of the system, then from the strongest layer down. */
static void layers_of_rules(void **state)
{
	static const struct pipgate_layer system_layer = {PIPGATE_LAYER_SYSTEM, "s", true, true}, user_layer = {PIPGATE_LAYER_USER, "u", true, false},
		project_layer = {PIPGATE_LAYER_PROJECT, "p", true, false};
	static const struct {
		const char *machine, *user, *project, *where;
	} table[] = {
		{"{severity: low, action: block}", "{severity: low, action: block}", "{severity: low, action: block}", "p:2"},
		{"{severity: low, action: block}", "{severity: low, action: block}", "{severity: critical, action: block}", "u:2"},
		{"{severity: low, action: block}", "{severity: critical, action: block}", "{severity: critical, action: block}", "s:2"},
		{"{severity: low, action: block, locked: true}", "{severity: low, action: allow}", "{severity: low, action: allow}", "s:2"},
		{"{severity: low, action: block}, {severity: low, action: warn}", "{severity: critical, action: block}",
			"{severity: critical, action: block}", "s:2"},
	};

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		const struct pipgate_layer *const layers[] = {&system_layer, &user_layer, &project_layer};
		const char *const rules[] = {table[i].machine, table[i].user, table[i].project};
		struct pipgate_policy *policy = NULL;
		struct pipgate_run *run = NULL;
		struct pipgate_error error = {""};
		struct pipgate_verdict v;

		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
		for (size_t k = 0; k < N(layers); k++) {
			char text[200];

			snprintf(text, sizeof(text), POLICY "rules: [%s]\n", rules[k]);
			assert_int_equal(pipgate_policy_add(policy, layers[k], span_of(text), &error), PIPGATE_OK);
		}
		v = decided(run, policy, 0, &error);
		assert_true(span_is(v.judgements[0].where, table[i].where));
		pipgate_run_free(&run);
	}
}

static void baseline_lets_the_old_through(void **state)
{
	static const struct pipgate_layer layer = {PIPGATE_LAYER_PROJECT, "b.yaml", true, false};
	static const struct {
		const char *entry;
		int facts;
		enum pipgate_action action;
	} table[] = {
		{"{distribution: pkg, id: GHSA-1}", 0, PIPGATE_ALLOW},  {"{distribution: pkg, id: CVE-2}", 0, PIPGATE_BLOCK},
		{"{distribution: other, id: CVE-1}", 0, PIPGATE_BLOCK}, {"{distribution: pkg, id: CVE-1, place: x}", 0, PIPGATE_BLOCK},
		{"{distribution: pkg, id: CVE-1, place: req/a.txt}", 0, PIPGATE_ALLOW}, {"{distribution: pkg, id: CVE-1}", MAL, PIPGATE_BLOCK},
	};

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		struct pipgate_policy *policy = NULL;
		struct pipgate_run *run = NULL;
		struct pipgate_error error = {""};
		struct pipgate_verdict v;
		char text[200];

		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
		assert_int_equal(pipgate_policy_set(policy, SPAN("fail-on"), SPAN("any"), "x", &error), PIPGATE_OK);
		snprintf(text, sizeof(text), "schema: pipgate/baseline/1\nfindings:\n  - %s\n", table[i].entry);
		assert_int_equal(pipgate_policy_add(policy, &layer, span_of(text), &error), PIPGATE_OK);
		v = decided(run, policy, table[i].facts, &error);
		assert_int_equal(v.action, table[i].action);
		pipgate_run_free(&run);
	}
}

/* A long file decides the same whether it is read whole or stays folded; what is wrong with an item that is not meant is not seen. */
static void a_long_file_may_stay_folded(void **state)
{
	static const struct {
		const char *last; /* item */
		enum pipgate_action action;
		const char *says;
	} table[] = {
		{"  - id: cve-1\n    reason: r\n    created: 2026-11-01\n    expires: 2026-12-01\n", PIPGATE_ALLOW, "p.yaml:6003"},
		{"  - {id: GHSA-1, reason: r, created: 2026-11-01, expires: 2026-12-01}\n", PIPGATE_ALLOW, "p.yaml:6003"},
		{"  - \"id\": \"CVE-1\"\n    reason: r\n    created: 2026-11-01\n    expires: 2026-12-01\n", PIPGATE_ALLOW, "p.yaml:6003"},
		{"  - reason: |\n      more\n      - id: x\n    id: CVE-1 # why\n    created: 2026-11-01\n    expires: 2026-12-01\n", PIPGATE_ALLOW, "p.yaml"},
		{"  - id: CVE-2\n    distribution: Pkg\n    reason: r\n    created: 2026-11-01\n    expires: 2026-12-01\n", PIPGATE_BLOCK, "MEDIUM"},
	};
	static const struct pipgate_layer layer = {PIPGATE_LAYER_USER, "p.yaml", true, false};

	(void)state;
	for (size_t i = 0; i < N(table); i++)
		for (int folds = 0; folds < 2; folds++) {
			struct pipgate_policy *policy = NULL;
			struct pipgate_run *run = NULL;
			struct pipgate_error error = {""};
			struct pipgate_verdict v;
			struct buf text;

			buf_init(&text, NULL, 1 << 20);
			buf_text(&text, "schema: pipgate/exceptions/1\nexceptions:\n");
			for (int k = 0; k < 1500; k++)
				buf_format(&text, "  - id: CVE-2020-%d\n    reason: r\n    created: 2026-11-01\n    expires: 2026-12-01\n", k);
			buf_text(&text, table[i].last);
			assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
			assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
			assert_int_equal(pipgate_policy_set(policy, SPAN("fail-on"), SPAN("any"), "x", &error), PIPGATE_OK);
			policy->folds = folds;
			if (pipgate_policy_add(policy, &layer, buf_view(&text), &error) != PIPGATE_OK)
				fail_msg("%s", error.text);
			assert_int_equal(policy->folded.n, folds);
			v = decided(run, policy, 0, &error);
			if (v.action != table[i].action || !strstr(v.judgements[0].reason.p, table[i].says))
				fail_msg("%s folded %d: %s", table[i].last, folds, v.judgements[0].reason.p);
			pipgate_run_free(&run);
			buf_fini(&text);
		}
}

static void owners_last_match_wins(void **state)
{
	static const struct pipgate_layer layer = {PIPGATE_LAYER_SYSTEM, "o.yaml", true, true};
	struct pipgate_policy *policy = NULL;
	struct pipgate_run *run = NULL;
	struct pipgate_error error = {""};
	struct pipgate_verdict v;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
	assert_int_equal(pipgate_policy_add(policy, &layer, SPAN("schema: pipgate/owners/1\nowners:\n  - {name: \".*\", team: all}\n"
		"  - {place: \"req/*\", team: pay, service: shop, contact: a@example.org}\n  - {name: other, team: no}\n"), &error), PIPGATE_OK);
	assert_int_equal(pipgate_policy_add(policy, &layer, SPAN(POLICY "rules: [{owner: pay, action: block}]\n"), &error), PIPGATE_OK);
	v = decided(run, policy, 0, &error);
	assert_int_equal(v.action, PIPGATE_BLOCK);
	assert_true(span_is(v.judgements[0].owner, "pay, shop (a@example.org)"));
	assert_true(span_is(v.risks[0].sum, "medium 20 + fix 5 + direct 5"));
	pipgate_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(layers_of_rules),
		cmocka_unit_test(baseline_lets_the_old_through),
		cmocka_unit_test(a_long_file_may_stay_folded),
		cmocka_unit_test(owners_last_match_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
