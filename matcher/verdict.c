/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision: findings, facts and a policy → a verdict, each judgement with its reason. It knows nothing of where
 * they come from. An action that nobody set ends it: only an explicit allow allows.
 */
#include "matcher/base/arena.h"
#include "matcher/base/error.h"
#include "matcher/policy/policy.h"

#include "matcher/base/banned.h"

struct judge {
	struct pipgate_run *run;
	const struct pipgate_policy *policy;
	const struct pipgate_case *subject;
	struct pattern_matcher matcher;
	struct list judgements;
	enum pipgate_action strictest;
	struct pipgate_error *error;
};

struct opinion {
	enum pipgate_rule rule;
	enum pipgate_action action;
	struct span reason; /* p NULL: no memory */
};

static const struct policy_value *setting(const struct judge *j, enum policy_key key)
{
	return &j->policy->values[key];
}

/* "WHAT: KEY VALUE (LAYER)", the setting that decides. */
static struct span setting_reason(const struct judge *j, const char *what, enum policy_key key)
{
	const struct policy_value *s = setting(j, key);

	return arena_format(j->run, "%s: %s %s (%s)", what, policy_key_name(key), s->word, s->layer);
}

/* ---- the rules ---- */

static struct opinion by_level(const struct judge *j, enum pipgate_level level, const char *shown)
{
	const struct policy_value *s = setting(j, POLICY_FAIL_ON);
	bool never = s->value == POLICY_FAIL_ON_NEVER;
	bool blocks = !never && (int)level >= s->value;
	const char *relation = blocks ? "reaches" : never ? "does not block:" : "is below";

	return (struct opinion){
		PIPGATE_RULE_SEVERITY, blocks ? PIPGATE_BLOCK : PIPGATE_WARN,
		arena_format(j->run, "%s %s fail-on %s (%s)", shown, relation, s->word, s->layer),
	};
}

static struct opinion by_unknown(const struct judge *j, const char *what)
{
	const struct policy_value *s = setting(j, POLICY_UNKNOWN);
	struct span shown;

	if (s->value == POLICY_UNKNOWN_WARN || s->value == POLICY_UNKNOWN_IGNORE)
		return (struct opinion){
			PIPGATE_RULE_SEVERITY, s->value == POLICY_UNKNOWN_WARN ? PIPGATE_WARN : PIPGATE_ALLOW,
			setting_reason(j, what, POLICY_UNKNOWN),
		};
	shown = arena_format(j->run, "%s counts as %s (%s) and", what, s->word, s->layer);
	if (!shown.p)
		return (struct opinion){0};
	return by_level(j, (enum pipgate_level)s->value, shown.p);
}

/* Nothing that could be installed instead is known, so a block would help nobody. */
static void spare_unfixed(const struct judge *j, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_NO_FIX);

	if ((int)o->action <= s->value || !o->reason.p)
		return;
	o->action = (enum pipgate_action)s->value;
	o->reason = arena_format(j->run, SPAN_FMT ", but no clean release is known", SPAN_ARG(o->reason));
}

static struct opinion by_malice(const struct judge *j)
{
	const struct policy_value *s = setting(j, POLICY_MALICIOUS);

	return (struct opinion){
		PIPGATE_RULE_MALICIOUS, (enum pipgate_action)s->value,
		arena_format(j->run, "malicious: %s (%s)", s->word, s->layer),
	};
}

static struct opinion by_finding(const struct judge *j, const struct pipgate_finding *finding)
{
	struct opinion o;

	if (finding->malicious)
		return by_malice(j);
	if (finding->severity.level == PIPGATE_LEVEL_UNKNOWN)
		o = by_unknown(j, "unknown severity");
	else
		o = by_level(j, finding->severity.level, pipgate_level_name(finding->severity.level));
	if (!finding->has_end)
		spare_unfixed(j, &o);
	return o;
}

/* A version that cannot be compared is never clean. */
static struct opinion by_version(const struct judge *j)
{
	struct opinion o = by_unknown(j, "a version that is not PEP 440");

	o.rule = PIPGATE_RULE_VERSION;
	if (o.action == PIPGATE_ALLOW)
		o.action = PIPGATE_WARN;
	return o;
}

static struct opinion by_pattern(const struct judge *j, const struct pattern *pattern)
{
	return (struct opinion){
		PIPGATE_RULE_NAME, PIPGATE_BLOCK,
		arena_format(j->run, "its name matches block '" SPAN_FMT "' (%s)", SPAN_ARG(pattern->text), pattern->layer),
	};
}

static struct opinion by_build(const struct judge *j)
{
	return (struct opinion){
		PIPGATE_RULE_SDIST, (enum pipgate_action)setting(j, POLICY_SDIST)->value,
		setting_reason(j, "builds from source", POLICY_SDIST),
	};
}

/* ---- what changes a judgement afterwards ---- */

static void cap_satisfied(const struct judge *j, const struct pipgate_component *component, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_SATISFIED);

	if (component->origin != PIPGATE_ORIGIN_INSTALLED || (int)o->action <= s->value || !o->reason.p)
		return;
	o->action = (enum pipgate_action)s->value;
	o->reason = arena_format(j->run, SPAN_FMT ", but already installed: satisfied %s (%s)", SPAN_ARG(o->reason), s->word, s->layer);
}

