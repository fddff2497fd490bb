/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of an address go: a file without a name, or items (unpacked first, where the server packed them). */
#ifndef FETCH_STREAM_H
#define FETCH_STREAM_H

#include "wrapper/fetch/http.h"

/* ---- a seekable file without a name ---- */

struct spool {
	struct fetch *fetch;
	int fd;
};

#define SPOOLS_MAX 12 /* of jobs that run together */
/* Makes so many of them ahead, while files can still be made (confine_files()). */
void spools_prepare(size_t n);
/* One of them, else a new one. */
enum pipgate_status spool_open(struct spool *spool) PIPGATE_MUST_USE;
void spool_close(struct spool *spool);
/* As struct http_taker has them; ctx is the spool. */
enum pipgate_status spool_take(void *ctx, const void *bytes, size_t n) PIPGATE_MUST_USE;
bool spool_again(void *ctx);

/* ---- items ---- */

struct stream {
	struct chunker chunker;
	struct http_answer answer;
	struct spool spool; /* of a gzip encoded answer: its checksum is at its end */
	bool meta;
};

void stream_init(struct stream *stream, struct fetch *fetch);
/* As struct http_taker has them; ctx is the stream. */
enum pipgate_status stream_take(void *ctx, const void *bytes, size_t n) PIPGATE_MUST_USE;
bool stream_again(void *ctx);
/* After the transfer, with its status: what is left of META and ITEMs goes out, the spool goes away. An answer that fits into one
 * item sends nothing before. */
enum pipgate_status stream_end(struct stream *stream, enum pipgate_status status) PIPGATE_MUST_USE;

#endif
