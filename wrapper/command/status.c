/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate status`: which roads to a pip are covered here, and what closes the open ones. 0; --strict: 1 if any is open. */
#include <getopt.h>

#include "matcher/base/json.h"
#include "matcher/base/text.h"
#include "wrapper/command/command.h"
#include "wrapper/command/status.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define OUTPUT_MAX ((size_t)4 << 20)

static const char *const states[] = {[ROAD_COVERED] = "covered", [ROAD_OPEN] = "open", [ROAD_NOT_COVERABLE] = "not coverable here"};

static size_t widest(const struct road *roads, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = strlen(roads[i].road) > most ? strlen(roads[i].road) : most;
	return most;
}

static void print_text(struct buf *out, const struct road *roads, size_t n)
{
	size_t width = widest(roads, n);

	for (size_t i = 0; i < n; i++) {
		const struct road *r = &roads[i];

		buf_format(out, "%-18s  ", states[r->state]);
		text_escape(out, span_of(r->road));
		buf_format(out, "%*s  ", (int)(width - strlen(r->road)), "");
		text_escape(out, span_of(r->how));
		if (r->close) {
			buf_text(out, "; close it: ");
			text_escape(out, span_of(r->close));
		}
		buf_byte(out, '\n');
	}
}

static void json_field(struct buf *out, const char *before, const char *value)
{
	buf_text(out, before);
	if (value)
		json_quote(out, span_of(value));
	else
		buf_text(out, "null");
}

static void print_json(struct buf *out, const struct road *roads, size_t n)
{
	buf_text(out, "{\n  \"schema\": \"pipgate/status/1\",\n  \"roads\": [");
	for (size_t i = 0; i < n; i++) {
		json_field(out, i ? ",\n    {\"road\": " : "\n    {\"road\": ", roads[i].road);
		json_field(out, ", \"state\": ", states[roads[i].state]);
		json_field(out, ", \"how\": ", roads[i].how);
		json_field(out, ", \"program\": ", roads[i].program);
		json_field(out, ", \"close\": ", roads[i].close);
		buf_byte(out, '}');
	}
	buf_text(out, n ? "\n  ]\n}\n" : "]\n}\n");
}

static bool any_open(const struct road *roads, size_t n)
{
	bool open = false;

	for (size_t i = 0; i < n; i++)
		open = open || roads[i].state == ROAD_OPEN;
	return open;
}

static int print(const struct list *roads, bool json, bool strict)
{
	struct pipgate_error error;
	struct buf out;
	bool printed;

	buf_init(&out, NULL, OUTPUT_MAX);
	(json ? print_json : print_text)(&out, roads->items, roads->n);
	if (buf_status(&out) == PIPGATE_NO_MEMORY)
		die_no_memory();
	printed = file_write("-", buf_view(&out), &error) == PIPGATE_OK;
	buf_fini(&out);
	if (!printed)
		return say_error(EXIT_UNDECIDED, "stdout: %s", error.text);
	return strict && any_open(roads->items, roads->n) ? EXIT_NO : EXIT_OK;
}

int command_status(int argc, char **argv)
{
	static const struct option table[] = {{"json", no_argument, NULL, 'j'}, {"strict", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	bool json = false, strict = false;
	struct pipgate_run *run;
	struct list roads = {0};
	int letter, status;

	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((letter = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (letter == '?')
			return say_error(EXIT_USAGE, "status: %s is not understood; see `pipgate help status`", argv[optind - 1]);
		json = json || letter == 'j';
		strict = strict || letter == 's';
	}
	if (optind < argc)
		return say_error(EXIT_USAGE, "status takes --json and --strict; see `pipgate help status`");
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	roads_walk(run, &roads);
	status = print(&roads, json, strict);
	pipgate_run_free(&run);
	return status;
}
