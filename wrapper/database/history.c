/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/database/database.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define SERIAL_DIGITS 18 /* fits int64_t */
#define SERIAL_MAX INT64_C(999999999999999999)
#define ENTRIES_MAX 1000 /* of a folder that is read: ours has four at most */
#define PASSING ".passing" /* a link on its way to a name that is taken */

struct kept { /* one of them */
	int64_t serial;
	struct timespec replaced; /* ctime: when its links changed last, which is when another one took its place */
};
struct past {
	int fd; /* the folder; -1: there is none */
	struct kept kept[ENTRIES_MAX];
	size_t n;
};

bool history_serial(const char *word, int64_t *serial)
{
	size_t n = strspn(word, "0123456789");

	if (!n || word[n] || n > SERIAL_DIGITS || (word[0] == '0' && n > 1))
		return false;
	*serial = strtoll(word, NULL, 10);
	return true;
}

/* SERIAL.db */
static bool name_read(const char *name, int64_t *serial)
{
	struct span s = span_of(name);
	char digits[SERIAL_DIGITS + 1];

	if (!span_ends(s, SPAN(".db")) || s.n - 3 > SERIAL_DIGITS)
		return false;
	snprintf(digits, sizeof(digits), "%.*s", (int)(s.n - 3), name);
	return history_serial(digits, serial);
}

static void name_write(int64_t serial, char out[32])
{
	snprintf(out, 32, "%" PRId64 ".db", serial);
}

/* The one that was replaced last comes first. */
static int last_first(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->replaced.tv_sec != y->replaced.tv_sec)
		return x->replaced.tv_sec < y->replaced.tv_sec ? 1 : -1;
	if (x->replaced.tv_nsec != y->replaced.tv_nsec)
		return x->replaced.tv_nsec < y->replaced.tv_nsec ? 1 : -1;
	return (x->serial < y->serial) - (x->serial > y->serial);
}

/* Takes fd. */
static void past_read(int fd, struct past *out)
{
	int again = fd < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);
	struct stat st;

	out->fd = fd;
	out->n = 0;
	if (!dir) {
		if (again >= 0)
			close(again);
		return;
	}
	for (struct dirent *e; out->n < ENTRIES_MAX && (e = readdir(dir));)
		if (name_read(e->d_name, &out->kept[out->n].serial) && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(st.st_mode))
			out->kept[out->n++].replaced = st.st_ctim;
	closedir(dir);
	if (out->n)
		qsort(out->kept, out->n, sizeof(*out->kept), last_first);
}

static void past_close(struct past *past)
{
	if (past->fd >= 0)
		close(past->fd);
	past->fd = -1;
}

/* ---- writing ---- */

static int folder_open(const struct beside *b, bool make)
{
	char name[NAME_MAX + 1];

	if ((size_t)snprintf(name, sizeof(name), "%s" HISTORY_SUFFIX, b->name) >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (make && mkdirat(b->folder, name, 0755) != 0 && errno != EEXIST)
		return -1;
	return openat(b->folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Of a database that can be read and has a serial that can be: 0 where it was made without one. */
static bool serial_of(const char *path, int64_t *serial)
{
	struct database *database = NULL;
	struct pipgate_error error;

	if (database_open(path, &database, &error) != PIPGATE_OK)
		return false;
	*serial = database_info(database)->serial;
	database_close(&database);
	return *serial >= 0 && *serial <= SERIAL_MAX;
}

int64_t history_next(const struct beside *b)
{
	int64_t last = 0;
	struct past past;

	if (!serial_of(b->target, &last))
		last = 0; /* none is there, or nothing that could be replaced in any order */
	past_read(folder_open(b, false), &past);
	for (size_t i = 0; i < past.n; i++)
		if (past.kept[i].serial > last)
			last = past.kept[i].serial;
	past_close(&past);
	return last < SERIAL_MAX ? last + 1 : SERIAL_MAX;
}

static bool link_put(const struct beside *b, int folder, const char *name)
{
	struct stat old, kept;

	if (linkat(b->folder, b->name, folder, name, 0) == 0)
		return true;
	if (errno != EEXIST || fstatat(b->folder, b->name, &old, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (fstatat(folder, name, &kept, AT_SYMLINK_NOFOLLOW) == 0 && kept.st_dev == old.st_dev && kept.st_ino == old.st_ino)
		return true; /* linked by an update that ended before it renamed */
	unlinkat(folder, PASSING, 0);
	if (linkat(b->folder, b->name, folder, PASSING, 0) != 0)
		return false;
	if (renameat(folder, PASSING, folder, name) == 0)
		return true;
	unlinkat(folder, PASSING, 0);
	return false;
}

/* Before the rename: at no moment is the old one nowhere. */
static void keep(const struct beside *b)
{
	int64_t serial;
	struct stat st;
	char name[32];
	int folder;

	if (fstatat(b->folder, b->name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) || !serial_of(b->target, &serial))
		return; /* nothing is there that could be read later */
	name_write(serial, name);
	folder = folder_open(b, true);
	if (folder < 0 || !link_put(b, folder, name))
		log_stage("history", "%s: serial %" PRId64 " cannot be kept in " HISTORY_SUFFIX ": %s", b->target, serial, strerror(errno));
	else
		fsync(folder);
	if (folder >= 0)
		close(folder);
}

static void prune(const struct beside *b)
{
	struct past past;
	char name[32];

	past_read(folder_open(b, false), &past);
	for (size_t i = HISTORY_KEPT; i < past.n; i++) {
		name_write(past.kept[i].serial, name);
		unlinkat(past.fd, name, 0);
	}
	past_close(&past);
}

enum pipgate_status history_commit(struct beside *b, struct pipgate_error *error)
{
	enum pipgate_status status;

	keep(b);
	status = beside_commit(b, error);
	if (status == PIPGATE_OK)
		prune(b);
	return status;
}

/* ---- reading ---- */

static bool path_set(char out[4096], const char *path, int64_t serial)
{
	int n = snprintf(out, 4096, "%s" HISTORY_SUFFIX "/%" PRId64 ".db", path, serial);

	return n > 0 && n < 4096;
}

enum pipgate_status history_find(const char *path, int64_t serial, char out[4096], struct pipgate_error *error)
{
	int64_t current;

	if (path_set(out, path, serial) && access(out, F_OK) == 0)
		return PIPGATE_OK;
	if (!serial_of(path, &current) || current != serial || snprintf(out, 4096, "%s", path) >= 4096)
		return error_set(error, PIPGATE_FAILED,
			"%s: no database of serial %" PRId64 " is kept (the last %d that were replaced are: %s" HISTORY_SUFFIX ")", path, serial,
			HISTORY_KEPT, path);
	return PIPGATE_OK;
}

enum pipgate_status history_newest(const char *path, char out[4096], struct pipgate_error *error)
{
	struct past past;
	bool found;

	if (snprintf(out, 4096, "%s" HISTORY_SUFFIX, path) >= 4096)
		return error_set(error, PIPGATE_FAILED, "%s: the path is too long", path);
	past_read(open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC), &past);
	found = past.n && path_set(out, path, past.kept[0].serial);
	past_close(&past);
	return found ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s: no older database is kept beside it (%s" HISTORY_SUFFIX ")", path, path);
}
