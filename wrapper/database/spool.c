/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#define SPOOL_BUFFER ((size_t)256 << 10) /* few system calls, little memory */

enum pipgate_status spool_init(struct spool *s, int fd)
{
	*s = (struct spool){.fd = fd, .buffer = malloc(SPOOL_BUFFER)};
	return s->buffer ? PIPGATE_OK : PIPGATE_NO_MEMORY;
}

void spool_fini(struct spool *s)
{
	free(s->buffer);
	s->buffer = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static enum pipgate_status write_all(int fd, struct span bytes, struct pipgate_error *error)
{
	while (bytes.n) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(error, PIPGATE_FAILED, "the working file beside the database cannot be written: %s; make room on its disk",
				n < 0 ? strerror(errno) : "nothing was written");
		bytes = span_from(bytes, (size_t)n);
	}
	return PIPGATE_OK;
}

enum pipgate_status spool_flush(struct spool *s, struct pipgate_error *error)
{
	enum pipgate_status status = write_all(s->fd, (struct span){s->buffer, s->used}, error);

	s->used = 0;
	return status;
}

enum pipgate_status spool_add(struct spool *s, struct span bytes, uint64_t *at, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	if (bytes.n > SPOOL_BUFFER - s->used)
		status = spool_flush(s, error);
	if (status != PIPGATE_OK)
		return status;
	if (bytes.n > SPOOL_BUFFER) {
		status = write_all(s->fd, bytes, error);
	} else if (bytes.n) {
		memcpy(s->buffer + s->used, bytes.p, bytes.n);
		s->used += bytes.n;
	}
	if (status == PIPGATE_OK) {
		*at = s->size;
		s->size += bytes.n;
	}
	return status;
}

enum pipgate_status spool_read(struct spool *s, uint64_t at, char *out, size_t n, struct pipgate_error *error)
{
	while (n) {
		ssize_t got = pread(s->fd, out, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return error_set(error, PIPGATE_FAILED, "working file: %s", got < 0 ? strerror(errno) : "shorter than what was written");
		out += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return PIPGATE_OK;
}
