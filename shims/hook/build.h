/* SPDX-License-Identifier: Apache-2.0 */
/* Before code of others runs in a process of its own: build backends, clones, and pips that pip starts. */
#ifndef SHIMS_HOOK_BUILD_H
#define SHIMS_HOOK_BUILD_H

#include "shims/hook/python.h"

/* pipgate.prepare(file, url, name, vcs, folder): asks, once for each, where its code would run before the verdict. */
int build_prepare(PyObject *args);
/* subprocess.Popen(executable, args, cwd, env) while no verdict has been given. */
int build_start(PyObject *args);

#endif
