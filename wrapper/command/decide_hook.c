/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the hook: one line on its descriptor, human text on stderr, and the same as an exit status. */
#include <stdlib.h>

#include "matcher/policy/policy.h"
#include "shims/hook/protocol.h"
#include "wrapper/command/decide.h"
#include "wrapper/file.h"
#include "wrapper/judge.h"
#include "wrapper/policy/layers.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

struct asked {
	struct pipgate_run *run;
	struct question question;
	struct options options;
	struct pipgate_policy *policy;
	struct plan plan;
	size_t planned;
};

#define WHY_MAX ((size_t)64 << 10)

/* This pip, what was asked of it, and its settings. No pip: they are not known, as they were too many for the question. */
struct asker {
	struct pip *pip;
	struct arguments *arguments;
	char *const *settings;
};

static struct asker asker_of(const struct asked *a)
{
	struct asker asker = {must(arena_alloc(a->run, sizeof(*asker.pip))), must(arena_alloc(a->run, sizeof(*asker.arguments))), NULL};
	struct question copy = a->question;

	if (!copy.arguments.list.n || !copy.python || pip_locate(a->run, "pip", copy.python, asker.pip, NULL) != PIPGATE_OK)
		return (struct asker){NULL, NULL, NULL};
	arguments_read(a->run, words_end(&copy.arguments), PIP_INSTALL, asker.arguments);
	asker.settings = words_end(&copy.settings);
	return asker;
}

/* How this pip is asked once more. NULL: it cannot be. */
static const struct remedy *way_of(const struct asked *a, const struct asker *asker)
{
	struct remedy *remedy = must(arena_alloc(a->run, sizeof(*remedy)));

	*remedy = (struct remedy){.pip = asker->pip, .arguments = asker->arguments, .settings = asker->settings};
	return asker->pip ? remedy : NULL;
}

/* A nested pip is given the index of the outer one by its own arguments. */
static const struct facts_source *index_of(const struct asked *a, const struct asker *asker)
{
	struct facts_source *source = must(arena_alloc(a->run, sizeof(*source)));

	*source = (struct facts_source){asker->pip, asker->arguments, asker->settings};
	return asker->pip ? source : NULL;
}

static struct judge_input input_of(const struct asked *a, long quiet, struct buf *why)
{
	const struct question *q = &a->question;
	const struct asker asker = asker_of(a);
	const struct remedy *way = way_of(a, &asker);

	return (struct judge_input){
		.run = a->run,
		.options = &a->options,
		.policy = a->policy,
		.command = q->command ? q->command : "install",
		.mode = strcmp(q->ask, "build") == 0 ? "build" : "inline",
		.pip_version = q->pip,
		.python = q->python,
		.exception_hint = question_exception(a->run, q),
		.components = a->plan.components,
		.n = a->plan.n,
		.environment = a->plan.environment,
		.dry_run = q->dry_run != NULL,
		.quiet = quiet > 0,
		.why = why,
		.remedy = strcmp(q->ask, "plan") == 0 ? way : NULL, /* build requirements are pip's own */
		.way = way,
		.index = index_of(a, &asker),
	};
}

/* A build is asked about before the plan is: what is said of the database is said with the plan. */
static int judge_asked(const struct asked *a)
{
	const struct question *q = &a->question;
	long quiet = strcmp(q->ask, "build") == 0 ? 1 : q->quiet ? strtol(q->quiet, NULL, 10) : 0;
	struct judge_database database;
	struct judge_input input;
	struct buf why; /* for pip's own last line: some tools show that one alone of all that pip says */
	int status;

	say_quiet(quiet > 0);
	if (strcmp(q->ask, "nested") == 0)
		say("build requirements%s%s:", q->parent ? " of " : "", q->parent ? q->parent : "");
	status = judge_open(a->policy, &database);
	if (status)
		return status;
	buf_init(&why, NULL, WHY_MAX);
	input = input_of(a, quiet, q->judged ? &why : NULL);
	status = judge(&input, &database);
	judge_close(&database);
	if (status == EXIT_BLOCKED && buf_status(&why) == PIPGATE_OK)
		file_put(DECIDE_FD_JUDGED, buf_view(&why));
	buf_fini(&why);
	return status;
}

