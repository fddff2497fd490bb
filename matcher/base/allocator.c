/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/base/allocator.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

static void *libc_resize(void *ctx, void *old, size_t old_n, size_t new_n)
{
	(void)ctx;
	(void)old_n;
	if (new_n)
		return realloc(old, new_n);
	free(old);
	return NULL;
}

const struct pipgate_allocator allocator_libc = {libc_resize, NULL};
