/* SPDX-License-Identifier: Apache-2.0 */
/* What a Python says of itself, and which Pythons there are. */
#ifndef WRAPPER_INTERPRETER_INTERPRETER_H
#define WRAPPER_INTERPRETER_INTERPRETER_H

#include "wrapper/memory.h"

#define INTERPRETER_MINORS 100 /* python3.0 to python3.99 */

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

/* As it starts for a user. */
struct interpreter_live {
	char *shim;          /* the shim that the hook which is in place would load; NULL: no hook is in place */
	char *sitecustomize; /* the file of that name that was loaded, NULL: none */
	char *version;
	char *prefix;        /* an environment's folder */
	char *base;          /* the interpreter that makes environments: itself where it is none's */
	char *site_packages; /* where pip installs pure modules; NULL before Python 3 */
	bool virtual_environment, has_pip;
};

/* environment: as struct process has it. isolated: by -I. */
enum pipgate_status interpreter_look(struct pipgate_run *run, const char *program, bool isolated, char *const *environment,
	struct interpreter_live *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* Every python3.N in the folders of PATH and of more (both split by ':'), in that order; a name may stand in several. */
void interpreters_each(const char *more, void (*each)(void *ctx, struct span folder, const char *name, unsigned minor), void *ctx);

#endif
