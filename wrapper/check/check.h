/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External checks of a policy: programs that take our JSON on stdin and answer with an opinion in JSON. Only a whole answer in
 * time counts; whatever else comes of a program is a no.
 */
#ifndef WRAPPER_CHECK_H
#define WRAPPER_CHECK_H

#include "matcher/policy/policy.h"
#include "wrapper/remedy.h"

#define CHECK_ANSWER_MAX ((size_t)1 << 20) /* bytes of one answer */

struct check_request {
	struct pipgate_run *run;
	const struct policy_check *checks;
	size_t n_checks;
	const struct audit *audit;
	const struct audit_context *context;
	const struct remedy *way; /* how pip is asked for archives; NULL: nothing is to be installed, they are not looked at */
};

/* Appends the checks' opinions to facts, one per component of the audit. A check that does not answer has said no. A status
 * other than OK means that no check may count as passed. */
enum pipgate_status checks_run(const struct check_request *request, struct pipgate_facts *facts,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Those that the policy names, between audit_match() and audit_judge_case(): audit->facts is made where it is missing.
 * way: as in struct check_request; without a pip in it nobody can look at archives, which is a no. */
enum pipgate_status checks_apply(struct audit *audit, const struct pipgate_policy *policy, const struct audit_context *context,
	const struct remedy *way, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
