/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator whose n-th allocation fails, and that counts what was not given back. */
#ifndef TESTS_UNIT_FAULTY_H
#define TESTS_UNIT_FAULTY_H

#include <stdlib.h>

#include "matcher/pipgate.h"

struct faulty {
	size_t fail_at; /* 1: the first; 0: never */
	size_t calls;
	long live;
};

static inline void *faulty_resize(void *ctx, void *old, size_t old_n, size_t new_n)
{
	struct faulty *f = ctx;
	void *p;

	(void)old_n;
	if (!new_n) {
		f->live -= old != NULL;
		free(old);
		return NULL;
	}
	if (++f->calls == f->fail_at)
		return NULL;
	p = realloc(old, new_n);
	f->live += p && !old;
	return p;
}

static inline struct pipgate_allocator faulty_allocator(struct faulty *faulty)
{
	return (struct pipgate_allocator){faulty_resize, faulty};
}

#endif
