/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of pip, kept in files by what they depend on: a file holds its whole key, which must be the same to the byte. */
#ifndef WRAPPER_SOURCE_RESOLUTION_CACHE_H
#define WRAPPER_SOURCE_RESOLUTION_CACHE_H

#include "wrapper/memory.h"

#define RESOLUTIONS_MAX 64 /* files; the oldest go */

/* false: none is kept, or it is older than seconds. folder: --cache-dir, NULL: the user's. */
bool resolution_cached(struct pipgate_run *run, const char *folder, struct span key, int64_t seconds, struct span *out);
/* What cannot be kept is not kept: no word. */
void resolution_keep(struct pipgate_run *run, const char *folder, struct span key, struct span value);

#endif
