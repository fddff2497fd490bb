/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate explain ID|PACKAGE==VERSION|CODE`: what an advisory is, what this policy does with it and why, or the story of a block that
 * the gate has kept. What it says is what pipgate_decide() says of the same case.
 */
#include <dirent.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "matcher/advisory/specified.h"
#include "matcher/base/text.h"
#include "wrapper/case/case.h"
#include "wrapper/case/code.h"
#include "wrapper/case/history.h"
#include "wrapper/case/story.h"
#include "wrapper/command/command.h"
#include "wrapper/database/moment.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/options.h"
#include "wrapper/policy/layers.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define NAMES_MAX 50 /* of one advisory */
#define USAGE "usage: pipgate explain [--json] [--gate-…] ID|PACKAGE==VERSION|CODE"

struct explaining {
	struct pipgate_run *run;
	struct options options;
	struct pipgate_policy *policy;
	struct database *database; /* NULL: none is there */
	bool json;
	size_t told;
	struct buf out;
	struct pipgate_error *error;
};

/* ---- advisories ---- */

static enum pipgate_status advisory_read(struct explaining *e, struct span id, struct pipgate_advisory *out, bool *found)
{
	struct span text;
	enum pipgate_status status;

	*found = false;
	if (!e->database)
		return PIPGATE_OK;
	status = database_text(e->database, id, &text, e->error);
	if (status != PIPGATE_OK || !text.n)
		return status;
	*found = true;
	return pipgate_advisory_decode(e->run, PIPGATE_OSV_JSON, must_span(arena_copy(e->run, text)), out, e->error);
}

static enum pipgate_status tell(struct explaining *e, const struct audit *audit, const struct pipgate_judgement *j, bool sample)
{
	struct pipgate_advisory advisory;
	struct story story = {.audit = audit, .judgement = j, .sample = sample};
	enum pipgate_status status = PIPGATE_OK;
	bool found = false;

	if (j->finding < audit->n_findings)
		status = advisory_read(e, audit->findings[j->finding].id, &advisory, &found);
	if (status != PIPGATE_OK)
		return status;
	story.advisory = found ? &advisory : NULL;
	if (!e->json && e->told)
		buf_byte(&e->out, '\n');
	(e->json ? story_json : story_text)(&e->out, &story);
	e->told++;
	return PIPGATE_OK;
}

/* ---- a distribution's version, and an advisory's distributions ---- */

/* Judges a component as the gate would; id: of findings those alone that have it, NULL: all, and what is said of it itself. */
static enum pipgate_status component_explain(struct explaining *e, struct span name, struct span version, const char *id)
{
	struct pipgate_component *c = must(arena_alloc(e->run, sizeof(*c)));
	struct audit audit = {.run = e->run, .components = c, .n_components = 1, .now = time(NULL)};
	const struct pipgate_cursor cursor = database_cursor(e->database);
	enum pipgate_status status;

	*c = (struct pipgate_component){.shown_name = name, .version = version, .origin = PIPGATE_ORIGIN_INDEX, .requested = true};
	if (pipgate_name_normalize(e->run, name, &c->name) != PIPGATE_OK)
		die_no_memory();
	status = audit_decide(&audit, e->policy, &cursor, e->error);
	for (size_t i = 0; i < audit.verdict.n_judgements && status == PIPGATE_OK; i++) {
		const struct pipgate_judgement *j = &audit.verdict.judgements[i];

		if (!id || (j->finding < audit.n_findings && pipgate_finding_has_id(&audit.findings[j->finding], span_of(id))))
			status = tell(e, &audit, j, id != NULL);
	}
	return status;
}

static enum pipgate_status pair_explain(struct explaining *e, struct span word)
{
	const char *equals = memmem(word.p, word.n, "==", 2);
	struct span name = span_trim((struct span){word.p, (size_t)(equals - word.p)});

	return component_explain(e, name, span_trim(span_from(word, (size_t)(equals - word.p) + 2)), NULL);
}

/* A version of a specifier set: one that it names, or one a little above that. Empty: neither is in it. */
static struct span sample_of_set(struct pipgate_run *run, struct span set)
{
	struct span rest = set;
	struct specifier member;
	enum pipgate_status status;

	while (specified_next(run, &rest, &member, &status)) {
		const struct span named = member.operator == SPECIFIER_ARBITRARY ? member.version : member.parts.release;
		const struct span above = must_span(arena_format(run, SPAN_FMT ".0.1", SPAN_ARG(named)));
		const struct span tries[] = {SPAN("0"), named, above};

		for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++) {
			bool inside = false;

			if (pipgate_specifier_contains(run, set, tries[i], PIPGATE_PRERELEASES_YES, &inside) == PIPGATE_OK && inside)
				return tries[i];
		}
	}
	return SPAN("");
}

/* A version that it affects: the first of its list, or where its first range begins. */
static struct span sample_version(struct pipgate_run *run, const struct pipgate_affected *a)
{
	if (a->n_versions)
		return a->versions[0];
	for (size_t i = 0; i < a->n_ranges; i++)
		for (size_t k = 0; k < a->ranges[i].n_events; k++)
			if (a->ranges[i].events[k].kind == PIPGATE_EVENT_INTRODUCED)
				return a->ranges[i].events[k].version;
	for (size_t i = 0; i < a->n_specifiers; i++) {
		struct span version = sample_of_set(run, a->specifiers[i]);

		if (version.n)
			return version;
	}
	return SPAN("0");
}

static enum pipgate_status id_explain(struct explaining *e, struct span id)
{
	struct pipgate_advisory a;
	bool found;
	enum pipgate_status status = advisory_read(e, id, &a, &found);

	if (status == PIPGATE_OK && !found) {
		struct span other;

		status = database_alias(e->database, e->run, id, &other, e->error);
		if (status == PIPGATE_OK && other.n)
			status = advisory_read(e, other, &a, &found);
	}
	for (size_t i = 0; status == PIPGATE_OK && found && i < a.n_affected && i < NAMES_MAX; i++) {
		bool before = false;

		for (size_t k = 0; k < i; k++)
			before |= span_equal(a.affected[k].name, a.affected[i].name);
		if (!before)
			status = component_explain(e, a.affected[i].name, sample_version(e->run, &a.affected[i]), a.id.p);
	}
	return status;
}

/* ---- a code ---- */

static enum pipgate_status kept_read(struct explaining *e, const char *path, const char *code, struct kept_case *out, bool *found)
{
	struct span bytes;
	enum pipgate_status status = keep_file(e->run, path, HISTORY_BYTES_MAX, &bytes, e->error);

	if (status == PIPGATE_OK)
		status = case_read_report(e->run, bytes, path, out, e->error);
	*found = status == PIPGATE_OK && code_find(&out->audit, code);
	return status;
}

static int is_report(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".json"));
}

/* The report that bears its name, else any that holds it: a report is kept by its first block. */
static bool kept_find(struct explaining *e, const char *folder, const char *code, struct kept_case *out)
{
	struct dirent **names;
	bool found = false;
	int n;

	if (kept_read(e, text_format(e->run, "%s/%s.json", folder, code), code, out, &found) == PIPGATE_OK && found)
		return true;
	n = scandir(folder, &names, is_report, alphasort);
	for (int i = 0; i < n; i++) {
		if (!found && kept_read(e, text_format(e->run, "%s/%s", folder, names[i]->d_name), code, out, &found) != PIPGATE_OK)
			found = false; /* a file that is none is passed over */
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

static void put_then(struct explaining *e, const struct kept_case *kept, const struct pipgate_judgement *j)
{
	char when[MOMENT_TEXT];

	if (e->json)
		return;
	buf_format(&e->out, "%s on %s", j->action == PIPGATE_BLOCK ? "blocked" : "warned of", moment_text(kept->now, when));
	if (kept->command) {
		buf_text(&e->out, " by pip ");
		text_escape(&e->out, span_of(kept->command));
	}
	if (kept->profile) {
		buf_text(&e->out, ", profile ");
		text_escape(&e->out, span_of(kept->profile));
	}
	buf_text(&e->out, ": ");
	text_escape(&e->out, j->reason);
	buf_text(&e->out, "\nas this policy has it now:\n");
}

static enum pipgate_status code_explain(struct explaining *e, const char *code)
{
	const char *folder = history_folder(e->run);
	struct kept_case kept;
	struct pipgate_judgement then;
	struct pipgate_case subject;
	enum pipgate_status status;

	if (!folder || !kept_find(e, folder, code, &kept))
		return PIPGATE_OK;
	then = *code_find(&kept.audit, code);
	subject = audit_case(&kept.audit, kept.now);
	status = pipgate_decide(e->run, e->policy, &subject, &kept.audit.verdict, e->error);
	if (status != PIPGATE_OK)
		return status;
	put_then(e, &kept, &then);
	for (size_t i = 0; i < kept.audit.verdict.n_judgements && status == PIPGATE_OK; i++) {
		const struct pipgate_judgement *j = &kept.audit.verdict.judgements[i];

		if (j->component == then.component && j->finding == then.finding && (j->finding != SIZE_MAX || j->rule == then.rule))
			return tell(e, &kept.audit, j, false);
	}
	buf_text(&e->out, e->json ? "" : "  nothing is said of it\n");
	e->told++;
	return status;
}

/* ---- which of them ---- */

static enum pipgate_status word_explain(struct explaining *e, const char *word)
{
	char code[CODE_BYTES];

	if (code_read(word, code))
		return code_explain(e, code);
	if (!e->database)
		return error_set(e->error, PIPGATE_FAILED, "no advisory database; make one: pipgate db update");
	if (memmem(word, strlen(word), "==", 2))
		return pair_explain(e, span_of(word));
	return id_explain(e, span_of(word));
}

static int nothing(const char *word)
{
	char code[CODE_BYTES];

	if (code_read(word, code))
		return say_error(EXIT_NO, "%s: no report of it is kept here", code);
	if (strstr(word, "=="))
		return say_error(EXIT_NO, "%s: no advisory names it, and the policy says nothing about it", word);
	return say_error(EXIT_NO, "%s: no advisory of this id is known; of a distribution: pipgate explain NAME==VERSION", word);
}

static int explain(struct explaining *e, const char *word)
{
	struct database_place place;
	enum pipgate_status status;

	if (database_find(e->options.database, &place, e->error) == PIPGATE_OK &&
		database_open(place.path, &e->database, e->error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", e->error->text);
	if (e->json) {
		json_begin(&e->out, '{');
		json_text(&e->out, "schema", SPAN("pipgate/explain/1"));
		json_key(&e->out, "explained");
		json_begin(&e->out, '[');
	}
	status = word_explain(e, word);
	database_close(&e->database);
	if (status != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s: %s", word, e->error->text);
	if (!e->told)
		return nothing(word);
	if (e->json)
		buf_text(&e->out, "]}\n");
	if (buf_status(&e->out) == PIPGATE_NO_MEMORY)
		die_no_memory();
	return file_put(STDOUT_FILENO, buf_view(&e->out)) ? EXIT_OK : say_error(EXIT_UNDECIDED, "stdout cannot be written");
}

int command_explain(int argc, char **argv)
{
	struct pipgate_error error = {""};
	struct explaining e = {.error = &error};
	const char *word = NULL;
	char **words;
	int status = EXIT_USAGE;

	(void)argc;
	if (pipgate_run_new(NULL, &e.run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(e.run, argv + 1, &e.options, &words, &error) != PIPGATE_OK ||
		policy_layers(e.run, &e.options, POLICY_FOR_GATE, &e.policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	for (; *words; words++) {
		if (strcmp(*words, "--json") == 0)
			e.json = true;
		else if (word || **words == '-' || !**words)
			return say_error(EXIT_USAGE, "%s is not understood; " USAGE, *words);
		else
			word = *words;
	}
	buf_init(&e.out, NULL, OUTPUT_MAX);
	status = word ? explain(&e, word) : say_error(EXIT_USAGE, USAGE);
	buf_fini(&e.out);
	pipgate_run_free(&e.run);
	return status;
}
