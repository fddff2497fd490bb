/* SPDX-License-Identifier: Apache-2.0 */
/* Asks `pipgate decide --protocol=1`, which is started beside the object, and waits without the GIL. */
#ifndef SHIMS_HOOK_DECIDER_H
#define SHIMS_HOOK_DECIDER_H

#include "shims/hook/state.h"

enum answer { /* nothing but ANSWER_ALLOW lets pip go on */
	ANSWER_ERROR = 0,
	ANSWER_ALLOW,
	ANSWER_BLOCK,
	ANSWER_CANCELLED, /* Ctrl-C: a Python exception is set */
};

struct question {
	const char *ask;               /* "plan", "nested", "build" */
	const char *report;            /* pip's, NULL where none is judged */
	size_t report_n;
	const struct subject *subject; /* of a build, NULL for others */
	const char *parent;            /* of build requirements: what is built */
};

/* On ANSWER_ALLOW of a plan the state has what was judged. error: what went wrong with ANSWER_ERROR; empty where the decider
 * itself has said it. With ANSWER_BLOCK: the first reason, or empty. */
enum answer decider_ask(const struct question *question, char *error, size_t error_n);

#endif
