/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate facts NAME==VERSION…`: what pip's index says of releases. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/command/command.h"
#include "wrapper/database/moment.h"
#include "wrapper/facts/facts.h"
#include "wrapper/file.h"
#include "wrapper/options.h"
#include "wrapper/report/json_writer.h"
#include "matcher/base/text.h"

#include "matcher/base/banned.h"

#define OUTPUT_MAX ((size_t)16 << 20)
#define ALL (FACTS_YANKED | FACTS_STATUS | FACTS_UPLOADED | FACTS_ATTESTED | FACTS_RELEASES | FACTS_ELSEWHERE | FACTS_SIMILAR)

static const char *const answers[] = {NULL, "no", "yes"};
static const char *const statuses[] = {NULL, "active", "archived", "deprecated", "quarantined"};

static void line(struct buf *out, const char *name, struct span value)
{
	buf_format(out, "  %-14s ", name);
	if (value.n)
		text_escape(out, value);
	else
		buf_text(out, "not known");
	buf_byte(out, '\n');
}

static void line_time(struct buf *out, const char *name, int64_t seconds)
{
	char text[MOMENT_TEXT];

	line(out, name, span_of(seconds ? moment_text(seconds, text) : NULL));
}

static void tell(struct buf *out, const struct pipgate_component *c, const struct pipgate_facts *f, const char *note)
{
	buf_format(out, SPAN_FMT " " SPAN_FMT "\n", SPAN_ARG(c->name), SPAN_ARG(c->version));
	line(out, "index", f->index);
	line_time(out, "uploaded", f->uploaded);
	line_time(out, "project begun", f->project_begun);
	line(out, "yanked", span_of(answers[f->yanked]));
	if (f->yanked_reason.n)
		line(out, "  because", f->yanked_reason);
	line(out, "status", span_of(statuses[f->status]));
	if (f->status_reason.n)
		line(out, "  because", f->status_reason);
	line(out, "attested", span_of(answers[f->attested]));
	line(out, "newest", f->old_enough);
	if (f->similar.n)
		line(out, "similar to", f->similar);
	if (note)
		line(out, "note", span_of(note));
}

static void tell_json(struct buf *out, const struct pipgate_component *c, const struct pipgate_facts *f, const char *note)
{
	json_begin(out, '{');
	json_text(out, "name", c->name);
	json_text(out, "version", c->version);
	json_optional(out, "index", f->index);
	json_bool(out, "default_index", f->default_index);
	if (f->uploaded)
		json_time(out, "uploaded", f->uploaded);
	if (f->project_begun)
		json_time(out, "project_begun", f->project_begun);
	json_optional(out, "yanked", span_of(answers[f->yanked]));
	json_optional(out, "yanked_reason", f->yanked_reason);
	json_optional(out, "status", span_of(statuses[f->status]));
	json_optional(out, "status_reason", f->status_reason);
	json_optional(out, "attested", span_of(answers[f->attested]));
	json_optional(out, "old_enough", f->old_enough);
	json_optional(out, "similar", f->similar);
	json_optional(out, "note", span_of(note));
	json_end(out, '}');
}

/* NAME==VERSION. */
static bool release_read(struct pipgate_run *run, const char *word, struct pipgate_component *out)
{
	const char *equals = strstr(word, "==");

	if (!equals || equals == word || !equals[2])
		return false;
	*out = (struct pipgate_component){.shown_name = {word, (size_t)(equals - word)}, .version = span_of(equals + 2),
		.origin = PIPGATE_ORIGIN_INDEX, .requested = true};
	if (pipgate_name_normalize(run, out->shown_name, &out->name) != PIPGATE_OK)
		die_no_memory();
	return true;
}

static int run_facts(struct pipgate_run *run, char **words, const char *python)
{
	struct facts_request request = {.run = run, .wanted = ALL, .now = time(NULL)};
	struct pipgate_facts *facts;
	struct pipgate_error error;
	struct list list = {0};
	struct pip pip = {0};
	bool json = false;
	struct buf out;

	for (; *words; words++)
		if (strcmp(*words, "--json") == 0)
			json = true;
		else if (!release_read(run, *words, must(list_push(run, &list, sizeof(struct pipgate_component)))))
			return say_error(EXIT_USAGE, "'%s' is not NAME==VERSION; see `pipgate help facts`", *words);
	if (!list.n)
		return say_error(EXIT_USAGE, "usage: pipgate facts NAME==VERSION… [--json]");
	request.components = list.items;
	request.n = list.n;
	request.pip = pip_locate(run, "pip", python, &pip, &error) == PIPGATE_OK ? &pip : NULL;
	request.notes = must(arena_array(run, list.n, sizeof(*request.notes)));
	facts = must(arena_array(run, list.n, sizeof(*facts)));
	if (facts_gather(&request, facts, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	buf_init(&out, NULL, OUTPUT_MAX);
	if (json)
		json_begin(&out, '[');
	for (size_t i = 0; i < list.n; i++)
		(json ? tell_json : tell)(&out, &request.components[i], &facts[i], request.notes[i]);
	if (json) {
		json_end(&out, ']');
		buf_byte(&out, '\n');
	}
	if (buf_status(&out) != PIPGATE_OK)
		die_no_memory();
	file_put(STDOUT_FILENO, buf_view(&out));
	buf_fini(&out);
	return EXIT_OK;
}

int command_facts(int argc, char **argv)
{
	struct pipgate_error error;
	struct pipgate_run *run;
	struct options options;
	char **words;
	int status;

	(void)argc;
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(run, argv + 1, &options, &words, &error) != PIPGATE_OK)
		status = say_error(EXIT_USAGE, "%s", error.text);
	else
		status = run_facts(run, words, options.python);
	pipgate_run_free(&run);
	return status;
}
