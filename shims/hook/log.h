/* SPDX-License-Identifier: Apache-2.0 */
/* A line to the user on stderr, and a line an event to the file that PIPGATE_HOOK_LOG names. */
#ifndef SHIMS_HOOK_LOG_H
#define SHIMS_HOOK_LOG_H

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Behind "pipgate: ", with control characters made harmless. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
