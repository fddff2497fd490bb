/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/interpreter/hook.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/interpreter/block.h"
#include "wrapper/interpreter/body.h"
#include "wrapper/interpreter/replace.h"

#include "matcher/base/banned.h"

#define FILE_MAX     ((size_t)1 << 20) /* a sitecustomize of some lines is usual */
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* ---- where ---- */

static void place_set(struct pipgate_run *run, struct hook_place *place, const char *real)
{
	const char *slash = strrchr(real, '/');

	place->real = text_copy(run, span_of(real));
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
		return error_set(error, PIPGATE_FAILED, "%s is a link to %s, and others may change the one or the other: not followed",
			place->path, real);
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
	if (w->fd < 0 && errno == ENOENT)
		return PIPGATE_OK;
	if (w->fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", place->path, errno == EINVAL ? "no regular file" : strerror(errno));
	if (w->st.st_mode & S_IWOTH)
		return error_set(error, PIPGATE_FAILED, "%s may be written by anyone: left as it is", place->real);
	status = file_read_fd(w->fd, place->path, &w->old, error);
	if (status != PIPGATE_OK)
		return status;
	w->state = block_find(buf_view(&w->old), &w->block);
	if (w->state == BLOCK_DAMAGED)
		return error_set(error, PIPGATE_FAILED, "%s: the marks of pipgate in it are damaged: take the lines out by hand", place->real);
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
		return error_set(error, PIPGATE_FAILED, "%s belongs to another user", place->real);
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

static enum pipgate_status put(struct work *w, const struct hook_place *place, bool *changed, struct pipgate_error *error)
{
	struct block_former former = w->state == BLOCK_FOUND ? w->block.former : former_now(w);
	enum body_form form = place->one_line ? BODY_LINE : former.absent ? BODY_FILE : BODY_JOINED;
	enum pipgate_status status;
	struct buf body;

	buf_init(&body, NULL, FILE_MAX);
	status = body_read(&body, form, error);
	if (status == PIPGATE_OK) {
		buf_span(&w->fresh, before_block(w));
		block_write(&w->fresh, &former, buf_view(&body));
		buf_span(&w->fresh, behind_block(w));
		*changed = !span_equal(buf_view(&w->fresh), buf_view(&w->old));
	}
	buf_fini(&body);
	return status == PIPGATE_OK && *changed ? work_replace(w, place, NULL, error) : status;
}

enum pipgate_status hook_put(const struct hook_place *place, bool *changed, struct pipgate_error *error)
{
	struct work w;
	enum pipgate_status status = work_begin(&w, place, error);

	*changed = false;
	if (status == PIPGATE_OK)
		status = put(&w, place, changed, error);
	work_end(&w);
	return status;
}

/* ---- out ---- */

/* Is it byte code of this source? Its header names the source's time and size. */
static bool made_of(int folder, const char *name, const struct stat *source)
{
	uint32_t head[4] = {0}; /* magic number, flags, time, size; little endian */
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head);

	if (fd >= 0)
		close(fd);
	return whole && head[1] == 0 && le32toh(head[2]) == (uint32_t)source->st_mtime && le32toh(head[3]) == (uint32_t)source->st_size;
}

static void remove_byte_code(int folder, const struct stat *source)
{
	int fd = openat(folder, "__pycache__", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, "sitecustomize.", 14) == 0 && made_of(fd, entry->d_name, source))
			unlinkat(fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* The byte code first: were we killed in between, a file without it would be whole; again behind it: a Python may just have started. */
static enum pipgate_status remove_file(struct work *w, const struct hook_place *place, struct pipgate_error *error)
{
	enum pipgate_status status;

	remove_byte_code(w->folder.fd, &w->st);
	status = folder_remove(&w->folder, place->name, error);
	if (status == PIPGATE_OK)
		remove_byte_code(w->folder.fd, &w->st);
	return status;
}

static enum pipgate_status take_out(struct work *w, const struct hook_place *place, struct pipgate_error *error)
{
	struct span before = before_block(w), behind = behind_block(w);
	const struct block_former *former = &w->block.former;
	bool edited;

	if (former->absent && before.n + behind.n == 0)
		return remove_file(w, place, error);
	if (former->newline && behind.n)
		before.n++; /* lines were written behind ours: they are not joined to the last one of before */
	buf_span(&w->fresh, before);
	buf_span(&w->fresh, behind);
	edited = former->absent || block_digest(before, behind) != former->digest;
	return work_replace(w, place, edited ? NULL : former->times, error);
}

enum pipgate_status hook_take(const struct hook_place *place, bool *changed, struct pipgate_error *error)
{
	struct work w;
	enum pipgate_status status = work_begin(&w, place, error);

	*changed = status == PIPGATE_OK && w.state == BLOCK_FOUND;
	if (*changed)
		status = take_out(&w, place, error);
	work_end(&w);
	return status;
}

bool hook_needs_root(const struct hook_place *place)
{
	struct stat st;

	if (geteuid() == 0)
		return false;
	if (faccessat(AT_FDCWD, place->folder, W_OK | X_OK, AT_EACCESS) && errno == EACCES)
		return true;
	return stat(place->path, &st) == 0 && st.st_uid != geteuid();
}

bool hook_there(const struct hook_place *place)
{
	struct block block;
	struct buf text;
	bool there;

	buf_init(&text, NULL, FILE_MAX);
	there = file_read(AT_FDCWD, place->real, &text, NULL) == PIPGATE_OK && block_find(buf_view(&text), &block) == BLOCK_FOUND;
	buf_fini(&text);
	return there;
}
