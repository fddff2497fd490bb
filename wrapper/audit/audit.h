/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pip audit`, from top to bottom: gather what there is, decide about it as the gate does, show it in one or several formats.
 * Each stage is a file in this folder and fills its part.
 */
#ifndef WRAPPER_AUDIT_H
#define WRAPPER_AUDIT_H

#include "wrapper/audit/dependents.h"
#include "wrapper/audit/options.h"
#include "wrapper/report/audit_report.h"

/* Where advisories come from: the database, or a live service. */
struct advisories {
	struct pipgate_cursor cursor;
	/* An advisory as OSV JSON; n 0: no such id. Valid until the next call. */
	enum pipgate_status (*text)(void *ctx, struct span id, struct span *out, struct pipgate_error *error);
	void (*close)(void *ctx);
	void *ctx;
};

struct auditing {
	struct pipgate_run *run;
	struct options *gate; /* --gate-… and the variables */
	struct audit_options options;
	struct pipgate_policy *policy;
	/* gather */
	struct inventory inventory;
	struct gathering gathering;
	/* decide */
	struct advisories advisories;
	struct audit audit;
	struct audit_context context;
	struct dependents *dependents; /* one an input, its components counted from the input's first */
	/* show */
	struct audit_report report;
	/* fix */
	const bool *fixed; /* per component: --fix has made it good; NULL: it was not asked for */
};

/* Each gives OK or the error that ends the audit. */
enum pipgate_status audit_gather(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status audit_open(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* the advisories */
enum pipgate_status audit_open_service(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* -s NAME instead */
enum pipgate_status audit_judge(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status audit_show(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* fills report */
void audit_only_new(struct auditing *a); /* --against, after showing: what was known leaves the report, and stays in the chains */
enum pipgate_status audit_fix(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* --fix; the report's fixes */
enum pipgate_status audit_write(struct auditing *a, bool clean, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The first and one behind the last component of an input. */
void audit_input_range(const struct auditing *a, size_t input, size_t *first, size_t *end);

/* words: behind `audit`, without ours. The whole of it; the exit status. */
int audit_run(struct pipgate_run *run, struct options *gate, char *const *words);

#endif
