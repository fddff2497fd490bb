/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/note.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shims/hook/log.h"

#define HASH_BYTES 64
#define LINE_BYTES (HASH_BYTES + 1 + NAME_MAX + 1)
#define NOTES_BYTES ((size_t)256 << 10) /* some two thousand wheels; a full file becomes the old one */

static const char current[] = "built", older[] = "built.old";

/* ---- the folder and its files ---- */

static bool ours_alone(int fd, mode_t kind, struct stat *st)
{
	return fstat(fd, st) == 0 && (st->st_mode & S_IFMT) == kind && st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	mkdir(path, 0700);
}

/* -1: there is none, or others may write there. */
static int folder_open(bool make)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	bool named = state && state[0] == '/'; /* the specification: a relative one is ignored */
	char path[PATH_MAX];
	struct stat st;
	int fd, n = snprintf(path, sizeof(path), named ? "%s/pipgate" : "%s/.local/state/pipgate", named ? state : home ? home : "");

	if (n < 0 || (size_t)n >= sizeof(path) || (!named && (!home || home[0] != '/')))
		return -1;
	if (make)
		make_folders(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && !ours_alone(fd, S_IFDIR, &st)) {
		log_line("notes: others may write to %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static bool line_good(const char *line, size_t n)
{
	if (n <= HASH_BYTES + 1 || n >= LINE_BYTES || strspn(line, "0123456789abcdef") != HASH_BYTES || line[HASH_BYTES] != ' ')
		return false;
	for (size_t i = HASH_BYTES + 1; i < n; i++)
		if ((unsigned char)line[i] <= ' ' || line[i] == 0x7f)
			return false;
	return true;
}

static bool lines_good(const char *text, size_t n)
{
	while (n) {
		const char *end = memchr(text, '\n', n);

		if (!end || !line_good(text, (size_t)(end - text)))
			return false;
		n -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	return true;
}

static char *read_all(int fd, size_t n)
{
	char *text = malloc(n + 1);
	size_t done = 0;

	while (text && done < n) {
		ssize_t got = read(fd, text + done, n - done);

		if (got <= 0) {
			free(text);
			return NULL;
		}
		done += (size_t)got;
	}
	if (text)
		text[n] = 0;
	return text;
}

/* The whole of a file, NUL-ended; one that is not there is empty. NULL: it is not to be believed. */
static char *notes_read(int folder, const char *name, size_t *n)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	struct stat st;

	*n = 0;
	if (fd < 0 && errno == ENOENT)
		return calloc(1, 1);
	if (fd >= 0 && ours_alone(fd, S_IFREG, &st) && (size_t)st.st_size <= NOTES_BYTES) {
		*n = (size_t)st.st_size;
		text = read_all(fd, *n);
	}
	if (fd >= 0)
		close(fd);
	if (text && !lines_good(text, *n)) {
		free(text);
		text = NULL;
	}
	if (!text)
		log_line("notes: %s is not believed", name);
	return text;
}

/* ---- noting and asking ---- */

static bool line_make(char *line, const char *sha256, const char *file)
{
	int n = snprintf(line, LINE_BYTES + 1, "%s %s", sha256, file);

	return n > 0 && n < LINE_BYTES && line_good(line, (size_t)n);
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = strstr(text, line); at; at = strstr(at + 1, line))
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

static bool file_has(int folder, const char *name, const char *line)
{
	size_t n;
	char *text = notes_read(folder, name, &n);
	bool has = text && has_line(text, line);

	free(text);
	return has;
}

bool note_have(const char *sha256, const char *file)
{
	char line[LINE_BYTES + 1];
	int folder = line_make(line, sha256, file) ? folder_open(false) : -1;
	bool have = folder >= 0 && (file_has(folder, current, line) || file_has(folder, older, line));

	if (folder >= 0)
		close(folder);
	return have;
}

/* Room for one more line: what is not to be believed goes, what is full steps back. */
static void make_room(int folder)
{
	size_t n;
	char *text = notes_read(folder, current, &n);

	if (!text)
		unlinkat(folder, current, 0);
	else if (n + LINE_BYTES > NOTES_BYTES)
		renameat(folder, current, folder, older);
	free(text);
}

void note_add(const char *sha256, const char *file)
{
	char line[LINE_BYTES + 1];
	int folder = line_make(line, sha256, file) && !note_have(sha256, file) ? folder_open(true) : -1, fd;
	size_t n = strlen(line);

	if (folder < 0)
		return;
	make_room(folder);
	fd = openat(folder, current, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	line[n] = '\n';
	/* in one piece, also where two pips note at once; a piece that is cut short shows as a line that is none */
	log_line("%s: %s", fd >= 0 && write(fd, line, n + 1) == (ssize_t)(n + 1) ? "noted as built here" : "cannot be noted", file);
	if (fd >= 0)
		close(fd);
	close(folder);
}
