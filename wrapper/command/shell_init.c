/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate shell-init SHELL`: functions for an interactive shell. A function comes before PATH, so that an activated
 * environment's own pip is reached through the gate, too. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "wrapper/command/command.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

/* An alias that the user has comes before a function, so it goes. zsh reads all of it before it runs the first line, and would
 * still put the alias in the place of a name before "()"; not behind its own word "function". fish: an alias is a function. */
#define UNALIAS "unalias pip pip3 2>/dev/null || :\n"
#define POSIX UNALIAS "pip() { '%' pip \"$@\"; }\npip3() { '%' pip3 \"$@\"; }\n"
#define ZSH UNALIAS "function pip { '%' pip \"$@\"; }\nfunction pip3 { '%' pip3 \"$@\"; }\n"

static const struct shell {
	const char *name, *text; /* % stands for the program */
} shells[] = {
	{"bash", POSIX},
	{"zsh", ZSH},
	{"sh", POSIX},
	{"fish", "function pip; '%' pip $argv; end\nfunction pip3; '%' pip3 $argv; end\n"},
};

static void print(const char *text, const char *self)
{
	for (; *text; text++) {
		if (*text == '%')
			fputs(self, stdout);
		else
			putchar(*text);
	}
}

int command_shell_init(int argc, char **argv)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return say_error(EXIT_UNDECIDED, "/proc/self/exe: %s", strerror(errno));
	self[n] = 0;
	if (strchr(self, '\''))
		return say_error(EXIT_UNDECIDED, "%s: a quote in the program's path cannot be put into an alias", self);
	for (size_t i = 0; argc == 2 && i < sizeof(shells) / sizeof(*shells); i++)
		if (strcmp(shells[i].name, argv[1]) == 0) {
			print(shells[i].text, self);
			return EXIT_OK;
		}
	return say_error(EXIT_USAGE, "shell-init takes bash, zsh, fish or sh");
}
