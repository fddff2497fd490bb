/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are asked over their stdin and answer on their stdout, some at once. Knows nothing of what is said. */
#ifndef WRAPPER_CHECK_ASK_H
#define WRAPPER_CHECK_ASK_H

#include "wrapper/memory.h"

struct ask {
	/* in */
	char *const *argv;  /* argv[0] is an absolute path */
	const char *folder; /* where it runs; NULL: where we do */
	struct span question;
	int64_t timeout_ms;
	size_t limit;       /* bytes of an answer */
	/* out */
	struct span answer;
	int status;         /* as process_run's */
	const char *fault;  /* why there is no answer; NULL: answer and status hold */
};

/* Each has its answer or its fault where the status is OK. Every program has a session of its own, which is killed with it; it sees
 * no descriptor but its three and no variable but a few harmless ones. FAILED: a signal came for us. */
enum pipgate_status asks_run(struct pipgate_run *run, struct ask *asks, size_t n, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
