/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter hook: a few lines in a file that a Python reads at its start (shims/sitecustomize.py), put in and taken out
 * again without a trace.
 */
#ifndef WRAPPER_INTERPRETER_HOOK_H
#define WRAPPER_INTERPRETER_HOOK_H

#include "wrapper/interpreter/interpreter.h"

/* Where it goes. */
struct hook_place {
	char *path;         /* the file as Python finds it */
	char *real;         /* the same, or what it is a link to */
	char *folder, *name; /* of the real one */
	bool link;
	bool one_line;      /* a .pth */
};

/* In the standard library's folder, for the interpreter and every environment made from it. FAILED: a link that is not to be followed. */
enum pipgate_status hook_of_interpreter(struct pipgate_run *run, const struct interpreter *interpreter, struct hook_place *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* In site-packages, for that environment alone. */
void hook_of_environment(struct pipgate_run *run, const char *site_packages, struct hook_place *out);

/* *changed: false: it was so already, and no byte and no time was changed. */
enum pipgate_status hook_put(const struct hook_place *place, bool *changed, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status hook_take(const struct hook_place *place, bool *changed, struct pipgate_error *error) PIPGATE_MUST_USE;
bool hook_there(const struct hook_place *place);
/* Is it that root might, where we may not? */
bool hook_needs_root(const struct hook_place *place);

#endif
