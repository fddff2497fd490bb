/* SPDX-License-Identifier: Apache-2.0 */
/* Inline mode: pip runs once, in its own interpreter with the hook loaded, which holds it until `pipgate decide` has answered. */
#ifndef WRAPPER_PIP_INLINE_H
#define WRAPPER_PIP_INLINE_H

#include "wrapper/options.h"
#include "wrapper/pip/locate.h"

/* Becomes pip. Returns only where it cannot: 41, and all has been said; never a silent plan mode. */
int inline_become(struct pipgate_run *run, const struct pip *pip, const struct options *options, char *const *words);

#endif
