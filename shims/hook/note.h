/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wheels that pip built here while it was held, noted by hash: pip keeps them in its cache, where nothing else tells later
 * whether they are still what was built. A line each, "SHA-256 file-name", in $XDG_STATE_HOME/pipgate/built, by default
 * ~/.local/state/pipgate/built. Whoever may write that file may say what he likes: it is believed only where the user alone may.
 */
#ifndef SHIMS_HOOK_NOTE_H
#define SHIMS_HOOK_NOTE_H

#include <stdbool.h>

/* What cannot be noted is not: the wheel is unknown later. A file that is not to be believed is begun anew. */
void note_add(const char *sha256, const char *file);
/* False also where the notes are not to be believed. */
bool note_have(const char *sha256, const char *file);

#endif
