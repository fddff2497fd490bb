/* SPDX-License-Identifier: Apache-2.0 */
/* A folder's files in the order of their names, so that the same folder gives the same build. */
#ifndef WRAPPER_FEED_FOLDER_H
#define WRAPPER_FEED_FOLDER_H

#include "matcher/base/error.h"

#define FOLDER_DEPTH 8             /* of folders in folders; a checkout has two */
#define FOLDER_ENTRIES_MAX 1000000 /* of one folder; PyPI has some 30,000 advisories */

struct folder_walk {
	const char *prefix, *suffix; /* of a file's own name, one of several suffixes with blanks between; others are left alone */
	bool deep;                   /* folders below too, but for those whose names begin with "." */
	size_t max_bytes;            /* of a file */
	void *ctx;
	/* name: the path below the folder. Another status than OK ends the walk with it. */
	enum pipgate_status (*item)(void *ctx, struct span name, struct span bytes, struct pipgate_error *error);
	/* A file that cannot be taken: a link, a pipe, too large, without rights. */
	enum pipgate_status (*refuse)(void *ctx, struct span name, struct span reason, struct pipgate_error *error);
};
enum pipgate_status folder_each(const char *path, const struct folder_walk *walk, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
