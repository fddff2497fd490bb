/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision: findings, facts and a policy → a verdict, each judgement with its reason. It knows nothing of where
 * they come from. An action that nobody set ends it: only an explicit allow allows.
 */
#include "matcher/verdict.h"

#include <stdlib.h>

#include "matcher/policy/risk.h"

#include "matcher/base/banned.h"

const char *pipgate_rule_name(enum pipgate_rule rule)
{
	static const char *const names[PIPGATE_RULES] = {
		[0] = "none",
		[PIPGATE_RULE_SEVERITY] = "severity",
		[PIPGATE_RULE_MALICIOUS] = "malicious",
		[PIPGATE_RULE_NAME] = "name",
		[PIPGATE_RULE_VERSION] = "version",
		[PIPGATE_RULE_SDIST] = "sdist",
		[PIPGATE_RULE_EXPLOITED] = "exploited",
		[PIPGATE_RULE_EPSS] = "epss",
		[PIPGATE_RULE_YANKED] = "yanked",
		[PIPGATE_RULE_STATUS] = "status",
		[PIPGATE_RULE_AGE] = "age",
		[PIPGATE_RULE_DIRECT] = "direct",
		[PIPGATE_RULE_UNPINNED] = "unpinned",
		[PIPGATE_RULE_LOCK] = "lock",
		[PIPGATE_RULE_CACHED_BUILD] = "cached-build",
		[PIPGATE_RULE_ATTESTATION] = "attestation",
		[PIPGATE_RULE_INDEX] = "index",
		[PIPGATE_RULE_SIMILAR] = "similar",
		[PIPGATE_RULE_CHECK] = "check",
		[PIPGATE_RULE_OWN] = "own",
	};

	return names[rule];
}

const struct pipgate_facts *facts_of(const struct judge *j, size_t component)
{
	static const struct pipgate_facts none;

	return j->subject->facts ? &j->subject->facts[component] : &none;
}

struct span setting_where(const struct judge *j, enum policy_key key)
{
	const struct policy_value *s = setting(j, key);

	return s->line ? arena_format(j->run, "%s:%u", s->layer, s->line) : span_of(s->layer);
}

enum pipgate_status judge_no_memory(const struct judge *j)
{
	return error_set(j->error, PIPGATE_NO_MEMORY, "out of memory");
}

/* ---- what every judgement goes through ---- */

static void cap_satisfied(const struct judge *j, const struct pipgate_component *component, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_SATISFIED);

	if (component->origin != PIPGATE_ORIGIN_INSTALLED || (int64_t)o->action <= s->value)
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

static enum pipgate_status no_action(const struct judge *j, const struct pipgate_component *c)
{
	return error_set(j->error, PIPGATE_FAILED, "no action was set for " SPAN_FMT, SPAN_ARG(c->name));
}

static enum pipgate_status judgement_push(struct judge *j, size_t component, size_t finding, const struct opinion *o)
{
	const struct policy_owner *owner = j->owners ? j->owners[component] : NULL;
	struct pipgate_judgement *place = list_push(j->run, &j->judgements, sizeof(*place));
	struct span team = owner ? owner_text(j->run, owner) : (struct span){NULL, 0};

	if (!place || (owner && !team.p))
		return judge_no_memory(j);
	*place = (struct pipgate_judgement){component, finding, o->rule, o->action, o->reason, o->where, o->message, o->blocks_from, o->pardon, team,
		o->pardon_kind};
	if (o->action > j->strictest)
		j->strictest = o->action;
	return PIPGATE_OK;
}

enum pipgate_status judgement_add(struct judge *j, size_t component, size_t finding, struct opinion o)
{
	const struct pipgate_component *c = &j->subject->components[component];
	enum pipgate_status status;

	if (!o.reason.p)
		return judge_no_memory(j);
	status = action_set(o.action) ? PIPGATE_OK : no_action(j, c);
	if (status == PIPGATE_OK)
		status = changes_apply(j, component, finding, &o);
	if (status != PIPGATE_OK)
		return status;
	cap_satisfied(j, c, &o);
	if (!action_set(o.action))
		return no_action(j, c);
	if (o.reason.p)
		apply_mode(j, &o);
	return o.reason.p ? judgement_push(j, component, finding, &o) : judge_no_memory(j);
}

