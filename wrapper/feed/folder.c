/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

struct walker {
	const struct folder_walk *walk;
	struct buf bytes, path; /* path: below the folder, of the entry at hand */
};

static enum pipgate_status level_each(struct walker *w, int folder, unsigned depth, struct pipgate_error *error);

/* Owned names, sorted; n of them. */
static enum pipgate_status names_read(DIR *dir, struct pipgate_run *run, struct list *names, struct pipgate_error *error)
{
	struct dirent *e;

	for (errno = 0; (e = readdir(dir)); errno = 0) {
		struct span *name;

		if (e->d_name[0] == '.')
			continue;
		if (names->n >= FOLDER_ENTRIES_MAX)
			return error_set(error, PIPGATE_LIMIT, "more than %d entries", FOLDER_ENTRIES_MAX);
		name = must(list_push(run, names, sizeof(*name)));
		*name = must_span(arena_copy(run, span_of(e->d_name)));
	}
	if (errno)
		return error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
	if (names->n)
		qsort(names->items, names->n, sizeof(struct span), span_order);
	return PIPGATE_OK;
}

static enum pipgate_status refuse(struct walker *w, const char *reason, struct pipgate_error *error)
{
	return w->walk->refuse(w->walk->ctx, buf_view(&w->path), span_of(reason), error);
}

static enum pipgate_status file_take(struct walker *w, int fd, struct pipgate_error *error)
{
	struct pipgate_error why;
	enum pipgate_status status;

	buf_clear(&w->bytes);
	status = file_read_fd(fd, w->path.p, &w->bytes, &why);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status == PIPGATE_LIMIT)
		return refuse(w, "too large for a record", error);
	if (status != PIPGATE_OK)
		return error_set(error, status, "%s", why.text); /* the disk: not the record's fault */
	return w->walk->item(w->walk->ctx, buf_view(&w->path), buf_view(&w->bytes), error);
}

static bool is_wanted(const struct folder_walk *walk, struct span name)
{
	struct span rest = span_of(walk->suffix);

	while (rest.n)
		if (span_ends(name, span_split(&rest, ' ')))
			return span_starts(name, span_of(walk->prefix));
	return false;
}

/* O_NONBLOCK: a FIFO among the files must not hold us. */
static enum pipgate_status entry_take(struct walker *w, int folder, struct span name, unsigned depth, struct pipgate_error *error)
{
	bool wanted = is_wanted(w->walk, name);
	enum pipgate_status status = PIPGATE_OK;
	struct stat st;
	int fd;

	if (!wanted && !w->walk->deep)
		return PIPGATE_OK;
	fd = openat(folder, name.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (wanted ? 0 : O_DIRECTORY));
	if (fd < 0)
		return wanted ? refuse(w, errno == ELOOP ? "a symbolic link" : strerror(errno), error) : PIPGATE_OK;
	if (fstat(fd, &st) != 0)
		status = error_set(error, PIPGATE_FAILED, "%s: %s", w->path.p, strerror(errno));
	else if (S_ISDIR(st.st_mode) && w->walk->deep)
		return level_each(w, fd, depth + 1, error); /* closes it */
	else if (wanted)
		status = S_ISREG(st.st_mode) ? file_take(w, fd, error) : refuse(w, "not a file", error);
	close(fd);
	return status;
}

/* Takes folder over. */
static enum pipgate_status level_each(struct walker *w, int folder, unsigned depth, struct pipgate_error *error)
{
	struct pipgate_run *run = NULL;
	DIR *dir = fdopendir(folder);
	struct list names = {0};
	size_t before = w->path.n;
	enum pipgate_status status;

	if (!dir) {
		close(folder);
		return error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
	}
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = depth > FOLDER_DEPTH ? error_set(error, PIPGATE_LIMIT, "folders more than %d deep", FOLDER_DEPTH)
				      : names_read(dir, run, &names, error);
	if (status != PIPGATE_OK && before)
		error_before(error, "%s", w->path.p);
	for (size_t i = 0; i < names.n && status == PIPGATE_OK; i++) {
		struct span name = ((struct span *)names.items)[i];

		w->path.n = before;
		buf_format(&w->path, before ? "/%s" : "%s", name.p);
		if (buf_status(&w->path) != PIPGATE_OK)
			status = error_set(error, PIPGATE_LIMIT, "the path is too long");
		else
			status = entry_take(w, dirfd(dir), name, depth, error);
	}
	w->path.n = before;
	closedir(dir);
	pipgate_run_free(&run);
	return status;
}

enum pipgate_status folder_each(const char *path, const struct folder_walk *walk, struct pipgate_error *error)
{
	struct walker w = {.walk = walk};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum pipgate_status status;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
	buf_init(&w.bytes, NULL, walk->max_bytes);
	buf_init(&w.path, NULL, 4096);
	status = level_each(&w, fd, 0, error);
	buf_fini(&w.bytes);
	buf_fini(&w.path);
	return status;
}