/* What may not run is told by malice, by its name, and by where it comes from. How vulnerable it is, and what checks say, is judged
 * when the plan is whole: the resolver builds versions that it then discards. */
static enum pipgate_status read_build(struct asked *a, struct pipgate_error *error)
{
	enum pipgate_status status = question_build(a->run, &a->question, &a->plan, error);

	a->options.report = NULL;
	a->policy->checks = (struct list){0};
	if (status == PIPGATE_OK)
		status = pipgate_policy_set(a->policy, SPAN("fail-on"), SPAN("none"), "before code runs", error);
	return status;
}

static bool carried(const struct asked *a, struct span sha256)
{
	char *const *v = a->question.bundled.list.items;

	for (size_t i = 0; i < a->question.bundled.list.n; i++)
		if (span_is(sha256, v[i]))
			return true;
	return false;
}

/* ensurepip, known by what it installs and not by its name: each file is one that this Python carries. */
static bool all_carried(const struct asked *a)
{
	bool all = a->planned > 0 && strcmp(a->question.ask, "plan") == 0;

	for (size_t i = 0; i < a->planned; i++)
		all = all && carried(a, a->plan.components[i].sha256);
	return all;
}

static int verdict_on(const struct asked *a)
{
	if (a->policy->values[POLICY_MODE].value == POLICY_MODE_OFF) {
		if (strcmp(a->question.ask, "plan") == 0)
			say("mode: off (%s): nothing is audited", a->policy->values[POLICY_MODE].layer);
		return EXIT_OK;
	}
	if (all_carried(a)) {
		say("what this Python itself carries (ensurepip) is not audited");
		return EXIT_OK;
	}
	return judge_asked(a);
}

static int read_and_judge(struct asked *a)
{
	struct pipgate_error error;
	enum pipgate_status status;
	int verdict;

	if (strcmp(a->question.ask, "build") == 0)
		status = read_build(a, &error);
	else
		status = question_plan(a->run, &a->plan, &a->planned, &error);
	if (status != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	log_stage("plan", "%s: %zu components", a->question.ask, a->plan.n);
	verdict = verdict_on(a);
	if (verdict == EXIT_OK && a->question.judged && judged_write(a->run, &a->plan, a->planned, a->options.cached_build, &error) != PIPGATE_OK)
		verdict = say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	return verdict;
}

/* On the other roads the outermost pip's program has said it. */
static void say_left_out(const struct asked *a)
{
	const struct question *q = &a->question;
	bool quiet = q->quiet && strtol(q->quiet, NULL, 10) > 0;

	if (!quiet && q->road && strcmp(q->road, "interpreter") == 0 && strcmp(q->ask, "plan") == 0)
		policy_say_notes(a->policy);
}

static int understand(struct pipgate_run *run, const char *protocol)
{
	struct asked a = {.run = run};
	struct pipgate_error error;
	char *none[] = {NULL}, **rest;

	if (strcmp(protocol, PROTOCOL_VERSION) != 0)
		return say_error(EXIT_UNDECIDED, "decide speaks protocol " PROTOCOL_VERSION ", not '%s'", protocol);
	if (question_read(run, &a.question, &error) != PIPGATE_OK || options_read(run, none, &a.options, &rest, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	if (a.options.resolve && !a.question.dry_run)
		return say_error(EXIT_UNDECIDED, "--gate-resolve is for a dry run; nothing was installed");
	if (a.question.terminal)
		a.options.profile = "developer"; /* stderr of a nested pip is a pipe; the person is at the outermost one */
	if (policy_layers(run, &a.options, POLICY_FOR_GATE, &a.policy, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	options_resolving(&a.options, a.policy);
	say_left_out(&a);
	return read_and_judge(&a);
}

int decide_for_hook(struct pipgate_run *run, const char *protocol)
{
	int status = understand(run, protocol);
	struct span answer = SPAN(DECIDE_ERROR);

	if (status == EXIT_OK)
		answer = SPAN(DECIDE_ALLOW);
	else if (status == EXIT_BLOCKED)
		answer = SPAN(DECIDE_BLOCK);
	else
		status = EXIT_UNDECIDED;
	temporary_remove();
	return file_put(DECIDE_FD_ANSWER, answer) ? status : EXIT_UNDECIDED;
}
