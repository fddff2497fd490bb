/* SPDX-License-Identifier: Apache-2.0 */
/* The road of pips before 22.2, which cannot report: the plan is what `pip download` brings into a private folder; what is
 * installed afterwards comes from that folder alone. */
#include <stdio.h>
#include <sys/stat.h>

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

/* The word that names this very file, as a path or an address; NULL: it comes from an index. */
static const char *asked_directly(const struct gate *gate, const char *file)
{
	for (size_t i = 0; i < gate->arguments.n; i++) {
		struct span rest = span_of(gate->arguments.v[i].value), word;

		if (!gate->arguments.v[i].positional)
			continue;
		word = span_split(&rest, '#');
		if (span_ends(word, span_of(file)) && (word.n == strlen(file) || memchr("/ @", word.p[word.n - strlen(file) - 1], 3)))
			return gate->arguments.v[i].value;
	}
	return NULL;
}

/* origin UNKNOWN: as the command line tells. */
static int read_file(struct gate *gate, const char *folder, const char *file, enum pipgate_origin origin, const struct list *asked,
	struct list *list)
{
	struct pipgate_component *c = must(list_push(gate->run, list, sizeof(*c)));
	const char *path = text_format(gate->run, "%s/%s", folder, file), *direct = asked_directly(gate, file);
	struct pipgate_filename parsed;

	if (pipgate_filename_parse(gate->run, span_of(file), &parsed) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s: no name of a wheel or a source distribution; nothing was installed", file);
	if (origin == PIPGATE_ORIGIN_UNKNOWN)
		origin = !direct ? PIPGATE_ORIGIN_INDEX : strstr(direct, "://") ? PIPGATE_ORIGIN_URL : PIPGATE_ORIGIN_ARCHIVE;
	*c = (struct pipgate_component){
		.name = parsed.name,
		.shown_name = parsed.name,
		.version = parsed.version,
		.origin = origin,
		.url = span_of(direct ? direct : text_format(gate->run, "file://%s", path)),
		.requested = origin != PIPGATE_ORIGIN_INDEX || is_asked(asked, parsed.name),
		.sdist = !parsed.wheel || origin == PIPGATE_ORIGIN_DIRECTORY || origin == PIPGATE_ORIGIN_EDITABLE,
	};
	if (parsed.wheel)
		read_wheel(gate, path, c);
	return 0;
}

static int read_folder(struct gate *gate, const char *folder, enum pipgate_origin origin, struct list *list)
{
	const struct list asked = invocation_asked(gate);
	char **names = files_list(gate, folder);
	int status = names ? 0 : EXIT_UNDECIDED;

	for (; !status && *names; names++)
		status = read_file(gate, folder, *names, origin, &asked, list);
	return status;
}

/* `pip download` leaves folders where they are: their wheels, which are thrown away, tell name, version and requirements. */
static int read_local(struct gate *gate, const struct argument *a, size_t index, struct list *list)
{
	bool editable = a->option && a->option->role == ROLE_EDITABLE;
	const char *folder = gate_path(gate, text_format(gate->run, "local-%zu", index));
	struct words words;
	struct stat st;
	int status;

	if (!(editable || a->positional) || stat(a->value, &st) || !S_ISDIR(st.st_mode))
		return 0;
	gate_begin(gate, &words, "wheel");
	words_add(&words, "--no-deps");
	words_add(&words, "--wheel-dir");
	words_add(&words, folder);
	words_add(&words, a->value);
	status = gate_ask(gate, words_end(&words), false);
	return status ? status : read_folder(gate, folder, editable ? PIPGATE_ORIGIN_EDITABLE : PIPGATE_ORIGIN_DIRECTORY, list);
}

static int read_components(struct gate *gate, const char *folder)
{
	struct pipgate_error error;
	struct list list = {0};
	int status;

	if (pip_environment(gate->run, &gate->pip, &gate->plan.environment, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	status = read_folder(gate, folder, PIPGATE_ORIGIN_UNKNOWN, &list);
	for (size_t i = 0; i < gate->arguments.n && !status; i++)
		status = read_local(gate, &gate->arguments.v[i], i, &list);
	gate->plan.components = list.items;
	gate->plan.n = list.n;
	gate->plan.pip_version = gate->pip.version;
	return status;
}

static int plan(struct gate *gate)
{
	const char *folder = gate_path(gate, "files");
	struct words words;
	int status;

	mkdir(folder, 0700); /* pip makes it where it brings something */
	gate_begin(gate, &words, "download");
	gate_arguments(gate, &words, PIP_DOWNLOAD, keep_for_download);
	words_add(&words, "--dest");
	words_add(&words, folder);
	for (size_t i = 0; i < gate->arguments.n; i++)
		if (gate->arguments.v[i].option && gate->arguments.v[i].option->role == ROLE_EDITABLE)
			words_add(&words, gate->arguments.v[i].value); /* download knows no -e */
	status = gate_ask(gate, gate_end(gate, &words), false);
	return status ? status : read_components(gate, folder);
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
