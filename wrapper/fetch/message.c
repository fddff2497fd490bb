/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/message.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/banned.h"

/* ---- where its bytes come from ---- */

struct source {
	struct fetch *fetch;
	int fd; /* -1: the job's body */
	uint64_t size;
};

static enum pipgate_status source_open(struct source *s)
{
	const struct job *job = s->fetch->job;
	struct stat st;

	s->fd = -1;
	s->size = job->body_bytes;
	if (!*job->place)
		return PIPGATE_OK;
	s->fd = open(job->place, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (s->fd < 0)
		return fetch_fail(s->fetch, FETCH_CLASS_FILE, "cannot be opened: %s", errno == ELOOP ? "a symbolic link" : strerror(errno));
	if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return fetch_fail(s->fetch, FETCH_CLASS_FILE, "not a regular file");
	s->size = (uint64_t)st.st_size;
	if (s->size > job->max_bytes)
		return fetch_fail(s->fetch, FETCH_CLASS_LIMIT, "larger than %" PRIu64 " bytes", job->max_bytes);
	return PIPGATE_OK;
}

/* Up to n bytes of the file. FAILED: the disk, or the deadline. */
static enum pipgate_status source_read(struct source *s, char *to, size_t n, size_t *got)
{
	ssize_t done;

	do
		done = read(s->fd, to, n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return fetch_fail(s->fetch, FETCH_CLASS_FILE, "cannot be read: %s", strerror(errno));
	*got = (size_t)done;
	return fetch_in_time(s->fetch);
}

/* ---- its two forms ---- */

/* A file that grows or shrinks meanwhile is as its size was at the beginning, or is refused. */
static enum pipgate_status digest_file(struct source *s, EVP_MD_CTX *context)
{
	uint64_t left = s->size;
	char *room = s->fetch->room;

	while (left) {
		size_t n = left < FETCH_ITEM_MAX ? (size_t)left : (size_t)FETCH_ITEM_MAX;

		if (source_read(s, room, n, &n) != PIPGATE_OK)
			return PIPGATE_FAILED;
		if (!n)
			return fetch_fail(s->fetch, FETCH_CLASS_FILE, "ended while it was read");
		if (EVP_DigestUpdate(context, room, n) != 1)
			return fetch_fail(s->fetch, FETCH_CLASS_SIGNATURE, "libcrypto cannot make a BLAKE2b digest");
		left -= n;
	}
	return PIPGATE_OK;
}

static enum pipgate_status digest(struct source *s, struct message *out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, EVP_blake2b512(), NULL) == 1;
	enum pipgate_status status = PIPGATE_OK;

	if (good && s->fd >= 0)
		status = digest_file(s, context);
	else if (good && s->size)
		good = EVP_DigestUpdate(context, s->fetch->job->body, s->size) == 1;
	good = good && status == PIPGATE_OK && EVP_DigestFinal_ex(context, out->digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (!good)
		return fetch_fail(s->fetch, FETCH_CLASS_SIGNATURE, "libcrypto cannot make a BLAKE2b digest");
	out->bytes = (struct span){(const char *)out->digest, sizeof(out->digest)};
	return PIPGATE_OK;
}

static enum pipgate_status whole(struct source *s, struct message *out)
{
	size_t at = 0, n = 0;

	if (s->fd < 0) {
		out->bytes = (struct span){s->size ? s->fetch->job->body : "", s->size};
		return PIPGATE_OK;
	}
	if (s->size > MESSAGE_WHOLE_MAX)
		return fetch_fail(s->fetch, FETCH_CLASS_LIMIT, "larger than %" PRIu64 " bytes, and the signature is not of a digest",
				  MESSAGE_WHOLE_MAX);
	out->owned = malloc(s->size + 1);
	if (!out->owned)
		return fetch_fail(s->fetch, FETCH_CLASS_LIMIT, "out of memory");
	for (; at < s->size; at += n) {
		if (source_read(s, out->owned + at, s->size - at, &n) != PIPGATE_OK)
			return PIPGATE_FAILED;
		if (!n)
			return fetch_fail(s->fetch, FETCH_CLASS_FILE, "ended while it was read");
	}
	out->bytes = (struct span){out->owned, at};
	return PIPGATE_OK;
}

enum pipgate_status message_read(struct fetch *fetch, bool hashed, struct message *out)
{
	struct source source = {.fetch = fetch};
	enum pipgate_status status;

	out->owned = NULL;
	status = source_open(&source);
	if (status == PIPGATE_OK) {
		frames_meta(fetch->out, span_of(fetch->job->place), SPAN(""), -1, -1, source.size);
		status = hashed ? digest(&source, out) : whole(&source, out);
	}
	if (source.fd >= 0)
		close(source.fd);
	return status;
}

void message_fini(struct message *message)
{
	free(message->owned);
	message->owned = NULL;
}
