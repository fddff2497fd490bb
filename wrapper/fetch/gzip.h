/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decompressed bytes of a gzip file. libarchive 3.6 unpacks them but does not look at the checksum behind: here it
 * is computed and compared with the file's last eight bytes, so a second member or trailing bytes are refused too.
 */
#ifndef FETCH_GZIP_H
#define FETCH_GZIP_H

#include <archive.h>

#include "wrapper/fetch/run.h"

struct gzip {
	struct fetch *fetch;
	struct archive *archive;
	uint64_t most;      /* bytes that max-bytes and max-ratio leave */
	uint64_t n;         /* bytes so far */
	uint32_t crc;
	uint32_t last_crc, last_n; /* as the file says */
	bool ended;
};

/* gzip_fini() is due whatever the status. */
enum pipgate_status gzip_open(struct gzip *gzip, struct fetch *fetch, int fd, uint64_t size) PIPGATE_MUST_USE;
void gzip_fini(struct gzip *gzip);
/* The next bytes, borrowed until the next call; n 0: the end, and the checksum is right. */
enum pipgate_status gzip_next(struct gzip *gzip, struct span *out) PIPGATE_MUST_USE;

#endif
