/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate policy trust|untrust [DIR]`: may this project's policy loosen, too? */
#include "wrapper/command/command.h"
#include "wrapper/command/policy.h"
#include "wrapper/policy/layers.h"

#include "matcher/base/banned.h"

static int change(struct pipgate_run *run, const char *folder, bool trust)
{
	struct pipgate_error error;

	if (!folder)
		return say_error(EXIT_USAGE, "there is no .pipgate.yaml here; name the project's folder");
	if (project_trust(run, folder, trust, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	say("%s: its policy is %s", folder, trust ? "trusted from now on" : "not trusted any more");
	return EXIT_OK;
}

static int run_change(int argc, char **argv, bool trust)
{
	struct pipgate_run *run;
	int status;

	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return say_error(EXIT_USAGE, "usage: pipgate policy %s [DIR]", argv[0]);
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = change(run, argc == 2 ? argv[1] : project_folder(run), trust);
	pipgate_run_free(&run);
	return status;
}

int policy_trust(int argc, char **argv)
{
	return run_change(argc, argv, true);
}

int policy_untrust(int argc, char **argv)
{
	return run_change(argc, argv, false);
}
