/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run's arena: everything that a run makes lives here and goes at once. NULL means that the allocator said no or
 * that ARENA_MAX was reached; callers turn it into PIPGATE_NO_MEMORY.
 */
#ifndef PIPGATE_BASE_ARENA_H
#define PIPGATE_BASE_ARENA_H

#include "matcher/base/span.h"

#define ARENA_MAX ((size_t)2 << 30) /* a run that wants more is an attack or a bug */

void *arena_alloc(struct pipgate_run *run, size_t bytes); /* zeroed, aligned for any type */
void *arena_array(struct pipgate_run *run, size_t count, size_t size);
/* A copy, NUL-ended behind its n bytes. p NULL: no memory. */
struct span arena_copy(struct pipgate_run *run, struct span text);
/* printf into the arena; p NULL: no memory. */
struct span arena_format(struct pipgate_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct pipgate_allocator *arena_allocator(const struct pipgate_run *run);

/* A list that grows in the arena: list_push() gives the place for one more, NULL without memory. */
struct list {
	void *items;
	size_t n, capacity;
};
void *list_push(struct pipgate_run *run, struct list *list, size_t size);

#endif
