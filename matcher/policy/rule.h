/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of a policy's own list: who is meant, and what happens. In the order in which they are asked, see docs/policy.md. */
#ifndef PIPGATE_POLICY_RULE_H
#define PIPGATE_POLICY_RULE_H

#include "matcher/policy/document.h"

enum rule_source { /* bits of policy_rule.sources; the first ones are enum pipgate_origin */
	RULE_SOURCE_SDIST = PIPGATE_ORIGIN_INSTALLED + 1,
	RULE_SOURCE_WHEEL,
};

struct policy_rule {
	struct span title, message;
	struct pattern name, group, owner; /* PATTERN_NONE: whoever */
	struct span version;               /* specifier; empty: any, as the texts below */
	struct span id;                    /* lower case */
	struct span index;
	int64_t severity;                  /* enum pipgate_level, from there on; 0: any */
	unsigned sources;                  /* bits; 0: any */
	enum pipgate_answer requested, malicious;
	int64_t action;                    /* enum pipgate_action */
	int64_t from;                      /* a block from then on, a warning before; 0: at once */
	enum pipgate_answer locked;
	struct pipgate_layer layer;
	unsigned line;
};

/* Does it speak about findings, or about the distribution itself? */
bool rule_about_findings(const struct policy_rule *rule);
/* The rules in the order in which they are asked, as pointers; NULL: no memory. */
const struct policy_rule **rules_ordered(struct pipgate_run *run, const struct pipgate_policy *policy);

/* What a rule is asked about. */
struct rule_subject {
	struct pipgate_run *run;
	const struct pattern_matcher *matcher;
	const struct pipgate_component *component;
	const struct pipgate_finding *finding; /* NULL: the distribution itself */
	enum pipgate_level level;              /* of the finding, as the policy counts it */
	struct span index, team;               /* empty: not known */
	struct pipgate_error *error;
};
/* INVALID: a pattern cannot be decided. */
enum pipgate_status rule_matches(const struct policy_rule *rule, const struct rule_subject *subject, bool *out) PIPGATE_MUST_USE;

#endif
