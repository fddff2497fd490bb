/* SPDX-License-Identifier: Apache-2.0 */
/* pips that pip starts: build requirements in a process of their own, and `pip --python X`. */
#ifndef SHIMS_HOOK_NESTED_H
#define SHIMS_HOOK_NESTED_H

#include "shims/hook/python.h"

/* subprocess.Popen: puts the loader in where the running pip starts itself. -1 with an exception where it cannot. */
int nested_start(PyObject *args);
/* pipgate.failed(status): what pip started has ended so. A no of a nested pip is ours. */
void nested_failed(PyObject *args);

#endif
