/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random policies × random cases: what the gate decides, what a kept report of it gives, what `policy test` sees and what explain tells
 * is one and the same. PIPGATE_SEED=N repeats a run, PIPGATE_ROUNDS=N makes it longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "matcher/base/yaml.h"
#include "wrapper/case/code.h"
#include "wrapper/case/policy_alone.h"
#include "wrapper/case/story.h"
#include "wrapper/case/suite.h"
#include "wrapper/case/words.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define S(text) ((struct span){text, sizeof(text) - 1})
#define TEXT_MAX ((size_t)1 << 20)
#define NOW 1735689600 /* 2025-01-01 */
#define ROUNDS 1000
#define FILE_NAME "t.yaml"

static uint64_t state;

static size_t below(size_t n) /* xorshift64* */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (size_t)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

/* ---- a policy ---- */

static const char *const actions[] = {"warn", "block", "allow"};
static const char *const levels[] = {"high", "low", "medium", "critical", "any", "none"};
static const char *const unknowns[] = {"high", "low", "medium", "critical", "warn", "ignore"};
static const char *const modes[] = {"block", "warn", "off"};
static const char *const satisfied[] = {"warn", "ignore", "block"};
static const char *const shares[] = {"none", "0.1", "0.5", "0.95"};
static const char *const ages[] = {"0", "3d", "12h", "30d"};
static const struct {
	const char *key;
	const char *const *values;
	size_t n;
} keys[] = {
	{"mode", modes, 1}, {"fail-on", levels, N(levels)}, {"unknown", unknowns, N(unknowns)}, {"malicious", actions, 3},
	{"exploited", actions, 3}, {"epss", shares, N(shares)}, {"no-fix-available", actions, 3}, {"yanked", actions, 3},
	{"quarantined", actions, 3}, {"deprecated", actions, 3}, {"archived", actions, 3}, {"sdist", actions, 3},
	{"cached-build", actions, 3}, {"satisfied", satisfied, 3}, {"unaudited", actions, 3}, {"direct", actions, 3},
	{"unpinned", actions, 3}, {"require-lock", actions, 3}, {"attestation", actions, 3}, {"similar", actions, 3},
	{"two-indexes", actions, 3}, {"min-age", ages, N(ages)}, {"too-young", actions, 3}, {"mode", modes, 3},
};
static const char *const rules[] = {
	"{title: fork, name: \"a.*\", action: allow}",
	"{title: old, name: \"b.*\", version: \"<2\", action: block, message: Ask the team.}",
	"{title: one, id: CVE-1, action: warn}",
	"{title: grave, severity: high, requested: true, action: block, from: 2026-01-01}",
	"{title: built, source: [sdist, vcs], action: warn}",
	"{title: bad, malicious: true, action: allow}",
};
static const char *const exceptions[] = {
	"{id: CVE-1, reason: not used, created: 2024-05-01, expires: 2025-02-01}",
	"{id: CVE-2, distribution: a, versions: \"<2\", reason: over, created: 2024-05-01, expires: 2024-06-01}",
	"{rule: sdist, distribution: b, reason: ours, created: 2024-05-01, expires: 2025-06-01}",
};

static void put_list(struct buf *out, const char *name, const char *const *items, size_t n)
{
	if (below(2))
		return;
	buf_format(out, "%s:\n", name);
	for (size_t i = 0, count = 1 + below(n); i < count; i++)
		buf_format(out, "  - %s\n", items[below(n)]);
}

static void put_policy(struct buf *out)
{
	buf_text(out, "schema: pipgate/policy/1\n");
	for (size_t i = 0; i + 1 < N(keys); i++)
		if (!below(3))
			buf_format(out, "%s: %s\n", keys[i].key, keys[i].values[below(keys[i].n)]);
	if (!below(3))
		buf_text(out, "block: [\"d.*\"]\n");
	put_list(out, "rules", rules, N(rules));
	put_list(out, "exceptions", exceptions, N(exceptions));
}

/* ---- a case ---- */

