/* SPDX-License-Identifier: Apache-2.0 */
/* Owners: who is asked about a distribution. As in CODEOWNERS the last line that matches wins. */
#ifndef PIPGATE_POLICY_OWNER_H
#define PIPGATE_POLICY_OWNER_H

#include "matcher/policy/document.h"

struct policy_owner {
	struct pattern name; /* PATTERN_NONE: every distribution */
	struct span place;   /* a glob on the file that asks for it; empty: everywhere */
	struct span team, service, contact;
};

/* NULL: nobody owns it. INVALID: a pattern cannot be decided. */
enum pipgate_status owner_find(const struct pipgate_policy *policy, const struct pattern_matcher *matcher,
	const struct pipgate_component *component, const struct policy_owner **out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* "payments, shop (pay@example.org)"; p NULL: no memory. */
struct span owner_text(struct pipgate_run *run, const struct policy_owner *owner);

#endif
