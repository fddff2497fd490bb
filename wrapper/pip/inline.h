/* SPDX-License-Identifier: Apache-2.0 */
/* Inline mode: pip runs once, in its own interpreter with the hook loaded, which holds it until `pipgate decide` has answered. */
#ifndef WRAPPER_PIP_INLINE_H
#define WRAPPER_PIP_INLINE_H

#include <limits.h>

#include "wrapper/pip/locate.h"

struct inline_parts {
	char shim[PATH_MAX];
	char *python; /* the interpreter that runs this pip */
};

/* NULL: there is what inline mode needs. Else what is missing; where the interpreter cannot load the object, or this pip cannot
 * be held from within, is seen there, and the shim goes on in plan mode (--gate-mode auto) or ends with 41. */
const char *inline_find(struct pipgate_run *run, const struct pip *pip, struct inline_parts *out);
/* Becomes pip. only_binary: nothing may be built. Returns only where it cannot: 41, and all has been said. */
int inline_become(struct pipgate_run *run, const struct pip *pip, const struct inline_parts *parts, bool only_binary, char *const *words);

#endif
