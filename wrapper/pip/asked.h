/* SPDX-License-Identifier: Apache-2.0 */
/* What pip was asked for, as the policy wants to know it: pinned or not, held by a hash or not, and which file asks. */
#ifndef WRAPPER_PIP_ASKED_H
#define WRAPPER_PIP_ASKED_H

#include "wrapper/pip/arguments.h"

/* Fills unpinned, unlocked and place of a plan's components. A file that cannot be read says nothing: pip will. */
void asked_mark(struct pipgate_run *run, const struct arguments *arguments, struct pipgate_component *components, size_t n);

#endif