static const struct span names[] = {S("a"), S("b"), S("c"), S("d-x"), S("e")};
static const struct span versions[] = {S("1.0"), S("2.0rc1"), S("3"), S("x~1")};
static const struct span ids[] = {S("CVE-1"), S("CVE-2"), S("PYSEC-3"), S("MAL-4")};
static const struct span fixed[] = {S("2.0"), S("4.1")};

static void fill_facts(struct pipgate_facts *f)
{
	*f = (struct pipgate_facts){
		.index = below(2) ? S("https://packages.example.org/simple") : S(""),
		.kind = (enum pipgate_index_kind)below(4), .default_index = below(2), .elsewhere = (enum pipgate_answer)below(3),
		.yanked = (enum pipgate_answer)below(3), .yanked_reason = below(2) ? S("broken \"build\"") : S(""),
		.status = (enum pipgate_project_status)below(5), .attested = (enum pipgate_answer)below(3),
		.uploaded = below(2) ? NOW - (int64_t)below(50) * 86400 : 0, .project_begun = below(2) ? NOW - 1000000 : 0,
		.old_enough = below(2) ? S("0.9") : S(""), .similar = below(4) ? S("") : S("flask"),
		.none_clean = below(2),
	};
}

static struct audit random_audit(struct pipgate_run *run)
{
	size_t n = 1 + below(4), n_findings = below(5);
	struct pipgate_component *c = arena_array(run, n, sizeof(*c));
	struct pipgate_facts *facts = arena_array(run, n, sizeof(*facts));
	struct pipgate_finding *f = arena_array(run, n_findings, sizeof(*f));
	bool *unknown = arena_array(run, n, sizeof(*unknown));

	for (size_t i = 0; i < n; i++) {
		c[i] = (struct pipgate_component){
			.name = names[i], .shown_name = names[i], .version = versions[below(4)], .origin = (enum pipgate_origin)(1 + below(7)),
			.requested = below(2), .sdist = !below(3), .yanked = !below(4), .unpinned = below(2), .unlocked = below(2),
			.cached_build = !below(4), .place = below(2) ? S("requirements/dev.txt") : S(""),
		};
		unknown[i] = span_is(c[i].version, "x~1");
		fill_facts(&facts[i]);
	}
	for (size_t i = 0; i < n_findings; i++) {
		static const uint8_t tenths[] = {0, 0, 20, 50, 75, 98};
		size_t level = below(6), id = below(4);

		f[i] = (struct pipgate_finding){
			.component = below(n), .id = ids[id], .ids = &ids[id], .n_ids = 1, .severity = {(enum pipgate_level)level, tenths[level], S("")},
			.fixed = fixed, .n_fixed = below(3), .has_end = below(2), .malicious = id == 3, .exploited = !below(4), .exploit_public = !below(3),
			.has_epss = below(2),
		};
		if (f[i].has_epss)
			f[i].epss = (uint16_t)below(10001), f[i].epss_percentile = (uint16_t)below(10001);
	}
	return (struct audit){.run = run, .components = c, .n_components = n, .unknown = unknown, .facts = below(4) ? facts : NULL,
		.findings = f, .n_findings = n_findings};
}

/* ---- through the doors ---- */

static void decide(struct audit *audit, int64_t now, const struct pipgate_policy *policy)
{
	struct pipgate_error error = {""};
	struct pipgate_case subject = audit_case(audit, now);

	if (pipgate_decide(audit->run, policy, &subject, &audit->verdict, &error) != PIPGATE_OK)
		fail_msg("decide: %s", error.text);
}

static void assert_same(const struct pipgate_verdict *a, const struct pipgate_verdict *b)
{
	assert_int_equal(a->action, b->action);
	assert_int_equal(a->n_judgements, b->n_judgements);
	for (size_t i = 0; i < a->n_judgements; i++) {
		const struct pipgate_judgement *x = &a->judgements[i], *y = &b->judgements[i];

		assert_true(x->component == y->component && x->finding == y->finding && x->rule == y->rule && x->action == y->action);
		assert_true(x->pardon == y->pardon && x->blocks_from == y->blocks_from);
		assert_true(span_equal(x->reason, y->reason) && span_equal(x->where, y->where) && span_equal(x->message, y->message));
	}
}

