/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/check/archive.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "matcher/base/buf.h"
#include "wrapper/feed/transport.h"
#include "wrapper/file.h"
#include "wrapper/pip/quietly.h"
#include "wrapper/source/requirement_file.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define BYTES_MAX ((uint64_t)4 << 30)  /* of one archive; the largest real wheels have some 3 GiB */
#define WANTED_MAX ((size_t)1 << 20)   /* the requirements file: a name, a version, an address and a hash each */
#define FILES_MAX (4 * ARCHIVES_MAX)   /* in the folder that pip filled */

struct bringing {
	const struct check_request *request;
	struct pipgate_run *run;
	const char *folder; /* pip's files */
	struct list list;   /* of struct archive */
	bool from_pip;      /* one of them is for pip to bring */
};

static const struct pipgate_component *component_of(const struct bringing *b, const struct archive *archive)
{
	return &b->request->audit->components[archive->component];
}

/* ---- what lies on this machine ---- */

static int hex_of(char c)
{
	return ascii_digit(c) ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* The path of a file: address, or the path itself. */
static const char *path_of(struct pipgate_run *run, struct span url)
{
	char *path, *to;

	url = span_split(&url, '#');
	if (!span_starts(url, SPAN("file://")))
		return text_copy(run, url);
	path = to = text_copy(run, span_from(url, 7));
	for (const char *from = path; *from; from++)
		if (*from == '%' && hex_of(from[1]) >= 0 && hex_of(from[2]) >= 0 && (from[1] != '0' || from[2] != '0')) {
			*to++ = (char)(hex_of(from[1]) << 4 | hex_of(from[2]));
			from += 2;
		} else {
			*to++ = *from;
		}
	*to = 0;
	return path;
}

static void take_local(struct bringing *b, struct archive *archive)
{
	const char *given = path_of(b->run, component_of(b, archive)->url);
	char *path = realpath(given, NULL);
	struct stat st;

	if (path && stat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		archive->path = text_copy(b->run, span_of(path));
	else
		archive->fault = text_format(b->run, "%s is no file and no folder", given);
	if (archive->path && S_ISDIR(st.st_mode))
		archive->folder = archive->path;
	free(path);
}

/* ---- what pip brings ---- */

/* Options that choose among an index' files, or say how it is reached. */
static bool chooses(const struct argument *a)
{
	static const char *const asking[] = {"group", "requirements-from-script", "only-deps only-dependencies", "progress-bar"};

	if (!a->option || !(a->option->commands & PIP_DOWNLOAD))
		return false;
	for (size_t i = 0; i < sizeof(asking) / sizeof(*asking); i++)
		if (strcmp(a->option->names, asking[i]) == 0)
			return false;
	switch (a->option->role) {
	case ROLE_NONE:
	case ROLE_INDEX:
	case ROLE_PLATFORM:
	case ROLE_PYTHON:
	case ROLE_NO_CACHE:
		return true;
	default:
		return false;
	}
}

static void add_options(struct pipgate_run *run, const struct arguments *arguments, struct words *words)
{
	struct requirement_files files = {.run = run};

	for (size_t i = 0; i < arguments->n; i++) {
		const struct argument *a = &arguments->v[i];
		enum role role = a->option ? a->option->role : ROLE_NONE;

		if (chooses(a))
			words_add_argument(words, a);
		else if ((role == ROLE_REQUIREMENT || role == ROLE_CONSTRAINT) && requirement_file_read(&files, a->value, NULL) != PIPGATE_OK)
			continue; /* pip has read it */
	}
	for (size_t i = 0; i < files.options.n; i++)
		if (strcmp(((const char *const *)files.options.items)[i], "--require-hashes") != 0)
			words_add(words, ((const char *const *)files.options.items)[i]);
}

/* pip takes hashes for all requirements or for none. With them it brings the very files of the plan. */
static void put_wanted(const struct bringing *b, struct buf *out)
{
	const struct archive *v = b->list.items;
	bool hashes = true;

	for (size_t i = 0; i < b->list.n; i++)
		hashes &= v[i].path || v[i].fault || component_of(b, &v[i])->sha256.n;
	for (size_t i = 0; i < b->list.n; i++) {
		const struct pipgate_component *c = component_of(b, &v[i]);

		if (v[i].path || v[i].fault)
			continue;
		if (c->origin == PIPGATE_ORIGIN_URL)
			buf_format(out, SPAN_FMT " @ " SPAN_FMT, SPAN_ARG(c->name), SPAN_ARG(c->url));
		else
			buf_format(out, SPAN_FMT "==" SPAN_FMT, SPAN_ARG(c->name), SPAN_ARG(c->version));
		if (hashes)
			buf_format(out, " --hash=sha256:" SPAN_FMT, SPAN_ARG(c->sha256));
		buf_byte(out, '\n');
	}
}

static enum pipgate_status write_wanted(const struct bringing *b, const char *path, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf text;

	buf_init(&text, NULL, WANTED_MAX);
	put_wanted(b, &text);
	status = buf_status(&text);
	if (status == PIPGATE_OK)
		status = file_write(path, buf_view(&text), error);
	else
		error_set(error, status, "the plan's names and addresses are too long");
	buf_fini(&text);
	return status;
}

static enum pipgate_status run_pip(struct bringing *b, const char *wanted, struct pipgate_error *error)
{
	static const char *const fixed[] = {"--no-deps", "--no-input", "--disable-pip-version-check", "--dest"};
	const struct remedy *way = b->request->way;
	struct words argv = {.run = b->run};
	enum pipgate_status status;
	struct span printed;
	int code;

	words_add_all(&argv, way->pip->words);
	if (way->general)
		add_options(b->run, way->general, &argv);
	words_add(&argv, "download");
	if (way->arguments)
		add_options(b->run, way->arguments, &argv);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		words_add(&argv, fixed[i]);
	words_add(&argv, b->folder);
	words_add(&argv, "-r");
	words_add(&argv, wanted);
	status = pip_run_held(b->run, words_end(&argv), way->settings, &code, &printed, error);
	if (status == PIPGATE_OK && code)
		status = error_set(error, PIPGATE_FAILED, "pip does not bring its archive: " SPAN_FMT, SPAN_ARG(pip_last_word(printed)));
	return status;
}

/* ---- which file is whose ---- */

/* The last part of an address, as pip names the file that it brings from there. */
static bool is_last_part(struct pipgate_run *run, struct span url, const char *file)
{
	struct span path = span_split(&url, '#');
	const char *name;

	path = span_split(&path, '?');
	name = strrchr(path_of(run, must_span(arena_format(run, "file://" SPAN_FMT, SPAN_ARG(path)))), '/');
	return name && strcmp(name + 1, file) == 0;
}

static bool is_of(struct bringing *b, const struct pipgate_component *c, const char *file)
{
	struct pipgate_filename parsed;

	if (c->origin == PIPGATE_ORIGIN_URL && is_last_part(b->run, c->url, file))
		return true;
	return pipgate_filename_parse(b->run, span_of(file), &parsed) == PIPGATE_OK && span_equal(parsed.name, c->name);
}

static void take_file(struct bringing *b, const char *file)
{
	struct archive *v = b->list.items;

	for (size_t i = 0; i < b->list.n; i++)
		if (!v[i].path && !v[i].fault && is_of(b, component_of(b, &v[i]), file)) {
			v[i].path = text_format(b->run, "%s/%s", b->folder, file);
			return;
		}
}

static void take_files(struct bringing *b)
{
	DIR *dir = opendir(b->folder);
	struct dirent *entry;
	size_t seen = 0;

	while (dir && seen++ < FILES_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			take_file(b, text_copy(b->run, span_of(entry->d_name)));
	if (dir)
		closedir(dir);
}

/* ---- is it the plan's? ---- */

static enum pipgate_status drop(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	(void)ctx;
	(void)name;
	(void)body;
	(void)error;
	return PIPGATE_OK;
}

static void compare(struct bringing *b, struct archive *archive)
{
	const struct transport_job job = {.verb = "get", .place = span_of(archive->path), .max_bytes = BYTES_MAX};
	const struct transport_sink sink = {.item = drop};
	struct span wanted = component_of(b, archive)->sha256;
	struct transport_result result;
	struct pipgate_error error;
	struct buf hex;

	if (transport_run(&job, &sink, &result, &error) != PIPGATE_OK) {
		archive->fault = text_copy(b->run, span_of(error.text));
		return;
	}
	buf_init(&hex, NULL, 2 * sizeof(result.sha256));
	for (size_t i = 0; i < sizeof(result.sha256); i++)
		buf_hex(&hex, result.sha256[i], 2);
	if (buf_status(&hex) != PIPGATE_OK)
		die_no_memory();
	if (!span_equal_nocase(buf_view(&hex), wanted))
		archive->fault = text_format(b->run, "its archive has the SHA-256 " SPAN_FMT ", not the plan's", SPAN_ARG(buf_view(&hex)));
	buf_fini(&hex);
}

/* ---- the way ---- */

/* A folder of its own: a plan may be made anew, and its archives with it. */
static const char *new_folder(struct pipgate_run *run, struct pipgate_error *error)
{
	const char *temporary = temporary_folder(error);
	char *folder;

	if (!temporary)
		return NULL;
	folder = text_format(run, "%s/archives-XXXXXX", temporary);
	if (mkdtemp(folder))
		return folder;
	error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	return NULL;
}

/* NULL: pip has been there; which archives it brought is to be seen. */
static const char *ask_pip(struct bringing *b)
{
	struct pipgate_error error;
	const char *wanted;

	if (!b->request->way->pip)
		return "there is no pip to bring its archive";
	b->folder = new_folder(b->run, &error);
	wanted = b->folder ? text_format(b->run, "%s.txt", b->folder) : NULL;
	if (!wanted || write_wanted(b, wanted, &error) != PIPGATE_OK || run_pip(b, wanted, &error) != PIPGATE_OK)
		return text_copy(b->run, span_of(error.text));
	return NULL;
}

static void bring_from_pip(struct bringing *b)
{
	struct archive *v = b->list.items;
	const char *fault = ask_pip(b);

	if (!fault)
		take_files(b);
	for (size_t i = 0; i < b->list.n; i++)
		if (!v[i].path && !v[i].fault)
			v[i].fault = fault ? fault : "pip brought no archive of it";
}

static void add(struct bringing *b, size_t index)
{
	struct archive *archive = must(list_push(b->run, &b->list, sizeof(*archive)));
	const struct pipgate_component *c = &b->request->audit->components[index];
	bool local = c->origin == PIPGATE_ORIGIN_DIRECTORY || c->origin == PIPGATE_ORIGIN_EDITABLE || c->origin == PIPGATE_ORIGIN_ARCHIVE;

	*archive = (struct archive){.component = index};
	if (c->origin == PIPGATE_ORIGIN_VCS)
		archive->fault = "a repository has no archive to look at";
	else if (local || span_starts(c->url, SPAN("file://"))) /* also of --find-links, and what an old pip has brought already */
		take_local(b, archive);
	else
		b->from_pip = true;
}

enum pipgate_status archives_bring(const struct check_request *request, struct archive **out, size_t *n, struct pipgate_error *error)
{
	struct bringing b = {.request = request, .run = request->run};
	struct archive *v;

	for (size_t i = 0; i < request->audit->n_components; i++)
		if (request->audit->components[i].origin != PIPGATE_ORIGIN_INSTALLED)
			add(&b, i);
	if (b.list.n > ARCHIVES_MAX)
		return error_set(error, PIPGATE_LIMIT, "the plan has %zu archives, and checks look at %d at most", b.list.n, ARCHIVES_MAX);
	if (b.from_pip)
		bring_from_pip(&b);
	v = b.list.items;
	for (size_t i = 0; i < b.list.n; i++)
		if (v[i].path && !v[i].folder && component_of(&b, &v[i])->sha256.n)
			compare(&b, &v[i]);
	*out = v;
	*n = b.list.n;
	return PIPGATE_OK;
}
