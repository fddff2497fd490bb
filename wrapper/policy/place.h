/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a file that decides: only where nobody but root and the user who runs could have written it, and in one piece. */
#ifndef WRAPPER_POLICY_PLACE_H
#define WRAPPER_POLICY_PLACE_H

#include "wrapper/memory.h"

#define PLACE_BYTES ((size_t)4 << 20) /* of one file: ten thousand exceptions and more */

enum place_owner {
	PLACE_OF_SYSTEM = 1, /* root's alone, and its folder, too */
	PLACE_OF_USER,       /* root's or the user's own; a link is followed */
	PLACE_OF_PROJECT,    /* the same; a link is refused: it is somebody else's */
};
struct place {
	bool there;
	bool fixed; /* who runs can neither write nor replace it */
	struct span text;
};

/* What is not there is OK. INVALID, LIMIT: the error says what is wrong with it and what mends it. */
enum pipgate_status place_read(struct pipgate_run *run, const char *path, enum place_owner owner, struct place *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* The folder of a file. */
const char *place_folder(struct pipgate_run *run, const char *path);

#endif
