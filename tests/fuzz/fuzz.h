/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. A target is one function over bytes in memory: it may not keep anything between two
 * inputs, and says by require() what must hold, in every build.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition) ((condition) ? (void)0 : require_failed(__FILE__, __LINE__, #condition))

static inline _Noreturn void require_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

static inline struct span input_of(const uint8_t *data, size_t size)
{
	return (struct span){size ? (const char *)data : "", size};
}

static inline struct pipgate_run *new_run(void)
{
	struct pipgate_run *run;

	require(pipgate_run_new(NULL, &run) == PIPGATE_OK);
	return run;
}

/* Reads every byte, so that a sanitizer sees where a span points. */
static inline void touch(struct span text)
{
	static volatile unsigned char sink;

	for (size_t i = 0; i < text.n; i++)
		sink = (unsigned char)(sink ^ (unsigned char)text.p[i]);
}

static inline void touch_all(const struct span *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		touch(texts[i]);
}

#endif
