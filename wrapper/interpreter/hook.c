/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/interpreter/hook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/interpreter/block.h"
#include "wrapper/interpreter/replace.h"
#include "wrapper/part.h"

#include "matcher/base/banned.h"

#define FILE_MAX     ((size_t)1 << 20) /* a sitecustomize of some lines is usual */
#define TEMPLATE     "sitecustomize.in"
#define PART_FINDER  "# ==== finder\n"
#define PART_NEXT    "# ==== next\n"
#define PLACE_SHIM   "@SHIM@"
#define PTH_BEGIN    "import sys; exec(\""
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* ---- where ---- */

static void place_set(struct pipgate_run *run, struct hook_place *place, const char *real)
{
	const char *slash = strrchr(real, '/');

	place->folder = text_copy(run, ((struct span){real, (size_t)(slash - real)}));
	place->name = text_copy(run, span_of(slash + 1));
}

static bool ours(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

/* A link may lead root anywhere: whoever may change it, its folder or what it leads to must be root or ourselves. */
static enum pipgate_status follow(struct pipgate_run *run, const char *stdlib, const struct stat *link, struct hook_place *place,
	struct pipgate_error *error)
{
	char real[PATH_MAX];
	struct stat folder, target;

	if (!realpath(place->path, real) || stat(stdlib, &folder) || lstat(real, &target))
		return error_set(error, PIPGATE_FAILED, "%s is a link that leads nowhere: %s", place->path, strerror(errno));
	if (!S_ISREG(target.st_mode))
		return error_set(error, PIPGATE_FAILED, "%s is a link to %s, which is no regular file", place->path, real);
	if (!ours(link) || !ours(&folder) || !ours(&target) || (target.st_mode & OTHERS_WRITE) || (folder.st_mode & OTHERS_WRITE))
		return error_set(error, PIPGATE_FAILED, "%s is a link to %s, and others may change the one or the other: not followed", place->path, real);
	place->link = true;
	place_set(run, place, real);
	return PIPGATE_OK;
}

enum pipgate_status hook_of_interpreter(struct pipgate_run *run, const struct interpreter *interpreter, struct hook_place *out,
	struct pipgate_error *error)
{
	struct stat st;

	*out = (struct hook_place){.path = text_format(run, "%s/sitecustomize.py", interpreter->stdlib)};
	if (lstat(out->path, &st) == 0 && S_ISLNK(st.st_mode))
		return follow(run, interpreter->stdlib, &st, out, error);
	place_set(run, out, out->path);
	return PIPGATE_OK;
}

void hook_of_environment(struct pipgate_run *run, const char *site_packages, struct hook_place *out)
{
	*out = (struct hook_place){.path = text_format(run, "%s/pipgate.pth", site_packages), .one_line = true};
	place_set(run, out, out->path);
}

/* ---- what ---- */

/* A Python literal may hold any byte: ASCII, so that no encoding of the file matters. */
static void add_literal(struct buf *out, struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (c == '"' || c == '\\')
			buf_format(out, "\\%c", c);
		else if (c == '\n')
			buf_text(out, "\\n");
		else if (c >= ' ' && c < 0x7f)
			buf_byte(out, c);
		else
			buf_format(out, "\\x%02x", c);
	}
}

/* The part of the template behind its headline, up to the next. */
static struct span part_of(struct span template, struct span headline)
{
	char *at = memmem(template.p, template.n, headline.p, headline.n), *end;
	struct span part = at ? span_from(template, (size_t)(at - template.p) + headline.n) : SPAN("");

	end = part.n ? memmem(part.p, part.n, "\n# ==== ", 8) : NULL;
	return end ? (struct span){part.p, (size_t)(end - part.p) + 1} : part;
}

