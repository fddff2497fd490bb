/* SPDX-License-Identifier: Apache-2.0 */
/* The second hold: what pip opens to install it must be what was judged. */
#ifndef SHIMS_HOOK_WHEEL_H
#define SHIMS_HOOK_WHEEL_H

#include "shims/hook/python.h"

/* An "open" for reading, before the verdict: remembers how a wheel was when pip looked into it. */
void wheel_note(PyObject *args);
/* The same after it. 0, or -1 with an exception set. */
int wheel_check(PyObject *args);
/* A "shutil.move" or "os.rename" that puts a built wheel in its place: one that goes into pip's cache is noted (note.h). */
void wheel_built(PyObject *args);
/* A "tempfile.mkdtemp": what lies in there was made by this command. */
void wheel_fresh(PyObject *args);

#endif
