/* SPDX-License-Identifier: Apache-2.0 */
/* --fix: the engine of wrapper/fix put to work on each input of an audit, and a second audit behind it. */
#ifndef WRAPPER_AUDIT_FIX_H
#define WRAPPER_AUDIT_FIX_H

#include "wrapper/audit/audit.h"
#include "wrapper/fix/judged.h"

struct fixing {
	struct auditing *auditing;
	struct judging judging;
	struct list shown; /* of struct fix_shown */
	bool *fixed;       /* per component */
	bool changed;      /* something was written or installed */
};

/* One input on its way: what is asked of the engine, and what it answers. */
struct fixing_input {
	struct fixing *fixing;
	size_t input, first, end; /* its components */
	struct fix_request request;
	struct fix_plan plan;
};

/* Fills request with all that does not depend on the kind of input; false: nothing of it is vulnerable. */
bool fixing_begin(struct fixing *fixing, size_t input, struct fixing_input *out);
/* pip and its marker variables, for request. */
enum pipgate_status fixing_pip(struct fixing_input *input, struct pipgate_error *error) PIPGATE_MUST_USE;
/* None of it can be carried out: all of its moves get the reason. */
void fixing_refuse(struct fixing_input *input, const char *reason);

/* A kind of input: fills plan, and carries it out where it is no dry run. */
typedef enum pipgate_status fixing_kind(struct fixing_input *input, struct pipgate_error *error);
fixing_kind fixing_environment, fixing_requirements, fixing_lock;

#endif
