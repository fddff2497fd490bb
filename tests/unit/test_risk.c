/* SPDX-License-Identifier: Apache-2.0 */
/* Priorities: their terms, and that more of anything never lowers one, whatever the weights. Prints its seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "matcher/base/arena.h"
#include "matcher/policy/policy.h"
#include "matcher/policy/risk.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define ROUNDS 20000
#define FINDINGS 40

static uint64_t random_state;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % n;
}

static int run_up(void **state)
{
	return pipgate_run_new(NULL, (struct pipgate_run **)state) == PIPGATE_OK ? 0 : -1;
}

static int run_down(void **state)
{
	pipgate_run_free((struct pipgate_run **)state);
	return 0;
}

static struct pipgate_policy *policy_of(struct pipgate_run *run, const char *text)
{
	const struct pipgate_layer layer = {PIPGATE_LAYER_USER, "p.yaml", true, false};
	struct pipgate_policy *policy = NULL;
	struct pipgate_error error = {""};

	assert_int_equal(pipgate_policy_new(run, &policy), PIPGATE_OK);
	if (pipgate_policy_add(policy, &layer, span_of(text), &error) != PIPGATE_OK)
		fail_msg("%s", error.text);
	return policy;
}

static unsigned priority(struct pipgate_run *run, const struct pipgate_policy *policy, const struct pipgate_component *c,
	const struct pipgate_finding *f)
{
	struct pipgate_risk risk;

	assert_int_equal(risk_of(run, policy, c, f, &risk), PIPGATE_OK);
	return risk.priority;
}

/* ---- terms ---- */

static void terms(void **state)
{
	static const struct span fixed[] = {{"2", 1}};
	static const struct {
		struct pipgate_finding finding;
		bool requested;
		unsigned priority;
		const char *sum;
	} table[] = {
		{{.severity = {.level = PIPGATE_LEVEL_CRITICAL}}, false, 40, "critical 40"},
		{{.severity = {.level = PIPGATE_LEVEL_MEDIUM}, .exploited = true, .has_epss = true, .epss = 9421}, true, 103,
			"medium 20 + exploited 50 + epss 28 + direct 5"},
		{{.severity = {.level = PIPGATE_LEVEL_UNKNOWN}, .malicious = true}, false, 125, "unknown 25 + malicious 100"},
		{{.severity = {.level = PIPGATE_LEVEL_LOW}, .exploit_public = true, .fixed = fixed, .n_fixed = 1}, false, 25,
			"low 10 + exploit 10 + fix 5"},
		{{.severity = {.level = PIPGATE_LEVEL_NONE}}, false, 0, ""},
		{{.severity = {.level = PIPGATE_LEVEL_HIGH}, .has_epss = true, .epss = 333}, false, 30, "high 30"},
		{{.severity = {.level = PIPGATE_LEVEL_HIGH}, .has_epss = false, .epss = 10000}, false, 30, "high 30"},
	};
	const struct pipgate_policy *policy = policy_of(*state, "schema: pipgate/policy/1\n");

	for (size_t i = 0; i < N(table); i++) {
		const struct pipgate_component c = {.requested = table[i].requested};
		struct pipgate_risk risk;

		assert_int_equal(risk_of(*state, policy, &c, &table[i].finding, &risk), PIPGATE_OK);
		if (risk.priority != table[i].priority || !span_is(risk.sum, table[i].sum))
			fail_msg("case %zu: %u, " SPAN_FMT, i, risk.priority, SPAN_ARG(risk.sum));
	}
}

/* ---- more of anything ---- */

static const struct span random_fixed[] = {{"2", 1}, {"3", 1}};

static struct pipgate_finding random_finding(void)
{
	return (struct pipgate_finding){
		.severity = {.level = (enum pipgate_level)random_below(PIPGATE_LEVEL_CRITICAL + 1)},
		.malicious = random_below(2), .exploited = random_below(2), .exploit_public = random_below(2),
		.has_epss = random_below(2), .epss = (uint16_t)random_below(10001), .epss_percentile = (uint16_t)random_below(10001),
		.fixed = random_fixed, .n_fixed = random_below(3),
	};
}

