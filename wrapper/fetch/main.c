/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipgate-fetch: the only program of pipgate that opens outgoing connections and unpacks what came from elsewhere. Jobs
 * on stdin, frames on stdout (docs/protocol.md). It moves bytes, bounds them, signs them and judges signatures, and never
 * interprets an advisory.
 */
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/fetch/address.h"
#include "wrapper/fetch/confine.h"
#include "wrapper/fetch/get.h"
#include "wrapper/fetch/sign.h"
#include "wrapper/fetch/stream.h"
#include "wrapper/fetch/together.h"
#include "wrapper/status.h"

#include "matcher/base/banned.h"

#define PIPE_BYTES (1 << 20) /* fewer switches between the two programs; the default is 64 KiB */

static enum pipgate_status (*const verbs[])(struct fetch *fetch) = {
	[JOB_GET] = get_run,       [JOB_UNPACK] = get_run, [JOB_QUERY] = get_run,
	[JOB_VERIFY] = verify_run, [JOB_SIGN] = sign_run,  [JOB_KEYGEN] = keygen_run,
};

static void job_answer(const struct job *job, struct frames *out, char *room)
{
	struct fetch fetch = {.job = job, .out = out, .deadline = clock_ms() + (int64_t)job->deadline_ms, .room = room};

	confine_deadline(job->deadline_ms);
	frames_job(out, job->id);
	if (verbs[job->verb](&fetch) == PIPGATE_OK)
		frames_done(out);
	else
		frames_fail(out, fetch.class ? fetch.class : FETCH_CLASS_JOB, fetch.text);
	confine_deadline(0);
}

/* The first job: what it needs of files is had or named, and all others are shut off. */
static bool shut_in(const struct job *job)
{
	if (address_looks_so(job->place))
		spools_prepare(job->together ? SPOOLS_MAX : 1);
	if (confine_files(job))
		return true;
	fputs("pipgate-fetch: the system refuses to confine this process\n", stderr);
	return false;
}

/* Until stdin ends. */
static int jobs_answer(struct frames *out, char *room)
{
	struct pipgate_error error = {""};

	for (bool first = true;; first = false) {
		struct job *job = malloc(sizeof(*job));
		enum pipgate_status status;

		if (!job)
			return EXIT_UNDECIDED;
		status = job_read(stdin, job, &error);
		if (status == PIPGATE_OK && first && !shut_in(job))
			return EXIT_UNDECIDED;
		if (status == PIPGATE_OK && job->together)
			return together_answer(out, stdin, job);
		if (status == PIPGATE_OK)
			job_answer(job, out, room);
		else if (status != PIPGATE_FAILED) {
			frames_job(out, job->id);
			frames_fail(out, FETCH_CLASS_JOB, error.text);
		}
		job_fini(job);
		free(job);
		if (status != PIPGATE_OK)
			return status == PIPGATE_FAILED ? EXIT_OK : EXIT_USAGE;
	}
}

int main(int argc, char **argv)
{
	struct frames *out;
	char *room;
	int status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("pipgate-fetch " PIPGATE_VERSION);
		return EXIT_OK;
	}
	if (argc != 2 || strcmp(argv[1], PROTOCOL_OPTION) != 0) {
		fputs("pipgate-fetch: pipgate starts this program itself, as: pipgate-fetch " PROTOCOL_OPTION "\n", stderr);
		return EXIT_USAGE;
	}
	if (!confine()) {
		fputs("pipgate-fetch: the system refuses to confine this process\n", stderr);
		return EXIT_UNDECIDED;
	}
	setenv("TZ", "UTC0", 1); /* without it libc looks at /etc/localtime twice an entry: half of an unpacking's time */
	setlocale(LC_CTYPE, "C.UTF-8"); /* where it is missing, libarchive refuses names beyond ASCII */
	mallopt(M_ARENA_MAX, 1); /* each resolver thread would reserve an arena of 64 MiB of the bounded address space */
	fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
	out = frames_new(STDOUT_FILENO);
	room = malloc(FETCH_ITEM_MAX);
	if (!out || !room) {
		fputs("pipgate-fetch: out of memory\n", stderr);
		return EXIT_UNDECIDED;
	}
	frames_helo(out);
	status = jobs_answer(out, room);
	frames_free(&out);
	free(room);
	return status;
}
