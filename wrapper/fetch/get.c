/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/get.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/fetch/address.h"
#include "wrapper/fetch/stream.h"
#include "wrapper/fetch/unpack.h"

#include "matcher/base/banned.h"

/* ---- a path ---- */

/* A regular file of at most max-bytes, and its META. A symbolic link to one is the user's own business. */
static enum pipgate_status file_open(struct fetch *fetch, int *out, uint64_t *size)
{
	const char *place = fetch->job->place;
	int fd = open(place, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a pipe must not block here */
	struct stat st;

	if (fd < 0)
		return fetch_fail(fetch, FETCH_CLASS_FILE, "cannot be opened: %s", strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0) {
		close(fd);
		return fetch_fail(fetch, FETCH_CLASS_FILE, "not a regular file");
	}
	if ((uint64_t)st.st_size > fetch->job->max_bytes) {
		close(fd);
		return fetch_fail(fetch, FETCH_CLASS_LIMIT, "larger than %" PRIu64 " bytes", fetch->job->max_bytes);
	}
	frames_meta(fetch->out, span_of(place), SPAN(""), st.st_mtime, -1, (uint64_t)st.st_size);
	*out = fd;
	*size = (uint64_t)st.st_size;
	return PIPGATE_OK;
}

static enum pipgate_status file_send(struct fetch *fetch, int fd)
{
	struct chunker chunker = {.fetch = fetch, .name = job_basename(fetch->job->place)};
	char block[64 << 10];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fetch_fail(fetch, FETCH_CLASS_FILE, "cannot be read: %s", strerror(errno));
		if (fetch_in_time(fetch) != PIPGATE_OK || chunker_add(&chunker, block, (size_t)n) != PIPGATE_OK)
			return PIPGATE_FAILED;
	}
	return chunker_end(&chunker);
}

static enum pipgate_status file_run(struct fetch *fetch)
{
	enum pipgate_status status;
	uint64_t size = 0;
	int fd = -1;

	if (fetch->job->verb == JOB_QUERY)
		return fetch_fail(fetch, FETCH_CLASS_JOB, "a query needs an http or https address");
	if (file_open(fetch, &fd, &size) != PIPGATE_OK)
		return PIPGATE_FAILED;
	if (fetch->job->verb == JOB_GET)
		status = file_send(fetch, fd);
	else
		status = unpack_file(fetch, fd, size, job_basename(fetch->job->place));
	close(fd);
	return status;
}

/* ---- an address whose bytes are items ---- */

static enum pipgate_status stream_run(struct fetch *fetch)
{
	struct stream stream;
	struct http_taker taker = {&stream, stream_take, stream_again};

	stream_init(&stream, fetch);
	return stream_end(&stream, http_get(fetch, &taker, &stream.answer));
}

/* ---- an address that is unpacked ---- */

static enum pipgate_status spool_run(struct fetch *fetch)
{
	struct spool spool = {fetch, -1};
	struct http_taker taker = {&spool, spool_take, spool_again};
	struct http_answer answer;
	enum pipgate_status status;

	if (spool_open(&spool) != PIPGATE_OK)
		return PIPGATE_FAILED;
	memset(&answer, 0, sizeof(answer));
	status = http_get(fetch, &taker, &answer);
	if (status == PIPGATE_OK && lseek(spool.fd, 0, SEEK_SET) != 0)
		status = fetch_fail(fetch, FETCH_CLASS_FILE, "the temporary file cannot be read");
	if (status == PIPGATE_OK) {
		frames_meta(fetch->out, span_of(answer.place), span_of(answer.etag), answer.date, answer.answered, answer.length);
		status = unpack_file(fetch, spool.fd, answer.length, job_basename(fetch->job->place));
	}
	spool_close(&spool);
	return status;
}

enum pipgate_status get_run(struct fetch *fetch)
{
	if (!address_looks_so(fetch->job->place))
		return file_run(fetch);
	return fetch->job->verb == JOB_UNPACK ? spool_run(fetch) : stream_run(fetch);
}
