/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/judge.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "matcher/base/text.h"
#include "wrapper/ask.h"
#include "wrapper/case/history.h"
#include "wrapper/check/check.h"
#include "wrapper/feed/refresh.h"
#include "wrapper/file.h"
#include "wrapper/pip/asked.h"
#include "wrapper/policy/profile.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define REPORT_MAX ((size_t)256 << 20)
#define WIDTH_LEAST 60
#define WIDTH_DEFAULT 80

static struct report_style terminal_style(void)
{
	bool terminal = isatty(STDERR_FILENO);
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	struct report_style style = {.width = WIDTH_DEFAULT};
	struct winsize size;

	if (terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		style.width = size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col;
	style.colour = terminal && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
	return style;
}

static void print_table(const struct audit *audit, const struct audit_context *context)
{
	const struct report_style style = terminal_style();
	struct buf out;

	buf_init(&out, NULL, REPORT_MAX);
	report_table(&out, audit, context, &style);
	if (buf_status(&out) != PIPGATE_OK)
		die_no_memory();
	file_put(STDERR_FILENO, buf_view(&out));
	buf_fini(&out);
}

static int write_json(const struct judge_input *in, const struct audit *audit, const struct audit_context *context)
{
	const struct report_style style = {.width = WIDTH_DEFAULT};
	struct pipgate_error error;
	enum pipgate_status status;
	struct buf out;

	if (!in->options->report)
		return 0;
	buf_init(&out, NULL, REPORT_MAX);
	report_json(&out, audit, context, &style);
	status = buf_status(&out);
	if (status == PIPGATE_OK)
		status = file_write(in->options->report, buf_view(&out), &error);
	else
		error_set(&error, status, "%s: out of memory", in->options->report);
	buf_fini(&out);
	return status == PIPGATE_OK ? 0 : say_error(EXIT_UNDECIDED, "--gate-report: %s", error.text);
}

/* The verdict as an exit status; anything that is not an explicit allow or warn is a no. */
static int exit_of(enum pipgate_action action)
{
	switch (action) {
	case PIPGATE_ALLOW:
	case PIPGATE_WARN:
		return EXIT_OK;
	case PIPGATE_BLOCK:
		return EXIT_BLOCKED;
	case PIPGATE_UNDECIDED:
		break;
	}
	return EXIT_UNDECIDED;
}

int judge_open(const struct pipgate_policy *policy, struct judge_database *out)
{
	struct pipgate_error error;

	refresh_before_verdict(policy->run, policy);
	if (profile_open(policy, time(NULL), &out->place, &out->database, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	return 0;
}

void judge_close(struct judge_database *database)
{
	database_close(&database->database);
}

/* "jinja2 2.10.1, markupsafe 2.0" */
static const char *remedy_words(const struct judge_input *in, struct span lines)
{
	struct buf words;
	const char *kept;

	buf_init(&words, NULL, REPORT_MAX);
	while (lines.n) {
		struct span version = span_split(&lines, '\n'), name = span_split(&version, '=');

		buf_text(&words, words.n ? ", " : "");
		text_escape(&words, name);
		buf_byte(&words, ' ');
		text_escape(&words, span_from(version, 1));
	}
	kept = text_copy(in->run, buf_view(&words));
	buf_fini(&words);
	return kept;
}

/* Where a person reads, and where it is wished for: it takes a second or more. */
static void find_remedy(const struct judge_input *in, const struct judge_database *database, const struct audit *audit,
	struct audit_context *context)
{
	const char *when = in->options->remedy;
	struct remedy remedy;
	struct buf out;

	if (!in->remedy || !audit->n_findings || audit->verdict.action != PIPGATE_BLOCK || strcmp(when, "off") == 0 ||
		(strcmp(when, "auto") == 0 && !isatty(STDERR_FILENO) && !in->clean))
		return;
	remedy = *in->remedy;
	remedy.database = database->place.path;
	remedy.downgrades = in->clean != NULL;
	buf_init(&out, NULL, REPORT_MAX);
	remedy_find(&remedy, audit, in->policy, &out);
	if (out.n) {
		context->remedy = remedy_words(in, buf_view(&out));
		context->clean = span_of(text_copy(in->run, buf_view(&out)));
		context->clean_file = history_keep_clean(audit, context);
	}
	if (in->clean)
		buf_span(in->clean, buf_view(&out));
	buf_fini(&out);
	log_stage("remedy", "%s", context->remedy ? context->remedy : "none");
}

/* The components with what the command line and its files say of them. */
static const struct pipgate_component *as_asked(const struct judge_input *in)
{
	struct pipgate_component *copy;

	if (!in->way || !in->way->arguments || !in->n)
		return in->components;
	copy = must(arena_array(in->run, in->n, sizeof(*copy)));
	memcpy(copy, in->components, in->n * sizeof(*copy));
	asked_mark(in->run, in->way->arguments, copy, in->n);
	return copy;
}

/* Findings, facts, verdict. */
static enum pipgate_status decide(const struct judge_input *in, struct audit *audit, const struct audit_context *context,
	const struct pipgate_cursor *cursor, struct pipgate_error *error)
{
	const struct remedy no_pip = {.pip = NULL};
	enum pipgate_status status = audit_match(audit, cursor, error);

	if (status == PIPGATE_OK)
		status = facts_apply(audit, in->policy, in->index, cursor, true, error);
	if (status == PIPGATE_OK)
		status = checks_apply(audit, in->policy, context, in->way ? in->way : &no_pip, error);
	return status == PIPGATE_OK ? audit_judge_case(audit, in->policy, error) : status;
}

/* What is wrong with the policy and not with the plan. */
static void say_notes(const struct audit *audit)
{
	for (size_t i = 0; i < audit->verdict.n_notes; i++)
		say(SPAN_FMT, SPAN_ARG(audit->verdict.notes[i]));
}

/* The verdict, where no person says otherwise. */
static enum pipgate_action asked(const struct judge_input *in, const struct audit *audit)
{
	switch (ask_person(in->policy, audit, in->dry_run)) {
	case ASK_YES:
		return PIPGATE_ALLOW;
	case ASK_NO:
		return PIPGATE_BLOCK;
	case ASK_NOBODY:
		break;
	}
	return audit->verdict.action;
}

int judge(const struct judge_input *in, const struct judge_database *database)
{
	const struct pipgate_cursor cursor = database_cursor(database->database);
	struct audit_context context = {
		.command = in->command,
		.mode = in->mode,
		.pip_version = in->pip_version,
		.python = in->python,
		.profile = in->options->profile,
		.database_path = database->place.path,
		.database_kind = database->place.kind,
		.database = database_info(database->database),
		.now = time(NULL),
		.dry_run = in->dry_run,
		.exception_hint = in->exception_hint,
	};
	struct audit audit = {
		.run = in->run, .environment = in->environment, .components = as_asked(in), .n_components = in->n, .now = context.now};
	struct pipgate_error error;
	int status;

	if (decide(in, &audit, &context, &cursor, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "cannot decide: %s; nothing was installed", error.text);
	find_remedy(in, database, &audit, &context);
	log_stage("decide", "%zu components, %zu findings", audit.n_components, audit.n_findings);
	if (!in->quiet || audit.verdict.action == PIPGATE_BLOCK)
		print_table(&audit, &context);
	say_notes(&audit);
	if (in->why)
		report_reason(in->why, &audit);
	history_keep(&audit, &context);
	status = write_json(in, &audit, &context);
	return status ? status : exit_of(asked(in, &audit));
}
