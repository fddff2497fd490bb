/* SPDX-License-Identifier: Apache-2.0 */
/* The road of `pip download`, `pip wheel` and `pip lock`, which cannot report: `install` of the same tells the plan. The files
 * come into a private folder, are compared with the plan, and are moved; a lock file, whose paths begin where it lies, comes
 * under another name beside. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "wrapper/pip/files.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

static bool keep(const struct argument *a)
{
	return !a->option || a->option->role != ROLE_DESTINATION;
}

static bool asks(const struct gate *gate)
{
	for (size_t i = 0; i < gate->arguments.n; i++) {
		const struct argument *a = &gate->arguments.v[i];

		if (a->positional || !a->option || (a->option->value && a->option->role != ROLE_DESTINATION && a->option->role != ROLE_INDEX))
			return true;
	}
	return false;
}

/* Nothing is asked for: the complaint shall be of this command, not of `install`. Whatever came would be thrown away. */
static int complain(struct gate *gate)
{
	struct words words;

	gate_begin(gate, &words, gate->command);
	words_add(&words, "--no-index");
	words_add(&words, files_option(gate));
	words_add(&words, gate_path(gate, "nothing"));
	return gate_ask(gate, words_end(&words), false);
}

static int plan(struct gate *gate)
{
	struct words words;
	int status = asks(gate) ? 0 : complain(gate);

	if (status)
		return status;
	gate_begin(gate, &words, "install");
	words_add(&words, "--dry-run");
	words_add(&words, "--ignore-installed");
	gate_arguments(gate, &words, PIP_INSTALL, keep);
	if (arguments_last(&gate->arguments, ROLE_PLATFORM)) { /* pip refuses another platform without it */
		words_add(&words, "--target");
		words_add(&words, gate_path(gate, "target"));
	}
	return gate_ask_plan(gate, &words, false);
}

/* pip brings what was judged to a place. */
static int bring(struct gate *gate, const char *to)
{
	struct words words;

	gate_begin(gate, &words, gate->command);
	gate_arguments(gate, &words, gate->command_bit, keep);
	if (gate_hold(gate, &words))
		return EXIT_UNDECIDED;
	words_add(&words, files_option(gate));
	words_add(&words, to);
	return gate_let(gate, gate_end(gate, &words));
}

static int fetch(struct gate *gate, const char *folder, const char *destination)
{
	int status = bring(gate, folder);
	char **names;

	if (status)
		return status;
	names = files_list(gate, folder);
	if (!names)
		return EXIT_UNDECIDED;
	status = files_compare(gate, names);
	return status ? status : files_move(gate, folder, names, destination);
}

static int run(struct gate *gate)
{
	const char *destination = files_destination(gate);
	const char *folder = files_private(gate, destination);
	int status;

	if (!folder)
		return EXIT_UNDECIDED;
	status = fetch(gate, folder, destination);
	tree_remove(folder);
	return status;
}

static int lock(struct gate *gate)
{
	const char *wanted = files_destination(gate), *slash = strrchr(wanted, '/');
	const char *beside = text_format(gate->run, "%.*spylock.pipgate-%d.toml", slash ? (int)(slash + 1 - wanted) : 0, wanted, (int)getpid());
	int status;

	if (strcmp(wanted, "-") == 0)
		return bring(gate, wanted);
	status = bring(gate, beside);
	if (!status && rename(beside, wanted))
		status = say_error(EXIT_UNDECIDED, "%s: %s", wanted, strerror(errno));
	if (status)
		unlink(beside);
	return status;
}

const struct road road_fetch = {"plan", plan, run};
const struct road road_lock = {"plan", plan, lock};
