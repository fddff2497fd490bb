/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing one file of a folder so that it is whole or as before at any moment, and the folder's own times stay: written
 * beside under a name of ours, fsynced, renamed. One process at a time; what a killed one left is swept.
 */
#ifndef WRAPPER_INTERPRETER_REPLACE_H
#define WRAPPER_INTERPRETER_REPLACE_H

#include <sys/stat.h>

#include "wrapper/memory.h"

struct folder {
	int fd; /* -1: closed */
	const char *path;
};

/* Waits for other processes of ours in this folder. path is kept, not copied. */
enum pipgate_status folder_open(const char *path, struct folder *out, struct pipgate_error *error) PIPGATE_MUST_USE;
void folder_close(struct folder *folder);
/* -1: there is none, or it is no regular file (errno: ENOENT, ELOOP, EINVAL, …). *st is as it was before any reading. */
int folder_file(const struct folder *folder, const char *name, struct stat *st);
/* like: the open file whose owner, mode and extended attributes the new one gets, -1: 0644 and ours. times: NULL: now. */
enum pipgate_status folder_replace(const struct folder *folder, const char *name, struct span bytes, int like, const struct timespec times[2],
	struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status folder_remove(const struct folder *folder, const char *name, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
