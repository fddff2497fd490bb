/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/fetch/gzip.h"

#include "matcher/base/banned.h"

/* ---- a seekable file without a name ---- */

static struct {
	int fds[SPOOLS_MAX];
	size_t n;
	int why; /* errno where one could not be made */
} ready;

static int nameless(void)
{
	const char *folder = getenv("TMPDIR");
	char path[FETCH_NAME_MAX];
	int fd;

	if (!folder || !*folder)
		folder = "/tmp";
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	/* file systems without O_TMPFILE */
	if ((size_t)snprintf(path, sizeof(path), "%s/pipgate-fetch.XXXXXX", folder) < sizeof(path)) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0 && unlink(path) == 0)
			return fd;
	}
	return -1;
}

void spools_prepare(size_t n)
{
	for (; ready.n < n && (ready.fds[ready.n] = nameless()) >= 0; ready.n++)
		;
	ready.why = ready.n < n ? errno : 0;
}

enum pipgate_status spool_open(struct spool *spool)
{
	spool->fd = ready.n ? ready.fds[--ready.n] : nameless();
	if (spool->fd >= 0)
		return PIPGATE_OK;
	return fetch_fail(spool->fetch, FETCH_CLASS_FILE, "no temporary file in TMPDIR: %s", strerror(ready.why ? ready.why : errno));
}

/* Emptied, for the next one. */
void spool_close(struct spool *spool)
{
	int fd = spool->fd;

	spool->fd = -1;
	if (fd < 0)
		return;
	if (ready.n < SPOOLS_MAX && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		ready.fds[ready.n++] = fd;
	else
		close(fd);
}

enum pipgate_status spool_take(void *ctx, const void *bytes, size_t n)
{
	struct spool *spool = ctx;
	const char *p = bytes;

	while (n) {
		ssize_t done = write(spool->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fetch_fail(spool->fetch, FETCH_CLASS_FILE,
					  "the temporary file cannot be written: %s; make room in TMPDIR, or set it to another folder",
				strerror(errno));
		p += done;
		n -= (size_t)done;
	}
	return PIPGATE_OK;
}

bool spool_again(void *ctx)
{
	const struct spool *spool = ctx;

	return ftruncate(spool->fd, 0) == 0 && lseek(spool->fd, 0, SEEK_SET) == 0;
}

/* ---- an address whose bytes are items ---- */

static void stream_meta(struct stream *stream, uint64_t length)
{
	const struct http_answer *answer = &stream->answer;

	if (!stream->meta)
		frames_meta(stream->chunker.fetch->out, span_of(answer->place), span_of(answer->etag), answer->date, answer->answered,
			length);
	stream->meta = true;
}

enum pipgate_status stream_take(void *ctx, const void *bytes, size_t n)
{
	struct stream *stream = ctx;

	if (stream->answer.gzip) {
		if (stream->spool.fd < 0 && spool_open(&stream->spool) != PIPGATE_OK)
			return PIPGATE_FAILED;
		return spool_take(&stream->spool, bytes, n);
	}
	if (stream->chunker.n + n > FETCH_ITEM_MAX) /* an item goes out: META comes before it, the length unknown yet */
		stream_meta(stream, 0);
	return chunker_add(&stream->chunker, bytes, n);
}

bool stream_again(void *ctx)
{
	struct stream *stream = ctx;

	stream->chunker.n = 0;
	return stream->chunker.items == 0 && (stream->spool.fd < 0 || spool_again(&stream->spool));
}

static enum pipgate_status stream_unpack(struct stream *stream)
{
	struct fetch *fetch = stream->chunker.fetch;
	struct gzip gzip;
	struct span bytes;
	enum pipgate_status status = PIPGATE_FAILED;

	if (lseek(stream->spool.fd, 0, SEEK_SET) != 0)
		return fetch_fail(fetch, FETCH_CLASS_FILE, "the temporary file cannot be read");
	if (gzip_open(&gzip, fetch, stream->spool.fd, stream->answer.length) != PIPGATE_OK)
		goto out;
	do {
		if (gzip_next(&gzip, &bytes) != PIPGATE_OK || chunker_add(&stream->chunker, bytes.p, bytes.n) != PIPGATE_OK)
			goto out;
	} while (bytes.n);
	status = PIPGATE_OK;
out:
	gzip_fini(&gzip);
	return status;
}

void stream_init(struct stream *stream, struct fetch *fetch)
{
	*stream = (struct stream){.chunker = {.fetch = fetch, .name = job_basename(fetch->job->place)}, .spool = {fetch, -1}};
}

enum pipgate_status stream_end(struct stream *stream, enum pipgate_status status)
{
	if (status == PIPGATE_OK) {
		stream_meta(stream, stream->answer.length);
		if (stream->answer.gzip && stream->spool.fd >= 0) /* a try before may have been packed, and this one not */
			status = stream_unpack(stream);
	}
	if (status == PIPGATE_OK)
		status = chunker_end(&stream->chunker);
	spool_close(&stream->spool);
	return status;
}