static void add_finder(struct buf *out, struct span finder, const char *shim)
{
	char *at = memmem(finder.p, finder.n, PLACE_SHIM, sizeof(PLACE_SHIM) - 1);
	size_t before = at ? (size_t)(at - finder.p) : finder.n;

	buf_span(out, (struct span){finder.p, before});
	if (at)
		add_literal(out, span_of(shim));
	buf_span(out, span_from(finder, before + sizeof(PLACE_SHIM) - 1));
}

static void add_body(struct buf *out, const struct hook_place *place, bool alone, struct span template, const char *shim)
{
	struct span finder = part_of(template, SPAN(PART_FINDER));
	struct buf lines;

	if (!place->one_line) {
		add_finder(out, finder, shim);
		if (alone)
			buf_span(out, part_of(template, SPAN(PART_NEXT)));
		return;
	}
	buf_init(&lines, NULL, FILE_MAX);
	add_finder(&lines, finder, shim);
	buf_text(out, PTH_BEGIN);
	add_literal(out, buf_view(&lines));
	buf_text(out, "\")\n");
	if (buf_status(&lines) != PIPGATE_OK)
		die_no_memory();
	buf_fini(&lines);
}

static enum pipgate_status read_template(struct buf *out, char shim[PATH_MAX], struct pipgate_error *error)
{
	char path[PATH_MAX];
	enum pipgate_status status;

	if (!part_find(path, TEMPLATE))
		return error_set(error, PIPGATE_FAILED, "%s is missing; install pipgate anew", path);
	if (!part_find(shim, "pipgate_shim.py"))
		return error_set(error, PIPGATE_FAILED, "%s is missing; install pipgate anew", shim);
	status = file_read(AT_FDCWD, path, out, error);
	if (status == PIPGATE_OK && !memmem(out->p, out->n, PLACE_SHIM, sizeof(PLACE_SHIM) - 1))
		return error_set(error, PIPGATE_FAILED, "%s is not whole; install pipgate anew", path);
	return status;
}

/* ---- a file and what is to be in it ---- */

struct work {
	struct folder folder;
	int fd; /* the file, -1: there is none */
	struct stat st;
	struct buf old, fresh;
	enum block_state state;
	struct block block;
};

static void work_end(struct work *w)
{
	if (w->fd >= 0)
		close(w->fd);
	folder_close(&w->folder);
	buf_fini(&w->old);
	buf_fini(&w->fresh);
}

static enum pipgate_status work_read(struct work *w, const struct hook_place *place, struct pipgate_error *error)
{
	enum pipgate_status status;

	w->fd = folder_file(&w->folder, place->name, &w->st);
	if (w->fd < 0)
		return errno == ENOENT ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s: %s", place->path, errno == EINVAL ? "no regular file" : strerror(errno));
	if (w->st.st_mode & S_IWOTH)
		return error_set(error, PIPGATE_FAILED, "%s/%s may be written by anyone: left as it is", place->folder, place->name);
	status = file_read_fd(w->fd, place->path, &w->old, error);
	if (status != PIPGATE_OK)
		return status;
	w->state = block_find(buf_view(&w->old), &w->block);
	if (w->state == BLOCK_DAMAGED)
		return error_set(error, PIPGATE_FAILED, "%s/%s: the marks of pipgate in it are damaged: take the lines out by hand", place->folder, place->name);
	return PIPGATE_OK;
}

