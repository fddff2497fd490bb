/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, bounded: regular ones, or (where asked) pipes and FIFOs that can be read once. */
#ifndef WRAPPER_FILE_H
#define WRAPPER_FILE_H

#include <sys/types.h>

#include "matcher/base/buf.h"
#include "matcher/base/error.h"

/* Reads from an open descriptor to its end into out (whose ceiling is the limit). The descriptor stays open. */
enum pipgate_status file_read_fd(int fd, const char *name, struct buf *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The same of a regular file; errors name it. folder: as openat's, AT_FDCWD. */
enum pipgate_status file_read(int folder, const char *path, struct buf *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Writes beside, fsyncs, renames; a file that is there keeps its mode and (where we may) its owner. "-" is stdout; what is there and no
 * regular file (a link, a FIFO, /dev/null) is written to directly. */
enum pipgate_status file_write(const char *path, struct span bytes, struct pipgate_error *error) PIPGATE_MUST_USE;
/* A file that was not there, with its mode from the first moment on; what is there stays as it is (FAILED). */
enum pipgate_status file_make(const char *path, mode_t mode, struct span text, struct pipgate_error *error) PIPGATE_MUST_USE;
/* mkdir -p: the folder and what is missing above it. false: errno tells. path is as it was when it returns. */
bool file_folders(char *path, mode_t mode);
/* All bytes to a descriptor; false: errno tells. */
bool file_put(int fd, struct span bytes);

#endif
