/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replacing a file so that at every moment the old one or the new one is there whole: written beside it as
 * .NAME.PID.tmp, fsynced, renamed over it. One writer at a time holds NAME.lock; whoever holds it sweeps what dead ones
 * left. Knows nothing of what is in the file.
 */
#ifndef WRAPPER_DATABASE_BESIDE_H
#define WRAPPER_DATABASE_BESIDE_H

#include "matcher/base/error.h"

struct beside {
	char target[4096], temporary[4096]; /* paths; temporary "" while there is none */
	const char *name;                   /* target's last part */
	int folder, lock;                   /* descriptors */
};

/* Waits for another writer. In the folder of path, which must be there. */
enum pipgate_status beside_open(struct beside *out, const char *path, struct pipgate_error *error) PIPGATE_MUST_USE;
/* A file without a name in that folder, for what the writer must keep for a while: a descriptor to close. */
enum pipgate_status beside_scratch(struct beside *beside, int *fd, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Makes the temporary file, empty, mode 0644. */
enum pipgate_status beside_create(struct beside *beside, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Before the commit of a SQLite file: what a program left that had the old one open, or was killed on it. SQLite would take it for the
 * new one's, and write pages of the old one into it. */
void beside_companions_remove(const struct beside *beside);
enum pipgate_status beside_commit(struct beside *beside, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Removes the temporary file where it was not committed and lets go of the lock. */
void beside_close(struct beside *beside);

#endif
