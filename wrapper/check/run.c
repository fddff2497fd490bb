/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a plan: which programs, what they are asked, whom their opinions are about. */
#include <unistd.h>

#include "wrapper/check/answer.h"
#include "wrapper/check/archive.h"
#include "wrapper/check/ask.h"
#include "wrapper/check/check.h"
#include "wrapper/check/program.h"
#include "wrapper/keep.h"
#include "wrapper/report/json_writer.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define QUESTION_MAX ((size_t)64 << 20)
#define WORD_MAX ((size_t)64 << 10) /* of a command line, with paths put in */
#define AT_ONCE 4                   /* archives that are unpacked at a time: each may be gigabytes */

/* ---- opinions ---- */

static void append(struct pipgate_run *run, struct pipgate_facts *facts, const struct pipgate_opinion *opinion)
{
	struct pipgate_opinion *all = must(arena_array(run, facts->n_opinions + 1, sizeof(*all)));

	if (facts->n_opinions)
		memcpy(all, facts->opinions, facts->n_opinions * sizeof(*all));
	all[facts->n_opinions++] = *opinion;
	facts->opinions = all;
}

static bool is_about(const struct said *said, const struct pipgate_component *c, bool any_requested)
{
	if (!said->name.n)
		return c->requested || !any_requested;
	return span_equal(said->name, c->name) && (!said->version.n || span_equal(said->version, c->version));
}

/* A no means what the policy's `then` says; an allow is an opinion only where it may loosen. A no about a component that is not in
 * the plan is said of the whole. */
static void spread(const struct check_request *request, const struct policy_check *check, const struct said *said,
	struct pipgate_facts *facts)
{
	const struct audit *audit = request->audit;
	const struct pipgate_opinion opinion = {
		.engine = must_span(arena_copy(request->run, span_of(check->name))),
		.action = said->action == PIPGATE_ALLOW || said->action == PIPGATE_WARN ? said->action :
			check->then == PIPGATE_WARN ? PIPGATE_WARN : PIPGATE_BLOCK,
		.text = said->text,
	};
	const struct said of_all = {.action = said->action, .text = said->text};
	bool any_requested = false;
	size_t n = 0;

	if (opinion.action == PIPGATE_ALLOW && !check->may_loosen)
		return;
	for (size_t i = 0; i < audit->n_components; i++)
		any_requested |= audit->components[i].requested;
	for (size_t i = 0; i < audit->n_components; i++)
		if (is_about(said, &audit->components[i], any_requested)) {
			append(request->run, &facts[i], &opinion);
			n++;
		}
	if (!n && said->name.n && opinion.action != PIPGATE_ALLOW)
		spread(request, check, &of_all, facts);
}

/* ---- a task: one run of a check ---- */

struct task {
	const struct policy_check *check;
	const struct archive *archive; /* NULL: it is asked about the plan */
};

static struct said about(const struct check_request *request, const struct task *task, struct said said)
{
	const struct pipgate_component *c = task->archive ? &request->audit->components[task->archive->component] : NULL;

	if (c && !said.name.n) {
		said.name = c->name;
		said.version = c->version;
	}
	return said;
}

static void no_answer(const struct check_request *request, const struct task *task, const char *why, struct pipgate_facts *facts)
{
	const struct said said = about(request, task, (struct said){
		.text = span_of(text_format(request->run, "did not answer: %s", why)),
	});

	spread(request, task->check, &said, facts);
}

static void listen(const struct check_request *request, const struct task *task, const struct ask *ask, struct pipgate_facts *facts)
{
	struct pipgate_error error;
	const struct said *said;
	size_t n;

	if (ask->fault)
		no_answer(request, task, ask->fault, facts);
	else if (answer_read(request->run, task->check->format, ask->status, ask->answer, &said, &n, &error) != PIPGATE_OK)
		no_answer(request, task, error.text, facts);
	else
		for (size_t i = 0; i < n; i++) {
			const struct said one = about(request, task, said[i]);

			spread(request, task->check, &one, facts);
		}
}

