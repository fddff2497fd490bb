/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/database/beside.h"
#include "wrapper/database/history.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/bundle_serial.h"
#include "wrapper/feed/transport.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"
#include "wrapper/policy/organisation.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

struct installing {
	struct pipgate_run *run;
	const struct bundle_order *order;
	const char *base;    /* the place without a slash at its end */
	struct span serials; /* its name where serials are kept: one, however it is written */
	struct bundle_outcome *out;
};

/* ---- small files ---- */

static enum pipgate_status bytes_take(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	struct buf *out = ctx;

	(void)name;
	buf_span(out, body);
	return buf_status(out) == PIPGATE_OK ? PIPGATE_OK : error_set(error, PIPGATE_LIMIT, "too large");
}

static enum pipgate_status small_get(struct installing *in, const char *name, size_t most, struct span *out, struct pipgate_error *error)
{
	const struct transport_job job = {.verb = "get", .place = must_span(arena_format(in->run, "%s/%s", in->base, name)),
		.max_bytes = most, .deadline_ms = in->order->deadline_ms};
	struct transport_result result;
	struct transport_sink sink = {.item = bytes_take};
	enum pipgate_status status;
	struct buf bytes;

	buf_init(&bytes, NULL, most);
	sink.ctx = &bytes;
	status = transport_run(&job, &sink, &result, error);
	if (status == PIPGATE_OK)
		*out = must_span(arena_copy(in->run, bytes.n ? buf_view(&bytes) : SPAN("")));
	else
		error_before(error, "%s", name);
	buf_fini(&bytes);
	return status;
}

/* ---- the manifest ---- */

static enum pipgate_status signed_get(struct installing *in, const char *name, struct span signature, struct span *text, struct pipgate_error *error)
{
	struct signature_words words;
	enum pipgate_status status = small_get(in, name, BUNDLE_MANIFEST_BYTES, text, error);

	if (status != PIPGATE_OK)
		return status;
	status = signature_verify(in->run, *text, signature, in->order->key, &words, error);
	if (status == PIPGATE_OK)
		in->out->key = words.key;
	else
		error_before(error, "%s", name);
	return status;
}

/* Manifest and signature are two files: where a publisher has just put down one of them, the copy that the signature names is the
 * one that was signed. */
static enum pipgate_status manifest_get(struct installing *in, struct span *text, struct pipgate_error *error)
{
	struct pipgate_error unsaid;
	char copy[BUNDLE_PATH_CHARS + 1];
	struct span signature;
	enum pipgate_status status = small_get(in, BUNDLE_MANIFEST SIGNATURE_SUFFIX, SIGNATURE_BYTES, &signature, error);

	if (status != PIPGATE_OK)
		return status;
	status = signed_get(in, BUNDLE_MANIFEST, signature, text, error);
	if (status == PIPGATE_INVALID && bundle_manifest_named(signature, copy) &&
	    signed_get(in, copy, signature, text, &unsaid) == PIPGATE_OK)
		status = PIPGATE_OK;
	return status;
}

static enum pipgate_status fresh(struct installing *in, struct pipgate_error *error)
{
	const struct bundle *bundle = &in->out->bundle;
	char when[MOMENT_TEXT];
	int64_t before;
	enum pipgate_status status;

	if ((int64_t)time(NULL) > bundle->expires)
		return error_set(error, PIPGATE_INVALID, "serial %" PRId64 " expired %s: a newer one must be exported, or the clock here is wrong",
				 bundle->serial, moment_text(bundle->expires, when));
	status = bundle_serial_read(in->run, in->serials, &before, error);
	if (status == PIPGATE_OK && bundle->serial < before)
		status = error_set(error, PIPGATE_INVALID, "serial %" PRId64 " is older than %" PRId64 ", which was taken from there before",
				   bundle->serial, before);
	return status;
}

static enum pipgate_status manifest_take(struct installing *in, struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = manifest_get(in, &text, error);

	if (status == PIPGATE_OK)
		status = bundle_parse(in->run, text, &in->out->bundle, error);
	return status == PIPGATE_OK ? fresh(in, error) : status;
}

/* ---- parts ---- */

static enum pipgate_status file_take(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	(void)name;
	return file_put(*(int *)ctx, body) ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
}

