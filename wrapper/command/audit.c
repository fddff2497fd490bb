/* SPDX-License-Identifier: Apache-2.0 */
/* `pip audit`: its stages in their order, the summary, the exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "wrapper/policy/layers.h"
#include "wrapper/audit/audit.h"
#include "wrapper/command/command.h"
#include "wrapper/database/moment.h"
#include "wrapper/process.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

enum audit_status { /* as pip-audit's */
	AUDIT_CLEAN = 0,
	AUDIT_FOUND = 1, /* a failure is EXIT_NO, too; distinct: EXIT_UNDECIDED */
	AUDIT_USAGE = 2,
	AUDIT_PARTIAL_DISTINCT = 44, /* clean, but not everything could be audited */
};

static bool distinct(const struct auditing *a)
{
	return strcmp(a->options.exit_codes, "distinct") == 0;
}

static int failed(const struct auditing *a, const char *text)
{
	return say_error(distinct(a) ? EXIT_UNDECIDED : EXIT_NO, "%s", text);
}

/* ---- policy ---- */

enum pipgate_status audit_policy(struct auditing *a, struct pipgate_error *error)
{
	const struct policy_setting database = {SPAN("database"), span_of(a->options.database), "--db", true};
	enum pipgate_status status = audit_tool_tables(a, error);

	if (a->options.database) /* known before files are read: a policy may lie beside it */
		*(struct policy_setting *)must(list_push(a->run, &a->gate->settings, sizeof(database))) = database;
	if (status == PIPGATE_OK)
		status = policy_layers(a->run, a->gate, POLICY_FOR_AUDIT, &a->policy, error);
	if (status == PIPGATE_OK)
		policy_say_notes(a->policy);
	if (status == PIPGATE_OK && a->options.fail_on)
		status = pipgate_policy_set(a->policy, SPAN("fail-on"), span_of(a->options.fail_on), "--fail-on", error);
	if (status == PIPGATE_OK)
		status = audit_pardons(a, error);
	if (status == PIPGATE_OK)
		a->options.source.build = a->policy->values[POLICY_SDIST].value != PIPGATE_BLOCK;
	return status;
}

/* ---- what is said beside the report ---- */

static void say_inputs(const struct auditing *a)
{
	const struct input *inputs = a->inventory.inputs.items;
	const char *const *notes = a->inventory.notes.items;

	for (size_t i = 0; i < a->inventory.inputs.n; i++) {
		size_t first, end;

		audit_input_range(a, i, &first, &end);
		say("%s: %zu distribution%s", inputs[i].title, end - first, end - first == 1 ? "" : "s");
	}
	for (size_t i = 0; i < a->inventory.notes.n; i++)
		say("%s", notes[i]);
}

static const char *plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* " and fixed 2 vulnerabilities in 1 package" */
static void say_fixed(const struct auditing *a)
{
	size_t ids = 0, packages = 0;

	for (size_t i = 0; i < a->report.n_fixes; i++)
		if (!a->report.fixes[i].reason && a->report.fixes[i].ids) {
			ids += a->report.fixes[i].ids;
			packages++;
		}
	if (a->fixed)
		fprintf(stderr, " and fixed %zu %s in %zu %s", ids, plural(ids, "vulnerability", "vulnerabilities"), packages,
			plural(packages, "package", "packages"));
}

static void say_summary(const struct auditing *a)
{
	const struct audit_report *r = &a->report;

	if (r->n_shown) {
		fprintf(stderr, "Found %zu known %s", r->n_shown, plural(r->n_shown, "vulnerability", "vulnerabilities"));
		if (r->n_ignored)
			fprintf(stderr, ", ignored %zu", r->n_ignored);
		if (r->n_pardoned)
			fprintf(stderr, ", pardoned %zu", r->n_pardoned);
		fprintf(stderr, " in %zu %s", r->n_vulnerable, plural(r->n_vulnerable, "package", "packages"));
		say_fixed(a);
		fputc('\n', stderr);
		return;
	}
	fprintf(stderr, "No known vulnerabilities found");
	if (r->n_ignored)
		fprintf(stderr, ", %zu ignored", r->n_ignored);
	if (r->n_pardoned)
		fprintf(stderr, ", %zu pardoned", r->n_pardoned);
	fputc('\n', stderr);
}

#define BLOCKED_SAID 20 /* lines; the formats for machines have all of them */

/* What the policy has against distributions themselves has no column in pip-audit's formats. */
static void say_blocked(const struct auditing *a)
{
	const struct pipgate_verdict *v = &a->audit.verdict;
	size_t n = 0;

	for (size_t i = audit_about_component(&a->report, 0); i < v->n_judgements; i = audit_about_component(&a->report, i + 1)) {
		const struct pipgate_judgement *j = &v->judgements[i];
		const struct pipgate_component *c = &a->audit.components[j->component];

		if (j->action == PIPGATE_BLOCK && !(a->fixed && a->fixed[j->component]) && n++ < BLOCKED_SAID)
			say("blocked: " SPAN_FMT " " SPAN_FMT ": " SPAN_FMT, SPAN_ARG(c->name), SPAN_ARG(c->version), SPAN_ARG(j->reason));
	}
	if (n > BLOCKED_SAID)
		say("%zu more are blocked", n - BLOCKED_SAID);
}

