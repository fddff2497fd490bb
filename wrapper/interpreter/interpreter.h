/* SPDX-License-Identifier: Apache-2.0 */
/* What a Python says of itself, asked once. */
#ifndef WRAPPER_INTERPRETER_INTERPRETER_H
#define WRAPPER_INTERPRETER_INTERPRETER_H

#include "wrapper/memory.h"

struct interpreter {
	char *program;        /* as it was named */
	char *executable;     /* the binary behind it: a virtual environment's is its base interpreter's */
	char *implementation; /* "cpython" */
	unsigned major, minor;
	char *version;        /* "3.11.7" */
	char *stdlib;         /* the standard library's folder: the base interpreter's, too */
	bool virtual_environment;
};

/* By -I and -S: no code of an environment runs. program: an absolute path; a shell script that starts a Python will do.
 * FAILED: it is none, or one that cannot be held (before 3.8). */
enum pipgate_status interpreter_ask(struct pipgate_run *run, const char *program, struct interpreter *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Every python3.N in the folders of PATH and in more (split by ':'), in that order; names may stand in several. */
void interpreters_each(const char *more, void (*each)(void *ctx, struct span folder, const char *name, unsigned minor), void *ctx);

#endif