static void apply_mode(const struct judge *j, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_MODE);

	if (s->value == POLICY_MODE_OFF) {
		o->action = PIPGATE_ALLOW;
		o->reason = arena_format(j->run, "mode off (%s)", s->layer);
	} else if (s->value == POLICY_MODE_WARN && o->action == PIPGATE_BLOCK) {
		o->action = PIPGATE_WARN;
		o->reason = arena_format(j->run, "would block: " SPAN_FMT "; mode warn (%s)", SPAN_ARG(o->reason), s->layer);
	}
}

static bool action_set(enum pipgate_action action)
{
	return action == PIPGATE_ALLOW || action == PIPGATE_WARN || action == PIPGATE_BLOCK;
}

static enum pipgate_status no_memory(const struct judge *j)
{
	return error_set(j->error, PIPGATE_NO_MEMORY, "out of memory");
}

static enum pipgate_status judgement_add(struct judge *j, size_t component, size_t finding, struct opinion o)
{
	const struct pipgate_component *c = &j->subject->components[component];
	struct pipgate_judgement *place;

	if (!o.reason.p)
		return no_memory(j);
	if (action_set(o.action))
		cap_satisfied(j, c, &o);
	if (!action_set(o.action))
		return error_set(j->error, PIPGATE_FAILED, "no action was set for " SPAN_FMT, SPAN_ARG(c->name));
	if (o.reason.p)
		apply_mode(j, &o);
	place = o.reason.p ? list_push(j->run, &j->judgements, sizeof(*place)) : NULL;
	if (!place)
		return no_memory(j);
	*place = (struct pipgate_judgement){component, finding, o.rule, o.action, o.reason};
	if (o.action > j->strictest)
		j->strictest = o.action;
	return PIPGATE_OK;
}

/* ---- the order of judgements ---- */

static enum pipgate_status judge_name(struct judge *j, size_t component)
{
	const struct pattern *patterns = j->policy->patterns.items;
	struct span name = j->subject->components[component].name;

	for (size_t i = 0; i < j->policy->patterns.n; i++) {
		bool hit = false;
		enum pipgate_status status = pattern_match(&j->matcher, &patterns[i], name, &hit, j->error);

		if (status != PIPGATE_OK)
			return status;
		if (hit)
			return judgement_add(j, component, SIZE_MAX, by_pattern(j, &patterns[i]));
	}
	return PIPGATE_OK;
}

static enum pipgate_status judge_component(struct judge *j, size_t component)
{
	const struct pipgate_component *c = &j->subject->components[component];
	enum pipgate_status status = judge_name(j, component);

	if (status == PIPGATE_OK && j->subject->unknown[component])
		status = judgement_add(j, component, SIZE_MAX, by_version(j));
	if (status == PIPGATE_OK && c->sdist && c->origin != PIPGATE_ORIGIN_INSTALLED && setting(j, POLICY_SDIST)->value != PIPGATE_ALLOW)
		status = judgement_add(j, component, SIZE_MAX, by_build(j));
	return status;
}

/* What a caller or an unset key could get wrong, before anything is judged. */
static enum pipgate_status judge_check(const struct judge *j)
{
	const struct pipgate_case *s = j->subject;

	for (size_t key = 0; key < POLICY_KEYS; key++)
		if (!setting(j, (enum policy_key)key)->value)
			return error_set(j->error, PIPGATE_FAILED, "the policy's %s was never set", policy_key_name((enum policy_key)key));
	if (s->n_components && !s->unknown)
		return error_set(j->error, PIPGATE_FAILED, "it is not said which versions are unknown");
	for (size_t i = 0; i < s->n_findings; i++)
		if (s->findings[i].component >= s->n_components)
			return error_set(j->error, PIPGATE_FAILED, "a finding is about no component");
	return PIPGATE_OK;
}

enum pipgate_status pipgate_decide(struct pipgate_run *run, const struct pipgate_policy *policy, const struct pipgate_case *subject,
	struct pipgate_verdict *out, struct pipgate_error *error)
{
	struct judge j = {.run = run, .policy = policy, .subject = subject, .strictest = PIPGATE_ALLOW, .error = error};
	enum pipgate_status status = judge_check(&j);

	if (status == PIPGATE_OK && policy->patterns.n && pattern_matcher_init(run, &j.matcher) != PIPGATE_OK)
		status = no_memory(&j);
	for (size_t i = 0; status == PIPGATE_OK && i < subject->n_findings; i++)
		status = judgement_add(&j, subject->findings[i].component, i, by_finding(&j, &subject->findings[i]));
	for (size_t i = 0; status == PIPGATE_OK && i < subject->n_components; i++)
		status = judge_component(&j, i);
	if (status != PIPGATE_OK)
		return status;
	*out = (struct pipgate_verdict){j.strictest, j.judgements.items, j.judgements.n};
	return PIPGATE_OK;
}
