/* SPDX-License-Identifier: Apache-2.0 */
/* The archives that a plan would install, brought by the real pip for programs to look at before it does. */
#ifndef WRAPPER_CHECK_ARCHIVE_H
#define WRAPPER_CHECK_ARCHIVE_H

#include "wrapper/check/check.h"

#define ARCHIVES_MAX 200 /* of one plan: each is downloaded, unpacked and looked at */

struct archive {
	size_t component;   /* index into the audit's */
	const char *path;   /* the file; of a local folder the folder; NULL: there is a fault */
	const char *folder; /* what it holds; NULL: it is not unpacked */
	const char *fault;  /* why nobody can look at it; NULL: it is there */
};

/* All that are not installed already, each with its path or its fault: those of an index or an address are in a temporary folder, and
 * are the ones of the plan's hashes where it has some. LIMIT: more than ARCHIVES_MAX. */
enum pipgate_status archives_bring(const struct check_request *request, struct archive **out, size_t *n,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Unpacks it into a temporary folder, which archive_fold() removes again; a local folder is its own. Sets fault where it cannot. */
void archive_unfold(struct pipgate_run *run, struct archive *archive);
void archive_fold(struct archive *archive);

#endif
