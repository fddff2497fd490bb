/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "wrapper/file.h"
#include "wrapper/source/target.h"

#include "matcher/base/banned.h"

const struct source sources[] = {
	{"environment", takes_environment, read_environment},
	{"project", takes_project, read_project},
	{"pylock.toml", takes_pylock, read_lock},
	{"uv.lock", takes_uv_lock, read_lock},
	{"poetry.lock", takes_poetry_lock, read_lock},
	{"pdm.lock", takes_pdm_lock, read_lock},
	{"Pipfile.lock", takes_pipfile_lock, read_lock},
	{"conda-lock.yml", takes_conda_lock, read_lock},
	{"notebook", takes_notebook, read_notebook},
	{"pip-list", takes_pip_list, read_pip_list},
	{"pip-inspect", takes_pip_inspect, read_pip_inspect},
	{"pip-report", takes_pip_report, read_pip_report},
	{"requirements", takes_requirements, read_requirements},
	{0},
};

const struct source *source_find(const char *name)
{
	for (const struct source *s = sources; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* ---- which pip ---- */

enum pipgate_status gathering_pip(struct gathering *g, bool probe, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	if (!g->located)
		status = pip_locate(g->run, "pip", g->settings->python, &g->pip, error);
	g->located = status == PIPGATE_OK;
	if (status == PIPGATE_OK && probe && !g->probed) {
		status = pip_probe(g->run, &g->pip, error);
		g->probed = status == PIPGATE_OK;
	}
	return status;
}

enum pipgate_status gathering_markers(struct gathering *g, struct pipgate_error *error)
{
	enum pipgate_status status = g->markers.n ? PIPGATE_OK : target_markers(g, &g->markers, error);

	if (status == PIPGATE_OK)
		g->inventory->environment = g->markers;
	return status;
}

void source_index_words(const struct source_settings *s, struct words *words)
{
	const char *const *more = s->extra_index_urls.items;

	if (s->index_url) {
		words_add(words, "--index-url");
		words_add(words, s->index_url);
	}
	for (size_t i = 0; i < s->extra_index_urls.n; i++) {
		words_add(words, "--extra-index-url");
		words_add(words, more[i]);
	}
}

/* ---- reading ---- */

static enum pipgate_status read_bytes(struct gathering *g, int fd, struct source_file *file, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf bytes;

	buf_init(&bytes, NULL, SOURCE_BYTES);
	status = file_read_fd(fd, file->path, &bytes, error);
	if (status == PIPGATE_OK)
		file->text = must_span(arena_copy(g->run, bytes.n ? buf_view(&bytes) : SPAN("")));
	buf_fini(&bytes);
	return status;
}

enum pipgate_status source_open(struct gathering *g, const char *path, struct source_file *file, struct pipgate_error *error)
{
	const char *slash = strrchr(path, '/');
	enum pipgate_status status = PIPGATE_OK;
	struct stat st;
	int fd;

	*file = (struct source_file){.path = path, .name = slash && slash[1] ? slash + 1 : path};
	if (strcmp(path, "-") == 0) {
		file->name = "stdin";
		return read_bytes(g, STDIN_FILENO, file, error);
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		status = error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	} else {
		file->folder = S_ISDIR(st.st_mode);
		if (!file->folder)
			status = read_bytes(g, fd, file, error);
	}
	if (fd >= 0)
		close(fd);
	return status;
}

static enum pipgate_status no_source(const struct source_file *file, struct pipgate_error *error)
{
	char names[320] = "";
	struct buf list = {.p = names, .capacity = sizeof(names), .ceiling = sizeof(names) - 1, .status = PIPGATE_OK};

	for (const struct source *s = sources; s->name; s++)
		buf_format(&list, "%s%s", list.n ? ", " : "", s->name);
	if (file->folder)
		return error_set(error, PIPGATE_INVALID, "couldn't find a supported project file in %s", file->path);
	return error_set(error, PIPGATE_INVALID, "%s: this is none of the inputs that are known: %s", file->path, names);
}

enum pipgate_status source_read(struct gathering *g, const char *path, const char *kind, struct pipgate_error *error)
{
	const struct source *source = kind ? source_find(kind) : sources;
	struct source_file file;
	enum pipgate_status status = source_open(g, path, &file, error);

	if (status != PIPGATE_OK)
		return status;
	if (file.folder && !kind && g->settings->locked && !takes_environment(&file))
		return source_locked(g, path, error);
	while (!kind && source->name && !source->takes(&file))
		source++;
	return source && source->name ? source->read(g, &file, error) : no_source(&file, error);
}
