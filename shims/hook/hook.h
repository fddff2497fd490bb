/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SHIMS_HOOK_HOOK_H
#define SHIMS_HOOK_HOOK_H

#include "shims/hook/python.h"

/* The two names that the object exports. Start: 0, or -1 where this process has no Python that can be held. Both may be
 * called again and do nothing then. */
__attribute__((visibility("default"))) int pipgate_hook_start(void);
__attribute__((visibility("default"))) PyObject *PyInit_pipgate_hook(void); /* starts; sets ImportError: there is no module */

#endif
