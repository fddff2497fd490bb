/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of a policy: a YAML file of schema pipgate/policy-test/1 names a policy (a file beside it, or a mapping in it), a profile, and
 * cases with what is expected of each. They are judged by pipgate_decide(), as the gate's are.
 */
#ifndef WRAPPER_CASE_SUITE_H
#define WRAPPER_CASE_SUITE_H

#include "matcher/base/arena.h"
#include "matcher/base/json.h"
#include "wrapper/case/case.h"
#include "wrapper/case/expect.h"

#define SUITE_SCHEMA "pipgate/policy-test/1"

struct suite_result {
	struct span title;
	bool passed;
	struct span expected, came; /* in words, not yet escaped; empty where it passed */
};
struct suite {
	struct list results; /* of struct suite_result */
	size_t passed, failed;
};

/* now: of cases that do not say it. path: what errors call the file, and where its policy is looked for. INVALID: the file, its policy or
 * a case is none; the error shows the line. */
enum pipgate_status suite_run(struct pipgate_run *run, const char *path, struct span text, int64_t now, struct suite *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
