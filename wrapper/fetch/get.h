/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that move bytes: where a job's bytes come from and what becomes of them. */
#ifndef FETCH_GET_H
#define FETCH_GET_H

#include "wrapper/fetch/run.h"

/* Sends META and ITEMs. FAILED: the fetch holds class and text. */
enum pipgate_status get_run(struct fetch *fetch) PIPGATE_MUST_USE;

#endif
