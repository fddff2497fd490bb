/* SPDX-License-Identifier: Apache-2.0 */
/* A plan carried out in an environment: by the real pip, with everything else pinned, and `pip check` afterwards. */
#ifndef WRAPPER_FIX_APPLY_H
#define WRAPPER_FIX_APPLY_H

#include "wrapper/fix/fix.h"

/* FAILED: pip did not install them; the error is its last word. */
enum pipgate_status apply_environment(const struct fix_request *request, const struct fix_plan *plan, struct pipgate_error *error) PIPGATE_MUST_USE;
/* `pip check`: true where nothing is broken; else what it printed. */
enum pipgate_status apply_check(const struct fix_request *request, bool *sound, struct span *printed, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
