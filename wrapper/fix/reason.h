/* SPDX-License-Identifier: Apache-2.0 */
/* Why a target cannot be fixed, in words. */
#ifndef WRAPPER_FIX_REASON_H
#define WRAPPER_FIX_REASON_H

#include "wrapper/fix/candidates.h"

/* No release of it may be moved to. */
const char *reason_no_release(const struct candidates *candidates, const struct fix_target *target, const struct fix_releases *releases);
/* There are some, but no set holds. refused: the real resolver's last word; empty: it was not asked. */
const char *reason_no_set(struct candidates *candidates, enum fix_outcome outcome, const struct fix_answer *answer, struct span refused);

#endif
