/* SPDX-License-Identifier: Apache-2.0 */
/* Time bounds in tests: of this process alone, wider where a sanitizer or valgrind slows it down. */
#ifndef TESTS_UNIT_STOPWATCH_H
#define TESTS_UNIT_STOPWATCH_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double stopwatch_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline double stopwatch_bound(double ms)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload && strstr(preload, "vgpreload"))
		return ms * 60;
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
	return ms * 6;
#else
	return ms;
#endif
}

#endif
