/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/project_links.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define LINKS_MAX 100000 /* a first level of sources has some hundred; what has more is no folder of one project */

struct linking {
	struct pipgate_run *run;
	size_t n;
	struct pipgate_error *error;
};

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum pipgate_status link_all(struct linking *l, const char *from, const char *to, bool deeper);

/* Hidden ones are no sources: .git, .venv, .tox. */
static enum pipgate_status link_one(struct linking *l, const char *from, const char *to, const char *name, bool deeper)
{
	const char *source = text_format(l->run, "%s/%s", from, name), *place = text_format(l->run, "%s/%s", to, name);

	if (++l->n > LINKS_MAX)
		return error_set(l->error, PIPGATE_LIMIT, "%s: more than %d files in a project's first folders", from, LINKS_MAX);
	if (deeper && name[0] != '.' && is_folder(source))
		return link_all(l, source, place, false);
	if (symlink(source, place))
		return error_set(l->error, PIPGATE_FAILED, "%s: %s", place, strerror(errno));
	return PIPGATE_OK;
}

static enum pipgate_status link_all(struct linking *l, const char *from, const char *to, bool deeper)
{
	enum pipgate_status status = PIPGATE_OK;
	struct dirent *entry;
	DIR *dir = opendir(from);

	if (!dir)
		return error_set(l->error, PIPGATE_FAILED, "%s: %s", from, strerror(errno));
	if (mkdir(to, 0700))
		status = error_set(l->error, PIPGATE_FAILED, "%s: %s", to, strerror(errno));
	while (status == PIPGATE_OK && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			status = link_one(l, from, to, entry->d_name, deeper);
	closedir(dir);
	return status;
}

const char *project_links(struct pipgate_run *run, const char *folder, struct pipgate_error *error)
{
	struct linking l = {.run = run, .error = error};
	const char *temporary = temporary_folder(error), *place = NULL;
	char real[PATH_MAX], own[PATH_MAX];

	if (!temporary)
		return NULL;
	if (!realpath(folder, real) || !realpath(temporary, own)) {
		error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
		return NULL;
	}
	for (int i = 0; !place || access(place, F_OK) == 0; i++) /* --recursive has many projects */
		place = text_format(run, "%s/project-%d", own, i);
	return link_all(&l, real, place, true) == PIPGATE_OK ? place : NULL;
}
