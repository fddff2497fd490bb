/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of a policy say of one finding. */
#include "matcher/verdict.h"

#include "matcher/base/banned.h"

/* "WHAT: KEY VALUE (LAYER)", the setting that decides. */
static struct span setting_reason(const struct judge *j, const char *what, enum policy_key key)
{
	const struct policy_value *s = setting(j, key);

	return arena_format(j->run, "%s: %s %s (%s)", what, policy_key_name(key), s->word, s->layer);
}

/* ---- severity ---- */

static struct opinion by_level(const struct judge *j, enum pipgate_level level, const char *shown)
{
	const struct policy_value *s = setting(j, POLICY_FAIL_ON);
	bool never = s->value == POLICY_FAIL_ON_NEVER;
	bool blocks = !never && (int64_t)level >= s->value;
	const char *relation = blocks ? "reaches" : never ? "does not block:" : "is below";

	return (struct opinion){
		.rule = PIPGATE_RULE_SEVERITY,
		.action = blocks ? PIPGATE_BLOCK : PIPGATE_WARN,
		.reason = arena_format(j->run, "%s %s fail-on %s (%s)", shown, relation, s->word, s->layer),
		.where = setting_where(j, POLICY_FAIL_ON),
	};
}

struct opinion opinion_of_unknown(const struct judge *j, const char *what)
{
	const struct policy_value *s = setting(j, POLICY_UNKNOWN);
	struct span shown;

	if (s->value == POLICY_UNKNOWN_WARN || s->value == POLICY_UNKNOWN_IGNORE)
		return (struct opinion){
			.rule = PIPGATE_RULE_SEVERITY,
			.action = s->value == POLICY_UNKNOWN_WARN ? PIPGATE_WARN : PIPGATE_ALLOW,
			.reason = setting_reason(j, what, POLICY_UNKNOWN),
			.where = setting_where(j, POLICY_UNKNOWN),
		};
	shown = arena_format(j->run, "%s counts as %s (%s) and", what, s->word, s->layer);
	if (!shown.p)
		return (struct opinion){0};
	return by_level(j, (enum pipgate_level)s->value, shown.p);
}

enum pipgate_level level_of_finding(const struct judge *j, const struct pipgate_finding *finding)
{
	int64_t unknown = setting(j, POLICY_UNKNOWN)->value;

	if (finding->severity.level != PIPGATE_LEVEL_UNKNOWN || unknown > PIPGATE_LEVEL_CRITICAL)
		return finding->severity.level;
	return (enum pipgate_level)unknown;
}

/* Nothing that could be installed instead is known, so a block would help nobody. */
static void spare_unfixed(const struct judge *j, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_NO_FIX);

	if ((int64_t)o->action <= s->value || !o->reason.p)
		return;
	o->action = (enum pipgate_action)s->value;
	o->reason = arena_format(j->run, SPAN_FMT ", but no clean release is known", SPAN_ARG(o->reason));
}

/* ---- malice and exploitation ---- */

/* Somebody's own index may carry a name that a stranger has taken elsewhere. */
static struct span served_by(const struct judge *j, const struct pipgate_facts *facts)
{
	if (!facts->index.n || facts->default_index || facts->kind != PIPGATE_INDEX_UNKNOWN)
		return SPAN("");
	return arena_format(j->run,
		"; served by " SPAN_FMT ": if this index is your own, declare it in your policy: `index: {\"" SPAN_FMT "\": private}`",
		SPAN_ARG(facts->index), SPAN_ARG(facts->index));
}

static struct opinion by_malice(const struct judge *j, const struct pipgate_facts *facts)
{
	const struct policy_value *s = setting(j, POLICY_MALICIOUS);
	struct span hint = served_by(j, facts);

	return (struct opinion){
		.rule = PIPGATE_RULE_MALICIOUS,
		.action = (enum pipgate_action)s->value,
		.reason = hint.p ? arena_format(j->run, "malicious: %s (%s)" SPAN_FMT, s->word, s->layer, SPAN_ARG(hint)) : hint,
		.where = setting_where(j, POLICY_MALICIOUS),
	};
}

