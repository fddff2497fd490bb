/* SPDX-License-Identifier: Apache-2.0 */
/* pip's report is silent about what is already satisfied: the installed distributions that the request touches. */
#ifndef WRAPPER_PIP_CLOSURE_H
#define WRAPPER_PIP_CLOSURE_H

#include "wrapper/pip/gate.h"

struct components {
	struct pipgate_component *v;
	size_t n;
};

/* The plan's components, and behind them what is asked for, or needed by the plan, and installed already (origin INSTALLED). */
struct components closure(struct gate *gate);

#endif
