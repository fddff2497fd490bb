/* SPDX-License-Identifier: Apache-2.0 */
/* Which versions an advisory affects, in words; escaped. */
#ifndef WRAPPER_REPORT_AFFECTED_H
#define WRAPPER_REPORT_AFFECTED_H

#include "matcher/base/buf.h"

void affected_write(struct buf *out, const struct pipgate_affected *affected); /* ">=1.0,<2.10.1 or 3.0, 3.1 … and 7 more" */

#endif