static void explain_agrees(const struct audit *audit)
{
	for (size_t i = 0; i < audit->verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &audit->verdict.judgements[i];
		const struct story story = {.audit = audit, .judgement = j};
		struct buf out;
		cJSON *tree;

		buf_init(&out, NULL, TEXT_MAX);
		story_json(&out, &story);
		assert_int_equal(json_parse(buf_view(&out), &tree, NULL), PIPGATE_OK);
		assert_string_equal(json_string(json_member(tree, "action")).p, word_action(j->action));
		assert_string_equal(json_string(json_member(tree, "rule")).p, word_rule(j->rule));
		assert_true(span_equal(json_string(json_member(tree, "reason")), j->reason));
		cJSON_Delete(tree);
		buf_fini(&out);
	}
}

static void policy_test_agrees(const struct audit *audit, struct span policy, struct span report, enum pipgate_action expected, bool passes)
{
	static const char *const members[] = {"now", "components", "findings", "judgements"};
	cJSON *tree, *suite_tree = cJSON_CreateObject(), *one = cJSON_CreateObject(), *cases = cJSON_AddArrayToObject(suite_tree, "cases"), *expect;
	const struct pipgate_verdict *v = &audit->verdict;
	struct pipgate_error error = {""};
	struct suite suite;
	cJSON *parsed;
	char *text;

	assert_int_equal(json_parse(report, &tree, NULL), PIPGATE_OK);
	assert_int_equal(yaml_parse(policy, &parsed, NULL), PIPGATE_OK);
	cJSON_AddStringToObject(suite_tree, "schema", SUITE_SCHEMA);
	cJSON_AddItemToObject(suite_tree, "policy", parsed);
	for (size_t i = 0; i < N(members); i++)
		cJSON_AddItemToObject(one, members[i], cJSON_DetachItemFromObject(tree, members[i]));
	expect = cJSON_AddObjectToObject(one, "expect");
	cJSON_AddStringToObject(expect, "action", word_action(expected));
	for (size_t i = 0; i < v->n_judgements; i++)
		if (v->judgements[i].action == v->action && passes) {
			cJSON_AddStringToObject(expect, "rule", word_rule(v->judgements[i].rule));
			cJSON_AddStringToObject(expect, "reason", v->judgements[i].reason.p);
			break;
		}
	cJSON_AddItemToArray(cases, one);
	text = cJSON_PrintUnformatted(suite_tree);
	if (suite_run(audit->run, FILE_NAME, span_of(text), 0, &suite, &error) != PIPGATE_OK)
		fail_msg("%s\n%s", error.text, text);
	if (suite.passed != passes || suite.failed == passes)
		fail_msg("policy test does not agree:\n%s", text);
	cJSON_free(text);
	cJSON_Delete(tree);
	cJSON_Delete(suite_tree);
}

static void one_round(struct pipgate_run *run)
{
	struct audit audit = random_audit(run);
	const struct audit_context context = {.command = "install", .now = NOW};
	const struct report_style style = {.width = 80};
	struct pipgate_error error = {""};
	struct pipgate_policy *policy;
	struct kept_case kept;
	struct buf yaml, out;
	cJSON *tree;
	char *text;

	buf_init(&yaml, NULL, TEXT_MAX);
	buf_init(&out, NULL, TEXT_MAX);
	put_policy(&yaml);
	if (yaml_parse(buf_view(&yaml), &tree, &error) != PIPGATE_OK)
		fail_msg("%s\n%s", error.text, yaml.p);
	text = cJSON_PrintUnformatted(tree); /* as the test file has it: lines are told in reasons */
	if (policy_alone(run, span_of(text), FILE_NAME " (policy)", NULL, &policy, &error) != PIPGATE_OK)
		fail_msg("%s\n%s", error.text, yaml.p);
	decide(&audit, NOW, policy);
	report_json(&out, &audit, &context, &style);
	if (case_read_report(run, buf_view(&out), "report", &kept, &error) != PIPGATE_OK)
		fail_msg("%s\n%s", error.text, out.p);
	assert_same(&audit.verdict, &kept.audit.verdict); /* what is kept of it */
	decide(&kept.audit, kept.now, policy);
	assert_same(&audit.verdict, &kept.audit.verdict); /* what it gives again */
	explain_agrees(&kept.audit);
	policy_test_agrees(&audit, buf_view(&yaml), buf_view(&out), audit.verdict.action, true);
	policy_test_agrees(&audit, buf_view(&yaml), buf_view(&out), audit.verdict.action % PIPGATE_BLOCK + 1, false);
	cJSON_free(text);
	cJSON_Delete(tree);
	buf_fini(&yaml);
	buf_fini(&out);
}

