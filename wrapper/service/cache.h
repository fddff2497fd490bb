/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of services, kept between runs: a file each, named by a hash of its key and holding the key itself, written beside and
 * renamed. A file that is cut, of another key, or not ours is not there; a cache that cannot be used is none, and no error.
 *
 * What stands here hides findings where it lies: a folder or file that another user owns or may write is not used.
 */
#ifndef WRAPPER_SERVICE_CACHE_H
#define WRAPPER_SERVICE_CACHE_H

#include "wrapper/memory.h"

#define CACHE_BODY_MAX ((size_t)16 << 20) /* of one answer, as transport bounds it */
#define CACHE_BYTES ((uint64_t)128 << 20) /* of all; OSV's whole PyPI is some 100 MiB */
#define CACHE_FILES 50000                 /* PyPI has some 30,000 advisories */

struct cache {
	struct pipgate_run *run;
	int folder;  /* -1: there is none */
	size_t kept; /* files written by this run */
};

/* below NULL: ${XDG_CACHE_HOME:-~/.cache}/pipgate. The folder is below/services, made where it is missing. */
void cache_open(struct cache *cache, struct pipgate_run *run, const char *below);
/* Where files were written: takes the oldest away, to three quarters of its bounds, where it has grown beyond them. */
void cache_close(struct cache *cache);

struct cached {
	struct span body;
	const char *etag;
	int64_t age; /* seconds since it was written or found unchanged; -1: of the future */
};
bool cache_get(struct cache *cache, const char *key, struct cached *out);
void cache_put(struct cache *cache, const char *key, const char *etag, struct span body);
void cache_touch(struct cache *cache, const char *key); /* it still holds: its age begins anew */

#endif
