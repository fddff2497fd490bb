/* SPDX-License-Identifier: Apache-2.0 */
/* Which project a policy is taken from, and whether somebody has said that it is to be trusted. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/home.h"
#include "wrapper/policy/layers.h"
#include "wrapper/policy/place.h"

#include "matcher/base/banned.h"

#define FOLDERS_MAX 64 /* above one another; a deeper tree has its policy nearer */
#define TRUSTED_BYTES ((size_t)1 << 20)

static bool has(struct pipgate_run *run, const char *folder, const char *name)
{
	struct stat st;

	return lstat(text_format(run, "%s/%s", folder, name), &st) == 0;
}

static bool is_root_of_repository(struct pipgate_run *run, const char *folder)
{
	static const char *const marks[] = {".git", ".hg", ".svn"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (has(run, folder, marks[i]))
			return true;
	return false;
}

static const char *parent(struct pipgate_run *run, const char *folder)
{
	const char *slash = strrchr(folder, '/');

	if (!slash || !folder[1])
		return NULL;
	return slash == folder ? "/" : text_format(run, "%.*s", (int)(slash - folder), folder);
}

static bool same_owner(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_uid == y.st_uid;
}

static const char *current(struct pipgate_run *run)
{
	char here[PATH_MAX];

	return getcwd(here, sizeof(here)) ? text_copy(run, span_of(here)) : NULL;
}

/* From the current folder up to its repository's root; *found: the nearest one on this way that has a policy. */
static const char *walk(struct pipgate_run *run, const char *first, const char **found)
{
	const char *folder = first;

	*found = NULL;
	for (size_t i = 0; folder && i < FOLDERS_MAX; i++) {
		if (!*found && has(run, folder, ".pipgate.yaml"))
			*found = folder;
		if (is_root_of_repository(run, folder))
			return folder;
		folder = parent(run, folder);
		if (folder && !same_owner(folder, first))
			folder = NULL;
	}
	return NULL;
}

const char *project_folder(struct pipgate_run *run)
{
	const char *first = current(run), *found, *root = walk(run, first, &found);

	return root || found == first ? found : NULL; /* outside of a repository what lies above is nobody's */
}

const char *project_root(struct pipgate_run *run)
{
	const char *found;

	return walk(run, current(run), &found);
}

static const char *trusted_path(struct pipgate_run *run)
{
	const char *state = home_folder(run, HOME_STATE);

	return state ? text_format(run, "%s/trusted-projects", state) : NULL;
}

static const char *whole_path(struct pipgate_run *run, const char *folder)
{
	char whole[PATH_MAX];

	return realpath(folder, whole) ? text_copy(run, span_of(whole)) : NULL;
}

bool project_trusted(struct pipgate_run *run, const char *folder)
{
	const char *path = trusted_path(run), *whole = whole_path(run, folder);
	struct place place = {0};

	if (!path || !whole || place_read(run, path, PLACE_OF_USER, &place, NULL) != PIPGATE_OK)
		return false;
	while (place.text.n)
		if (span_is(span_split(&place.text, '\n'), whole))
			return true;
	return false;
}

enum pipgate_status project_trust(struct pipgate_run *run, const char *folder, bool trust, struct pipgate_error *error)
{
	const char *path = trusted_path(run), *whole = whole_path(run, folder);
	struct place place = {0};
	enum pipgate_status status;
	struct buf lines;

	if (!whole)
		return error_set(error, PIPGATE_INVALID, "%s: %s", folder, strerror(errno));
	if (!path || strchr(whole, '\n'))
		return error_set(error, PIPGATE_INVALID, "there is no place to remember it: neither XDG_STATE_HOME nor HOME names a folder");
	status = place_read(run, path, PLACE_OF_USER, &place, error);
	if (status != PIPGATE_OK)
		return status;
	buf_init(&lines, NULL, TRUSTED_BYTES);
	while (place.text.n) {
		struct span line = span_split(&place.text, '\n');

		if (line.n && !span_is(line, whole))
			buf_format(&lines, SPAN_FMT "\n", SPAN_ARG(line));
	}
	if (trust)
		buf_format(&lines, "%s\n", whole);
	status = buf_status(&lines);
	if (status == PIPGATE_OK && !file_folders(text_copy(run, span_of(place_folder(run, path))), 0700))
		status = error_set(error, PIPGATE_FAILED, "%s: %s", place_folder(run, path), strerror(errno));
	if (status == PIPGATE_OK)
		status = file_write(path, buf_view(&lines), error);
	buf_fini(&lines);
	return status;
}
