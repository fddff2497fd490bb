/* SPDX-License-Identifier: Apache-2.0 */
/* pip's installation report (version 1; "0" of pip 22.2 is the same) → components. */
#ifndef WRAPPER_PIP_REPORT_H
#define WRAPPER_PIP_REPORT_H

#include "matcher/base/json.h"
#include "wrapper/memory.h"

#define PIP_REPORT_MAX ((size_t)256 << 20) /* thousands of distributions with their long descriptions */

struct plan {
	struct pipgate_component *components;
	size_t n;
	struct pipgate_environment environment; /* the marker variables of the target */
	const char *pip_version;
	/* Everything lives in the run. */
};

/* A JSON object of strings, as the report's "environment", → marker variables. */
enum pipgate_status environment_from_json(struct pipgate_run *run, const cJSON *object, struct pipgate_environment *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Another major version, a missing member or a wrong type is INVALID: a plan that is read in part is no plan. */
enum pipgate_status report_read(struct pipgate_run *run, struct span text, struct plan *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The same of a file; the error names it. */
enum pipgate_status report_read_file(struct pipgate_run *run, const char *path, struct plan *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
