/* SPDX-License-Identifier: Apache-2.0 */
/* The real pip asked for its answer alone: both streams are kept, and what it leaves lies in our private folder. */
#ifndef WRAPPER_PIP_QUIETLY_H
#define WRAPPER_PIP_QUIETLY_H

#include "wrapper/memory.h"

/* The last thing that pip said of what it printed: its last ERROR, else its last line. */
struct span pip_last_word(struct span printed);
/* Runs pip with both of its streams kept; the status as process_run's. */
enum pipgate_status pip_run_quietly(struct pipgate_run *run, char *const *argv, int *code, struct span *printed,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