static long number(const char *variable, long fallback)
{
	const char *text = getenv(variable);

	return text && *text ? strtol(text, NULL, 10) : fallback;
}

static void all_doors_agree(void **unused)
{
	long seed = number("PIPGATE_SEED", (long)time(NULL)), rounds = number("PIPGATE_ROUNDS", ROUNDS);
	struct pipgate_run *run;

	(void)unused;
	print_message("PIPGATE_SEED=%ld\n", seed);
	state = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (long i = 0; i < rounds; i++) {
		pipgate_run_reset(run);
		one_round(run);
	}
	pipgate_run_free(&run);
}

static void codes_are_the_same_everywhere(void **unused)
{
	const struct pipgate_component c = {.name = S("jinja2"), .version = S("2.10")};
	const struct pipgate_finding f = {.id = S("PYSEC-2019-217")};
	const struct audit audit = {.components = &c, .n_components = 1, .findings = &f, .n_findings = 1};
	const struct pipgate_judgement j = {.finding = 0};
	char code[CODE_BYTES], read[CODE_BYTES];

	(void)unused;
	assert_string_equal(code_of(&audit, &j, code), "PG-TVYVD");
	assert_true(code_read("pg-tvyvd", read) && strcmp(read, code) == 0);
	assert_true(code_read("PG-OIL00", read) && strcmp(read, "PG-01100") == 0);
	assert_false(code_read("PG-TVYV", read) || code_read("PG-TVYVDD", read) || code_read("PG-TV/VD", read) || code_read("", read));
}

static void what_is_no_case_is_refused(void **unused)
{
	static const struct {
		const char *text, *says;
	} table[] = {
		{"components: [{nam: a}]", "components, entry 1: no member 'nam'"},
		{"components: [a]", "NAME==VERSION is wanted"},
		{"components: [{version: \"1\"}]", "without a name"},
		{"components: {}", "a list is wanted"},
		{"{components: [a==1], findings: [{id: X, severity: hgih}]}", "no level and no CVSS vector"},
		{"{components: [a==1], findings: [{component: b, id: X}]}", "no component is b"},
		{"{components: [a==1], findings: [{}]}", "a finding without an id"},
		{"{components: [a==1, b==1], findings: [{id: X}]}", "names no component"},
		{"{components: [{name: a, origin: moon}]}", "'moon' is none of unknown, index"},
		{"{components: [{name: a, sdist: yes}]}", "true or false is wanted"},
		{"{components: [a==1], findings: [{id: X, epss: 1.5}]}", "from 0 to 1"},
		{"now: soon", "a day is wanted"},
		{"[]", "a mapping is wanted"},
	};
	struct pipgate_run *run;

	(void)unused;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < N(table); i++) {
		struct pipgate_error error = {""};
		struct kept_case kept;
		cJSON *tree;

		assert_int_equal(yaml_parse(span_of(table[i].text), &tree, NULL), PIPGATE_OK);
		assert_int_equal(case_read(run, tree, true, NOW, &kept, NULL, &error), PIPGATE_INVALID);
		if (!strstr(error.text, table[i].says))
			fail_msg("%s: %s", table[i].text, error.text);
		cJSON_Delete(tree);
	}
	pipgate_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_doors_agree),
		cmocka_unit_test(codes_are_the_same_everywhere),
		cmocka_unit_test(what_is_no_case_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