/* One thing more of it, chosen at random. */
static void more_of(struct pipgate_finding *f, struct pipgate_component *c)
{
	switch (random_below(7)) {
	case 0: /* an unknown severity is worse than some and better than others: it is no step */
		f->severity.level += f->severity.level != PIPGATE_LEVEL_UNKNOWN && f->severity.level < PIPGATE_LEVEL_CRITICAL;
		break;
	case 1:
		f->malicious = true;
		break;
	case 2:
		f->exploited = true;
		break;
	case 3:
		f->exploit_public = true;
		break;
	case 4:
		f->epss = f->has_epss ? (uint16_t)(f->epss + random_below(10001u - f->epss)) : f->epss;
		f->has_epss = true;
		break;
	case 5:
		f->n_fixed = 2;
		break;
	default:
		c->requested = true;
	}
}

/* Any weights that a policy may set. */
static struct pipgate_policy *random_policy(struct pipgate_run *run)
{
	static const char *const rising[] = {"low", "medium", "high", "critical"};
	static const char *const others[] = {"unknown", "malicious", "exploited", "epss", "exploit", "fix", "direct"};
	char text[512] = "schema: pipgate/policy/1\npriority:\n";
	size_t n = strlen(text);
	unsigned weight = 0;

	for (size_t i = 0; i < N(rising); i++) {
		weight += random_below(251);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "  %s: %u\n", rising[i], weight);
	}
	for (size_t i = 0; i < N(others); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "  %s: %u\n", others[i], random_below(1001));
	return policy_of(run, text);
}

static void seed_take(void)
{
	const char *seed = getenv("SEED");

	random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	printf("# SEED=%llu\n", (unsigned long long)random_state);
}

static void more_never_lowers_it(void **state)
{
	(void)state;
	seed_take();
	for (size_t round = 0; round < ROUNDS / 200; round++) {
		struct pipgate_run *run = NULL;
		struct pipgate_policy *policy;

		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		policy = round ? random_policy(run) : policy_of(run, "schema: pipgate/policy/1\n");
		for (size_t i = 0; i < 200; i++) {
			struct pipgate_component c = {.requested = random_below(2)};
			struct pipgate_finding f = random_finding();
			unsigned before = priority(run, policy, &c, &f);

			more_of(&f, &c);
			assert_true(priority(run, policy, &c, &f) >= before);
		}
		pipgate_run_free(&run);
	}
}

/* The verdict's order is by priority, of equals the first; and each finding stands in it once. */
static void order_is_by_priority(void **state)
{
	static const bool unknown[FINDINGS];
	const struct pipgate_policy *policy = policy_of(*state, "schema: pipgate/policy/1\n");

	seed_take();
	for (size_t round = 0; round < 50; round++) {
		struct pipgate_component components[FINDINGS] = {{.name = SPAN("")}};
		struct pipgate_finding findings[FINDINGS];
		struct pipgate_verdict v;
		bool seen[FINDINGS] = {false};

		for (size_t i = 0; i < FINDINGS; i++) {
			components[i] = (struct pipgate_component){.name = SPAN("p"), .version = SPAN("1"), .requested = random_below(2)};
			findings[i] = random_finding();
			findings[i].component = i;
		}
		assert_int_equal(pipgate_decide(*state, policy, &(struct pipgate_case){components, FINDINGS, unknown, findings, FINDINGS, NULL, 0, NULL, NULL},
			&v, NULL), PIPGATE_OK);
		for (size_t i = 0; i < FINDINGS; i++) {
			assert_false(seen[v.order[i]]);
			seen[v.order[i]] = true;
			if (i && v.risks[v.order[i]].priority == v.risks[v.order[i - 1]].priority)
				assert_true(v.order[i] > v.order[i - 1]);
			else if (i)
				assert_true(v.risks[v.order[i]].priority < v.risks[v.order[i - 1]].priority);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(terms, run_up, run_down),
		cmocka_unit_test(more_never_lowers_it),
		cmocka_unit_test_setup_teardown(order_is_by_priority, run_up, run_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
