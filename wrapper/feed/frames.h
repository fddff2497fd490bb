/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipgate-fetch's frames as they come out of a descriptor (docs/protocol.md), every length and count judged again: a
 * child that was taken over by what it unpacked gets no further than a malformed stream. Knows no process.
 */
#ifndef WRAPPER_FEED_FRAMES_H
#define WRAPPER_FEED_FRAMES_H

#include "wrapper/feed/transport.h"

#define FRAMES_JOB 1u /* of the one job of transport_run(); of many, the job of index i has the number i + 1 */

/* Reads one job's frames to the end of file; fd may be non-blocking or not. deadline: clock_monotonic_ms(). Status and
 * error as for transport_run(). */
enum pipgate_status frames_read(int fd, int64_t deadline, const struct transport_job *job, const struct transport_sink *sink,
				struct transport_result *result, struct pipgate_error *error) PIPGATE_MUST_USE;

/* Many jobs, as they are answered in any order; the frames of each stand together. */
struct frames_many {
	const struct transport_job *jobs;
	size_t n;
	const struct transport_many_sink *sink;
	int to;                /* takes the jobs, while frames are read */
	struct span jobs_text; /* what is still to be sent; n 0: nothing */
	uint32_t idle_ms;      /* no frame for so long is a failure */
	/* frames_read_many()'s own */
	size_t current, left;
	bool begun;
	bool *answered;
};
/* To the end of file. Every job has had its done() where the status is OK. */
enum pipgate_status frames_read_many(int fd, int64_t deadline, struct frames_many *many, struct pipgate_error *error) PIPGATE_MUST_USE;

int64_t clock_monotonic_ms(void);
/* Until fd has one of the poll events: OK, else FAILED at the deadline or by a fault. EINTR is not one. */
enum pipgate_status wait_for(int fd, short events, int64_t deadline, struct pipgate_error *error) PIPGATE_MUST_USE;

/* transport_run() with another program and another patience behind the deadline, for tests. */
enum pipgate_status transport_run_with(const char *program, uint32_t grace_ms, const struct transport_job *job,
				       const struct transport_sink *sink, struct transport_result *result,
				       struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status transport_many_with(const char *program, uint32_t grace_ms, const struct transport_job *jobs, size_t n,
					uint32_t deadline_ms, const struct transport_many_sink *sink, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
