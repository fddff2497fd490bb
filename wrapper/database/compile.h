/* SPDX-License-Identifier: Apache-2.0 */
/* An advisory as a build and a store keep it: its text and, of each name that it affects, a compiled record. */
#ifndef WRAPPER_DATABASE_COMPILE_H
#define WRAPPER_DATABASE_COMPILE_H

#include "matcher/base/arena.h"
#include "matcher/base/buf.h"
#include "matcher/base/error.h"
#include "wrapper/database/moment.h"

struct compiled {
	struct span id;
	struct moment modified;
	bool withdrawn;     /* then there are no pieces */
	struct span text;   /* shown.h */
	struct span pieces; /* pairs of a name and its record (pipgate_record_encode), as compile_piece() takes them */
};

#define COMPILE_BYTES_MAX ((size_t)48 << 20) /* an item of 16 MiB, in which every byte became \uNNNN, stays away; ordinary ones shrink */

struct compiler { /* what one record after the other is made in */
	struct pipgate_run *run; /* forgotten at every record */
	struct buf text, pieces;
};
enum pipgate_status compiler_init(struct compiler *compiler) PIPGATE_MUST_USE;
void compiler_fini(struct compiler *compiler);
/* What out points to lives until the next one, its id as long as the advisory. Records are of feed 0. INVALID, LIMIT: the caller
 * refuses it. */
enum pipgate_status compile(struct compiler *compiler, const struct pipgate_advisory *advisory, struct compiled *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The next of pieces; false: there is none, or (broken) they are no pieces. */
bool compile_piece(struct span *pieces, struct span *name, struct span *record, bool *broken);

#endif
