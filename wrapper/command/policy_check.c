/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate policy check FILE…`: would these files be taken? What is wrong is shown with its line. */
#include "matcher/policy/document.h"
#include "wrapper/command/command.h"
#include "wrapper/command/policy.h"
#include "wrapper/keep.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

/* Each by itself: no file hides what is wrong with another one. */
static int check_file(struct pipgate_run *run, const char *path, enum pipgate_layer_kind kind)
{
	const struct pipgate_layer layer = {.kind = kind, .name = path, .may_loosen = true};
	struct pipgate_policy *policy;
	struct pipgate_error error;
	struct span text;
	enum pipgate_status status = keep_file(run, path, DOCUMENT_BYTES, &text, &error);

	if (status != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	if (pipgate_policy_new(run, &policy) != PIPGATE_OK)
		die_no_memory();
	status = pipgate_policy_add(policy, &layer, text, &error);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK ? EXIT_OK : say_error(EXIT_USAGE, "%s: %s", path, error.text);
}

int policy_check(int argc, char **argv)
{
	bool of_system = argc > 1 && strcmp(argv[1], "--system") == 0;
	struct pipgate_run *run;
	int status = EXIT_OK;

	if (argc < 2 + of_system || argv[1 + of_system][0] == '-')
		return say_error(EXIT_USAGE, "usage: pipgate policy check [--system] FILE…");
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	for (int i = 1 + of_system; i < argc; i++) {
		int one = check_file(run, argv[i], of_system ? PIPGATE_LAYER_SYSTEM : PIPGATE_LAYER_USER);

		status = status == EXIT_OK ? one : status;
	}
	pipgate_run_free(&run);
	return status;
}
