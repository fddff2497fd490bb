/* SPDX-License-Identifier: Apache-2.0 */
/* Files that pip brought into a private folder: compared with the plan, then moved to where the user wants them. */
#ifndef WRAPPER_PIP_FILES_H
#define WRAPPER_PIP_FILES_H

#include "wrapper/pip/gate.h"

/* The option of the command that says where its files go: --dest, --wheel-dir, --output. */
const char *files_option(const struct gate *gate);
/* Its value, that of its variable, or pip's default. */
const char *files_destination(struct gate *gate);
/* A new folder inside the destination (made if it is missing), so that moving is renaming. NULL: said why. */
const char *files_private(struct gate *gate, const char *destination);
/* The names in a folder, sorted, NULL-ended; NULL: said why. */
char **files_list(struct gate *gate, const char *folder);
/* 0, or 43 where a file is of no distribution and version of the plan: then nothing was moved. */
int files_compare(struct gate *gate, char **names);
/* Copies each from one folder into another, across file systems; 0 or 41. */
int files_copy(struct gate *gate, const char *folder, char **names, const char *to);
/* Renames each into the destination; 0 or 41. */
int files_move(struct gate *gate, const char *folder, char **names, const char *destination);

#endif
