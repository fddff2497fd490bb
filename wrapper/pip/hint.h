/* SPDX-License-Identifier: Apache-2.0 */
/* A command line as it may be shown: words as a shell takes them, no password in an address. */
#ifndef WRAPPER_PIP_HINT_H
#define WRAPPER_PIP_HINT_H

#include "wrapper/memory.h"

/* The word in the quotes that a shell needs, if any: nothing in it is expanded. */
const char *hint_quoted(struct pipgate_run *run, const char *word);
/* begin, then the words up to NULL; lives in the run. */
const char *hint_line(struct pipgate_run *run, const char *begin, char *const *words);

#endif
