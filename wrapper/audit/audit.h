/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pip audit`, from top to bottom: gather what there is, decide about it as the gate does, show it in one or several formats.
 * Each stage is a file in this folder and fills its part.
 */
#ifndef WRAPPER_AUDIT_H
#define WRAPPER_AUDIT_H

#include "matcher/policy/baseline.h"
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
	struct since *since; /* --since-db; NULL: not asked */
	/* show */
	struct audit_report report;
	/* fix */
	const bool *fixed; /* per component: --fix has made it good; NULL: it was not asked for */
};

/* Each gives OK or the error that ends the audit. */
enum pipgate_status audit_policy(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* INVALID is the user's */
enum pipgate_status audit_gather(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status audit_open(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* the advisories */
enum pipgate_status audit_open_service(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* -s NAME instead */
enum pipgate_status audit_judge(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status audit_show(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* fills report */
void audit_only_new(struct auditing *a); /* --against, after showing: what was known leaves the report, and stays in the chains */
enum pipgate_status audit_fix(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* --fix; the report's fixes */
enum pipgate_status audit_write(struct auditing *a, bool clean, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- times past ---- */

/* "2027-01-31" (its end) or RFC 3339. false: no such form or day. */
bool audit_at_parse(struct pipgate_run *run, const char *text, int64_t *out);
void audit_at(struct auditing *a); /* --at: the advisories and the clock are those of then */

enum pipgate_status audit_since_open(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* --since-db: the older database */
void audit_since_close(struct auditing *a);
/* Judges the part anew: what was there before passes. */
enum pipgate_status audit_since(struct auditing *a, struct audit *part, struct pipgate_error *error) PIPGATE_MUST_USE;
void audit_since_join(struct auditing *a, size_t finding);             /* the mark of a finding of that part */
void audit_since_gone(struct auditing *a, const struct found *found);  /* what is gone of that part; found: of its components */
void audit_since_show(struct auditing *a, struct finding_shown *shown);

/* The [tool.pipgate] of the projects among the inputs, into the gate's options: policy_layers() takes them. */
enum pipgate_status audit_tool_tables(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- pardons: what lets findings pass besides the policy ---- */

#define BASELINE_LIST "findings"
#define BASELINE_SCHEMA "pipgate/baseline/1"

enum pipgate_status audit_pardons(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE; /* --baseline, --vex into the policy */
/* Where a component is asked for; n 0 for what is installed: that differs from machine to machine. */
struct span audit_place(const struct auditing *a, size_t component);
void audit_place_all(struct auditing *a); /* the same, as each component's place */
/* The entry's file was looked at, and what it says is not found there any more. */
bool audit_baseline_gone(const struct auditing *a, const struct baseline_entry *entry);
/* Takes what is gone out of the file; entries: all of the file, in its order. Says which they are. */
enum pipgate_status audit_baseline_shrink(const struct auditing *a, const char *path, const struct list *entries, size_t *gone,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* --baseline, behind the verdict: what is gone is told, or taken out. */
enum pipgate_status audit_baseline_end(struct auditing *a, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The first and one behind the last component of an input. */
void audit_input_range(const struct auditing *a, size_t input, size_t *first, size_t *end);

/* words: behind `audit`, without ours. The whole of it; the exit status. */
int audit_run(struct pipgate_run *run, struct options *gate, char *const *words);

#endif
