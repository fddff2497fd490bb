/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate shims DIR`: links named pip, pip3 and pip3.N for every python3.N on PATH. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/command/command.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

/* A link of ours is made anew; anything else with that name is left alone. */
static int make_link(const char *folder, const char *name, const char *target)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return say_error(EXIT_USAGE, "%s: the name is too long", folder);
	if (lstat(path, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			return say_error(EXIT_UNDECIDED, "%s is there and no link: left as it is; choose a folder of its own", path);
		unlink(path);
	}
	if (symlink(target, path))
		return say_error(EXIT_UNDECIDED, "%s: %s", path, strerror(errno));
	return 0;
}

/* "python3.11" → 11; -1: another name. */
static int minor_of(const char *name)
{
	char *end;
	long minor;

	if (strncmp(name, "python3.", 8) != 0 || !ascii_digit(name[8]))
		return -1;
	minor = strtol(name + 8, &end, 10);
	return *end || minor > 99 ? -1 : (int)minor;
}

static void find_minors(bool minors[100])
{
	struct span rest = span_of(getenv("PATH"));

	while (rest.n) {
		struct span folder = span_split(&rest, ':');
		char path[PATH_MAX];
		struct dirent *entry;
		DIR *dir;

		if (snprintf(path, sizeof(path), SPAN_FMT, SPAN_ARG(folder)) >= (int)sizeof(path))
			continue;
		dir = opendir(path);
		while (dir && (entry = readdir(dir)))
			if (minor_of(entry->d_name) >= 0)
				minors[minor_of(entry->d_name)] = true;
		if (dir)
			closedir(dir);
	}
}

int command_shims(int argc, char **argv)
{
	char target[PATH_MAX], name[24];
	bool minors[100] = {false};
	ssize_t n;
	int status;

	if (argc != 2 || argv[1][0] == '-')
		return say_error(EXIT_USAGE, "shims takes one folder; see `pipgate help shims`");
	n = readlink("/proc/self/exe", target, sizeof(target) - 1);
	if (n <= 0)
		return say_error(EXIT_UNDECIDED, "/proc/self/exe: %s", strerror(errno));
	target[n] = 0;
	if (mkdir(argv[1], 0755) && errno != EEXIST)
		return say_error(EXIT_UNDECIDED, "%s: %s", argv[1], strerror(errno));
	find_minors(minors);
	status = make_link(argv[1], "pip", target);
	if (!status)
		status = make_link(argv[1], "pip3", target);
	for (int i = 0; i < 100 && !status; i++) {
		snprintf(name, sizeof(name), "pip3.%d", i);
		if (minors[i])
			status = make_link(argv[1], name, target);
	}
	if (!status)
		say("links made in %s; put it first: export PATH=\"%s:$PATH\"", argv[1], argv[1]);
	return status;
}
