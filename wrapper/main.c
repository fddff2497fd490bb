/* SPDX-License-Identifier: Apache-2.0 */
/* Reached as pip, pip3, pip3.N: the gate. As pipgate: its first word is a command. */
#include <stdio.h>
#include <string.h>

#include "matcher/pipgate.h"
#include "wrapper/command/command.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

static int unknown_command(const char *name)
{
	return say_error(EXIT_USAGE, "no command '%s'; `pipgate help` lists them", name);
}

/* pip, pip3, pip3.11 */
static bool is_pip(const char *name)
{
	return strncmp(name, "pip", 3) == 0 && name[3 + strspn(name + 3, "0123456789.")] == 0;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	char *name = argc ? slash ? argv[0] + (slash - argv[0]) + 1 : argv[0] : NULL;
	const struct command *command;

	if (!name)
		return say_error(EXIT_USAGE, "started without a name");
	if (is_pip(name)) {
		argv[0] = name;
		return command_pip(argc, argv);
	}
	if (argc < 2)
		return command_help(argc, argv);
	if (is_pip(argv[1]))
		return command_pip(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0) {
		puts("pipgate " PIPGATE_VERSION);
		return EXIT_OK;
	}
	command = command_find(command_is_help(argv[1]) ? "help" : argv[1]);
	if (command && argc == 3 && !command->own_help && command_is_help(argv[2]))
		return command_help(2, argv);
	return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
