/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A case: all that a verdict is made of, read back from a gate report (docs/gate-report.schema.json), or from a tree of its shape that
 * a person wrote. Every member may be missing. So a kept report, a test of a policy and the gate ask pipgate_decide() the same.
 */
#ifndef WRAPPER_CASE_H
#define WRAPPER_CASE_H

#include "matcher/base/json.h"
#include "wrapper/decide.h"

#define CASE_SCHEMA "pipgate/gate-report/1"
#define CASE_BYTES_MAX ((size_t)64 << 20) /* of a kept report: 5,000 distributions take 4 MB */

/* What was read. Everything lives in the run. */
struct kept_case {
	struct audit audit; /* its verdict is the kept one: UNDECIDED where the tree holds none */
	int64_t now;
	const char *command, *mode, *profile; /* NULL: not said */
};

/* strict: a member that has no meaning is refused. What is missing is: from an index, requested, not malicious, of unknown severity; a
 * release that clears it exists where a fixed one is named; chains lead from what was asked to the component itself. now: where the
 * tree does not say it. INVALID: the error says where, *bad (may be NULL) is the item. */
enum pipgate_status case_read(struct pipgate_run *run, const cJSON *tree, bool strict, int64_t now, struct kept_case *out, const cJSON **bad,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* A gate report's bytes. name: what errors call it. */
enum pipgate_status case_read_report(struct pipgate_run *run, struct span bytes, const char *name, struct kept_case *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* What a judgement is about: the finding's id, or the rule that speaks of the component. */
struct span case_about(const struct audit *audit, const struct pipgate_judgement *judgement);

#endif
