/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames on stdout (docs/protocol.md). Writes are gathered; a reader who has gone ends the program, as there is nobody
 * left to tell.
 */
#ifndef FETCH_FRAME_H
#define FETCH_FRAME_H

#include "matcher/base/span.h"

struct frames;

struct frames *frames_new(int fd); /* NULL: no memory */
void frames_free(struct frames **frames);

void frames_helo(struct frames *frames);
/* Frames that follow belong to this job; counts and digest begin anew. */
void frames_job(struct frames *frames, uint32_t job);

/* body: NUL-ended etag=, date= and answered= (seconds since 1970, -1 unknown), length= (bytes of the place). */
void frames_meta(struct frames *frames, struct span place, struct span etag, int64_t date, int64_t answered, uint64_t length);
void frames_item(struct frames *frames, struct span name, struct span body);
void frames_skip(struct frames *frames, struct span name, const char *reason);
void frames_note(struct frames *frames, const char *format, ...) __attribute__((format(printf, 2, 3))); /* sent at once */
void frames_fail(struct frames *frames, const char *class, const char *text);
void frames_done(struct frames *frames);
uint64_t frames_items(const struct frames *frames);

#endif
