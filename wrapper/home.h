/* SPDX-License-Identifier: Apache-2.0 */
/* The user's folders for this program (XDG base directories): ${XDG_…_HOME:-~/.…}/pipgate. A relative one does not count. */
#ifndef WRAPPER_HOME_H
#define WRAPPER_HOME_H

#include "wrapper/memory.h"

enum home_kind {
	HOME_CACHE,
	HOME_CONFIG,
	HOME_DATA,
	HOME_STATE,
};

/* NULL: neither the variable nor HOME names a folder. Nothing is made. */
char *home_folder(struct pipgate_run *run, enum home_kind kind);
/* The same into a field of this size; false: there is none, or it is too long. */
bool home_path(enum home_kind kind, char *out, size_t size);

#endif
