/* SPDX-License-Identifier: Apache-2.0 */
/* An archive's files into a private folder. pipgate-fetch has unpacked and judged them; every name is looked at a second time. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/check/archive.h"
#include "wrapper/feed/transport.h"
#include "wrapper/file.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define UNPACKED_BYTES ((uint64_t)4 << 30)
#define UNPACKED_ENTRIES 200000u /* the largest real ones have some 30,000 */

struct unfolding {
	int folder, fd; /* fd: the last file, -1: none */
	struct buf name;  /* its name */
};

static bool proper(struct span part)
{
	return part.n && part.n <= 255 && !span_is(part, ".") && !span_is(part, "..") && !memchr(part.p, 0, part.n);
}

/* The folder that holds the name's last part, made where it is missing; no link is followed. -1: errno tells. */
static int walk(int folder, struct span *name)
{
	int at = fcntl(folder, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	while (at >= 0 && memchr(name->p, '/', name->n)) {
		struct span part = span_split(name, '/');
		char text[256];
		int next = -1;

		errno = EINVAL;
		if (proper(part)) {
			memcpy(text, part.p, part.n);
			text[part.n] = 0;
			if (mkdirat(at, text, 0700) == 0 || errno == EEXIST)
				next = openat(at, text, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
		close(at);
		at = next;
	}
	return at;
}

static int make_file(int folder, struct span name)
{
	int at = walk(folder, &name), fd = -1;
	char text[256];

	if (at < 0)
		return -1;
	errno = EINVAL;
	if (proper(name)) {
		memcpy(text, name.p, name.n);
		text[name.n] = 0;
		fd = openat(at, text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	close(at);
	return fd;
}

static enum pipgate_status take(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	struct unfolding *u = ctx;

	if (u->fd < 0 || !span_equal(buf_view(&u->name), name)) { /* else a piece of the same file */
		if (u->fd >= 0)
			close(u->fd);
		buf_clear(&u->name);
		buf_span(&u->name, name);
		u->fd = buf_status(&u->name) == PIPGATE_OK ? make_file(u->folder, name) : -1;
	}
	if (u->fd < 0 || !file_put(u->fd, body))
		return error_set(error, PIPGATE_FAILED, SPAN_FMT ": %s", SPAN_ARG(name), strerror(errno));
	return PIPGATE_OK;
}

static enum pipgate_status unpack(const char *path, const char *folder, struct pipgate_error *error)
{
	struct unfolding u = {.folder = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), .fd = -1};
	const struct transport_sink sink = {.ctx = &u, .item = take};
	const struct transport_job job = {.verb = "unpack", .place = span_of(path), .pieces = true, .max_bytes = UNPACKED_BYTES,
		.max_entries = UNPACKED_ENTRIES};
	struct transport_result result;
	enum pipgate_status status;

	if (u.folder < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	buf_init(&u.name, NULL, 4096);
	status = transport_run(&job, &sink, &result, error);
	buf_fini(&u.name);
	if (u.fd >= 0)
		close(u.fd);
	close(u.folder);
	return status;
}

void archive_unfold(struct pipgate_run *run, struct archive *archive)
{
	struct pipgate_error error;
	const char *temporary;
	char *folder;

	if (archive->fault || archive->folder)
		return;
	temporary = temporary_folder(&error);
	folder = temporary ? text_format(run, "%s/unpacked-XXXXXX", temporary) : NULL;
	if (folder && !mkdtemp(folder)) {
		error_set(&error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
		folder = NULL;
	}
	if (!folder || unpack(archive->path, folder, &error) != PIPGATE_OK)
		archive->fault = text_format(run, "its archive cannot be unpacked: %s", error.text);
	archive->folder = folder;
}

void archive_fold(struct archive *archive)
{
	if (archive->folder && archive->folder != archive->path)
		tree_remove(archive->folder);
}
