/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate enable` and `pipgate disable`: the hook into an interpreter or one environment, and out of it. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/command/command.h"
#include "wrapper/interpreter/hook.h"
#include "wrapper/options.h"
#include "wrapper/pip/locate.h"

#include "matcher/base/banned.h"

#define MORE_FOLDERS "/usr/bin:/usr/local/bin" /* for --all, beside PATH */

struct change {
	const char *command; /* "enable" */
	enum pipgate_status (*make)(const struct hook_place *place, bool *changed, struct pipgate_error *error);
	bool in;
	const char *python, *environment;
	bool all;
	struct pipgate_run *run;
	struct list seen; /* of --all: the standard libraries that had their turn, char * */
	int status;
};

/* ---- one place ---- */

static void say_done(const struct change *c, const struct hook_place *place, bool changed, const char *what)
{
	if (!changed)
		say("%s: %s; nothing was changed", c->in ? "already enabled" : "not enabled", what);
	else if (c->in)
		say("enabled: %s: every pip of it is gated (by %s%s%s)", what, place->path, place->link ? ", a link to " : "",
			place->link ? place->real : "");
	else
		say("disabled: %s: %s is as it was", what, place->link ? place->real : place->path);
}

/* The file is there; does this Python come to it? */
static int check(const struct change *c, const char *program, const struct hook_place *place)
{
	struct interpreter_live live;
	struct pipgate_error error;

	if (interpreter_look(c->run, program, true, NULL, &live, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	if (live.shim)
		return EXIT_OK;
	return say_error(EXIT_UNDECIDED, "%s does not come to what was put into %s (`%s -Ic 'import sitecustomize'` may show why)", program,
		place->path, program);
}

static int change_place(const struct change *c, const struct hook_place *place, const char *program, const char *option, const char *what)
{
	struct pipgate_error error;
	bool changed;

	if (c->make(place, &changed, &error) != PIPGATE_OK) {
		if (hook_needs_root(place))
			return say_error(EXIT_UNDECIDED, "%s; needs to be run as root: sudo pipgate %s %s", error.text, c->command, option);
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	}
	say_done(c, place, changed, what);
	return c->in ? check(c, program, place) : EXIT_OK;
}

static int change_interpreter(const struct change *c, const struct interpreter *interpreter)
{
	const char *executable = interpreter->executable;
	struct hook_place place;
	struct pipgate_error error;

	if (hook_of_interpreter(c->run, interpreter, &place, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	return change_place(c, &place, executable, text_format(c->run, "--python %s", executable),
		text_format(c->run, "Python %s (%s) and the environments made from it", interpreter->version, executable));
}

/* ---- which ---- */

static int one_interpreter(const struct change *c, const char *program)
{
	struct interpreter interpreter;
	struct pipgate_error error;

	if (interpreter_ask(c->run, program, &interpreter, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	if (interpreter.virtual_environment)
		say("%s is of a virtual environment: its base interpreter is what is %sd", program, c->command);
	return change_interpreter(c, &interpreter);
}

/* --python's, or the interpreter of the pip that `pip` through the gate would mean. */
static int the_usual(const struct change *c)
{
	char *none[] = {NULL}, **rest, *python;
	struct options options;
	struct pipgate_error error;
	struct pip pip;

	if (options_read(c->run, none, &options, &rest, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	if (pip_locate(c->run, "pip", c->python ? c->python : options.python, &pip, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	python = pip_interpreter(c->run, &pip);
	return python ? one_interpreter(c, python) : say_error(EXIT_UNDECIDED, "no interpreter was found for %s; name it with --python", pip.script);
}

/* Also an interpreter's own: a .pth is read where PYTHONPATH hides sitecustomize. */
static int one_environment(const struct change *c)
{
	char folder[PATH_MAX], prefix[PATH_MAX], *python;
	struct interpreter_live live;
	struct hook_place place;
	struct pipgate_error error;

	if (!realpath(c->environment, folder))
		return say_error(EXIT_UNDECIDED, "--venv %s: no such folder", c->environment);
	python = text_format(c->run, "%s/bin/python", folder);
	if (access(python, X_OK))
		python = text_format(c->run, "%s/bin/python3", folder);
	if (interpreter_look(c->run, python, true, NULL, &live, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "--venv %s: %s", c->environment, error.text);
	if (!live.site_packages || !realpath(live.prefix, prefix) || strcmp(folder, prefix) != 0)
		return say_error(EXIT_UNDECIDED, "--venv %s is no environment: its Python has its packages in %s", c->environment, live.prefix);
	hook_of_environment(c->run, live.site_packages, &place);
	return change_place(c, &place, python, text_format(c->run, "--venv %s", folder), text_format(c->run, "the environment %s", folder));
}

static bool first_time(struct change *c, const char *stdlib)
{
	char real[PATH_MAX], **place;

	if (!realpath(stdlib, real))
		return true;
	for (size_t i = 0; i < c->seen.n; i++)
		if (strcmp(((char **)c->seen.items)[i], real) == 0)
			return false;
	place = must(list_push(c->run, &c->seen, sizeof(*place)));
	*place = text_copy(c->run, span_of(real));
	return true;
}

/* A candidate that is no Python (a shim of a version manager that has none to give, something before 3.8) is passed over. */
static void one_of_all(void *ctx, struct span folder, const char *name, unsigned minor)
{
	struct change *c = ctx;
	struct interpreter interpreter;
	char *program = text_format(c->run, SPAN_FMT "/%s", SPAN_ARG(folder), name);
	int status;

	if (minor < 8 || access(program, X_OK) || interpreter_ask(c->run, program, &interpreter, NULL) != PIPGATE_OK ||
		!first_time(c, interpreter.stdlib))
		return;
	status = change_interpreter(c, &interpreter);
	c->status = status ? status : c->status;
}

static int all(struct change *c)
{
	interpreters_each(MORE_FOLDERS, one_of_all, c);
	if (!c->seen.n)
		return say_error(EXIT_UNDECIDED, "no python3.N was found: neither on PATH nor in %s", MORE_FOLDERS);
	return c->status;
}

/* ---- the commands ---- */

static int read_options(struct change *c, int argc, char **argv)
{
	static const struct option table[] = {
		{"python", required_argument, NULL, 'p'}, {"venv", required_argument, NULL, 'v'}, {"all", no_argument, NULL, 'a'}, {0}};
	int letter;

	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((letter = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (letter == 'p')
			c->python = optarg;
		else if (letter == 'v')
			c->environment = optarg;
		else if (letter == 'a')
			c->all = true;
		else
			return say_error(EXIT_USAGE, "%s: %s %s; see `pipgate help %s`", c->command, argv[optind - 1],
				letter == ':' ? "needs a value" : "is not understood", c->command);
	}
	if (optind < argc || !!c->python + !!c->environment + c->all > 1)
		return say_error(EXIT_USAGE, "%s takes one of --python PYTHON, --venv DIR, --all; see `pipgate help %s`", c->command, c->command);
	return EXIT_OK;
}

static int run_change(struct change *c, int argc, char **argv)
{
	int status = read_options(c, argc, argv);

	if (status)
		return status;
	if (pipgate_run_new(NULL, &c->run) != PIPGATE_OK)
		die_no_memory();
	status = c->all ? all(c) : c->environment ? one_environment(c) : the_usual(c);
	pipgate_run_free(&c->run);
	return status;
}

int command_enable(int argc, char **argv)
{
	return run_change(&(struct change){.command = "enable", .make = hook_put, .in = true}, argc, argv);
}

int command_disable(int argc, char **argv)
{
	return run_change(&(struct change){.command = "disable", .make = hook_take}, argc, argv);
}
