/* SPDX-License-Identifier: Apache-2.0 */
/* The program ends with a message where memory does: its stages need not carry that status around. */
#ifndef WRAPPER_MEMORY_H
#define WRAPPER_MEMORY_H

#include "matcher/base/arena.h"
#include "matcher/base/error.h"
#include "wrapper/say.h"

static inline void *must(void *p)
{
	if (!p)
		die_no_memory();
	return p;
}

static inline struct span must_span(struct span s)
{
	if (!s.p)
		die_no_memory();
	return s;
}

/* NUL-ended text in the run. */
#define text_format(run, ...) ((char *)(uintptr_t)must_span(arena_format(run, __VA_ARGS__)).p)
#define text_copy(run, span) ((char *)(uintptr_t)must_span(arena_copy(run, span)).p)

/* Words for exec: grow by words_add, end with words_end (which gives the NULL-ended array). */
struct words {
	struct pipgate_run *run;
	struct list list;
};
void words_add(struct words *words, const char *word);
void words_add_all(struct words *words, char *const *more); /* up to a NULL */
char **words_end(struct words *words);

#endif
