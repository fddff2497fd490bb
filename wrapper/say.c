/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/say.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define MESSAGE_MAX ((size_t)64 << 10)

static bool quiet;

void say_quiet(bool q)
{
	quiet = q;
}

/* In one write, so that lines of two processes do not mix. */
static void say_lines(int fd, const char *prefix, const char *format, va_list args)
{
	struct buf out;
	char *text = NULL;
	int n = vasprintf(&text, format, args);
	struct span rest = {text, n < 0 ? 0 : (size_t)n};

	buf_init(&out, NULL, MESSAGE_MAX);
	while (rest.n) {
		buf_text(&out, prefix);
		text_escape(&out, span_split(&rest, '\n'));
		buf_byte(&out, '\n');
	}
	file_put(fd, buf_view(&out));
	buf_fini(&out);
	if (n >= 0)
		free(text);
}

void say(const char *format, ...)
{
	va_list args;

	if (quiet)
		return;
	va_start(args, format);
	say_lines(STDERR_FILENO, "pipgate: ", format, args);
	va_end(args);
}

int say_error(enum exit_status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_lines(STDERR_FILENO, "pipgate: ", format, args);
	va_end(args);
	return (int)status;
}

void die_no_memory(void)
{
	static const char text[] = "pipgate: out of memory; nothing was installed\n";

	file_put(STDERR_FILENO, (struct span){text, sizeof(text) - 1});
	_exit(EXIT_UNDECIDED);
}

/* ---- PIPGATE_LOG ---- */

static int log_open(void)
{
	static int fd = -2;
	const char *wish = getenv("PIPGATE_LOG");
	const char *colon = wish ? strchr(wish, ':') : NULL;

	if (fd != -2)
		return fd;
	if (!wish || !*wish)
		fd = -1;
	else if (!colon)
		fd = STDERR_FILENO;
	else
		fd = open(colon + 1, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd;
}

void log_stage(const char *stage, const char *format, ...)
{
	static struct timespec last;
	struct timespec now;
	char prefix[96];
	va_list args;
	int fd = log_open();
	double ms;

	if (fd < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = last.tv_sec ? (double)(now.tv_sec - last.tv_sec) * 1e3 + (double)(now.tv_nsec - last.tv_nsec) / 1e6 : 0;
	last = now;
	snprintf(prefix, sizeof(prefix), "pipgate: [%7.2f ms] %s: ", ms, stage);
	va_start(args, format);
	say_lines(fd, prefix, format, args);
	va_end(args);
}