static enum pipgate_status work_begin(struct work *w, const struct hook_place *place, struct pipgate_error *error)
{
	*w = (struct work){.fd = -1, .folder = {.fd = -1}};
	buf_init(&w->old, NULL, FILE_MAX);
	buf_init(&w->fresh, NULL, 2 * FILE_MAX);
	if (folder_open(place->folder, &w->folder, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return work_read(w, place, error);
}

static struct span before_block(const struct work *w)
{
	return (struct span){w->old.p, w->state == BLOCK_FOUND ? w->block.start : w->old.n};
}

static struct span behind_block(const struct work *w)
{
	return span_from(buf_view(&w->old), w->state == BLOCK_FOUND ? w->block.end : w->old.n);
}

static enum pipgate_status work_replace(struct work *w, const struct hook_place *place, const struct timespec times[2], struct pipgate_error *error)
{
	if (buf_status(&w->fresh) != PIPGATE_OK)
		die_no_memory();
	if (w->fd >= 0 && geteuid() != 0 && w->st.st_uid != geteuid())
		return error_set(error, PIPGATE_FAILED, "%s/%s belongs to another user", place->folder, place->name);
	return folder_replace(&w->folder, place->name, buf_view(&w->fresh), w->fd, times, error);
}

/* ---- in ---- */

static struct block_former former_now(const struct work *w)
{
	struct block_former f = {.absent = w->fd < 0};

	if (f.absent)
		return f;
	f.newline = w->old.n && w->old.p[w->old.n - 1] != '\n';
	f.digest = block_digest(buf_view(&w->old), SPAN(""));
	f.times[0] = w->st.st_atim;
	f.times[1] = w->st.st_mtim;
	return f;
}

enum pipgate_status hook_put(struct pipgate_run *run, const struct hook_place *place, bool *changed, struct pipgate_error *error)
{
	struct block_former former;
	struct buf template, body;
	char shim[PATH_MAX];
	struct work w;
	enum pipgate_status status;

	(void)run;
	buf_init(&template, NULL, FILE_MAX);
	buf_init(&body, NULL, FILE_MAX);
	status = read_template(&template, shim, error);
	if (status == PIPGATE_OK) {
		status = work_begin(&w, place, error);
		if (status == PIPGATE_OK) {
			former = w.state == BLOCK_FOUND ? w.block.former : former_now(&w);
			add_body(&body, place, former.absent, buf_view(&template), shim);
			buf_span(&w.fresh, before_block(&w));
			block_write(&w.fresh, &former, buf_view(&body));
			buf_span(&w.fresh, behind_block(&w));
			*changed = !span_equal(buf_view(&w.fresh), buf_view(&w.old));
			if (*changed)
				status = work_replace(&w, place, NULL, error);
		}
		work_end(&w);
	}
	buf_fini(&template);
	buf_fini(&body);
	return status;
}

/* ---- out ---- */

/* Byte code that was made of the file: its header names the source's size and time. */
static void remove_byte_code(int folder, const struct stat *source)
{
	int fd = openat(folder, "__pycache__", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned char head[16] = {0};
		int pyc;

		if (strncmp(entry->d_name, "sitecustomize.", 14) != 0)
			continue;
		pyc = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (pyc < 0)
			continue;
		if (read(pyc, head, sizeof(head)) == sizeof(head) && head[4] == 0 && le32toh(*(uint32_t *)(head + 8)) == (uint32_t)source->st_mtime)
			unlinkat(fd, entry->d_name, 0);
		close(pyc);
	}
	if (dir)
		closedir(dir);
}

static enum pipgate_status take_out(struct work *w, const struct hook_place *place, struct pipgate_error *error)
{
	struct span before = before_block(w), behind = behind_block(w);
	const struct block_former *former = &w->block.former;
	bool edited;

	if (former->absent && before.n + behind.n == 0) {
		enum pipgate_status status = folder_remove(&w->folder, place->name, error);

		if (status == PIPGATE_OK)
			remove_byte_code(w->folder.fd, &w->st);
		return status;
	}
	buf_span(&w->fresh, before);
	buf_span(&w->fresh, behind);
	edited = former->absent || block_digest(before, behind) != former->digest;
	return work_replace(w, place, edited ? NULL : former->times, error);
}

enum pipgate_status hook_take(struct pipgate_run *run, const struct hook_place *place, bool *changed, struct pipgate_error *error)
{
	struct work w;
	enum pipgate_status status = work_begin(&w, place, error);

	(void)run;
	*changed = status == PIPGATE_OK && w.state == BLOCK_FOUND;
	if (*changed)
		status = take_out(&w, place, error);
	work_end(&w);
	return status;
}
