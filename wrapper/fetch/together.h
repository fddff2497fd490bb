/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that run beside each other, over few connections (docs/protocol.md, field `together`): many small answers of one server. The
 * frames of a job still stand together: nothing of it goes out before its transfer is over.
 */
#ifndef FETCH_TOGETHER_H
#define FETCH_TOGETHER_H

#include "wrapper/fetch/frame.h"
#include "wrapper/fetch/job.h"
#include "wrapper/fetch/stream.h"

#define TOGETHER_MAX SPOOLS_MAX /* at once: a server of 50 ms gives some 240 a second; more is no longer polite */

/* The first of them (from malloc, given away) and all that follow on in. The program's exit status. */
int together_answer(struct frames *out, FILE *in, struct job *first);

#endif
