/* SPDX-License-Identifier: Apache-2.0 */
/* From components to an exit status: the database, the decision, the reports. What the gate and `pipgate decide` share. */
#ifndef WRAPPER_JUDGE_H
#define WRAPPER_JUDGE_H

#include "wrapper/decide.h"
#include "wrapper/facts/apply.h"
#include "wrapper/options.h"
#include "wrapper/remedy.h"

/* The database that decides, opened before pip is asked for a plan: without one the plan is not worth its time. */
struct judge_database {
	struct database_place place;
	struct database *database;
};
/* 0, or 41: there is none that the policy goes on with (said). */
int judge_open(const struct pipgate_policy *policy, struct judge_database *out);
void judge_close(struct judge_database *database);

struct judge_input {
	struct pipgate_run *run;
	const struct options *options;
	const struct pipgate_policy *policy;
	const char *command, *mode, *pip_version, *python, *exception_hint; /* as in struct audit_context */
	const struct pipgate_component *components;
	size_t n;
	struct pipgate_environment environment;
	bool dry_run, quiet;
	const struct remedy *remedy; /* a block looks for the nearest clean set with it; its database is filled in. NULL: it does not */
	struct buf *clean; /* takes the nearest clean set, as constraints; NULL: it is not wanted */
	const struct remedy *way; /* how pip is asked for archives that checks look at; NULL: there is no pip */
	const struct facts_source *index; /* what the policy wants to know is asked of it; NULL: it is not known which one pip has */
	struct buf *why; /* takes the first reason of a block (report_reason); NULL: it is not wanted */
};

/* 0: it may go on. Else EXIT_BLOCKED, EXIT_UNDECIDED or EXIT_USAGE, and all has been said. */
int judge(const struct judge_input *input, const struct judge_database *database);

#endif
