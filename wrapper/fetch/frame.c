/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/frame.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shims/hook/protocol.h"

#include "matcher/base/banned.h"

#define GATHER ((size_t)256 << 10) /* some hundred advisories a write */

struct frames {
	int fd;
	uint32_t job;
	uint64_t items, bytes;
	EVP_MD_CTX *sha;
	size_t n;
	unsigned char gathered[GATHER];
};

struct frames *frames_new(int fd)
{
	struct frames *frames = malloc(sizeof(*frames));

	if (!frames)
		return NULL;
	frames->fd = fd;
	frames->n = 0;
	frames->sha = EVP_MD_CTX_new();
	frames_job(frames, 0);
	if (!frames->sha)
		frames_free(&frames);
	return frames;
}

void frames_free(struct frames **frames)
{
	if (*frames)
		EVP_MD_CTX_free((*frames)->sha);
	free(*frames);
	*frames = NULL;
}

void frames_job(struct frames *frames, uint32_t job)
{
	frames->job = job;
	frames->items = frames->bytes = 0;
	if (frames->sha && EVP_DigestInit_ex(frames->sha, EVP_sha256(), NULL) != 1)
		_exit(1);
}

static void write_all(int fd, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			_exit(1);
		p += done;
		n -= (size_t)done;
	}
}

static void flush(struct frames *frames)
{
	write_all(frames->fd, frames->gathered, frames->n);
	frames->n = 0;
}

static void put(struct frames *frames, const void *bytes, size_t n)
{
	if (n > GATHER - frames->n)
		flush(frames);
	if (n >= GATHER) {
		write_all(frames->fd, bytes, n);
		return;
	}
	if (n)
		memcpy(frames->gathered + frames->n, bytes, n);
	frames->n += n;
}

static void little_endian(unsigned char *out, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

static void send_frame(struct frames *frames, const char *tag, struct span name, struct span body)
{
	unsigned char header[FETCH_HEADER_BYTES] = {0};

	memcpy(header, tag, 4);
	little_endian(header + 4, frames->job, 4);
	little_endian(header + 8, name.n, 4);
	little_endian(header + 16, body.n, 8);
	put(frames, header, sizeof(header));
	put(frames, name.p, name.n);
	put(frames, body.p, body.n);
}

static struct span cut(struct span text)
{
	return text.n > FETCH_TEXT_MAX ? (struct span){text.p, FETCH_TEXT_MAX} : text;
}

void frames_helo(struct frames *frames)
{
	send_frame(frames, FETCH_HELO, SPAN(PROTOCOL_VERSION), SPAN("pipgate-fetch/" PIPGATE_VERSION));
	flush(frames);
}

void frames_meta(struct frames *frames, struct span place, struct span etag, int64_t date, int64_t answered, uint64_t length)
{
	char fields[512];
	int n = snprintf(fields, sizeof(fields), "etag=" SPAN_FMT "%cdate=%" PRId64 "%canswered=%" PRId64 "%clength=%" PRIu64, 
			 SPAN_ARG(etag), 0, date, 0, answered, 0, length);

	if (n < 0 || (size_t)n >= sizeof(fields))
		n = 0;
	send_frame(frames, FETCH_META, place.n > FETCH_NAME_MAX ? SPAN("") : place, (struct span){fields, (size_t)n + 1});
}

void frames_item(struct frames *frames, struct span name, struct span body)
{
	if (EVP_DigestUpdate(frames->sha, body.n ? body.p : "", body.n) != 1)
		_exit(1);
	frames->items++;
	frames->bytes += body.n;
	send_frame(frames, FETCH_ITEM, name, body);
}

void frames_skip(struct frames *frames, struct span name, const char *reason)
{
	send_frame(frames, FETCH_SKIP, name, cut(span_of(reason)));
}

void frames_note(struct frames *frames, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	send_frame(frames, FETCH_NOTE, SPAN(""), span_of(text));
	flush(frames);
}

void frames_fail(struct frames *frames, const char *class, const char *text)
{
	send_frame(frames, FETCH_FAIL, span_of(class), cut(span_of(text)));
	flush(frames);
}

void frames_done(struct frames *frames)
{
	unsigned char body[FETCH_DONE_BYTES];
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(frames->sha, digest, NULL) != 1)
		_exit(1);
	little_endian(body, frames->items, 8);
	little_endian(body + 8, frames->bytes, 8);
	memcpy(body + 16, digest, 32);
	send_frame(frames, FETCH_DONE, SPAN(""), (struct span){(const char *)body, sizeof(body)});
	flush(frames);
}

uint64_t frames_items(const struct frames *frames)
{
	return frames->items;
}