/* ---- urgency ---- */

struct urgent {
	unsigned priority;
	size_t index;
};

static int by_urgency(const void *a, const void *b)
{
	const struct urgent *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static enum pipgate_status weigh(struct judge *j, struct pipgate_verdict *out)
{
	const struct pipgate_case *s = j->subject;
	struct pipgate_risk *risks = arena_array(j->run, s->n_findings + 1, sizeof(*risks));
	struct urgent *urgent = arena_array(j->run, s->n_findings + 1, sizeof(*urgent));
	size_t *order = arena_array(j->run, s->n_findings + 1, sizeof(*order));

	if (!risks || !urgent || !order)
		return judge_no_memory(j);
	for (size_t i = 0; i < s->n_findings; i++) {
		if (risk_of(j->run, j->policy, &s->components[s->findings[i].component], &s->findings[i], &risks[i]) != PIPGATE_OK)
			return judge_no_memory(j);
		urgent[i] = (struct urgent){risks[i].priority, i};
	}
	qsort(urgent, s->n_findings, sizeof(*urgent), by_urgency);
	for (size_t i = 0; i < s->n_findings; i++)
		order[i] = urgent[i].index;
	out->risks = risks;
	out->order = order;
	return PIPGATE_OK;
}

/* ---- the order of judgements ---- */

/* What a caller or an unset key could get wrong, before anything is judged. */
static enum pipgate_status judge_check(const struct judge *j)
{
	const struct pipgate_case *s = j->subject;

	for (size_t key = 0; key < POLICY_KEYS; key++)
		if (!policy_is_set(j->policy, (enum policy_key)key))
			return error_set(j->error, PIPGATE_FAILED, "the policy's %s was never set", policy_key_name((enum policy_key)key));
	if (s->n_components && !s->unknown)
		return error_set(j->error, PIPGATE_FAILED, "it is not said which versions are unknown");
	for (size_t i = 0; i < s->n_findings; i++)
		if (s->findings[i].component >= s->n_components)
			return error_set(j->error, PIPGATE_FAILED, "a finding is about no component");
	return PIPGATE_OK;
}

static enum pipgate_status owners_find(struct judge *j)
{
	if (!j->policy->owners.n)
		return PIPGATE_OK;
	j->owners = arena_array(j->run, j->subject->n_components + 1, sizeof(*j->owners));
	if (!j->owners)
		return judge_no_memory(j);
	for (size_t i = 0; i < j->subject->n_components; i++) {
		enum pipgate_status status = owner_find(j->policy, &j->matcher, &j->subject->components[i], &j->owners[i], j->error);

		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}

static enum pipgate_status judge_begin(struct judge *j)
{
	enum pipgate_status status = judge_check(j);

	if (status == PIPGATE_OK && pattern_matcher_init(j->run, &j->matcher) != PIPGATE_OK)
		status = judge_no_memory(j);
	if (status == PIPGATE_OK)
		status = owners_find(j);
	return status == PIPGATE_OK ? changes_begin(j) : status;
}

enum pipgate_status pipgate_decide(struct pipgate_run *run, const struct pipgate_policy *policy, const struct pipgate_case *subject,
	struct pipgate_verdict *out, struct pipgate_error *error)
{
	struct judge j = {.run = run, .policy = policy, .subject = subject, .strictest = PIPGATE_ALLOW, .error = error};
	struct pipgate_verdict verdict = {.action = PIPGATE_UNDECIDED};
	enum pipgate_status status = judge_begin(&j);

	for (size_t i = 0; status == PIPGATE_OK && i < subject->n_findings; i++)
		status = judgement_add(&j, subject->findings[i].component, i, opinion_of_finding(&j, &subject->findings[i]));
	for (size_t i = 0; status == PIPGATE_OK && i < subject->n_components; i++)
		status = judge_component(&j, i);
	if (status == PIPGATE_OK)
		status = changes_end(&j);
	if (status == PIPGATE_OK)
		status = weigh(&j, &verdict);
	if (status != PIPGATE_OK)
		return status;
	verdict.action = j.strictest;
	verdict.judgements = j.judgements.items;
	verdict.n_judgements = j.judgements.n;
	verdict.notes = j.notes.items;
	verdict.n_notes = j.notes.n;
	*out = verdict;
	return PIPGATE_OK;
}
