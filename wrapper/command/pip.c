/* SPDX-License-Identifier: Apache-2.0 */
/* `pip …`: what installs nothing becomes the real pip at once; the rest goes the way of the gate. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/audit/audit.h"
#include "wrapper/command/command.h"
#include "wrapper/file.h"
#include "wrapper/judge.h"
#include "wrapper/pip/clean.h"
#include "wrapper/pip/closure.h"
#include "wrapper/pip/hint.h"
#include "wrapper/pip/inline.h"
#include "wrapper/pip/invocation.h"
#include "wrapper/policy/layers.h"
#include "wrapper/process.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

extern char **environ;

#define CLEAN_MAX ((size_t)64 << 10)

/* ---- the real pip, untouched ---- */

static char **pip_line(struct pipgate_run *run, const struct pip *pip, char *const *words)
{
	struct words argv = {.run = run};

	words_add_all(&argv, pip->words);
	words_add_all(&argv, words);
	return words_end(&argv);
}

static int become_pip(struct pipgate_run *run, const struct pip *pip, char *const *words)
{
	process_become(pip_line(run, pip, words), NULL);
	return say_error(EXIT_UNDECIDED, "%s cannot be started: %s", pip->words[0], strerror(errno));
}

/* The same, where the interpreter's own hook has sent its pip here: it would send the next one, too. */
static int run_pip(struct gate *gate, char *const *words)
{
	gate->environment = environ;
	gate_mark(gate);
	return process_mirror(gate_let(gate, pip_line(gate->run, &gate->pip, words)));
}

/* ---- before the plan ---- */

static bool off(const struct pipgate_policy *policy)
{
	return policy->values[POLICY_MODE].value == POLICY_MODE_OFF;
}

static bool sdists_blocked(const struct pipgate_policy *policy)
{
	return policy->values[POLICY_SDIST].value == PIPGATE_BLOCK;
}

/* An externally managed interpreter (PEP 668) refuses, but not a dry run that reports: it is asked without one, so that
 * the refusal comes first and is pip's own. */
static int externally_managed(struct gate *gate)
{
	struct stat st;
	struct words words;

	if (gate->command_bit != PIP_INSTALL || gate->pip.virtual_environment || gate->dry_run || !pip_at_least(&gate->pip, 23, 0) ||
		stat(text_format(gate->run, "%s/EXTERNALLY-MANAGED", gate->pip.stdlib), &st) ||
		arguments_last(&gate->arguments, ROLE_TARGET) || arguments_last(&gate->arguments, ROLE_BREAK_SYSTEM))
		return 0;
	gate_begin(gate, &words, "install");
	words_add(&words, "--dry-run");
	words_add(&words, "--no-deps");
	words_add(&words, "--no-index");
	words_add(&words, "pip");
	return gate_ask(gate, words_end(&words), false);
}

/* Before any "--"; of options that contradict one another the last one wins. */
static void add_argument(struct gate *gate, const char *option, const char *value)
{
	size_t n = gate->arguments.n;
	struct argument *v = must(arena_array(gate->run, n + 1, sizeof(*v)));

	for (size_t i = 0; i < n; i++)
		v[i + (i >= gate->arguments.end)] = gate->arguments.v[i];
	v[gate->arguments.end++] = (struct argument){.words = {option, value}, .n_words = 2};
	gate->arguments.v = v;
	gate->arguments.n = n + 1;
}

/* --only-binary :all: keeps pip from building what the index has; what is asked for directly must be refused by us. */
static int refuse_builds(struct gate *gate)
{
	const char *first = invocation_builds(gate);

	if (first)
		return say_error(EXIT_BLOCKED, "blocked: %s would be built, and building runs its code (sdist: block); nothing was installed", first);
	add_argument(gate, "--only-binary", ":all:");
	return 0;
}

static const struct road *choose_road(const struct gate *gate)
{
	if (!pip_at_least(&gate->pip, 22, 2))
		return &road_download;
	if (gate->command_bit == PIP_LOCK)
		return &road_lock;
	return gate->command_bit == PIP_INSTALL ? &road_install : &road_fetch;
}

/* ---- the way ---- */

static const char *exception_hint(struct gate *gate)
{
	struct words words = {.run = gate->run};

	for (size_t i = 0; i < gate->arguments.n; i++)
		words_add_argument(&words, &gate->arguments.v[i]);
	return hint_line(gate->run, text_format(gate->run, "%s %s --gate-policy mode=warn", gate->pip.name, gate->command), words_end(&words));
}

