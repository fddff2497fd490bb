/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pardon/place.h"

#include <stdlib.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#define PROJECT_FILE ".pipgate.yaml"

const char *place_user(struct pipgate_run *run)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && config[0] == '/')
		return text_format(run, "%s/pipgate/policy.yaml", config);
	return home && home[0] == '/' ? text_format(run, "%s/.config/pipgate/policy.yaml", home) : NULL;
}

static bool has(struct pipgate_run *run, const char *folder, const char *name)
{
	return access(text_format(run, "%s/%s", folder, name), F_OK) == 0;
}

/* The root of the repository that the folder is in; NULL: it is in none. */
static char *repository_of(struct pipgate_run *run, const char *folder)
{
	char *root = text_copy(run, span_of(folder));

	while (!has(run, root, ".git")) {
		char *slash = strrchr(root, '/');

		if (!slash)
			return NULL;
		*slash = 0;
	}
	return root;
}

const char *place_project(struct pipgate_run *run)
{
	char *here = getcwd(NULL, 0), *folder = here ? text_copy(run, span_of(here)) : NULL;
	const char *root = here ? repository_of(run, here) : NULL;

	free(here);
	if (!folder)
		return NULL;
	while (!has(run, folder, PROJECT_FILE)) {
		if (!root)
			return NULL; /* what lies above is nobody's */
		if (strcmp(folder, root) == 0)
			break;
		*strrchr(folder, '/') = 0;
	}
	return text_format(run, "%s/" PROJECT_FILE, folder);
}

const char *place_folder(struct pipgate_run *run, const char *path)
{
	const char *slash = strrchr(path, '/');

	return !slash ? "." : slash == path ? "/" : text_copy(run, ((struct span){path, (size_t)(slash - path)}));
}
