/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `pipgate enable` puts into a file, as text: a block of whole lines between two marks, whose opening mark keeps what
 * `disable` needs to leave the file as it was. Pure: opens nothing.
 */
#ifndef WRAPPER_INTERPRETER_BLOCK_H
#define WRAPPER_INTERPRETER_BLOCK_H

#include <time.h>

#include "matcher/base/buf.h"

/* The file before the block came in. */
struct block_former {
	bool absent;             /* there was none: the file is ours */
	bool newline;            /* it did not end with one: ours stands before the block */
	uint64_t digest;         /* of its bytes: edited since? */
	struct timespec times[2]; /* last access and last change, as utimensat has them */
};

struct block {
	size_t start, end; /* in the file's bytes, a newline of ours included */
	struct block_former former;
};

enum block_state {
	BLOCK_NONE,
	BLOCK_FOUND,
	BLOCK_DAMAGED, /* a mark without the other, two of them, or words that are not understood */
};

enum block_state block_find(struct span file, struct block *out);
/* The marks around the body, which ends with a newline. */
void block_write(struct buf *out, const struct block_former *former, struct span body);
uint64_t block_digest(struct span before, struct span behind); /* of the two in a row */

#endif