/* Before the command, and behind it. */
static struct arguments all_arguments(const struct gate *gate)
{
	size_t general = gate->general.n, n = gate->arguments.n;
	struct argument *v = must(arena_array(gate->run, general + n + 1, sizeof(*v)));

	for (size_t i = 0; i < general + n; i++)
		v[i] = i < general ? gate->general.v[i] : gate->arguments.v[i - general];
	return (struct arguments){.v = v, .n = general + n, .end = general + gate->arguments.end};
}

/* With a least age pip itself passes over what is younger, where it can: the gate has nothing to refuse then. */
static void pass_over_young(struct gate *gate, const struct pipgate_policy *policy)
{
	const struct policy_value *age = &policy->values[POLICY_MIN_AGE];
	const struct arguments arguments = all_arguments(gate);
	const struct facts_source source = {&gate->pip, &arguments, NULL};
	struct words environment = {.run = gate->run};
	struct list asked;
	const char *moment;

	if (!age->value || pip_probe(gate->run, &gate->pip, NULL) != PIPGATE_OK)
		return;
	asked = invocation_asked(gate);
	moment = facts_prior_to(gate->run, &source, &asked, age->value, time(NULL));
	if (!moment)
		return;
	say("min-age %s (%s): pip passes over what was uploaded after %s; PIP_UPLOADED_PRIOR_TO=P0D lets it see that, too", age->word, age->layer,
		moment);
	setenv("PIP_UPLOADED_PRIOR_TO", moment, 1);
	words_add_all(&environment, gate->environment);
	words_add(&environment, text_format(gate->run, "PIP_UPLOADED_PRIOR_TO=%s", moment));
	gate->environment = words_end(&environment);
}

static int judge_plan(struct gate *gate, const struct pipgate_policy *policy, const struct road *road, const struct judge_database *database,
	struct buf *clean)
{
	const struct components all = closure(gate);
	const struct arguments arguments = all_arguments(gate);
	const struct remedy remedy = {.pip = &gate->pip, .arguments = &gate->arguments, .general = &gate->general};
	const struct facts_source index = {&gate->pip, &arguments, NULL};
	const struct judge_input input = {
		.run = gate->run,
		.options = gate->options,
		.policy = policy,
		.command = gate->command,
		.mode = road->name,
		.pip_version = gate->pip.version,
		.python = gate->pip.python,
		.exception_hint = exception_hint(gate),
		.components = all.v,
		.n = all.n,
		.environment = gate->plan.environment,
		.dry_run = gate->dry_run || gate->options->plan_only,
		.quiet = gate->quiet,
		.remedy = &remedy,
		.clean = clean,
		.way = &remedy,
		.index = &index,
	};

	return judge(&input, database);
}

static void print_plan(const struct gate *gate)
{
	for (size_t i = 0; i < gate->plan.n; i++)
		printf(SPAN_FMT "==" SPAN_FMT "\n", SPAN_ARG(gate->plan.components[i].name), SPAN_ARG(gate->plan.components[i].version));
	fflush(stdout);
}

/* ---- on-block: resolve ---- */

static bool resolves(const struct pipgate_policy *policy)
{
	return policy->values[POLICY_ON_BLOCK].value == POLICY_ON_BLOCK_RESOLVE;
}

/* The clean set as constraints, and the way once more: 0 where what comes of it may pass. */
static int resolve(struct gate *gate, const struct pipgate_policy *policy, const struct road *road, const struct judge_database *database,
	struct span clean)
{
	const char *path = gate_path(gate, "clean.txt");
	struct pipgate_error error;
	int status;

