/* SPDX-License-Identifier: Apache-2.0 */
/* on-block: resolve: may the nearest clean set be taken without asking? */
#ifndef WRAPPER_PIP_CLEAN_H
#define WRAPPER_PIP_CLEAN_H

#include "wrapper/pip/gate.h"

/* lines: constraints, "jinja2==2.10.1" each. false, and said: what was asked for lets one of them not in. */
bool clean_allowed(const struct gate *gate, struct span lines);

#endif
