/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/interpreter/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "wrapper/file.h"

#include "matcher/base/banned.h"

#define BESIDE ".pipgate-enable-" /* Python looks at no name that begins with a dot */
#define XATTR_MAX ((size_t)65536)           /* of one value, and of all names: Linux has no more */

/* ---- a folder of our own for a moment ---- */

/* Only under the lock: nobody else's are there. */
static void sweep(int fd)
{
	int again = dup(fd);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, BESIDE, sizeof(BESIDE) - 1) == 0)
			unlinkat(fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
	else if (again >= 0)
		close(again);
}

static bool lock(int fd)
{
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return false; /* a file system without locks: names are random, and nothing is swept */
	return true;
}

enum pipgate_status folder_open(const char *path, struct folder *out, struct pipgate_error *error)
{
	*out = (struct folder){open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path};
	if (out->fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	if (lock(out->fd))
		sweep(out->fd);
	return PIPGATE_OK;
}

void folder_close(struct folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = -1;
}

int folder_file(const struct folder *folder, const char *name, struct stat *st)
{
	int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/* ---- as the other file is ---- */

/* Some are set by the system itself, and not to be set: it is enough that they are there. */
static bool copy_xattr(int from, int to, const char *name, char *value, char *there)
{
	ssize_t n = fgetxattr(from, name, value, XATTR_MAX);

	if (n < 0)
		return false;
	return fsetxattr(to, name, value, (size_t)n, 0) == 0 ||
		(fgetxattr(to, name, there, XATTR_MAX) == n && memcmp(value, there, (size_t)n) == 0);
}

static bool copy_xattrs(int from, int to)
{
	char *room = must(malloc(3 * XATTR_MAX)), *names = room, *value = room + XATTR_MAX, *there = value + XATTR_MAX;
	ssize_t n = flistxattr(from, names, XATTR_MAX);
	bool good = n >= 0 || errno == ENOTSUP;

	for (char *name = names; good && name < names + n; name += strlen(name) + 1)
		good = copy_xattr(from, to, name, value, there);
	free(room);
	return good;
}

static bool make_like(int fd, int like)
{
	struct stat st, own;

	if (like < 0)
		return fchmod(fd, 0644) == 0;
	if (fstat(like, &st) || fstat(fd, &own))
		return false;
	if ((own.st_uid != st.st_uid || own.st_gid != st.st_gid) && fchown(fd, st.st_uid, st.st_gid))
		return false;
	return fchmod(fd, st.st_mode & 07777) == 0 && copy_xattrs(like, fd);
}

/* ---- changes ---- */

static int make_beside(int folder, char name[64])
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	snprintf(name, 64, BESIDE "%016llx", (unsigned long long)random);
	return openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* What we do to a folder is to leave its times as they were; only its owner may set them. */
static void set_times_back(const struct folder *folder, const struct stat *before)
{
	(void)!futimens(folder->fd, (struct timespec[2]){before->st_atim, before->st_mtim});
	fsync(folder->fd);
}

enum pipgate_status folder_replace(const struct folder *folder, const char *name, struct span bytes, int like, const struct timespec times[2],
	struct pipgate_error *error)
{
	char beside[64];
	struct stat before;
	bool good = fstat(folder->fd, &before) == 0;
	int fd = good ? make_beside(folder->fd, beside) : -1;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s cannot be written: %s", folder->path, strerror(errno));
	good = make_like(fd, like) && file_put(fd, bytes) && (!times || futimens(fd, times) == 0) && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	good = good && renameat(folder->fd, beside, folder->fd, name) == 0;
	if (!good) {
		error_set(error, PIPGATE_FAILED, "%s/%s cannot be written: %s", folder->path, name, strerror(errno));
		unlinkat(folder->fd, beside, 0);
	}
	set_times_back(folder, &before);
	return good ? PIPGATE_OK : PIPGATE_FAILED;
}

enum pipgate_status folder_remove(const struct folder *folder, const char *name, struct pipgate_error *error)
{
	struct stat before;

	if (fstat(folder->fd, &before) || unlinkat(folder->fd, name, 0))
		return error_set(error, PIPGATE_FAILED, "%s/%s cannot be removed: %s", folder->path, name, strerror(errno));
	set_times_back(folder, &before);
	return PIPGATE_OK;
}
