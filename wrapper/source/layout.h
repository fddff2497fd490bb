/* SPDX-License-Identifier: Apache-2.0 */
/* The folders in which a Python looks for distributions, told by the files around it: no Python is started. */
#ifndef WRAPPER_SOURCE_LAYOUT_H
#define WRAPPER_SOURCE_LAYOUT_H

#include "wrapper/memory.h"

struct layout {
	const char *prefix;  /* the environment's folder */
	const char *version; /* "3.11" */
	const char *full_version; /* "3.11.7"; as version where no file tells */
	bool virtual_environment;
	bool inherits;       /* of an environment: the base interpreter's folders count, too */
	char **own;          /* the environment's own folders, NULL-ended, in the order of sys.path; with what their .pth files add */
	char **base;         /* the base interpreter's, where they count and are others */
	char **user;         /* the user site, where it counts */
	char **variable;     /* PYTHONPATH */
};

/* python: a path of an interpreter, as it was named (an environment's link is not followed before pyvenv.cfg is looked for).
 * FAILED: no site-packages folder was found where this interpreter would have one. */
enum pipgate_status layout_find(struct pipgate_run *run, const char *python, struct layout *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The marker variables of a CPython of this machine. */
void layout_markers(struct pipgate_run *run, const struct layout *layout, struct pipgate_environment *out);

#endif
