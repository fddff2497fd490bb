/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#define CHUNK ((size_t)64 << 10)

enum pipgate_status file_read_fd(int fd, const char *name, struct buf *out, struct pipgate_error *error)
{
	char chunk[CHUNK];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(error, PIPGATE_FAILED, "%s: %s", name, strerror(errno));
		if (n == 0)
			return PIPGATE_OK;
		buf_add(out, chunk, (size_t)n);
		if (buf_status(out) == PIPGATE_LIMIT)
			return error_set(error, PIPGATE_LIMIT, "%s: larger than %zu bytes", name, out->ceiling);
		if (buf_status(out) != PIPGATE_OK)
			return PIPGATE_NO_MEMORY;
	}
}

enum pipgate_status file_read(int folder, const char *path, struct buf *out, struct pipgate_error *error)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum pipgate_status status;
	struct stat st;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		status = error_set(error, PIPGATE_INVALID, "%s: no regular file", path);
	else
		status = file_read_fd(fd, path, out, error);
	close(fd);
	return status;
}

bool file_put(int fd, struct span bytes)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

static enum pipgate_status write_directly(const char *path, struct span bytes, struct pipgate_error *error)
{
	bool out = strcmp(path, "-") == 0;
	int fd = out ? STDOUT_FILENO : open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	bool good = fd >= 0 && file_put(fd, bytes);
	int why = errno;

	if (fd >= 0 && !out)
		close(fd);
	return good ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(why));
}

enum pipgate_status file_write(const char *path, struct span bytes, struct pipgate_error *error)
{
	char beside[PATH_MAX];
	struct stat st;
	bool good, there = lstat(path, &st) == 0;
	int fd;

	if (strcmp(path, "-") == 0 || (there && !S_ISREG(st.st_mode)))
		return write_directly(path, bytes, error);
	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
		return error_set(error, PIPGATE_INVALID, "%s: the name is too long", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	if (there && fchown(fd, st.st_uid, st.st_gid)) /* root's to do; a file that is ours alone stays so */
		errno = 0;
	good = file_put(fd, bytes) && fchmod(fd, there ? st.st_mode & 0777 : 0644) == 0 && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(beside, path) == 0)
		return PIPGATE_OK;
	error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	unlink(beside);
	return PIPGATE_FAILED;
}

static bool folder_make(const char *path, mode_t mode)
{
	return mkdir(path, mode) == 0 || errno == EEXIST;
}

bool file_folders(char *path, mode_t mode)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		bool made;

		*slash = 0;
		made = folder_make(path, mode);
		*slash = '/';
		if (!made)
			return false;
	}
	return folder_make(path, mode);
}

enum pipgate_status file_make(const char *path, mode_t mode, struct span text, struct pipgate_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool good;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, errno == EEXIST ? "is there already, and stays as it is" : strerror(errno));
	good = file_put(fd, text) && fsync(fd) == 0;
	if (!good)
		error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	close(fd);
	if (!good)
		unlink(path);
	return good ? PIPGATE_OK : PIPGATE_FAILED;
}
