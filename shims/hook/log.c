/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static void put(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t put = write(fd, text, n);

		if (put < 0 && errno != EINTR)
			return;
		if (put > 0) {
			text += put;
			n -= (size_t)put;
		}
	}
}

static void put_line(int fd, char *line, int head, const char *format, va_list args)
{
	int n = vsnprintf(line + head, (size_t)(LINE_MAX_BYTES - head - 1), format, args);

	if (n < 0)
		return;
	n = head + n > LINE_MAX_BYTES - 2 ? LINE_MAX_BYTES - 2 : head + n;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] >= 0x7f)
			line[i] = '?';
	line[n] = '\n';
	put(fd, line, (size_t)n + 1);
}

void say_line(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	put_line(STDERR_FILENO, line, snprintf(line, sizeof(line), "pipgate: "), format, args);
	va_end(args);
}

void log_line(const char *format, ...)
{
	static int fd = -2;
	const char *path = fd == -2 ? getenv("PIPGATE_HOOK_LOG") : NULL;
	char line[LINE_MAX_BYTES];
	struct timespec now;
	va_list args;

	if (fd == -2)
		fd = path && *path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	if (fd < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	va_start(args, format);
	put_line(fd, line, snprintf(line, sizeof(line), "%d %lld.%06ld ", (int)getpid(), (long long)now.tv_sec, now.tv_nsec / 1000), format, args);
	va_end(args);
}
