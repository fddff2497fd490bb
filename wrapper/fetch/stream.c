/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/fetch/gzip.h"

#include "matcher/base/banned.h"

/* ---- a seekable file without a name ---- */

enum pipgate_status spool_open(struct spool *spool)
{
	const char *folder = getenv("TMPDIR");
	char path[FETCH_NAME_MAX];

	if (!folder || !*folder)
		folder = "/tmp";
	spool->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (spool->fd >= 0)
		return PIPGATE_OK;
	/* file systems without O_TMPFILE */
	if ((size_t)snprintf(path, sizeof(path), "%s/pipgate-fetch.XXXXXX", folder) < sizeof(path)) {
		spool->fd = mkostemp(path, O_CLOEXEC);
		if (spool->fd >= 0 && unlink(path) == 0)
			return PIPGATE_OK;
	}
	return fetch_fail(spool->fetch, FETCH_CLASS_FILE, "no temporary file: %s", strerror(errno));
}

void spool_close(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
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
