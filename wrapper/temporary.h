/* SPDX-License-Identifier: Apache-2.0 */
/* One private folder (0700, in TMPDIR) for a command's files. Folders of processes that are dead are swept. */
#ifndef WRAPPER_TEMPORARY_H
#define WRAPPER_TEMPORARY_H

#include "wrapper/memory.h"

/* Made at the first call; lives until temporary_remove(). NULL: error says why. */
const char *temporary_folder(struct pipgate_error *error);
void temporary_remove(void);
/* A file in it that has no name any more: read and write. -1: error says why. */
int temporary_file(struct pipgate_error *error);
/* Removes a tree, following no link; what cannot be removed stays. */
void tree_remove(const char *path);

#endif
