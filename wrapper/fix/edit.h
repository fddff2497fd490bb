/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requirements files edited where they stand: of a moved distribution's line the version and its hashes are written anew, nothing else
 * is touched: comments, order, markers, extras, the way lines are continued, line ends, a byte order mark.
 */
#ifndef WRAPPER_FIX_EDIT_H
#define WRAPPER_FIX_EDIT_H

#include "wrapper/fix/fix.h"
#include "wrapper/source/requirement_file.h"

struct edited { /* one file that changes */
	const char *path;
	struct span before, after;
};

/* Why this move cannot be written into these files (a version out of a variable, a file in another encoding, no hashes on the
 * index); NULL: it can. */
const char *edit_obstacle(const struct requirement_files *files, const struct fix_move *move);
/* The files as they should become. narrow: per move, whether a line that leaves its version open is pinned, too, and a line added where
 * there is none (in the first file). */
void edit_files(const struct requirement_files *files, const struct fix_move *moves, const bool *narrow, size_t n,
	struct list *out /* of struct edited */);
/* Each file whole, one after the other, in its place and with its mode. FAILED: what is not as it was read is left alone. */
enum pipgate_status edit_write(const struct list *edited, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
