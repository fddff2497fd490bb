/* SPDX-License-Identifier: Apache-2.0 */
/* The distributions installed in folders of sys.path, by their dist-info and egg-info, without starting Python. */
#ifndef WRAPPER_SOURCE_ENVIRONMENT_H
#define WRAPPER_SOURCE_ENVIRONMENT_H

#include "wrapper/memory.h"

/* Components of origin INSTALLED; of two with one name the first on the path counts, as in Python. Broken metadata
 * is passed over and counted. */
struct installed {
	struct pipgate_component *components; /* by name */
	const char **places;                  /* of each: its .dist-info or .egg-info */
	size_t n;
	struct list broken;                   /* of const char *: the places whose metadata has no readable name and version */
};
void environment_read(struct pipgate_run *run, char *const *path, struct installed *out);
/* Name, Version and Requires-Dist of a METADATA or PKG-INFO; false: not both of the first two, or one of them twice. */
bool metadata_read(struct pipgate_run *run, struct span text, struct pipgate_component *out);

#endif
