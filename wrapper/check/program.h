/* SPDX-License-Identifier: Apache-2.0 */
/* Which file a check starts. */
#ifndef WRAPPER_CHECK_PROGRAM_H
#define WRAPPER_CHECK_PROGRAM_H

#include "wrapper/memory.h"

/* By an absolute path, or by a name on PATH: a file that nobody but root and the user can write, nor replace in the folder that it
 * lies in, behind every link. NULL: *fault says why not. */
char *program_of(struct pipgate_run *run, const char *word, const char **fault);

#endif
