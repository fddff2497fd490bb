/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of the decision: verdict.c (the order), verdict_finding.c, verdict_component.c (opinions), verdict_change.c. */
#ifndef PIPGATE_VERDICT_H
#define PIPGATE_VERDICT_H

#include "matcher/policy/baseline.h"
#include "matcher/policy/exception.h"
#include "matcher/policy/owner.h"
#include "matcher/policy/rule.h"

struct judge {
	struct pipgate_run *run;
	const struct pipgate_policy *policy;
	const struct pipgate_case *subject;
	struct pattern_matcher matcher;
	struct rules { /* in the order in which they are asked */
		const struct policy_rule **v;
		size_t n;
	} about_findings, about_components; /* an allow of the latter kind stands in both: it covers findings, too */
	struct list exceptions;           /* of const struct policy_exception *: those that name something of this case */
	bool *used;                       /* per one of these: it let something pass, or would have */
	const struct policy_owner **owners; /* per component */
	struct list judgements, notes;
	enum pipgate_action strictest;
	struct pipgate_error *error;
};

/* What one part of the policy says, before others change it. */
struct opinion {
	enum pipgate_rule rule;
	enum pipgate_action action;
	struct span reason; /* p NULL: no memory */
	struct span where, message;
	int64_t blocks_from;
	enum pipgate_pardon pardon;
	const char *pardon_kind;
	bool locked;        /* no exception lets it pass */
};

static inline const struct policy_value *setting(const struct judge *j, enum policy_key key)
{
	return &j->policy->values[key];
}

/* Nobody's facts, where nobody was asked. */
const struct pipgate_facts *facts_of(const struct judge *j, size_t component);
/* "LAYER" or "FILE:LINE" */
struct span setting_where(const struct judge *j, enum policy_key key);
enum pipgate_status judge_no_memory(const struct judge *j);

/* A judgement about a finding, or (finding SIZE_MAX) about a component, with everything that may change it. */
enum pipgate_status judgement_add(struct judge *j, size_t component, size_t finding, struct opinion opinion) PIPGATE_MUST_USE;

/* verdict_finding.c: what the keys say of a finding. level: what its severity counts as. */
struct opinion opinion_of_finding(const struct judge *j, const struct pipgate_finding *finding);
/* What has no severity that could be decided: WHAT is it. */
struct opinion opinion_of_unknown(const struct judge *j, const char *what);
enum pipgate_level level_of_finding(const struct judge *j, const struct pipgate_finding *finding);
/* verdict_component.c: what the keys, the blocked names and the checks say of a component. */
enum pipgate_status judge_component(struct judge *j, size_t component) PIPGATE_MUST_USE;
/* verdict_change.c: rules, exceptions, the baseline. */
enum pipgate_status changes_begin(struct judge *j) PIPGATE_MUST_USE;
enum pipgate_status changes_apply(struct judge *j, size_t component, size_t finding, struct opinion *opinion) PIPGATE_MUST_USE;
/* A rule of the policy's own about the component itself; rule NULL: none matches. */
enum pipgate_status component_rule(struct judge *j, size_t component, const struct policy_rule **out) PIPGATE_MUST_USE;
struct opinion opinion_of_rule(const struct judge *j, const struct policy_rule *rule);
/* What is wrong with exceptions of what stands in the plan. */
enum pipgate_status changes_end(struct judge *j) PIPGATE_MUST_USE;

#endif
