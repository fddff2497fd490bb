/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may do and how much of it: a fault in a library that reads hostile bytes stays small. */
#ifndef FETCH_CONFINE_H
#define FETCH_CONFINE_H

#include "wrapper/fetch/job.h"

/* Dies with its parent, gains no privileges, dumps no core, bounded memory, descriptors, file size and processor time, and the calls
 * of confine_calls() refused; SIGPIPE ends it. false: the system refused. */
bool confine(void);
bool confine_calls(void);
/* Behind it only what this job, the first, needs can be opened: its place, certificates, the resolver's files. */
bool confine_files(const struct job *job);
/* The alarm behind a job's deadline: where a library does not come back, SIGALRM ends the process soon after. 0: none. */
void confine_deadline(uint64_t ms);

#endif
