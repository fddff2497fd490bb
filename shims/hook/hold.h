/* SPDX-License-Identifier: Apache-2.0 */
/* Where pip is held: when its plan is whole, and before code of a source distribution runs. 0: it may go on; -1: a Python
 * exception is set, and the state says no. */
#ifndef SHIMS_HOOK_HOLD_H
#define SHIMS_HOOK_HOLD_H

#include "shims/hook/decider.h"

/* pipgate.plan(report: bytes, nested: bool, parent: what build requirements are of) */
int hold_plan(PyObject *args);
/* Asks; refused is what pip says in case of a block. */
int hold_ask(const struct question *question, const char *refused);
/* pipgate.end([status or None]): puts ours in its place. */
void hold_end(PyObject *args);

#endif