/* Whether the file holds what the manifest says; by a child of its own, which reads this file and nothing else. */
static enum pipgate_status file_is(struct installing *in, const char *path, const struct bundle_part *part, bool *out, struct pipgate_error *error)
{
	const struct transport_job job = {.verb = "get", .place = span_of(path)};
	const struct transport_sink sink = {0};
	struct transport_result result;
	struct bundle_part found = {0};
	enum pipgate_status status = transport_run(&job, &sink, &result, error);

	if (status != PIPGATE_OK)
		return status;
	bundle_part_digest(in->run, &found, result.sha256);
	*out = (int64_t)result.bytes == part->size && span_equal(found.sha256, part->sha256);
	return PIPGATE_OK;
}

static enum pipgate_status part_download(struct installing *in, const struct bundle_part *part, int fd, uint64_t *bytes, struct pipgate_error *error)
{
	const struct transport_job job = {.verb = "get", .place = must_span(arena_format(in->run, "%s/%s", in->base, part->path)),
		.max_bytes = (uint64_t)part->size, .deadline_ms = in->order->deadline_ms};
	const struct transport_sink sink = {.ctx = &fd, .item = file_take};
	struct transport_result result;
	enum pipgate_status status = transport_run(&job, &sink, &result, error);

	if (status == PIPGATE_OK)
		*bytes = result.bytes;
	else if (status == PIPGATE_LIMIT && !strstr(error->text, "not done within"))
		error_set(error, status, "it is longer than the %" PRId64 " bytes that " BUNDLE_MANIFEST " tells", part->size);
	else if (strstr(error->text, " 404") || strncmp(error->text, "file: ", 6) == 0)
		error_before(error, "it is not there, or " BUNDLE_MANIFEST " and the parts are of different versions");
	return status;
}

/* Into the temporary file of b. */
static enum pipgate_status part_get(struct installing *in, const struct bundle_part *part, struct beside *b, struct pipgate_error *error)
{
	enum pipgate_status status = beside_create(b, error);
	uint64_t bytes = 0;
	bool same = false;
	int fd;

	if (status != PIPGATE_OK)
		return status;
	fd = open(b->temporary, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", b->temporary, strerror(errno));
	status = part_download(in, part, fd, &bytes, error);
	close(fd);
	if (status == PIPGATE_OK && bytes != (uint64_t)part->size)
		status = error_set(error, PIPGATE_INVALID, "it is %" PRIu64 " bytes long, and " BUNDLE_MANIFEST " tells %" PRId64, bytes, part->size);
	if (status == PIPGATE_OK)
		status = file_is(in, b->temporary, part, &same, error);
	if (status == PIPGATE_OK && !same)
		status = error_set(error, PIPGATE_INVALID, "its digest is not the one in " BUNDLE_MANIFEST ": altered, or of another version");
	if (status != PIPGATE_OK)
		error_before(error, "serial %" PRId64 ", part " SPAN_FMT, in->out->bundle.serial, SPAN_ARG(part->name));
	return status;
}

/* ---- the database ---- */

static enum pipgate_status database_check(const char *path, struct pipgate_error *error)
{
	struct database *database = NULL;
	enum pipgate_status status = database_open(path, &database, error);

	database_close(&database);
	return status;
}

/* Downloaded and judged; where it is there already, b has no temporary file. */
static enum pipgate_status database_get(struct installing *in, struct beside *b, struct pipgate_error *error)
{
	const struct bundle_part *part = bundle_part(&in->out->bundle, BUNDLE_DATABASE);
	struct pipgate_error why;
	struct stat st;
	enum pipgate_status status;

	if (lstat(b->target, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == part->size &&
	    file_is(in, b->target, part, &in->out->unchanged, &why) != PIPGATE_OK)
		in->out->unchanged = false;
	if (in->out->unchanged)
		return PIPGATE_OK;
	status = part_get(in, part, b, error);
	return status == PIPGATE_OK ? database_check(b->temporary, error) : status;
}

/* One that cannot be read would block everything: the bundle is not taken. */
static enum pipgate_status policy_check(struct installing *in, struct beside *b, struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = keep_file(in->run, b->temporary, (size_t)BUNDLE_POLICY_BYTES, &text, error);

	return status == PIPGATE_OK ? organisation_check(in->run, "its policy", text, error) : status;
}

static enum pipgate_status policy_get(struct installing *in, struct beside *b, struct pipgate_error *error)
{
	const struct bundle_part *part = bundle_part(&in->out->bundle, BUNDLE_POLICY);
	enum pipgate_status status;

