/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks in processes of their own, several at once; what each says comes in one piece, when it has ended. */
#ifndef WRAPPER_FEED_WORKER_H
#define WRAPPER_FEED_WORKER_H

#include "wrapper/memory.h"

#define WORKERS_AT_ONCE 8
#define WORKER_NOTE 48 /* bytes of its progress */

struct worker { /* shared with its process */
	const char *name; /* of the task */
	bool idle;        /* there is nothing to do for it */
	enum pipgate_status status;
	struct pipgate_error error;
	bool done;        /* it has come to its end: status and error are its own */
	bool changed;     /* the task's word */
	char note[WORKER_NOTE];
};
/* n zeroed workers; NULL: no memory. Given back by workers_free(). */
struct worker *workers_new(size_t n);
void workers_free(struct worker *workers, size_t n);
/* Runs task(ctx, i) for each that is not idle, and waits for all. One that was killed has the status FAILED and an error. On a terminal
 * one line tells how far they are. */
void workers_run(struct worker *workers, size_t n, void (*task)(void *ctx, size_t i, struct worker *worker), void *ctx);

#endif
