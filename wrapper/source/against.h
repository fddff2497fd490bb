/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `--against REV`: what a branch adds. The inputs as they were where the branch left REV (the merge base of REV and HEAD) are laid
 * into the private folder and read in the same way; what was there already is marked. git only reads its object store: no hook, filter,
 * pager, monitor, transport or program that the repository's configuration names is run.
 */
#ifndef WRAPPER_SOURCE_AGAINST_H
#define WRAPPER_SOURCE_AGAINST_H

#include "wrapper/source/inventory.h"

struct against {
	struct pipgate_run *run;
	const char *revision; /* REV */
	char *git;
	char **environment;
	struct list trees;    /* of struct tree: a repository that was laid down */
};

/* FAILED: there is no git. INVALID: the revision begins with "-". */
enum pipgate_status against_init(struct against *against, struct pipgate_run *run, const char *revision,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Where this file or folder stands as it was; NULL: it was not there. FAILED: it is in no git repository, or this has no REV. */
enum pipgate_status against_path(struct against *against, const char *path, const char **out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Marks the components whose name and version were there. */
void against_mark(struct inventory *now, const struct inventory *before);

#endif
