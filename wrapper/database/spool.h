/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes written one after the other now and read at any place later: keeps a build's memory small. */
#ifndef WRAPPER_DATABASE_SPOOL_H
#define WRAPPER_DATABASE_SPOOL_H

#include "matcher/base/error.h"

struct spool {
	int fd;
	uint64_t size;   /* with what is still in the buffer */
	size_t used;
	char *buffer;
};

/* Takes fd over. */
enum pipgate_status spool_init(struct spool *spool, int fd) PIPGATE_MUST_USE;
void spool_fini(struct spool *spool);
/* *at: where it begins. */
enum pipgate_status spool_add(struct spool *spool, struct span bytes, uint64_t *at, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Ends the writing; before the first read. */
enum pipgate_status spool_flush(struct spool *spool, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status spool_read(struct spool *spool, uint64_t at, char *out, size_t n, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
