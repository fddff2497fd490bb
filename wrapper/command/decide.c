/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate decide REPORT`: the way from a report of pip's to a verdict, without a pip. With --protocol=N the hook asks. */
#include <string.h>

#include "wrapper/command/command.h"
#include "wrapper/command/decide.h"
#include "wrapper/judge.h"
#include "wrapper/pip/report.h"
#include "wrapper/temporary.h"
#include "wrapper/policy/layers.h"

#include "matcher/base/banned.h"

static int decide(struct pipgate_run *run, char **argv)
{
	const struct facts_source configured = {NULL, NULL, NULL}; /* by variables and files alone */
	struct judge_database database;
	struct pipgate_error error;
	struct pipgate_policy *policy;
	struct options options;
	struct plan plan;
	char **words;
	int status;

	if (options_read(run, argv + 1, &options, &words, &error) != PIPGATE_OK ||
		policy_layers(run, &options, POLICY_FOR_GATE, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	if (!words[0] || words[1])
		return say_error(EXIT_USAGE, "decide takes one report of pip's; see `pipgate help decide`");
	if (report_read_file(run, words[0], &plan, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	log_stage("plan", "%zu components", plan.n);
	status = judge_open(policy, &database);
	if (status)
		return status;
	status = judge(
		&(struct judge_input){
			.run = run,
			.options = &options,
			.policy = policy,
			.command = "install",
			.mode = "report",
			.pip_version = plan.pip_version,
			.components = plan.components,
			.n = plan.n,
			.environment = plan.environment,
			.dry_run = true,
			.index = &configured,
		},
		&database);
	judge_close(&database);
	return status;
}

int command_decide(int argc, char **argv)
{
	static const char protocol[] = "--protocol=";
	struct pipgate_run *run;
	int status;

	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	if (argc == 2 && strncmp(argv[1], protocol, sizeof(protocol) - 1) == 0)
		status = decide_for_hook(run, argv[1] + sizeof(protocol) - 1);
	else
		status = decide(run, argv);
	temporary_remove();
	pipgate_run_free(&run);
	return status;
}