	if (!part)
		return PIPGATE_OK;
	if (part->size > BUNDLE_POLICY_BYTES)
		return error_set(error, PIPGATE_LIMIT, "its policy is larger than %" PRId64 " bytes", BUNDLE_POLICY_BYTES);
	status = part_get(in, part, b, error);
	return status == PIPGATE_OK ? policy_check(in, b, error) : status;
}

/* A bundle without a policy takes that of an earlier one away. */
static enum pipgate_status policy_put(struct installing *in, struct beside *b, struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = b->temporary[0] ? keep_file(in->run, b->temporary, (size_t)BUNDLE_POLICY_BYTES, &text, error) : PIPGATE_OK;

	if (b->temporary[0] && status == PIPGATE_OK)
		status = organisation_keep(in->run, b->target, text, error);
	if (b->temporary[0])
		return status == PIPGATE_OK ? beside_commit(b, error) : status;
	organisation_forget(in->run, b->target);
	if (unlinkat(b->folder, b->name, 0) != 0 && errno != ENOENT)
		return error_set(error, PIPGATE_FAILED, "%s: %s", b->target, strerror(errno));
	return PIPGATE_OK;
}

/* Everything is here and good: the serial first, so that nothing older can come after it. */
static enum pipgate_status all_put(struct installing *in, struct beside *database, struct beside *policy, struct pipgate_error *error)
{
	enum pipgate_status status = bundle_serial_keep(in->run, in->serials, in->out->bundle.serial, error);

	if (status == PIPGATE_OK)
		status = policy_put(in, policy, error);
	if (status != PIPGATE_OK || !database->temporary[0])
		return status;
	beside_companions_remove(database);
	return history_commit(database, error);
}

static enum pipgate_status install_beside(struct installing *in, struct beside *database, struct beside *policy, struct pipgate_error *error)
{
	enum pipgate_status status = manifest_take(in, error); /* behind the lock: what is read of the serial is what is kept */

	if (status == PIPGATE_OK)
		status = database_get(in, database, error);
	if (status == PIPGATE_OK)
		status = policy_get(in, policy, error);
	return status == PIPGATE_OK ? all_put(in, database, policy, error) : status;
}

static const char *policy_path(struct pipgate_run *run, const char *database)
{
	const char *slash = strrchr(database, '/');

	return text_format(run, "%.*s" ORGANISATION_FILE, slash ? (int)(slash + 1 - database) : 0, database);
}

static struct span without_slash(struct span place)
{
	while (place.n > 1 && place.p[place.n - 1] == '/')
		place.n--;
	return place;
}

static enum pipgate_status base_set(struct installing *in, struct pipgate_error *error)
{
	const char *place = in->order->place;
	char real[PATH_MAX];

	if (strstr(place, "://")) {
		if (strpbrk(place, "?#"))
			return error_set(error, PIPGATE_INVALID, "the address of a folder is wanted, without ? and #");
		in->base = text_copy(in->run, without_slash(span_of(place)));
		in->serials = without_slash(in->order->shown);
		return PIPGATE_OK;
	}
	if (!realpath(place, real))
		return error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
	in->base = text_copy(in->run, span_of(real));
	in->serials = span_of(in->base);
	return PIPGATE_OK;
}

enum pipgate_status bundle_install(struct pipgate_run *run, const struct bundle_order *order, struct bundle_outcome *out, struct pipgate_error *error)
{
	struct installing in = {.run = run, .order = order, .out = out};
	struct beside database, policy;
	enum pipgate_status status = base_set(&in, error);

	*out = (struct bundle_outcome){0};
	if (status == PIPGATE_OK)
		status = beside_open(&database, order->database, error);
	if (status != PIPGATE_OK)
		return status;
	status = beside_open(&policy, policy_path(run, order->database), error);
	if (status == PIPGATE_OK) {
		status = install_beside(&in, &database, &policy, error);
		beside_close(&policy);
	}
	beside_close(&database);
	return status;
}
