/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/part.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "matcher/base/banned.h"

bool part_find(char path[PATH_MAX], const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;

	if (slash && snprintf(path, PATH_MAX, "%.*s/%s", (int)(slash - self), self, name) < PATH_MAX && access(path, R_OK) == 0)
		return true;
	return snprintf(path, PATH_MAX, "%s/%s", PIPGATE_LIBEXEC, name) < PATH_MAX && access(path, R_OK) == 0;
}
