/* SPDX-License-Identifier: Apache-2.0 */
/* The road of `pip download` and `pip wheel`, which cannot report: `install` of the same tells the plan; the files come
 * into a private folder, are compared with the plan, and are moved. */
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
	words_add(&words, gate->command_bit == PIP_DOWNLOAD ? "--dest" : "--wheel-dir");
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

static int fetch(struct gate *gate, const char *folder, const char *destination)
{
	struct words words;
	char **names;
	int status;

	gate_begin(gate, &words, gate->command);
	gate_arguments(gate, &words, gate->command_bit, keep);
	if (gate_hold(gate, &words))
		return EXIT_UNDECIDED;
	words_add(&words, gate->command_bit == PIP_DOWNLOAD ? "--dest" : "--wheel-dir");
	words_add(&words, folder);
	status = gate_let(gate, gate_end(gate, &words));
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

const struct road road_fetch = {"plan", plan, run};
