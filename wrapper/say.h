/* SPDX-License-Identifier: Apache-2.0 */
/* Our words to the user: on stderr, every line behind "pipgate: ", safe for a terminal. stdout is pip's or a report's. */
#ifndef WRAPPER_SAY_H
#define WRAPPER_SAY_H

#include "matcher/pipgate.h"
#include "wrapper/status.h"

/* One line (or several, split at \n). */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and the status back: return say_error(EXIT_USAGE, "…"). */
int say_error(enum exit_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A stage of the way with its milliseconds, where PIPGATE_LOG=level[:file] asks for it (level: stage or debug). */
void log_stage(const char *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* -q was given: say() holds its tongue, say_error() does not. */
void say_quiet(bool quiet);
/* Memory has run out: says so and ends with 41. Only wrapper/ may do this. */
_Noreturn void die_no_memory(void);

#endif
