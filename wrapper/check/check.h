/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External checks of a policy: programs that take our JSON on stdin and answer with an opinion in JSON. Only a whole answer in
 * time counts; whatever else comes of a program is a no.
 */
#ifndef WRAPPER_CHECK_H
#define WRAPPER_CHECK_H

#include "wrapper/decide.h"

enum policy_check_on {
	POLICY_CHECK_PLAN = 1, /* one run for the whole plan */
	POLICY_CHECK_ARCHIVE,  /* one run per archive */
};

struct policy_check {
	const char *name;    /* NULL: the program's base name */
	char *const *run;    /* NULL-ended */
	enum policy_check_on on;
	const char *format;  /* how its answer is read: a row of answer.c, NULL: pipgate */
	int64_t timeout_ms;  /* 0: CHECK_TIMEOUT_MS */
	enum pipgate_action then; /* what its "no" means: WARN or BLOCK; 0: BLOCK */
	bool may_loosen;
	const char *layer;
};

#define CHECK_TIMEOUT_MS 30000
#define CHECK_ANSWER_MAX ((size_t)1 << 20) /* bytes of one answer */

struct check_request {
	struct pipgate_run *run;
	const struct policy_check *checks;
	size_t n_checks;
	const struct audit *audit;
	const struct audit_context *context;
};

/* Appends the checks' opinions to facts, one per component of the audit. A check that does not answer has said no. A status
 * other than OK means that no check may count as passed. */
enum pipgate_status checks_run(const struct check_request *request, struct pipgate_facts *facts, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
