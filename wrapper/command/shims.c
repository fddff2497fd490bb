/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate shims DIR`: links named pip, pip3 and pip3.N for every python3.N on PATH. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/command/command.h"
#include "wrapper/interpreter/interpreter.h"

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

static void mark_minor(void *ctx, struct span folder, const char *name, unsigned minor)
{
	bool *minors = ctx;

	(void)folder;
	(void)name;
	minors[minor] = true;
}

int command_shims(int argc, char **argv)
{
	char target[PATH_MAX], name[24];
	bool minors[INTERPRETER_MINORS] = {false};
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
	interpreters_each(NULL, mark_minor, minors);
	status = make_link(argv[1], "pip", target);
	if (!status)
		status = make_link(argv[1], "pip3", target);
	for (int i = 0; i < INTERPRETER_MINORS && !status; i++) {
		snprintf(name, sizeof(name), "pip3.%d", i);
		if (minors[i])
			status = make_link(argv[1], name, target);
	}
	if (!status)
		say("links made in %s; put it first: export PATH=\"%s:$PATH\"", argv[1], argv[1]);
	return status;
}
