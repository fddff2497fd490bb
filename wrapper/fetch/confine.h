/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may do and how much of it: a fault in a library that reads hostile bytes stays small. */
#ifndef FETCH_CONFINE_H
#define FETCH_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

/* Dies with its parent, gains no privileges, dumps no core, bounded memory, descriptors, file size and processor time;
 * SIGPIPE ends it. false: the system refused. */
bool confine(void);
/* The alarm behind a job's deadline: where a library does not come back, SIGALRM ends the process soon after. 0: none. */
void confine_deadline(uint64_t ms);

#endif
