/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/policy/place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

static enum pipgate_status safe(const char *path, const struct stat *st, enum place_owner owner, struct pipgate_error *error)
{
	if (st->st_uid != 0 && (owner == PLACE_OF_SYSTEM || st->st_uid != geteuid()))
		return error_set(error, PIPGATE_INVALID, "%s belongs to another user (uid %ld) and is not read: chown it to %s", path,
			(long)st->st_uid, owner == PLACE_OF_SYSTEM ? "root" : "yourself");
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(error, PIPGATE_INVALID, "%s may be written by others and is not read: chmod go-w %s", path, path);
	return PIPGATE_OK;
}

const char *place_folder(struct pipgate_run *run, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? text_copy(run, ((struct span){path, slash == path ? 1 : (size_t)(slash - path)})) : ".";
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* From the one descriptor that was looked at: what is renamed over it meanwhile is not seen, what is written into it is refused. */
static enum pipgate_status read_whole(struct pipgate_run *run, int fd, const char *path, const struct stat *before, struct span *out,
	struct pipgate_error *error)
{
	enum pipgate_status status;
	struct stat after;
	struct buf text;

	buf_init(&text, NULL, PLACE_BYTES);
	status = file_read_fd(fd, path, &text, error);
	if (status == PIPGATE_OK && (fstat(fd, &after) || !same(before, &after) || text.n != (size_t)after.st_size))
		status = error_set(error, PIPGATE_INVALID, "%s was changed while it was read: try again", path);
	if (status == PIPGATE_OK)
		*out = keep_buf(run, &text);
	buf_fini(&text);
	return status;
}

static enum pipgate_status read_open(struct pipgate_run *run, int fd, const char *path, enum place_owner owner, struct place *out,
	struct pipgate_error *error)
{
	const char *folder = place_folder(run, path);
	enum pipgate_status status;
	struct stat st, above;

	if (fstat(fd, &st) || stat(folder, &above))
		return error_set(error, PIPGATE_INVALID, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(error, PIPGATE_INVALID, "%s: no regular file", path);
	status = safe(path, &st, owner, error);
	if (status == PIPGATE_OK && owner == PLACE_OF_SYSTEM)
		status = safe(folder, &above, owner, error);
	if (status == PIPGATE_OK)
		status = read_whole(run, fd, path, &st, &out->text, error);
	out->there = status == PIPGATE_OK;
	out->fixed = owner == PLACE_OF_SYSTEM || (st.st_uid != geteuid() && above.st_uid != geteuid() &&
		faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) && faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS));
	return status;
}

enum pipgate_status place_read(struct pipgate_run *run, const char *path, enum place_owner owner, struct place *out,
	struct pipgate_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (owner == PLACE_OF_USER ? 0 : O_NOFOLLOW));
	enum pipgate_status status;

	*out = (struct place){0};
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return PIPGATE_OK;
	if (fd < 0 && errno == ELOOP)
		return error_set(error, PIPGATE_INVALID, "%s is a link and is not followed: put the file itself there", path);
	if (fd < 0)
		return error_set(error, PIPGATE_INVALID, "%s: %s", path, strerror(errno));
	status = read_open(run, fd, path, owner, out, error);
	close(fd);
	return status;
}
