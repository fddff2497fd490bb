/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions: what is let through, by whom, why and until when. */
#ifndef PIPGATE_POLICY_EXCEPTION_H
#define PIPGATE_POLICY_EXCEPTION_H

#include "matcher/policy/document.h"

enum exception_kind {
	EXCEPTION_ACCEPTED = 1,
	EXCEPTION_NOT_AFFECTED,
	EXCEPTION_FALSE_POSITIVE,
	EXCEPTION_MITIGATED,
};

struct policy_exception {
	struct span id;           /* lower case: any id or alias of a finding; empty: rule says what is meant */
	int64_t rule;             /* enum pipgate_rule; 0: id says */
	struct span distribution; /* normalized; empty: every one */
	struct span versions;     /* specifier; empty: all */
	struct texts places;      /* globs; none: everywhere */
	int64_t kind;             /* enum exception_kind */
	struct span reason, approved_by, ticket;
	int64_t created, expires; /* UNIX seconds; it counts through the day before expires */
	struct pipgate_layer layer;
	unsigned line;
};

const char *exception_kind_word(enum exception_kind kind); /* "not-affected" */

enum exception_state {
	EXCEPTION_GOOD = 1,
	EXCEPTION_EXPIRED,
	EXCEPTION_TOO_LONG,   /* the policy bounds how long one may last */
	EXCEPTION_NOT_YET,    /* created in the future */
	EXCEPTION_UNAPPROVED,
};
/* Does it count, now? */
enum exception_state exception_state(const struct pipgate_policy *policy, const struct policy_exception *exception, int64_t now);

/* Is this judgement of this component meant? finding NULL: one about the component itself, by a rule. */
enum pipgate_status exception_covers(struct pipgate_run *run, const struct policy_exception *exception,
	const struct pipgate_component *component, const struct pipgate_finding *finding, enum pipgate_rule rule, bool *out) PIPGATE_MUST_USE;

#endif
