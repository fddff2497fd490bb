/* SPDX-License-Identifier: Apache-2.0 */
/* libc's allocator in the shape that a run takes. */
#ifndef PIPGATE_BASE_ALLOCATOR_H
#define PIPGATE_BASE_ALLOCATOR_H

#include "matcher/pipgate.h"

extern const struct pipgate_allocator allocator_libc;

#endif
