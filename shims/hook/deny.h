/* SPDX-License-Identifier: Apache-2.0 */
/* What may not happen: before the verdict no writing where things are installed, after a no nothing that creates. */
#ifndef SHIMS_HOOK_DENY_H
#define SHIMS_HOOK_DENY_H

#include "shims/hook/state.h"

/* Is this event about creating something? Reads of files are not. */
bool deny_creates(const char *event, PyObject *args);
/* Does it create (or move) something below a closed folder, and not in a place within that is open to pip? */
bool deny_reaches(const char *event, PyObject *args);
/* From now on nothing may be created. why ends up as pip's own ERROR line. Raises nothing. */
void deny_set(int status, const char *why, ...) __attribute__((format(printf, 2, 3)));
/* Sets pip's InstallationError; -1. */
int deny_raise(void);

#endif
