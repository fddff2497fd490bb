/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipgate-fetch's frames as they come out of a descriptor (docs/protocol.md), every length and count judged again: a
 * child that was taken over by what it unpacked gets no further than a malformed stream. Knows no process.
 */
#ifndef WRAPPER_FEED_FRAMES_H
#define WRAPPER_FEED_FRAMES_H

#include "wrapper/feed/transport.h"

#define FRAMES_JOB 1u /* transport runs one job a child */

/* Reads one job's frames to the end of file; fd may be non-blocking or not. deadline: clock_monotonic_ms(). Status and
 * error as for transport_run(). */
enum pipgate_status frames_read(int fd, int64_t deadline, const struct transport_job *job, const struct transport_sink *sink,
				struct transport_result *result, struct pipgate_error *error) PIPGATE_MUST_USE;

int64_t clock_monotonic_ms(void);
/* Until fd has one of the poll events: OK, else FAILED at the deadline or by a fault. EINTR is not one. */
enum pipgate_status wait_for(int fd, short events, int64_t deadline, struct pipgate_error *error) PIPGATE_MUST_USE;

/* transport_run() with another program and another patience behind the deadline, for tests. */
enum pipgate_status transport_run_with(const char *program, uint32_t grace_ms, const struct transport_job *job,
				       const struct transport_sink *sink, struct transport_result *result,
				       struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