	if (!clean.n || !clean_allowed(gate, clean))
		return EXIT_BLOCKED;
	if (file_write(path, clean, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	say("taking the nearest clean set (on-block: resolve)");
	add_argument(gate, "--constraint", path);
	status = road->plan(gate);
	return status ? EXIT_BLOCKED : judge_plan(gate, policy, road, database, NULL);
}

/* The plan, and what is said to it: 0, or the status to end with. */
static int plan_and_judge(struct gate *gate, const struct pipgate_policy *policy, const struct road *road, const struct judge_database *database)
{
	int status = invocation_keep_inputs(gate);
	struct buf clean;

	if (!status)
		status = externally_managed(gate);
	if (!status && sdists_blocked(policy))
		status = refuse_builds(gate);
	if (!status)
		status = road->plan(gate);
	log_stage("plan", "status %d, %zu components", status, gate->plan.n);
	if (status)
		return status;
	buf_init(&clean, NULL, CLEAN_MAX);
	status = judge_plan(gate, policy, road, database, resolves(policy) ? &clean : NULL);
	if (status == EXIT_BLOCKED && resolves(policy))
		status = resolve(gate, policy, road, database, buf_view(&clean));
	buf_fini(&clean);
	if (gate->options->plan_only)
		print_plan(gate);
	return status;
}

static int go(struct gate *gate, const struct pipgate_policy *policy)
{
	const struct road *road = choose_road(gate);
	struct judge_database database;
	int status = judge_open(policy, &database);

	if (!status)
		status = plan_and_judge(gate, policy, road, &database);
	judge_close(&database);
	if (status || gate->options->plan_only)
		return status;
	if (process_signal())
		return 256 + process_signal();
	process_shrink(); /* pip may want it: nothing but the plan stays while it runs */
	status = road->run(gate);
	log_stage("run", "status %d", status);
	return status;
}

static int gated(struct gate *gate, const struct pipgate_policy *policy)
{
	const struct argument *target = arguments_last(&gate->arguments, ROLE_PYTHON);
	struct pipgate_error error;
	int status;

	if (!target)
		target = arguments_last(&gate->general, ROLE_PYTHON);
	process_hold_signals();
	gate->folder = temporary_folder(&error);
	if (!gate->folder)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	gate_mark(gate);
	if (pip_probe(gate->run, &gate->pip, &error) != PIPGATE_OK ||
		(target && pip_retarget(gate->run, &gate->pip, target->value, &error) != PIPGATE_OK))
		status = say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	else
		status = go(gate, policy);
	temporary_remove();
	return process_mirror(status);
}

/* Inline where it can be, plan mode elsewhere; `inline` is never a silent plan. */
static int hold(struct gate *gate, const struct pipgate_policy *policy, char *const *words)
{
	const char *mode = gate->options->mode, *lacks;
	struct inline_parts parts;

	if (strcmp(mode, "plan") == 0 || gate->options->plan_only || resolves(policy)) /* who resolves anew needs two passes */
		return gated(gate, policy);
	if (gate->options->fallback)
		return say_error(EXIT_UNDECIDED, "gate-mode inline: the interpreter's hook could not hold pip; nothing was installed");
	lacks = inline_find(gate->run, &gate->pip, &parts);
	if (!lacks)
		return inline_become(gate->run, &gate->pip, &parts, sdists_blocked(policy), words);
	if (strcmp(mode, "inline") == 0)
		return say_error(EXIT_UNDECIDED, "--gate-mode inline: %s; nothing was installed", lacks);
	return gated(gate, policy);
}

/* `pip audit`, which pip has not: what stands behind it, else NULL. A --python before it is meant. */
static char *const *audit_words(struct pipgate_run *run, struct options *options, char *const *words)
{
	const struct argument *python;
	struct arguments general;

	arguments_read(run, words, PIP_GENERAL, &general);
	if (!words[general.used] || strcmp(words[general.used], "audit") != 0)
		return NULL;
	python = arguments_last(&general, ROLE_PYTHON);
	if (python)
		options->python = python->value;
	return words + general.used + 1;
}

static int with_options(struct pipgate_run *run, char **argv)
{
	struct gate gate = {.run = run};
	struct pipgate_policy *policy;
	struct options options;
	struct pipgate_error error;
	enum need need;
	char **words, *const *audit;

	if (options_read(run, argv + 1, &options, &words, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	audit = audit_words(run, &options, words);
	if (audit)
		return audit_run(run, &options, audit);
	gate.options = &options;
	need = invocation_read(&gate, words);
	if (pip_locate(run, argv[0], options.python, &gate.pip, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	if (need == NEED_PASS) {
		options_export(&options);
		return become_pip(run, &gate.pip, words);
	}
	say_quiet(gate.quiet);
	if (options.resolve && !gate.dry_run)
		return say_error(EXIT_USAGE, "--gate-resolve is for a dry run");
	if (policy_layers(run, &options, POLICY_FOR_GATE, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	options_resolving(&options, policy);
	options_export(&options);
	policy_say_notes(policy);
	if (off(policy)) {
		say("mode: off (%s): nothing is audited", policy->values[POLICY_MODE].layer);
		return getenv("PIPGATE_PASSED") ? run_pip(&gate, words) : become_pip(run, &gate.pip, words);
	}
	pass_over_young(&gate, policy);
	return hold(&gate, policy, words);
}

int command_pip(int argc, char **argv)
{
	struct pipgate_run *run;
	int status;

	(void)argc;
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = with_options(run, argv);
	pipgate_run_free(&run);
	return status;
}