static void exploited_too(const struct judge *j, const struct pipgate_finding *f, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_EXPLOITED);

	if (!f->exploited || s->value <= (int64_t)o->action)
		return;
	o->rule = PIPGATE_RULE_EXPLOITED;
	o->action = (enum pipgate_action)s->value;
	o->reason = setting_reason(j, "known to be exploited", POLICY_EXPLOITED);
	o->where = setting_where(j, POLICY_EXPLOITED);
}

static void likely_too(const struct judge *j, const struct pipgate_finding *f, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_EPSS);

	if (!f->has_epss || f->epss < s->value || o->action == PIPGATE_BLOCK)
		return;
	o->rule = PIPGATE_RULE_EPSS;
	o->action = PIPGATE_BLOCK;
	o->reason = arena_format(j->run, "EPSS %u.%02u %% reaches epss %s (%s)", f->epss / 100u, f->epss % 100u, s->word, s->layer);
	o->where = setting_where(j, POLICY_EPSS);
}

/* ---- where it comes from ---- */

/* A name of a private index is not the public one that the advisory means. */
static bool is_private(const struct judge *j, const struct pipgate_finding *f, struct opinion *o)
{
	const struct pipgate_component *c = &j->subject->components[f->component];
	const struct pipgate_facts *facts = facts_of(j, f->component);
	struct span url = facts->index.n ? facts->index : c->url;

	if (c->origin != PIPGATE_ORIGIN_INDEX || policy_index_kind(j->policy, url) != PIPGATE_INDEX_PRIVATE)
		return false;
	*o = (struct opinion){
		.rule = PIPGATE_RULE_INDEX,
		.action = PIPGATE_ALLOW,
		.reason = arena_format(j->run, "the advisory is about a public name, this one is from a private index (" SPAN_FMT ")", SPAN_ARG(url)),
		.where = SPAN("index"),
	};
	return true;
}

static struct span local_label(struct span version)
{
	for (size_t i = 0; i < version.n; i++)
		if (version.p[i] == '+')
			return span_from(version, i + 1);
	return (struct span){NULL, 0};
}

/* A version with a label of somebody's own: patched, maybe. A pattern that cannot be decided changes nothing. */
static void spare_local(const struct judge *j, const struct pipgate_finding *f, struct opinion *o)
{
	const struct policy_value *s = setting(j, POLICY_LOCAL_VERSIONS);
	struct span label = local_label(j->subject->components[f->component].version);
	bool patched = false;

	if (!label.n || s->value == POLICY_LOCAL_AFFECTED || !o->reason.p || f->malicious)
		return;
	if (s->value == POLICY_LOCAL_PATTERN &&
		pattern_match(&j->matcher, &j->policy->local_pattern, label, &patched, NULL) == PIPGATE_OK && patched)
		o->action = PIPGATE_ALLOW;
	else if (s->value == POLICY_LOCAL_WARN && o->action == PIPGATE_BLOCK)
		o->action = PIPGATE_WARN;
	else
		return;
	o->reason = arena_format(j->run, SPAN_FMT ", but a local version: local-versions %s (%s)", SPAN_ARG(o->reason), s->word, s->layer);
	o->where = setting_where(j, POLICY_LOCAL_VERSIONS);
}

struct opinion opinion_of_finding(const struct judge *j, const struct pipgate_finding *finding)
{
	struct opinion o;

	if (is_private(j, finding, &o))
		return o;
	if (finding->malicious)
		return by_malice(j, facts_of(j, finding->component));
	if (finding->severity.level == PIPGATE_LEVEL_UNKNOWN)
		o = opinion_of_unknown(j, "unknown severity");
	else
		o = by_level(j, finding->severity.level, pipgate_level_name(finding->severity.level));
	likely_too(j, finding, &o);
	if (!finding->has_end || (!finding->n_fixed && facts_of(j, finding->component)->none_clean))
		spare_unfixed(j, &o);
	exploited_too(j, finding, &o);
	spare_local(j, finding, &o);
	return o;
}
