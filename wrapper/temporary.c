/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#define PREFIX "pipgate-run."
#define RANDOM "XXXXXX"
#define SWEEP_MAX 64       /* left-overs looked at in one start: a full TMPDIR must not cost time */
#define GRACE_SECONDS 5    /* between mkdtemp and the lock */
#define OPEN_FOLDERS 16    /* of one walk */

static char folder[4096];
static int lock_fd = -1;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	remove(path);
	return 0;
}

void tree_remove(const char *path)
{
	nftw(path, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The owner holds a lock on its folder for as long as it lives, in whichever container. */
static int folder_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void sweep_one(const char *base, const char *name)
{
	char path[4096];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", base, name) >= (int)sizeof(path))
		return;
	if (lstat(path, &st) || st.st_mode != (S_IFDIR | 0700) || st.st_uid != geteuid() || st.st_mtime + GRACE_SECONDS > time(NULL))
		return;
	fd = folder_lock(path);
	if (fd < 0)
		return;
	tree_remove(path);
	close(fd);
}

/* Nothing but what this file names: a checkout in TMPDIR may be called pipgate-something, too. */
static bool made_here(const char *name)
{
	return strncmp(name, PREFIX, sizeof(PREFIX) - 1) == 0 && strlen(name) == sizeof(PREFIX RANDOM) - 1;
}

static void sweep(const char *base)
{
	DIR *dir = opendir(base);
	struct dirent *entry;
	size_t seen = 0;

	if (!dir)
		return;
	while (seen < SWEEP_MAX && (entry = readdir(dir)))
		if (made_here(entry->d_name)) {
			sweep_one(base, entry->d_name);
			seen++;
		}
	closedir(dir);
}

const char *temporary_folder(struct pipgate_error *error)
{
	const char *base = getenv("TMPDIR");

	if (folder[0])
		return folder;
	if (!base || base[0] != '/')
		base = "/tmp";
	sweep(base);
	if (snprintf(folder, sizeof(folder), "%s/" PREFIX RANDOM, base) >= (int)sizeof(folder) || !mkdtemp(folder)) {
		error_set(error, PIPGATE_FAILED, "cannot make a private folder in %s: %s; set TMPDIR to a folder that can be written", base,
			strerror(errno));
		folder[0] = 0;
		return NULL;
	}
	lock_fd = folder_lock(folder);
	return folder;
}

void temporary_remove(void)
{
	if (folder[0])
		tree_remove(folder);
	folder[0] = 0;
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
}

int temporary_file(struct pipgate_error *error)
{
	char path[sizeof(folder) + sizeof("/nameless")];
	int fd;

	if (!temporary_folder(error))
		return -1;
	snprintf(path, sizeof(path), "%s/nameless", folder);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	else
		unlink(path);
	return fd;
}
