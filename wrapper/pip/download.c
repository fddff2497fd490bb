/* SPDX-License-Identifier: Apache-2.0 */
/* The road of pips before 22.2, which cannot report: the plan is what `pip download` brings into a private folder; what is
 * installed afterwards comes from that folder alone. */
#include <stdio.h>

#include "wrapper/feed/transport.h"
#include "wrapper/pip/files.h"
#include "wrapper/pip/invocation.h"
#include "wrapper/source/environment.h"
#include "wrapper/source/requirements.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define WHEEL_BYTES ((uint64_t)4 << 30) /* unpacked; the largest real ones have some 3 GiB */

static bool keep_for_download(const struct argument *a)
{
	return !a->option || (a->option->role != ROLE_DESTINATION && a->option->role != ROLE_EDITABLE);
}

/* Everything that is wanted is in the folder. */
static bool keep_for_run(const struct argument *a)
{
	return !a->option || (a->option->role != ROLE_DESTINATION && a->option->role != ROLE_INDEX);
}

/* ---- the files' components ---- */

struct reading {
	struct gate *gate;
	struct pipgate_component *component;
	bool found;
};

static enum pipgate_status take_metadata(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	struct reading *r = ctx;
	struct pipgate_component c;

	(void)name;
	(void)error;
	if (metadata_read(r->gate->run, body, &c)) {
		r->component->requires_dist = c.requires_dist;
		r->component->n_requires_dist = c.n_requires_dist;
		r->component->shown_name = c.shown_name;
		r->found = true;
	}
	return PIPGATE_OK;
}

/* What a wheel requires stands in its METADATA; where it cannot be read, the chain is shorter and nothing else is lost. */
static void read_wheel(struct gate *gate, const char *path, struct pipgate_component *c)
{
	struct reading reading = {gate, c, false};
	const struct transport_sink sink = {.ctx = &reading, .item = take_metadata};
	const struct transport_job job = {
		.verb = "unpack",
		.place = span_of(path),
		.suffix = SPAN(".dist-info/METADATA"),
		.max_bytes = WHEEL_BYTES,
	};
	struct transport_result result;
	struct pipgate_error error;

	if (transport_run(&job, &sink, &result, &error) != PIPGATE_OK)
		log_stage("plan", "%s: %s", path, error.text);
}

static bool is_asked(const struct list *asked, struct span name)
{
	const struct asked *v = asked->items;

	for (size_t i = 0; i < asked->n; i++)
		if (span_equal(v[i].name, name))
			return true;
	return false;
}

static int read_files(struct gate *gate, const char *folder, char **names)
{
	const struct list asked = invocation_asked(gate);
	struct list list = {0};

	for (; *names; names++) {
		struct pipgate_component *c = must(list_push(gate->run, &list, sizeof(*c)));
		const char *path = text_format(gate->run, "%s/%s", folder, *names);
		struct pipgate_filename parsed;

		if (pipgate_filename_parse(gate->run, span_of(*names), &parsed) != PIPGATE_OK)
			return say_error(EXIT_UNDECIDED, "%s: no name of a wheel or a source distribution; nothing was installed", *names);
		*c = (struct pipgate_component){
			.name = parsed.name,
			.shown_name = parsed.name,
			.version = parsed.version,
			.origin = PIPGATE_ORIGIN_INDEX,
			.url = span_of(text_format(gate->run, "file://%s", path)),
			.requested = is_asked(&asked, parsed.name),
			.sdist = !parsed.wheel,
		};
		if (parsed.wheel)
			read_wheel(gate, path, c);
	}
	gate->plan.components = list.items;
	gate->plan.n = list.n;
	gate->plan.pip_version = gate->pip.version;
	return 0;
}

static int plan(struct gate *gate)
{
	const char *folder = gate_path(gate, "files");
	struct pipgate_error error;
	struct words words;
	char **names;
	int status;

	gate_begin(gate, &words, "download");
	gate_arguments(gate, &words, PIP_DOWNLOAD, keep_for_download);
	words_add(&words, "--dest");
	words_add(&words, folder);
	for (size_t i = 0; i < gate->arguments.n; i++)
		if (gate->arguments.v[i].option && gate->arguments.v[i].option->role == ROLE_EDITABLE)
			words_add(&words, gate->arguments.v[i].value); /* download knows no -e */
	status = gate_ask(gate, gate_end(gate, &words), false);
	if (status)
		return status;
	names = files_list(gate, folder);
	if (!names)
		return EXIT_UNDECIDED;
	if (pip_environment(gate->run, &gate->pip, &gate->plan.environment, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	return read_files(gate, folder, names);
}

/* ---- the run ---- */

static int run_from(struct gate *gate, const char *files, const char *wheels)
{
	struct words words;

	gate_begin(gate, &words, gate->command);
	gate_arguments(gate, &words, gate->command_bit, keep_for_run);
	words_add(&words, "--no-index");
	words_add(&words, "--find-links");
	words_add(&words, files);
	if (wheels) {
		words_add(&words, "--wheel-dir");
		words_add(&words, wheels);
	}
	return gate_let(gate, gate_end(gate, &words));
}

static int run_wheel(struct gate *gate, const char *files, const char *destination)
{
	const char *folder = files_private(gate, destination);
	char **names;
	int status;

	if (!folder)
		return EXIT_UNDECIDED;
	status = run_from(gate, files, folder);
	names = status ? NULL : files_list(gate, folder);
	if (names)
		status = files_compare(gate, names);
	if (names && !status)
		status = files_move(gate, folder, names, destination);
	tree_remove(folder);
	return status;
}

static int run_download(struct gate *gate, const char *files, const char *destination)
{
	const char *folder = files_private(gate, destination);
	char **names = folder ? files_list(gate, files) : NULL;
	int status = names ? files_copy(gate, files, names, folder) : EXIT_UNDECIDED;

	if (!status)
		status = files_move(gate, folder, names, destination);
	if (folder)
		tree_remove(folder);
	for (; !status && *names; names++)
		printf("Saved %s/%s\n", destination, *names);
	fflush(stdout);
	return status;
}

static int run(struct gate *gate)
{
	const char *files = gate_path(gate, "files");

	switch (gate->command_bit) {
	case PIP_DOWNLOAD:
		return run_download(gate, files, files_destination(gate));
	case PIP_WHEEL:
		return run_wheel(gate, files, files_destination(gate));
	default:
		return run_from(gate, files, NULL);
	}
}

const struct road road_download = {"download", plan, run};