/* "Since serial 17 (built 2027-01-31T…): 1 new, 0 changed, 3 same, 1 gone" */
static void say_since(const struct auditing *a)
{
	const struct audit_since *s = a->report.since;
	char built[MOMENT_TEXT];

	if (s)
		say("since %s (built %s): %zu new, %zu changed, %zu same, %zu gone", a->options.since_db,
			moment_text(s->database->built, built), s->n[SINCE_NEW], s->n[SINCE_CHANGED], s->n[SINCE_SAME], s->n_gone);
}

/* ---- the end ---- */

static size_t not_audited(const struct auditing *a)
{
	const struct input *inputs = a->inventory.inputs.items;
	size_t n = a->inventory.skipped.n + (a->audit.unknown ? audit_unknown(&a->report) : 0);

	for (size_t i = 0; i < a->inventory.inputs.n; i++)
		n += inputs[i].broken;
	return n;
}

/* --strict: the first thing that could not be audited ends it. */
static bool strict_refuses(const struct auditing *a, struct pipgate_error *error)
{
	const struct skipped *s = a->inventory.skipped.items;

	if (!a->options.strict)
		return false;
	if (a->inventory.skipped.n)
		error_set(error, PIPGATE_FAILED, SPAN_FMT ": %s", SPAN_ARG(s->name), s->reason);
	else if (not_audited(a))
		error_set(error, PIPGATE_FAILED, "%zu distributions could not be audited: their metadata or version is not readable", not_audited(a));
	return not_audited(a) > 0;
}

static int exit_of(const struct auditing *a)
{
	const struct pipgate_verdict *v = &a->audit.verdict;

	for (size_t i = 0; i < v->n_judgements; i++) {
		const struct pipgate_judgement *j = &v->judgements[i];

		if (j->action != PIPGATE_BLOCK || j->rule == PIPGATE_RULE_VERSION || (a->fixed && a->fixed[j->component]))
			continue;
		if (a->since && j->finding == SIZE_MAX)
			continue; /* no update of the database has changed that */
		if (j->finding == SIZE_MAX || !a->report.findings[j->finding].ignored)
			return AUDIT_FOUND;
	}
	if (a->inventory.drifts.n)
		return AUDIT_FOUND;
	return distinct(a) && not_audited(a) ? AUDIT_PARTIAL_DISTINCT : AUDIT_CLEAN;
}

static int dry_run(struct auditing *a)
{
	struct inventory nothing = {.run = a->run};
	struct pipgate_error error;

	say_inputs(a);
	say("Dry run: would have audited %zu packages", a->inventory.components.n);
	say_summary(a);
	a->audit.verdict.action = PIPGATE_ALLOW;
	a->report = (struct audit_report){.inventory = &nothing, .audit = &a->audit, .context = &a->context};
	return audit_write(a, true, &error) == PIPGATE_OK ? AUDIT_CLEAN : failed(a, error.text);
}

static int finish(struct auditing *a)
{
	struct pipgate_error error;

	say_inputs(a);
	for (size_t i = 0; i < a->audit.verdict.n_notes; i++)
		say(SPAN_FMT, SPAN_ARG(a->audit.verdict.notes[i]));
	say_summary(a);
	say_since(a);
	say_blocked(a);
	if (audit_write(a, !a->report.n_shown && !a->inventory.skipped.n && !(a->report.since && a->report.since->n_gone), &error) != PIPGATE_OK)
		return failed(a, error.text);
	return exit_of(a);
}

static int stages(struct auditing *a)
{
	struct pipgate_error error;

	if (audit_policy(a, &error) != PIPGATE_OK)
		return failed(a, error.text);
	if (audit_gather(a, &error) != PIPGATE_OK)
		return failed(a, error.text);
	log_stage("gather", "%zu components", a->inventory.components.n);
	if (a->options.dry_run && !a->options.fix)
		return dry_run(a);
	if (audit_open(a, &error) != PIPGATE_OK || audit_judge(a, &error) != PIPGATE_OK || audit_show(a, &error) != PIPGATE_OK)
		return failed(a, error.text);
	if (audit_baseline_end(a, &error) != PIPGATE_OK)
		return failed(a, error.text);
	if (a->options.against)
		audit_only_new(a);
	log_stage("decide", "%zu findings", a->audit.n_findings);
	if (strict_refuses(a, &error))
		return failed(a, error.text);
	if (a->options.fix && audit_fix(a, &error) != PIPGATE_OK)
		return failed(a, error.text);
	return finish(a);
}

int audit_run(struct pipgate_run *run, struct options *gate, char *const *words)
{
	struct auditing a = {.run = run, .gate = gate};
	int status;

	if (audit_options_read(run, words, &a.options, &status) == AUDIT_ENDED)
		return status;
	if (!a.options.source.python)
		a.options.source.python = gate->python;
	a.context.now = time(NULL);
	a.context.profile = gate->profile;
	a.context.command = "audit";
	status = stages(&a);
	if (a.advisories.close)
		a.advisories.close(a.advisories.ctx);
	audit_since_close(&a);
	temporary_remove();
	return process_signal() ? process_mirror(256 + process_signal()) : status;
}

int command_audit(int argc, char **argv)
{
	struct pipgate_error error;
	struct pipgate_run *run;
	struct options options;
	char **words;
	int status;

	(void)argc;
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(run, argv + 1, &options, &words, &error) == PIPGATE_OK)
		status = audit_run(run, &options, words);
	else
		status = say_error((enum exit_status)AUDIT_USAGE, "%s", error.text);
	pipgate_run_free(&run);
	return status;
}
