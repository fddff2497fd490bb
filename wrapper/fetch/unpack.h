/* SPDX-License-Identifier: Apache-2.0 */
/* A zip, a tar.gz or the gzip of one file, by what it holds and not by its name, becomes items. No file is written. */
#ifndef FETCH_UNPACK_H
#define FETCH_UNPACK_H

#include <archive.h>

#include "wrapper/fetch/run.h"

/* fd: a regular file of size bytes; its position is used. name: the place's last part. */
enum pipgate_status unpack_file(struct fetch *fetch, int fd, uint64_t size, struct span name) PIPGATE_MUST_USE;

/* What a container of size bytes may unpack to. */
uint64_t unpack_most(const struct fetch *fetch, uint64_t size);
/* libarchive's complaint as the job's failure. */
enum pipgate_status unpack_fault(struct fetch *fetch, struct archive *archive);

#endif