/* ---- what it is asked, and how it is started ---- */

static enum pipgate_status kept(struct pipgate_run *run, struct buf *text, struct span *out, struct pipgate_error *error)
{
	enum pipgate_status status = buf_status(text);

	if (status == PIPGATE_OK)
		*out = keep_buf(run, text);
	buf_fini(text);
	return status == PIPGATE_OK ? status : error_set(error, status, "the plan is too large to ask a check about");
}

static enum pipgate_status question_of_plan(const struct check_request *request, struct span *out, struct pipgate_error *error)
{
	struct buf text;

	buf_init(&text, NULL, QUESTION_MAX);
	report_json(&text, request->audit, request->context, &(struct report_style){.width = 80});
	return kept(request->run, &text, out, error);
}

static enum pipgate_status question_of_archive(const struct check_request *request, const struct archive *archive, struct span *out,
	struct pipgate_error *error)
{
	struct buf text;

	buf_init(&text, NULL, QUESTION_MAX);
	json_begin(&text, '{');
	json_text(&text, "schema", SPAN("pipgate/check/1"));
	json_key(&text, "component");
	report_component(&text, request->audit, archive->component);
	json_text(&text, "archive", span_of(archive->path));
	json_text(&text, "folder", span_of(archive->folder));
	json_end(&text, '}');
	buf_byte(&text, '\n');
	return kept(request->run, &text, out, error);
}

/* "--target={folder}" with the archive's own. Too long: it is cut, and no path then. */
static const char *fill(struct pipgate_run *run, const char *word, const struct archive *archive)
{
	const struct {
		struct span mark;
		const char *value;
	} places[] = {{SPAN("{folder}"), archive->folder}, {SPAN("{archive}"), archive->path}};
	const char *filled;
	struct buf text;

	buf_init(&text, NULL, WORD_MAX);
	while (*word) {
		size_t i = 0;

		while (i < sizeof(places) / sizeof(*places) && strncmp(word, places[i].mark.p, places[i].mark.n) != 0)
			i++;
		if (i < sizeof(places) / sizeof(*places)) {
			buf_text(&text, places[i].value);
			word += places[i].mark.n;
		} else {
			buf_byte(&text, (unsigned char)*word++);
		}
	}
	filled = buf_status(&text) == PIPGATE_OK ? text_copy(run, buf_view(&text)) : NULL;
	buf_fini(&text);
	return filled;
}

static struct ask prepare(const struct check_request *request, const struct task *task, struct span question)
{
	const struct policy_check *check = task->check;
	const struct archive *archive = task->archive;
	struct ask ask = {.question = question, .timeout_ms = check->timeout_ms, .limit = CHECK_ANSWER_MAX,
		.folder = archive ? archive->folder : NULL};
	struct words words = {.run = request->run};
	const char *program = program_of(request->run, check->run[0], &ask.fault);

	words_add(&words, program ? program : "");
	for (char *const *word = check->run + 1; *word; word++) {
		const char *filled = archive ? fill(request->run, *word, archive) : *word;

		if (!filled)
			ask.fault = "its command line is too long";
		else
			words_add(&words, filled);
	}
	ask.argv = words_end(&words);
	return ask;
}

/* ---- the way ---- */

static enum pipgate_status ask_about_plan(const struct check_request *request, struct pipgate_facts *facts, struct pipgate_error *error)
{
	struct task *tasks = must(arena_array(request->run, request->n_checks, sizeof(*tasks)));
	struct ask *asks = must(arena_array(request->run, request->n_checks, sizeof(*asks)));
	enum pipgate_status status;
	struct span question;
	size_t n = 0;

