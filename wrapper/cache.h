/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers kept between runs, of services and of pip: a file each, named by a hash of its key and holding the key itself, written
 * beside and renamed. A file that is cut, of another key, or not ours is not there; a cache that cannot be used is none, and no
 * error.
 *
 * What stands here hides findings where it lies: a folder or file that another user owns or may write is not used.
 */
#ifndef WRAPPER_CACHE_H
#define WRAPPER_CACHE_H

#include "wrapper/memory.h"

#define CACHE_BYTES ((uint64_t)128 << 20) /* of all of a kind; OSV's whole PyPI is some 100 MiB */

struct cache_kind {
	const char *name; /* of its folder */
	size_t body_max;  /* of one answer */
	size_t files;
};

struct cache {
	struct pipgate_run *run;
	const struct cache_kind *kind;
	int folder;  /* -1: there is none, and nothing is found or kept */
	size_t kept; /* files written by this run */
};

/* below NULL: ${XDG_CACHE_HOME:-~/.cache}/pipgate. The kind's folder is made there where it is missing. */
void cache_open(struct cache *cache, struct pipgate_run *run, const struct cache_kind *kind, const char *below);
/* Where files were written: takes the oldest away, to three quarters of its bounds, where it has grown beyond them. */
void cache_close(struct cache *cache);

struct cached {
	struct span body;
	const char *etag;
	int64_t age; /* seconds since it was written or found unchanged; -1: of the future */
};
/* key: any bytes. *out lives as long as the run. */
bool cache_get(struct cache *cache, struct span key, struct cached *out);
void cache_put(struct cache *cache, struct span key, const char *etag, struct span body);
void cache_touch(struct cache *cache, struct span key); /* it still holds: its age begins anew */

#endif
