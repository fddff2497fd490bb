/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#include "matcher/base/allocator.h"

#include "matcher/base/banned.h"

#define BLOCK_BYTES ((size_t)64 << 10) /* large enough that most plans need one, small beside a process */

struct block {
	struct block *next;
	size_t bytes; /* with this header */
	alignas(max_align_t) char data[];
};

struct pipgate_run {
	struct pipgate_allocator allocator;
	struct block *blocks; /* the newest first */
	size_t used, room;    /* within the newest block's data */
	size_t total;
};

enum pipgate_status pipgate_run_new(const struct pipgate_allocator *allocator, struct pipgate_run **out)
{
	const struct pipgate_allocator *a = allocator ? allocator : &allocator_libc;
	struct pipgate_run *run = a->resize(a->ctx, NULL, 0, sizeof(*run));

	if (!run)
		return PIPGATE_NO_MEMORY;
	*run = (struct pipgate_run){.allocator = *a};
	*out = run;
	return PIPGATE_OK;
}

static void block_free(struct pipgate_run *run, struct block *block)
{
	run->total -= block->bytes;
	run->allocator.resize(run->allocator.ctx, block, block->bytes, 0);
}

/* The oldest block stays: it is the one of ordinary size that the next use will fill again. */
void pipgate_run_reset(struct pipgate_run *run)
{
	struct block *block = run->blocks;

	while (block && block->next) {
		struct block *next = block->next;

		block_free(run, block);
		block = next;
	}
	run->blocks = block;
	run->used = 0;
	run->room = block ? block->bytes - sizeof(*block) : 0;
}

void pipgate_run_free(struct pipgate_run **run)
{
	struct pipgate_run *r = *run;

	if (!r)
		return;
	*run = NULL;
	pipgate_run_reset(r);
	if (r->blocks)
		block_free(r, r->blocks);
	r->allocator.resize(r->allocator.ctx, r, sizeof(*r), 0);
}

static bool block_add(struct pipgate_run *run, size_t data)
{
	size_t bytes = sizeof(struct block) + (data > BLOCK_BYTES ? data : BLOCK_BYTES);
	struct block *block;

	if (bytes > ARENA_MAX - run->total)
		return false;
	block = run->allocator.resize(run->allocator.ctx, NULL, 0, bytes);
	if (!block)
		return false;
	block->next = run->blocks;
	block->bytes = bytes;
	run->blocks = block;
	run->total += bytes;
	run->used = 0;
	run->room = bytes - sizeof(*block);
	return true;
}

static void *arena_take(struct pipgate_run *run, size_t bytes, size_t align)
{
	size_t start = (run->used + align - 1) & ~(align - 1);

	if (bytes > ARENA_MAX)
		return NULL;
	if (!run->blocks || start > run->room || bytes > run->room - start) {
		if (!block_add(run, bytes))
			return NULL;
		start = 0;
	}
	run->used = start + bytes;
	return run->blocks->data + start;
}

void *arena_alloc(struct pipgate_run *run, size_t bytes)
{
	void *p = arena_take(run, bytes ? bytes : 1, alignof(max_align_t));

	if (p)
		memset(p, 0, bytes);
	return p;
}

void *arena_array(struct pipgate_run *run, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return arena_alloc(run, bytes);
}

struct span arena_copy(struct pipgate_run *run, struct span text)
{
	char *p = text.n < ARENA_MAX ? arena_take(run, text.n + 1, 1) : NULL;

	if (!p)
		return (struct span){NULL, 0};
	if (text.n)
		memcpy(p, text.p, text.n);
	p[text.n] = 0;
	return (struct span){p, text.n};
}

struct span arena_format(struct pipgate_run *run, const char *format, ...)
{
	va_list args, again;
	int n;
	char *p = NULL;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n >= 0)
		p = arena_take(run, (size_t)n + 1, 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	va_end(args);
	return (struct span){p, p ? (size_t)n : 0};
}

const struct pipgate_allocator *arena_allocator(const struct pipgate_run *run)
{
	return &run->allocator;
}

void *list_push(struct pipgate_run *run, struct list *list, size_t size)
{
	if (list->n == list->capacity) {
		size_t more = list->capacity ? list->capacity * 2 : 8;
		void *items = arena_array(run, more, size);

		if (!items)
			return NULL;
		if (list->n)
			memcpy(items, list->items, list->n * size);
		list->items = items;
		list->capacity = more;
	}
	return (char *)list->items + size * list->n++;
}
