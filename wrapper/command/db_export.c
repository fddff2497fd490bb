/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate db export DIR -k KEY`: the database as a signed bundle that any static web server can serve (docs/bundle.md). Parts lie
 * under their digests, so that a client which holds the manifest of before finds its parts; the manifest comes last.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/command/db.h"
#include "wrapper/database/beside.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/bundle_manifest.h"
#include "wrapper/feed/transport.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/policy/organisation.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

#define EXPIRES_SECONDS (7 * 86400) /* where --expires says nothing */
#define KEPT_SECONDS 3600           /* a part lives on so long after the last manifest that named it: clients are through by then */

struct exporting {
	struct pipgate_run *run;
	const struct db_options *options;
	struct beside beside; /* of the manifest; its temporary file serves the parts, too */
	struct bundle old, bundle;
	struct span text; /* of the manifest */
	char copy[BUNDLE_PATH_CHARS + 1], old_copy[BUNDLE_PATH_CHARS + 1]; /* of the manifest, by its digest */
	int64_t now;
};

/* ---- parts ---- */

static enum pipgate_status bytes_take(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	(void)name;
	return file_put(*(int *)ctx, body) ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
}

/* Copied by pipgate-fetch, which tells the digest of what it gave. */
static enum pipgate_status part_copy(struct exporting *e, const char *from, struct bundle_part *part, struct pipgate_error *error)
{
	const struct transport_job job = {.verb = "get", .place = span_of(from)};
	int fd = open(e->beside.temporary, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	const struct transport_sink sink = {.ctx = &fd, .item = bytes_take};
	struct transport_result result;
	enum pipgate_status status;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", e->beside.temporary, strerror(errno));
	status = transport_run(&job, &sink, &result, error);
	if (status == PIPGATE_OK && fsync(fd) != 0)
		status = error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
	close(fd);
	if (status == PIPGATE_OK && !result.bytes)
		status = error_set(error, PIPGATE_INVALID, "it is empty");
	if (status != PIPGATE_OK)
		return status;
	part->size = (int64_t)result.bytes;
	bundle_part_digest(e->run, part, result.sha256);
	return PIPGATE_OK;
}

/* The temporary file becomes this one of the folder. */
static enum pipgate_status part_rename(struct exporting *e, const char *path, struct pipgate_error *error)
{
	if (renameat(AT_FDCWD, e->beside.temporary, e->beside.folder, path) != 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	e->beside.temporary[0] = 0;
	return PIPGATE_OK;
}

static enum pipgate_status part_add(struct exporting *e, const char *name, const char *from, struct pipgate_error *error)
{
	struct bundle_part *part = &e->bundle.parts[e->bundle.n_parts];
	enum pipgate_status status = beside_create(&e->beside, error);

	*part = (struct bundle_part){.name = span_of(name)};
	if (status == PIPGATE_OK)
		status = part_copy(e, from, part, error);
	if (status == PIPGATE_OK)
		status = part_rename(e, part->path, error);
	if (status == PIPGATE_OK)
		e->bundle.n_parts++;
	else
		error_before(error, "%s", from);
	return status;
}

static enum pipgate_status is_database(const char *path, struct pipgate_error *error)
{
	struct database *database = NULL;
	enum pipgate_status status = database_open(path, &database, error);

	database_close(&database);
	return status;
}

static enum pipgate_status policy_add(struct exporting *e, const char *path, struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = keep_file(e->run, path, (size_t)BUNDLE_POLICY_BYTES, &text, error);

	if (status == PIPGATE_LIMIT)
		return error_set(error, status, "%s: larger than %" PRId64 " bytes", path, BUNDLE_POLICY_BYTES);
	if (status == PIPGATE_OK)
		status = organisation_check(e->run, path, text, error);
	return status == PIPGATE_OK ? part_add(e, BUNDLE_POLICY, path, error) : status;
}

static enum pipgate_status parts_add(struct exporting *e, struct pipgate_error *error)
{
	struct database_place place;
	enum pipgate_status status = database_find(e->options->database, &place, error);

	if (status == PIPGATE_OK && place.kind == DATABASE_STARTER)
		status = error_set(error, PIPGATE_FAILED, "there is the starter set alone, which counts as no database; first: pipgate db update");
	if (status == PIPGATE_OK)
		status = is_database(place.path, error);
	if (status == PIPGATE_OK)
		status = part_add(e, BUNDLE_DATABASE, place.path, error);
	return status == PIPGATE_OK && e->options->policy ? policy_add(e, e->options->policy, error) : status;
}

/* ---- the manifest ---- */

/* Larger than the last one, and not smaller than the time: a folder that is made anew goes on where the lost one was. */
static enum pipgate_status serial_set(struct exporting *e, struct pipgate_error *error)
{
	struct pipgate_error unsaid;
	struct span text;
	enum pipgate_status status = PIPGATE_OK;

	if (faccessat(e->beside.folder, BUNDLE_MANIFEST, F_OK, 0) == 0) {
		status = keep_file(e->run, e->beside.target, BUNDLE_MANIFEST_BYTES, &text, error);
		if (status == PIPGATE_OK)
			status = bundle_parse(e->run, text, &e->old, error);
		if (status != PIPGATE_OK)
			error_before(error, "what is there is left as it is");
	}
	if (status == PIPGATE_OK && e->old.serial &&
	    keep_file(e->run, text_format(e->run, "%s" SIGNATURE_SUFFIX, e->beside.target), SIGNATURE_BYTES, &text, &unsaid) == PIPGATE_OK &&
	    !bundle_manifest_named(text, e->old_copy))
		e->old_copy[0] = 0;
	e->bundle.serial = e->old.serial >= e->now ? e->old.serial + 1 : e->now;
	return status;
}

/* What the database that was copied tells of itself. */
static enum pipgate_status text_make(struct exporting *e, struct pipgate_error *error)
{
	const char *path = text_format(e->run, "%s/%s", e->options->words[0], e->bundle.parts[0].path);
	struct database *database = NULL;
	enum pipgate_status status = database_open(path, &database, error);
	struct buf text;

	if (status != PIPGATE_OK)
		return status;
	buf_init(&text, NULL, BUNDLE_MANIFEST_BYTES);
	bundle_write(&text, &e->bundle, database_info(database));
	status = buf_status(&text) == PIPGATE_OK ? PIPGATE_OK : error_set(error, PIPGATE_LIMIT, "the manifest grows too large");
	if (status == PIPGATE_OK)
		e->text = keep_buf(e->run, &text);
	buf_fini(&text);
	database_close(&database);
	return status;
}

static enum pipgate_status signature_put(struct exporting *e, struct pipgate_error *error)
{
	char when[MOMENT_TEXT];
	struct span key, signature, comment;
	enum pipgate_status status = keep_file(e->run, e->options->key, SIGNATURE_KEY_BYTES, &key, error);

	if (status != PIPGATE_OK)
		return status;
	comment = must_span(arena_format(e->run, "pipgate bundle\tserial:%" PRId64 "\texpires:%s\t" BUNDLE_NAMED "%s", e->bundle.serial,
					 moment_text(e->bundle.expires, when), e->copy));
	status = signature_sign(e->run, e->text, key, comment, &signature, error);
	return status == PIPGATE_OK ? file_write(text_format(e->run, "%s" SIGNATURE_SUFFIX, e->beside.target), signature, error) : status;
}

/* The manifest's text in the temporary file. */
static enum pipgate_status text_put(struct exporting *e, struct pipgate_error *error)
{
	enum pipgate_status status = beside_create(&e->beside, error);
	int fd;

	if (status != PIPGATE_OK)
		return status;
	fd = open(e->beside.temporary, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || !file_put(fd, e->text) || fsync(fd) != 0)
		status = error_set(error, PIPGATE_FAILED, "%s: %s", e->beside.temporary, strerror(errno));
	if (fd >= 0)
		close(fd);
	return status;
}

/* Under its digest, for clients that come between the new signature and the new manifest. */
static enum pipgate_status copy_put(struct exporting *e, struct pipgate_error *error)
{
	enum pipgate_status status = text_put(e, error);
	const struct transport_job job = {.verb = "get", .place = span_of(e->beside.temporary)};
	const struct transport_sink sink = {0};
	struct transport_result result;
	struct bundle_part copy = {0};

	if (status == PIPGATE_OK)
		status = transport_run(&job, &sink, &result, error);
	if (status != PIPGATE_OK)
		return status;
	bundle_part_digest(e->run, &copy, result.sha256);
	memcpy(e->copy, copy.path, sizeof(e->copy));
	return part_rename(e, e->copy, error);
}

static enum pipgate_status manifest_put(struct exporting *e, struct pipgate_error *error)
{
	enum pipgate_status status = text_make(e, error);

	if (status == PIPGATE_OK)
		status = copy_put(e, error);
	if (status == PIPGATE_OK)
		status = text_put(e, error);
	if (status == PIPGATE_OK)
		status = signature_put(e, error);
	return status == PIPGATE_OK ? beside_commit(&e->beside, error) : status;
}

/* ---- what is no longer wanted ---- */

static bool names(const struct bundle *bundle, const char *copy, const char *file)
{
	if (strcmp(copy, file) == 0)
		return true;
	for (size_t i = 0; i < bundle->n_parts; i++)
		if (strcmp(bundle->parts[i].path, file) == 0)
			return true;
	return false;
}

/* Parts of the manifest that was replaced begin their last hour; those whose hour is over go. */
static void prune(struct exporting *e)
{
	int fd = openat(e->beside.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *d; (d = readdir(dir));) {
		if (!span_starts(span_of(d->d_name), SPAN(BUNDLE_PATH)) || names(&e->bundle, e->copy, d->d_name))
			continue;
		if (names(&e->old, e->old_copy, d->d_name))
			utimensat(e->beside.folder, d->d_name, NULL, AT_SYMLINK_NOFOLLOW);
		else if (fstatat(e->beside.folder, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < e->now - KEPT_SECONDS)
			unlinkat(e->beside.folder, d->d_name, 0);
	}
	closedir(dir);
}

static enum pipgate_status export(struct exporting *e, struct pipgate_error *error)
{
	enum pipgate_status status = serial_set(e, error);

	e->bundle.created = e->now;
	e->bundle.expires = e->now + (e->options->expires_s ? e->options->expires_s : EXPIRES_SECONDS);
	if (status == PIPGATE_OK)
		status = parts_add(e, error);
	if (status == PIPGATE_OK)
		status = manifest_put(e, error);
	if (status == PIPGATE_OK)
		prune(e);
	return status;
}

static int export_and_say(struct exporting *e)
{
	char *folder = text_format(e->run, "%s", e->options->words[0]), when[MOMENT_TEXT];
	struct pipgate_error error;
	enum pipgate_status status;

	if (!file_folders(folder, 0755))
		return say_error(EXIT_UNDECIDED, "%s: %s", folder, strerror(errno));
	status = beside_open(&e->beside, text_format(e->run, "%s/" BUNDLE_MANIFEST, folder), &error);
	if (status == PIPGATE_OK) {
		status = export(e, &error);
		beside_close(&e->beside);
	}
	if (status != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s\nnothing was exported; what is in %s stays as it was", error.text, folder);
	say("%s: serial %" PRId64 ", expires %s: database%s, %" PRId64 " bytes", folder, e->bundle.serial, moment_text(e->bundle.expires, when),
	    e->options->policy ? " and policy" : "", e->bundle.parts[0].size);
	return EXIT_OK;
}

int db_export(const struct db_options *options)
{
	struct exporting e = {.options = options, .now = (int64_t)time(NULL)};
	int status;

	if (!options->key)
		return say_error(EXIT_USAGE, "db export: the secret key is missing: -k KEY (pipgate key new -o KEY makes one)");
	if (pipgate_run_new(NULL, &e.run) != PIPGATE_OK)
		die_no_memory();
	status = export_and_say(&e);
	pipgate_run_free(&e.run);
	return status;
}
