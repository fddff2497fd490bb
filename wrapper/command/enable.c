/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate enable` and `pipgate disable`: the hook into an interpreter, and out of it. */
#include <getopt.h>
#include <stdio.h>

#include "wrapper/command/command.h"
#include "wrapper/interpreter/hook.h"
#include "wrapper/options.h"
#include "wrapper/pip/locate.h"

#include "matcher/base/banned.h"

struct change {
	struct pipgate_run *run;
	const char *command; /* "enable" */
	enum pipgate_status (*make)(struct pipgate_run *run, const struct hook_place *place, bool *changed, struct pipgate_error *error);
	const char *python, *environment;
	bool all;
};

static int one_interpreter(const struct change *c, const char *program)
{
	struct interpreter interpreter;
	struct hook_place place;
	struct pipgate_error error;
	bool changed;

	if (interpreter_ask(c->run, program, &interpreter, &error) != PIPGATE_OK ||
		hook_of_interpreter(c->run, &interpreter, &place, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	if (c->make(c->run, &place, &changed, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	say("%s: Python %s (%s): %s/%s%s", c->command, interpreter.version, interpreter.executable, place.folder, place.name,
		changed ? "" : " is so already");
	return EXIT_OK;
}

/* The interpreter of the pip that is meant. */
static int the_usual(const struct change *c, const char *named)
{
	struct pipgate_error error;
	struct pip pip;
	char *python;

	if (pip_locate(c->run, "pip", named, &pip, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	python = pip_interpreter(c->run, &pip);
	return python ? one_interpreter(c, python) : say_error(EXIT_UNDECIDED, "no interpreter was found for %s", pip.script);
}

static int run_change(struct change *c, int argc, char **argv)
{
	static const struct option table[] = {{"python", required_argument, NULL, 'p'}, {NULL, 0, NULL, 0}};
	int letter, status;

	optind = 0;
	while ((letter = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (letter != 'p')
			return say_error(EXIT_USAGE, "%s: see `pipgate help %s`", c->command, c->command);
		c->python = optarg;
	}
	if (pipgate_run_new(NULL, &c->run) != PIPGATE_OK)
		die_no_memory();
	status = the_usual(c, c->python);
	pipgate_run_free(&c->run);
	return status;
}

int command_enable(int argc, char **argv)
{
	return run_change(&(struct change){.command = "enable", .make = hook_put}, argc, argv);
}

int command_disable(int argc, char **argv)
{
	return run_change(&(struct change){.command = "disable", .make = hook_take}, argc, argv);
}
