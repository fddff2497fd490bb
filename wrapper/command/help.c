/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "wrapper/command/command.h"
#include "wrapper/options.h"
#include "wrapper/pip/locate.h"

#include "matcher/base/banned.h"

#define HELP_MAX ((size_t)64 << 10)

static void list_commands(struct buf *out)
{
	buf_text(out, "pipgate " PIPGATE_VERSION ": " PIPGATE_IS "\n\n"
		      "usage: pip …                 through a link or the alias: the gated pip\n"
		      "       pipgate COMMAND …\n\ncommands:\n");
	for (const struct command *c = command_table; c->name; c++)
		buf_format(out, "  %-11s %s\n", c->name, c->summary);
	buf_text(out, "\noptions of `pip install`, `pip download` and `pip wheel` (pip never sees them):\n");
	options_describe(out);
	buf_text(out, "\nexit status: pip's own; 40 blocked, 41 could not decide, 42 usage, 43 not what had been audited\n");
}

int command_help(int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
	struct buf out;

	if (argc > 1 && !command)
		return say_error(EXIT_USAGE, "no command '%s'; `pipgate help` lists them", argv[1]);
	buf_init(&out, NULL, HELP_MAX);
	if (!command)
		list_commands(&out);
	else
		buf_text(&out, command->usage);
	if (command && command->run == command_pip) {
		buf_text(&out, "\noptions of the gate:\n");
		options_describe(&out);
	}
	fputs(out.p, stdout);
	buf_fini(&out);
	return EXIT_OK;
}
