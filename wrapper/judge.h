/* SPDX-License-Identifier: Apache-2.0 */
/* From components to an exit status: opens the database, decides, reports. What the gate and `pipgate decide` share. */
#ifndef WRAPPER_JUDGE_H
#define WRAPPER_JUDGE_H

#include "wrapper/decide.h"
#include "wrapper/options.h"

struct judge_input {
	struct pipgate_run *run;
	const struct options *options;
	const struct pipgate_policy *policy;
	const char *command, *mode, *pip_version, *python, *exception_hint; /* as in struct audit_context */
	const struct pipgate_component *components;
	size_t n;
	struct pipgate_environment environment;
	bool dry_run, quiet;
};

/* 0: it may go on. Else EXIT_BLOCKED, EXIT_UNDECIDED or EXIT_USAGE, and all has been said. */
int judge(const struct judge_input *input);

#endif
