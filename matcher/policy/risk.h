/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The priority of a finding: a sum of weights, with its terms in words. No weight is negative and severities rise, so more of
 * anything never lowers it.
 */
#ifndef PIPGATE_POLICY_RISK_H
#define PIPGATE_POLICY_RISK_H

#include "matcher/policy/policy.h"

void weights_default(struct pipgate_policy *policy);
enum pipgate_status risk_of(struct pipgate_run *run, const struct pipgate_policy *policy, const struct pipgate_component *component,
	const struct pipgate_finding *finding, struct pipgate_risk *out) PIPGATE_MUST_USE;

#endif
