/* SPDX-License-Identifier: Apache-2.0 */
/* A job as it is read from stdin. */
#ifndef FETCH_JOB_H
#define FETCH_JOB_H

#include <stdio.h>

#include "matcher/base/span.h"
#include "shims/hook/protocol.h"

enum job_verb { JOB_GET = 1, JOB_UNPACK, JOB_QUERY, JOB_VERIFY, JOB_SIGN, JOB_KEYGEN };

struct job {
	uint32_t id;
	enum job_verb verb;
	const char *place, *etag, *suffix, *prefix; /* "" where not given */
	const char *accept, *authority, *client, *proxy; /* media types; files of certificates; an address */
	const char *signature, *public_key, *secret_key, *comment;
	uint64_t max_bytes, max_entries, max_ratio, deadline_ms, body_bytes, together, pieces, netrc, trusted;
	char *body; /* owned: body_bytes */
	char text[FETCH_JOB_MAX + 1]; /* what the fields point into; a secret key among them */
};

/* OK: a job; FAILED: end of stdin before its first byte; INVALID: malformed, error tells, and nothing behind it can be
 * read. Whatever the status, job_fini() is due. */
enum pipgate_status job_read(FILE *in, struct job *job, struct pipgate_error *error) PIPGATE_MUST_USE;
void job_fini(struct job *job);

/* The last part of a path or address, without query and fragment: "index" where there is none. Borrowed from place. */
struct span job_basename(const char *place);

#endif
