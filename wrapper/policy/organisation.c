/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/policy/organisation.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/home.h"

#include "matcher/base/banned.h"

#define SYSTEM_FOLDER "/var/lib/pipgate"
#define DATABASE "advisories.db"

/* ---- which one ---- */

static const char *beside(struct pipgate_run *run, const char *database)
{
	const char *folder = place_folder(run, database);

	return text_format(run, "%s/" ORGANISATION_FILE, strcmp(folder, "/") == 0 ? "" : folder);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

const char *organisation_path(struct pipgate_run *run, const char *named)
{
	const char *data = home_folder(run, HOME_DATA), *path = SYSTEM_FOLDER "/" ORGANISATION_FILE;

	if (is_there(path))
		return path;
	if (named)
		path = beside(run, named);
	else
		path = data ? text_format(run, "%s/" ORGANISATION_FILE, data) : NULL;
	return path && is_there(path) ? path : NULL;
}

enum pipgate_status organisation_check(struct pipgate_run *run, const char *name, struct span text, struct pipgate_error *error)
{
	const struct pipgate_layer layer = {.kind = PIPGATE_LAYER_ORGANISATION, .name = name, .may_loosen = true};
	struct pipgate_policy *policy;
	enum pipgate_status status = pipgate_policy_new(run, &policy);

	if (status != PIPGATE_OK)
		die_no_memory();
	status = pipgate_policy_add(policy, &layer, text, error);
	if (status != PIPGATE_OK)
		error_before(error, "%s", name);
	return status;
}

/* ---- the copy that is kept: its path on the first line, then its text ---- */

static const char *whole_path(struct pipgate_run *run, const char *path)
{
	char real[PATH_MAX];

	return realpath(place_folder(run, path), real) ? text_format(run, "%s/" ORGANISATION_FILE, strcmp(real, "/") == 0 ? "" : real) : NULL;
}

static char *kept_folder(struct pipgate_run *run)
{
	char *state = home_folder(run, HOME_STATE);

	return state ? state : text_format(run, SYSTEM_FOLDER);
}

/* FNV-1a: two paths that meet are told apart by what stands in the file. */
static const char *kept_path(struct pipgate_run *run, const char *whole)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (const char *p = whole; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	return text_format(run, "%s/bundle-policy-%016" PRIx64, kept_folder(run), hash);
}

enum pipgate_status organisation_keep(struct pipgate_run *run, const char *path, struct span text, struct pipgate_error *error)
{
	const char *whole = whole_path(run, path);
	char *in = kept_folder(run);
	enum pipgate_status status;
	struct buf out;

	if (!whole || !file_folders(in, 0700))
		return error_set(error, PIPGATE_FAILED, "%s: %s", whole ? in : path, strerror(errno));
	buf_init(&out, NULL, PLACE_BYTES);
	buf_format(&out, "%s\n", whole);
	buf_span(&out, text);
	status = buf_status(&out);
	if (status == PIPGATE_OK)
		status = file_write(kept_path(run, whole), buf_view(&out), error);
	else
		error_set(error, status, "%s: too large", path);
	buf_fini(&out);
	return status;
}

void organisation_forget(struct pipgate_run *run, const char *path)
{
	const char *whole = whole_path(run, path);

	if (whole)
		unlink(kept_path(run, whole));
}

/* *kept: a copy of a file of this path is there; its text is that of out. INVALID: it is another text. */
static enum pipgate_status kept_compare(struct pipgate_run *run, const char *path, struct span text, bool *kept, struct pipgate_error *error)
{
	const char *whole = whole_path(run, path);
	struct place place = {0};
	enum pipgate_status status;

	*kept = false;
	if (!whole)
		return PIPGATE_OK;
	status = place_read(run, kept_path(run, whole), PLACE_OF_USER, &place, error);
	if (status != PIPGATE_OK || !place.there || !span_is(span_split(&place.text, '\n'), whole))
		return status;
	*kept = true;
	return span_equal(place.text, text) ? PIPGATE_OK : error_set(error, PIPGATE_INVALID,
		"%s is not what its bundle brought: take the bundle anew (pipgate db update), or remove the file", path);
}

/* ---- reading ---- */

/* Of the database that it lies beside: whichever is there. */
static enum pipgate_status same_owner(struct pipgate_run *run, const char *path, const char *database, struct pipgate_error *error)
{
	const char *other = database ? database : text_format(run, "%s/" DATABASE, place_folder(run, path));
	struct stat policy, db;

	if (stat(path, &policy) || stat(other, &db) || policy.st_uid == db.st_uid)
		return PIPGATE_OK;
	return error_set(error, PIPGATE_INVALID, "%s belongs to another user (uid %ld) than the database beside it (uid %ld) and is not read", path,
		(long)policy.st_uid, (long)db.st_uid);
}

enum pipgate_status organisation_read(struct pipgate_run *run, const char *path, const char *database, struct place *out,
	struct pipgate_error *error)
{
	bool of_system = strcmp(path, SYSTEM_FOLDER "/" ORGANISATION_FILE) == 0, kept = false;
	enum pipgate_status status = place_read(run, path, of_system ? PLACE_OF_SYSTEM : PLACE_OF_PROJECT, out, error);

	if (status == PIPGATE_OK)
		status = same_owner(run, path, of_system ? NULL : database, error);
	if (status == PIPGATE_OK && !of_system && out->there)
		status = kept_compare(run, path, out->text, &kept, error);
	out->there = status == PIPGATE_OK && out->there && (of_system || kept || out->fixed);
	return status;
}
