/* SPDX-License-Identifier: Apache-2.0 */
/* Processor time of this process, to be told, and the bound that only a hang breaks: how quick something is, tests/bench shows. */
#ifndef TESTS_UNIT_STOPWATCH_H
#define TESTS_UNIT_STOPWATCH_H

#include <time.h>

#define HANG_MS 60e3 /* far above the slowest machine, a sanitizer and valgrind included */

static inline double stopwatch_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

#endif
