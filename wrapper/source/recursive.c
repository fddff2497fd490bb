/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/recursive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "wrapper/file.h"
#include "wrapper/source/lock.h"
#include "wrapper/source/toml.h"

#include "matcher/base/banned.h"

#define DEPTH_MAX 64                   /* folders below one another; real trees have some 20 */
#define ENTRIES_MAX ((size_t)4000000)  /* looked at in all: a large monorepo has a million files */
#define INPUTS_MAX ((size_t)100000)
#define BATCH_BYTES ((size_t)32 << 20) /* of TOML that one Python reads: some ten seconds of its time */

/* What is found: a path and by which row of sources[] it is read. */
struct place {
	const char *path;
	const char *kind;             /* NULL: the row that takes it */
	const struct lock_kind *lock; /* of a lock file */
};

struct search {
	struct gathering *gathering;
	struct list places;
	size_t entries;
	struct pipgate_error *error;
};

/* ---- what a name tells ---- */

static bool is_passed_over(const char *name)
{
	static const char *const names[] = {".git", ".hg", ".svn", ".bzr", "node_modules", "__pycache__", "site-packages", "dist-packages"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* requirements.txt, requirements-dev.txt, dev-requirements.txt, requirements/dev.txt */
static bool is_requirements(const char *folder, const char *name)
{
	struct span file = span_of(name), place = span_of(folder);

	if (!span_ends(file, SPAN(".txt")))
		return false;
	return span_starts(file, SPAN("requirements")) || span_ends(file, SPAN("requirements.txt")) || span_is(place, "requirements") ||
	       span_ends(place, SPAN("/requirements"));
}

static void add(struct search *s, const char *path, const char *kind, const struct lock_kind *lock)
{
	*(struct place *)must(list_push(s->gathering->run, &s->places, sizeof(struct place))) = (struct place){path, kind, lock};
}

/* true: it is a lock. */
static bool add_file(struct search *s, const char *folder, const char *name)
{
	const struct source_file file = {.name = name};
	const struct lock_kind *lock = lock_kind_of(&file);

	if (lock)
		add(s, text_format(s->gathering->run, "%s/%s", folder, name), NULL, lock);
	else if (is_requirements(folder, name))
		add(s, text_format(s->gathering->run, "%s/%s", folder, name), "requirements", NULL);
	else if (span_ends(span_of(name), SPAN(".ipynb")) && source_find("notebook"))
		add(s, text_format(s->gathering->run, "%s/%s", folder, name), "notebook", NULL);
	return lock != NULL;
}

/* ---- the walk ---- */

static enum pipgate_status walk(struct search *s, int fd, const char *folder, size_t depth);

static enum pipgate_status failed(struct search *s, const char *path)
{
	return error_set(s->error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
}

static enum pipgate_status walk_into(struct search *s, int parent, const char *folder, const char *name, size_t depth)
{
	const char *path = text_format(s->gathering->run, "%s/%s", folder, name);
	int fd;

	if (depth == DEPTH_MAX)
		return error_set(s->error, PIPGATE_LIMIT, "%s: more than %d folders below one another", path, DEPTH_MAX);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? failed(s, path) : walk(s, fd, path, depth + 1);
}

/* 'd' a folder, 'f' a file, 0 what is neither (a link, a FIFO). */
static char type_of(int fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
		return entry->d_type == DT_DIR ? 'd' : 'f';
	if (entry->d_type != DT_UNKNOWN || fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	return S_ISDIR(st.st_mode) ? 'd' : S_ISREG(st.st_mode) ? 'f' : 0;
}

struct beside { /* what one folder has */
	bool locked, project;
};

static enum pipgate_status take_entry(struct search *s, DIR *dir, const char *folder, size_t depth, const struct dirent *entry, struct beside *beside)
{
	const char *name = entry->d_name;
	char type = type_of(dirfd(dir), entry);

	if (++s->entries > ENTRIES_MAX)
		return error_set(s->error, PIPGATE_LIMIT, "%s: more than %zu files and folders below what --recursive names", folder, ENTRIES_MAX);
	if (s->places.n > INPUTS_MAX)
		return error_set(s->error, PIPGATE_LIMIT, "%s: more than %zu inputs below what --recursive names", folder, INPUTS_MAX);
	if (type == 'd' && !is_passed_over(name))
		return walk_into(s, dirfd(dir), folder, name, depth);
	if (type != 'f')
		return PIPGATE_OK;
	if (strcmp(name, "pyproject.toml") == 0)
		beside->project = true;
	else if (add_file(s, folder, name))
		beside->locked = true;
	return PIPGATE_OK;
}

static enum pipgate_status walk_entries(struct search *s, DIR *dir, const char *folder, size_t depth)
{
	struct beside beside = {0};
	enum pipgate_status status = PIPGATE_OK;
	struct dirent *entry;

	while (status == PIPGATE_OK && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			status = take_entry(s, dir, folder, depth, entry, &beside);
	if (status == PIPGATE_OK && errno)
		return failed(s, folder);
	if (beside.project && !beside.locked && !s->gathering->settings->locked && source_find("project"))
		add(s, folder, "project", NULL);
	return status;
}

/* Takes fd. */
static enum pipgate_status walk(struct search *s, int fd, const char *folder, size_t depth)
{
	enum pipgate_status status;
	DIR *dir;

	if (faccessat(fd, "pyvenv.cfg", F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		add(s, folder, "environment", NULL);
		close(fd);
		return PIPGATE_OK;
	}
	dir = fdopendir(fd);
	if (!dir) {
		status = failed(s, folder);
		close(fd);
		return status;
	}
	status = walk_entries(s, dir, folder, depth);
	closedir(dir);
	return status;
}

/* ---- reading what was found ---- */

/* The places of one batch, and of each lock that is TOML its text (all in one buf). */
struct batch {
	const struct place *places;
	size_t n, n_files;
	struct source_file *files;
	struct buf text;
	struct toml_batch toml;
};

static bool is_toml(const struct place *place)
{
	return place->lock && place->lock->encoding == LOCK_TOML;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Takes places up to BATCH_BYTES of TOML; their spans are made when the buf has stopped moving. */
static enum pipgate_status fill(struct batch *b, size_t n, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	size_t at = 0;

	for (b->n = 0; b->n < n && b->text.n < BATCH_BYTES && status == PIPGATE_OK; b->n++) {
		const struct place *place = &b->places[b->n];
		size_t before = b->text.n;

		if (!is_toml(place))
			continue;
		b->text.ceiling = before + SOURCE_BYTES;
		status = file_read(AT_FDCWD, place->path, &b->text, error);
		b->files[b->n_files++] = (struct source_file){
			.path = place->path, .name = last_part(place->path), .text = {NULL, b->text.n - before}};
	}
	for (size_t i = 0; i < b->n_files; i++) {
		b->files[i].text.p = b->text.p ? b->text.p + at : "";
		at += b->files[i].text.n;
	}
	return status;
}

static enum pipgate_status read_toml(struct gathering *g, struct batch *b, const struct place *place, const struct source_file *file,
	struct pipgate_error *error)
{
	cJSON *root = NULL;
	enum pipgate_status status = toml_next(&b->toml, &root, error);

	if (status != PIPGATE_OK)
		return error_before(error, "%s", file->path), status;
	status = lock_take(g, place->lock, file, root, error);
	cJSON_Delete(root);
	return status;
}

static enum pipgate_status read_batch(struct gathering *g, struct batch *b, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	size_t file = 0;

	if (b->n_files)
		status = toml_open(g, b->files, b->n_files, &b->toml, error);
	for (size_t i = 0; i < b->n && status == PIPGATE_OK; i++) {
		const struct place *place = &b->places[i];

		if (is_toml(place))
			status = read_toml(g, b, place, &b->files[file++], error);
		else
			status = source_read(g, place->path, place->kind, error);
	}
	if (b->n_files)
		toml_close(&b->toml);
	return status;
}

static enum pipgate_status read_all(struct gathering *g, const struct place *places, size_t n, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	while (n && status == PIPGATE_OK) {
		struct batch b = {.places = places, .files = must(arena_array(g->run, n, sizeof(struct source_file)))};

		buf_init(&b.text, NULL, BATCH_BYTES + SOURCE_BYTES);
		status = fill(&b, n, error);
		if (status == PIPGATE_OK)
			status = read_batch(g, &b, error);
		buf_fini(&b.text);
		places += b.n;
		n -= b.n;
	}
	return status;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->path, ((const struct place *)b)->path);
}

enum pipgate_status source_recursive(struct gathering *g, const char *folder, struct pipgate_error *error)
{
	struct search s = {.gathering = g, .error = error};
	struct span base = span_of(folder);
	enum pipgate_status status;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return failed(&s, folder);
	while (base.n > 1 && base.p[base.n - 1] == '/')
		base.n--;
	status = walk(&s, fd, span_is(base, "/") ? "" : text_copy(g->run, base), 0);
	if (status != PIPGATE_OK)
		return status;
	if (!s.places.n)
		return error_set(error, PIPGATE_INVALID, "%s: there is no lock file, requirement file, project, notebook or environment below it",
			folder);
	qsort(s.places.items, s.places.n, sizeof(struct place), by_path);
	g->many = true;
	return read_all(g, s.places.items, s.places.n, error);
}
