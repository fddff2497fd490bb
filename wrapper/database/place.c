/* SPDX-License-Identifier: Apache-2.0 */
/* Which file: design.md, "Where things are kept". */
#include "wrapper/database/database.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/home.h"
#include "wrapper/say.h"
#include "wrapper/part.h"

#include "matcher/base/banned.h"

#define FILE_NAME "advisories.db"
#define SYSTEM_FOLDER "/var/lib/pipgate"

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* snprintf that knows whether it fitted; out is "" where not. */
__attribute__((format(printf, 2, 3))) static bool path_set(char path[4096], const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(path, 4096, format, args);
	va_end(args);
	if (n < 0 || n >= 4096)
		path[0] = 0;
	return path[0] != 0;
}

static bool user_folder(char path[4096])
{
	if (!home_path(HOME_DATA, path, 4096))
		path[0] = 0;
	return path[0] != 0;
}

static bool built(const char *path, int64_t *time, struct pipgate_error *error)
{
	struct database *database;

	if (database_open(path, &database, error) != PIPGATE_OK)
		return false;
	*time = database_info(database)->built;
	database_close(&database);
	return true;
}

/* The newer of two that are there; a broken one counts for nothing, and that is said. */
static bool prefer_shared(const char *user, const char *shared)
{
	struct pipgate_error error;
	int64_t of_user = 0, of_shared = 0;
	bool user_good = built(user, &of_user, &error);

	if (!user_good)
		say("%s\nusing %s", error.text, shared);
	if (!built(shared, &of_shared, &error)) {
		if (user_good)
			say("%s\nusing %s", error.text, user);
		return false;
	}
	return !user_good || of_shared > of_user;
}

/* who: "PIPGATE_DB: ", or nothing where an option says it, whose name the caller knows. */
static enum pipgate_status named_find(const char *path, const char *who, struct database_place *out, struct pipgate_error *error)
{
	if (!path_set(out->path, "%s", path))
		return error_set(error, PIPGATE_FAILED, "%sthe database's name is empty or too long", who);
	out->kind = DATABASE_NAMED;
	if (access(path, R_OK) != 0)
		return error_set(error, PIPGATE_FAILED, "%s%s: %s", who, path, strerror(errno));
	return PIPGATE_OK;
}

enum pipgate_status database_find(const char *named, struct database_place *out, struct pipgate_error *error)
{
	static const char shared[] = SYSTEM_FOLDER "/" FILE_NAME;
	const char *wish = getenv("PIPGATE_DB");
	char folder[4096], user[4096] = "";

	if (named)
		return named_find(named, "", out, error);
	if (wish && *wish)
		return named_find(wish, "PIPGATE_DB: ", out, error);
	if (user_folder(folder) && (!path_set(user, "%s/" FILE_NAME, folder) || !is_there(user)))
		user[0] = 0;
	if (user[0] && !(is_there(shared) && prefer_shared(user, shared))) {
		out->kind = DATABASE_USER;
		memcpy(out->path, user, sizeof(user));
		return PIPGATE_OK;
	}
	if (is_there(shared)) {
		out->kind = DATABASE_SYSTEM;
		memcpy(out->path, shared, sizeof(shared));
		return PIPGATE_OK;
	}
	if (part_find(out->path, "starter.db")) {
		out->kind = DATABASE_STARTER;
		return PIPGATE_OK;
	}
	return error_set(error, PIPGATE_FAILED, "no advisory database; make one: pipgate db update");
}

enum pipgate_status database_default_path(char path[4096], struct pipgate_error *error)
{
	char folder[4096];

	if (geteuid() == 0)
		path_set(folder, SYSTEM_FOLDER);
	else if (!user_folder(folder))
		return error_set(error, PIPGATE_FAILED, "neither XDG_DATA_HOME nor HOME names a folder; say where: pipgate db build -o FILE");
	if (!file_folders(folder, 0755)) /* for everybody to read, as the umask allows */
		return error_set(error, PIPGATE_FAILED, "%s: %s", folder, strerror(errno));
	if (!path_set(path, "%s/" FILE_NAME, folder))
		return error_set(error, PIPGATE_FAILED, "%s: the path is too long", folder);
	return PIPGATE_OK;
}
