/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/rule.h"

#include "matcher/base/banned.h"

#define AT(member) offsetof(struct policy_rule, member)

static const struct field_choice actions[] = {
	{"allow", PIPGATE_ALLOW}, {"warn", PIPGATE_WARN}, {"block", PIPGATE_BLOCK}, {NULL, 0},
};
static const struct field_choice levels[] = {
	{"low", PIPGATE_LEVEL_LOW}, {"medium", PIPGATE_LEVEL_MEDIUM}, {"high", PIPGATE_LEVEL_HIGH}, {"critical", PIPGATE_LEVEL_CRITICAL}, {NULL, 0},
};
static const struct field_choice sources[] = {
	{"index", PIPGATE_ORIGIN_INDEX},         {"url", PIPGATE_ORIGIN_URL},           {"vcs", PIPGATE_ORIGIN_VCS},
	{"directory", PIPGATE_ORIGIN_DIRECTORY}, {"archive", PIPGATE_ORIGIN_ARCHIVE},   {"editable", PIPGATE_ORIGIN_EDITABLE},
	{"installed", PIPGATE_ORIGIN_INSTALLED}, {"sdist", RULE_SOURCE_SDIST},          {"wheel", RULE_SOURCE_WHEEL},
	{NULL, 0},
};

static const struct field fields[] = {
	{"action", FIELD_CHOICE, AT(action), true, actions},
	{"name", FIELD_PATTERN, AT(name), false, NULL},
	{"version", FIELD_SPECIFIER, AT(version), false, NULL},
	{"id", FIELD_LOWER, AT(id), false, NULL},
	{"severity", FIELD_CHOICE, AT(severity), false, levels},
	{"source", FIELD_BITS, AT(sources), false, sources},
	{"requested", FIELD_ANSWER, AT(requested), false, NULL},
	{"malicious", FIELD_ANSWER, AT(malicious), false, NULL},
	{"group", FIELD_PATTERN, AT(group), false, NULL},
	{"index", FIELD_TEXT, AT(index), false, NULL},
	{"owner", FIELD_PATTERN, AT(owner), false, NULL},
	{"title", FIELD_TEXT, AT(title), false, NULL},
	{"message", FIELD_TEXT, AT(message), false, NULL},
	{"from", FIELD_DATE, AT(from), false, NULL},
	{"locked", FIELD_ANSWER, AT(locked), false, NULL},
	{NULL, 0, 0, false, NULL},
};

enum pipgate_status rule_read(const struct document *d, const cJSON *item)
{
	struct policy_rule rule = {.layer = d->layer, .line = document_line(d, item)}, *place;
	enum pipgate_status status = fields_read(d, item, fields, &rule);

	if (status != PIPGATE_OK)
		return status;
	if (rule.locked == PIPGATE_YES && d->layer.kind != PIPGATE_LAYER_SYSTEM && d->layer.kind != PIPGATE_LAYER_ORGANISATION)
		return document_refuse(d, item, false, "only a rule of the system's policy can be locked");
	if (rule.from && rule.action != PIPGATE_BLOCK)
		return document_refuse(d, item, false, "'from' is the day from which a rule blocks: it belongs to 'action: block'");
	if (!d->layer.may_loosen && (rule.action != PIPGATE_BLOCK || rule.from))
		return document_left_out(d, item, "a rule that does not block");
	place = list_push(d->policy->run, &d->policy->rules, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = rule;
	return PIPGATE_OK;
}

bool rule_about_findings(const struct policy_rule *rule)
{
	return rule->id.n || rule->severity || rule->malicious;
}

/* Layers are added from the weakest to the strongest, each layer's rules in a row. */
const struct policy_rule **rules_ordered(struct pipgate_run *run, const struct pipgate_policy *policy)
{
	const struct policy_rule *rules = policy->rules.items;
	const struct policy_rule **order = arena_array(run, policy->rules.n + 1, sizeof(struct policy_rule *));
	size_t n = 0, end = policy->rules.n;

	for (size_t i = 0; order && i < policy->rules.n; i++)
		if (rules[i].locked == PIPGATE_YES)
			order[n++] = &rules[i];
	while (order && end) {
		size_t start = end - 1;

		while (start && rules[start - 1].layer.kind == rules[end - 1].layer.kind)
			start--;
		for (size_t i = start; i < end; i++)
			if (rules[i].locked != PIPGATE_YES)
				order[n++] = &rules[i];
		end = start;
	}
	return order;
}

/* ---- one condition each ---- */

static enum pipgate_status any_of(const struct rule_subject *s, const struct pattern *pattern, const struct span *texts, size_t n, bool *out)
{
	enum pipgate_status status = PIPGATE_OK;

	*out = false;
	for (size_t i = 0; i < n && !*out && status == PIPGATE_OK; i++)
		status = pattern_match(s->matcher, pattern, texts[i], out, s->error);
	return status;
}

static bool is_source(const struct policy_rule *rule, const struct pipgate_component *c)
{
	unsigned mine = 1u << c->origin | 1u << (c->sdist ? RULE_SOURCE_SDIST : RULE_SOURCE_WHEEL);

	return !rule->sources || rule->sources & mine;
}

static bool is_answer(enum pipgate_answer wanted, bool is)
{
	return !wanted || (wanted == PIPGATE_YES) == is;
}

static bool is_finding(const struct policy_rule *rule, const struct rule_subject *s)
{
	if (!rule_about_findings(rule))
		return true;
	return s->finding && (!rule->id.n || pipgate_finding_has_id(s->finding, rule->id)) && (int64_t)s->level >= rule->severity &&
		is_answer(rule->malicious, s->finding->malicious);
}

enum pipgate_status rule_matches(const struct policy_rule *rule, const struct rule_subject *s, bool *out)
{
	const struct pipgate_component *c = s->component;
	enum pipgate_status status = PIPGATE_OK;

	*out = true;
	if (rule->name.kind)
		status = pattern_match(s->matcher, &rule->name, c->name, out, s->error);
	*out = *out && is_finding(rule, s) && is_source(rule, c) && is_answer(rule->requested, c->requested) &&
		(!rule->index.n || policy_index_matches(rule->index.p, s->index));
	if (status == PIPGATE_OK && *out && rule->group.kind) {
		status = any_of(s, &rule->group, c->groups, c->n_groups, out);
		if (status == PIPGATE_OK && !*out)
			status = any_of(s, &rule->group, c->extras, c->n_extras, out);
	}
	if (status == PIPGATE_OK && *out && rule->owner.kind)
		status = any_of(s, &rule->owner, &s->team, 1, out);
	if (status == PIPGATE_OK && *out && rule->version.n)
		status = pipgate_specifier_contains(s->run, rule->version, c->version, PIPGATE_PRERELEASES_YES, out);
	return status;
}
