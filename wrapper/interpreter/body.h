/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the interpreter hook, made from the template (shims/sitecustomize.py) with the shim's path put in. */
#ifndef WRAPPER_INTERPRETER_BODY_H
#define WRAPPER_INTERPRETER_BODY_H

#include "matcher/base/buf.h"
#include "matcher/base/error.h"

enum body_form {
	BODY_FILE,   /* a sitecustomize.py of ours alone: the next one on sys.path runs, too */
	BODY_JOINED, /* for the end of another's */
	BODY_LINE,   /* of a .pth */
};

/* FAILED: a part of the program is missing or not whole. */
enum pipgate_status body_read(struct buf *out, enum body_form form, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
