/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of a plan: which programs, what they are asked, whom their opinions are about. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/check/answer.h"
#include "wrapper/check/ask.h"
#include "wrapper/check/check.h"
#include "wrapper/keep.h"
#include "wrapper/pip/locate.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define QUESTION_MAX ((size_t)64 << 20)

/* ---- the program ---- */

static bool others_may_write(const char *path)
{
	struct stat st;

	return stat(path, &st) || (st.st_mode & (S_IWGRP | S_IWOTH)) || (st.st_uid != 0 && st.st_uid != geteuid());
}

/* The file itself and the folder that it lies in, behind every link. NULL: *fault says why not. */
static char *program_of(struct pipgate_run *run, const char *word, const char **fault)
{
	char *found = word[0] == '/' || !strchr(word, '/') ? program_on_path(run, word) : NULL;
	char *real = found ? realpath(found, NULL) : NULL, *path = NULL;

	if (!real)
		*fault = text_format(run, "%s is no program by an absolute path, nor on PATH", word);
	else {
		path = text_copy(run, span_of(real));
		*strrchr(real, '/') = 0;
		if (others_may_write(path) || others_may_write(*real ? real : "/")) {
			*fault = text_format(run, "others may write %s, or its folder", path);
			path = NULL;
		}
	}
	free(real);
	return path ? found : NULL; /* by the name it was found by: an environment's python is a link */
}

static void prepare(const struct check_request *request, const struct policy_check *check, struct span question, struct ask *ask)
{
	struct words words = {.run = request->run};
	const char *fault = NULL;
	char *program = program_of(request->run, check->run[0], &fault);

	if (program)
		words_add(&words, program);
	words_add_all(&words, check->run + 1);
	*ask = (struct ask){
		.argv = words_end(&words),
		.question = question,
		.timeout_ms = check->timeout_ms,
		.limit = CHECK_ANSWER_MAX,
		.fault = fault,
	};
}

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
static void spread(const struct check_request *request, const struct policy_check *check, const struct said *said, struct pipgate_facts *facts)
{
	const struct audit *audit = request->audit;
	const struct pipgate_opinion opinion = {
		.engine = must_span(arena_copy(request->run, span_of(check->name))),
		.action = said->action == PIPGATE_ALLOW || said->action == PIPGATE_WARN ? said->action : check->then == PIPGATE_WARN ? PIPGATE_WARN : PIPGATE_BLOCK,
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

static void no_answer(const struct check_request *request, const struct policy_check *check, const char *why, struct pipgate_facts *facts)
{
	const struct said said = {
		.text = span_of(text_format(request->run, "the check %s did not answer: %s", check->name, why)),
	};

	spread(request, check, &said, facts);
}

static void listen(const struct check_request *request, const struct policy_check *check, const struct ask *ask, struct pipgate_facts *facts)
{
	struct pipgate_error error;
	const struct said *said;
	size_t n;

	if (ask->fault)
		no_answer(request, check, ask->fault, facts);
	else if (answer_read(request->run, check->format, ask->status, ask->answer, &said, &n, &error) != PIPGATE_OK)
		no_answer(request, check, error.text, facts);
	else
		for (size_t i = 0; i < n; i++)
			spread(request, check, &said[i], facts);
}

/* ---- the way ---- */

static enum pipgate_status question_of(const struct check_request *request, struct span *out, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf text;

	buf_init(&text, NULL, QUESTION_MAX);
	report_json(&text, request->audit, request->context, &(struct report_style){.width = 80});
	status = buf_status(&text);
	if (status == PIPGATE_OK)
		*out = keep_buf(request->run, &text);
	buf_fini(&text);
	return status == PIPGATE_OK ? status : error_set(error, status, "the plan is too large to ask a check about");
}

static enum pipgate_status refuse(const struct check_request *request, struct pipgate_error *error)
{
	for (size_t i = 0; i < request->n_checks; i++) {
		const struct policy_check *check = &request->checks[i];

		if (check->on != POLICY_CHECK_PLAN)
			return error_set(error, PIPGATE_INVALID, "the check %s: only on: plan is known", check->name);
		if (!answer_format_known(check->format))
			return error_set(error, PIPGATE_INVALID, "the check %s: there is no format %s", check->name, check->format);
	}
	return PIPGATE_OK;
}

enum pipgate_status checks_run(const struct check_request *request, struct pipgate_facts *facts, struct pipgate_error *error)
{
	struct ask *asks = must(arena_array(request->run, request->n_checks, sizeof(*asks)));
	enum pipgate_status status = refuse(request, error);
	struct span question;

	if (status == PIPGATE_OK)
		status = question_of(request, &question, error);
	for (size_t i = 0; status == PIPGATE_OK && i < request->n_checks; i++)
		prepare(request, &request->checks[i], question, &asks[i]);
	if (status == PIPGATE_OK)
		status = asks_run(request->run, asks, request->n_checks, error);
	for (size_t i = 0; status == PIPGATE_OK && i < request->n_checks; i++)
		listen(request, &request->checks[i], &asks[i], facts);
	return status;
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
