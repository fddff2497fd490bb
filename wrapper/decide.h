/* SPDX-License-Identifier: Apache-2.0 */
/* The middle of the way: components → findings → facts → verdict. The same for the gate and for `pip audit`. */
#ifndef WRAPPER_DECIDE_H
#define WRAPPER_DECIDE_H

#include "matcher/pipgate.h"
#include "wrapper/database/database.h"

/* What was asked about, and afterwards what came out. Everything lives in the run. */
struct audit {
	struct pipgate_run *run;
	/* in */
	struct pipgate_environment environment;
	const struct pipgate_component *components;
	size_t n_components;
	int64_t now;
	struct pipgate_facts *facts; /* per component; NULL: nobody was asked */
	const bool *before;          /* as in struct pipgate_case */
	const char *before_name;
	/* out */
	bool *unknown; /* per component: its version is not PEP 440 and an advisory names it */
	const struct pipgate_finding *findings;
	size_t n_findings;
	const struct pipgate_chain *chains; /* per finding */
	struct pipgate_verdict verdict;
};

/* What a report says beside the audit. Strings are NUL-ended or NULL. */
struct audit_context {
	const char *command;     /* "install", "download", "wheel" */
	const char *mode;        /* "plan" */
	const char *pip_version, *python; /* of the real pip */
	const char *profile;     /* "developer", "ci", … */
	const char *database_path;
	enum database_kind database_kind;
	const struct database_info *database; /* NULL: none was usable */
	int64_t now;
	bool dry_run;            /* nothing would have been installed anyway */
	const char *remedy;      /* the nearest clean set, safe for a terminal; NULL: none was looked for, or found */
	struct span clean;       /* the same as constraints, a line each */
	const char *clean_file;  /* where they were written; NULL: nowhere */
	const char *exception_hint; /* the exact line that lets the first finding pass; NULL: none */
};

/* What a verdict on it is made of. */
struct pipgate_case audit_case(const struct audit *audit, int64_t now);
/* The two halves: findings and chains; then, with what facts there are, the verdict. */
enum pipgate_status audit_match(struct audit *audit, const struct pipgate_cursor *cursor, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status audit_judge_case(struct audit *audit, const struct pipgate_policy *policy, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status audit_decide(struct audit *audit, const struct pipgate_policy *policy, const struct pipgate_cursor *cursor,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