	for (size_t i = 0; i < request->n_checks; i++)
		if (request->checks[i].on == POLICY_CHECK_PLAN)
			tasks[n++].check = &request->checks[i];
	if (!n)
		return PIPGATE_OK;
	status = question_of_plan(request, &question, error);
	for (size_t i = 0; status == PIPGATE_OK && i < n; i++)
		asks[i] = prepare(request, &tasks[i], question);
	if (status == PIPGATE_OK)
		status = asks_run(request->run, asks, n, error);
	for (size_t i = 0; status == PIPGATE_OK && i < n; i++)
		listen(request, &tasks[i], &asks[i], facts);
	return status;
}

/* All checks of a few archives, which are there for so long. */
static enum pipgate_status ask_about_few(const struct check_request *request, struct archive *archives, size_t n_archives,
	struct pipgate_facts *facts, struct pipgate_error *error)
{
	struct task *tasks = must(arena_array(request->run, n_archives * request->n_checks, sizeof(*tasks)));
	struct ask *asks = must(arena_array(request->run, n_archives * request->n_checks, sizeof(*asks)));
	enum pipgate_status status = PIPGATE_OK;
	struct span question = {NULL, 0};
	size_t n = 0;

	for (size_t a = 0; status == PIPGATE_OK && a < n_archives; a++) {
		archive_unfold(request->run, &archives[a]);
		if (!archives[a].fault)
			status = question_of_archive(request, &archives[a], &question, error);
		for (size_t i = 0; status == PIPGATE_OK && i < request->n_checks; i++)
			if (request->checks[i].on == POLICY_CHECK_ARCHIVE) {
				tasks[n] = (struct task){&request->checks[i], &archives[a]};
				asks[n] = (struct ask){.fault = archives[a].fault};
				if (!archives[a].fault)
					asks[n] = prepare(request, &tasks[n], question);
				n++;
			}
	}
	if (status == PIPGATE_OK)
		status = asks_run(request->run, asks, n, error);
	for (size_t i = 0; status == PIPGATE_OK && i < n; i++)
		listen(request, &tasks[i], &asks[i], facts);
	for (size_t a = 0; a < n_archives; a++)
		archive_fold(&archives[a]);
	return status;
}

static enum pipgate_status ask_about_archives(const struct check_request *request, struct pipgate_facts *facts, struct pipgate_error *error)
{
	struct archive *archives;
	enum pipgate_status status;
	bool any = false;
	size_t n;

	for (size_t i = 0; i < request->n_checks; i++)
		any |= request->checks[i].on == POLICY_CHECK_ARCHIVE;
	if (!any || !request->way)
		return PIPGATE_OK;
	status = archives_bring(request, &archives, &n, error);
	for (size_t i = 0; status == PIPGATE_OK && i < n; i += AT_ONCE)
		status = ask_about_few(request, archives + i, n - i < AT_ONCE ? n - i : AT_ONCE, facts, error);
	return status;
}

static enum pipgate_status refuse(const struct check_request *request, struct pipgate_error *error)
{
	for (size_t i = 0; i < request->n_checks; i++)
		if (!answer_format_known(request->checks[i].format))
			return error_set(error, PIPGATE_INVALID, "the check %s: there is no format %s", request->checks[i].name,
				request->checks[i].format);
	return PIPGATE_OK;
}

enum pipgate_status checks_run(const struct check_request *request, struct pipgate_facts *facts, struct pipgate_error *error)
{
	enum pipgate_status status = refuse(request, error);

	if (status == PIPGATE_OK)
		status = ask_about_plan(request, facts, error);
	return status == PIPGATE_OK ? ask_about_archives(request, facts, error) : status;
}

enum pipgate_status checks_apply(struct audit *audit, const struct pipgate_policy *policy, const struct audit_context *context,
	const struct remedy *way, struct pipgate_error *error)
{
	const struct check_request request = {
		.run = audit->run,
		.checks = policy->checks.items,
		.n_checks = policy->checks.n,
		.audit = audit,
		.context = context,
		.way = way,
	};

	if (!request.n_checks || !audit->n_components)
		return PIPGATE_OK;
	if (!audit->facts)
		audit->facts = must(arena_array(audit->run, audit->n_components, sizeof(*audit->facts)));
	return checks_run(&request, audit->facts, error);
}
