/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate debug WHAT`: the library's small answers, a line in and a line out, for tests and for looking into a case.
 * Fields are separated by tabs; \\ \t \n \r \xNN stand for what a field may not hold, in both directions.
 */
#ifndef WRAPPER_COMMAND_DEBUG_H
#define WRAPPER_COMMAND_DEBUG_H

#include "matcher/base/buf.h"

#define DEBUG_FIELDS 3

/* A line: what is asked with, and where the answer goes. */
struct debug {
	struct pipgate_run *run;
	struct pipgate_environment environment; /* of markers */
	const struct span *fields;
	struct buf *out;
};

struct debug_question {
	const char *name;
	size_t n_fields;
	enum pipgate_status (*ask)(struct debug *d); /* the library's status; writes on OK only */
	bool environment;                            /* depends on it */
};
enum pipgate_status debug_requirements(struct debug *d);
const struct debug_question *debug_question_find(const char *name); /* NULL: there is none */

/* `pipgate debug hook LOG`: what a hook's log (PIPGATE_HOOK_LOG) tells, for people; "-" is stdin. The exit status. */
int debug_hook(const char *path);

#endif
