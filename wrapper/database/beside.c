/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/beside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/database/schema.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

static enum pipgate_status failed(const struct beside *b, const char *what, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_FAILED, "%s: %s: %s", b->target, what, strerror(errno));
}

static enum pipgate_status paths_set(struct beside *b, const char *path, struct pipgate_error *error)
{
	/* "./": SQLite takes a name that begins with "file:" for an address */
	int n = snprintf(b->target, sizeof(b->target), "%s%s", path[0] == '/' ? "" : "./", path);
	char *slash;

	if (n < 0 || (size_t)n >= sizeof(b->target) - 64) /* room for the temporary's own letters */
		return error_set(error, PIPGATE_FAILED, "%.64s…: the path is too long", path);
	slash = strrchr(b->target, '/');
	b->name = slash + 1;
	if (!*b->name || strcmp(b->name, ".") == 0 || strcmp(b->name, "..") == 0)
		return error_set(error, PIPGATE_FAILED, "%s: names a folder, not a file", b->target);
	return PIPGATE_OK;
}

/* .NAME.DIGITS.tmp */
static bool is_temporary(const char *file, const char *name)
{
	struct span s = span_of(file);
	size_t n = strlen(name);

	if (s.n < n + 7 || s.p[0] != '.' || memcmp(s.p + 1, name, n) != 0 || s.p[n + 1] != '.' || !span_ends(s, SPAN(".tmp")))
		return false;
	for (size_t i = n + 2; i < s.n - 4; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return true;
}

static void sweep(const struct beside *b)
{
	int fd = openat(b->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return; /* a folder that cannot be listed can still be written to */
	}
	for (struct dirent *e; (e = readdir(dir));)
		if (is_temporary(e->d_name, b->name))
			unlinkat(b->folder, e->d_name, 0);
	closedir(dir);
}

/* 0600: with a lock that others may open, others could hold up every update. */
static enum pipgate_status lock_take(struct beside *b, struct pipgate_error *error)
{
	char name[NAME_MAX + 1];

	if ((size_t)snprintf(name, sizeof(name), "%s.lock", b->name) >= sizeof(name))
		return error_set(error, PIPGATE_FAILED, "%s: the name is too long", b->target);
	b->lock = openat(b->folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (b->lock < 0)
		return failed(b, "its lock cannot be opened", error);
	if (flock(b->lock, LOCK_EX | LOCK_NB) == 0)
		return PIPGATE_OK;
	if (errno == EWOULDBLOCK)
		say("%s: another build is at work; waiting for it", b->target);
	while (flock(b->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return failed(b, "its lock cannot be taken", error);
	return PIPGATE_OK;
}

enum pipgate_status beside_open(struct beside *out, const char *path, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct stat st;
	char c;

	*out = (struct beside){.folder = -1, .lock = -1};
	status = paths_set(out, path, error);
	if (status != PIPGATE_OK)
		return status;
	c = *out->name;
	out->target[out->name - out->target] = 0; /* the folder, for a moment */
	out->folder = open(out->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	out->target[out->name - out->target] = c;
	if (out->folder < 0)
		return failed(out, "its folder cannot be opened", error);
	if (fstatat(out->folder, out->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		status = failed(out, "cannot be written", error);
	} else {
		status = lock_take(out, error);
	}
	if (status == PIPGATE_OK)
		sweep(out);
	else
		beside_close(out);
	return status;
}

static int create(struct beside *b, struct pipgate_error *error)
{
	int fd;

	snprintf(b->temporary, sizeof(b->temporary), "%.*s.%s.%ld.tmp", (int)(b->name - b->target), b->target, b->name, (long)getpid());
	fd = open(b->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		b->temporary[0] = 0;
		failed(b, "a file beside it cannot be made", error);
	}
	return fd;
}

enum pipgate_status beside_scratch(struct beside *b, int *fd, struct pipgate_error *error)
{
	*fd = openat(b->folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return PIPGATE_OK;
	*fd = create(b, error); /* a file system without O_TMPFILE */
	if (*fd < 0)
		return PIPGATE_FAILED;
	unlink(b->temporary);
	b->temporary[0] = 0;
	return PIPGATE_OK;
}

enum pipgate_status beside_create(struct beside *b, struct pipgate_error *error)
{
	int fd = create(b, error);
	enum pipgate_status status = PIPGATE_OK;

	if (fd < 0)
		return PIPGATE_FAILED;
	if (fchmod(fd, 0644) != 0) /* whatever the umask: every user's gate reads the system's database */
		status = failed(b, "its mode cannot be set", error);
	close(fd);
	return status;
}

static enum pipgate_status flush(struct beside *b, struct pipgate_error *error)
{
	int fd = open(b->temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum pipgate_status status = PIPGATE_OK;

	if (fd < 0 || fsync(fd) != 0)
		status = failed(b, "cannot be written to disk", error);
	if (fd >= 0 && close(fd) != 0 && status == PIPGATE_OK)
		status = failed(b, "cannot be written to disk", error);
	return status;
}

void beside_companions_remove(const struct beside *b)
{
	static const char *const ends[] = {SCHEMA_COMPANIONS};
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (snprintf(name, sizeof(name), "%s%s", b->name, ends[i]) < (int)sizeof(name))
			unlinkat(b->folder, name, 0);
}

enum pipgate_status beside_commit(struct beside *b, struct pipgate_error *error)
{
	enum pipgate_status status = flush(b, error);

	if (status != PIPGATE_OK)
		return status;
	if (rename(b->temporary, b->target) != 0)
		return failed(b, "cannot be put in place", error);
	b->temporary[0] = 0;
	if (fsync(b->folder) != 0 && errno != EINVAL && errno != EROFS) /* some file systems cannot sync a folder */
		return failed(b, "its folder cannot be written to disk", error);
	return PIPGATE_OK;
}

void beside_close(struct beside *b)
{
	if (b->temporary[0])
		unlink(b->temporary);
	b->temporary[0] = 0;
	if (b->folder >= 0)
		close(b->folder);
	if (b->lock >= 0)
		close(b->lock);
	b->folder = b->lock = -1;
}
