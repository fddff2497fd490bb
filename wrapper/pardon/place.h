/* SPDX-License-Identifier: Apache-2.0 */
/* The files that people write pardons into (docs/policy.md, where a policy comes from). */
#ifndef WRAPPER_PARDON_PLACE_H
#define WRAPPER_PARDON_PLACE_H

#include "wrapper/memory.h"

#define PLACE_SYSTEM_POLICY "/etc/pipgate/policy.yaml"
#define PLACE_SYSTEM_EXCEPTIONS "/etc/pipgate/exceptions.yaml"

struct place {
	enum pipgate_layer_kind layer;
	const char *path;
};

/* NULL: there is no home. */
const char *place_user(struct pipgate_run *run);
/* The nearest .pipgate.yaml from the current folder up to its repository's root (outside of one: in the folder itself), else where it
 * would be: in that root. NULL: there is neither. */
const char *place_project(struct pipgate_run *run);
/* The folder of a file. */
const char *place_folder(struct pipgate_run *run, const char *path);

#endif
