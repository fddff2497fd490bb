/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/report.h"

#include <fcntl.h>

#include "matcher/base/json.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

struct reader {
	struct pipgate_run *run;
	struct pipgate_error *error;
};

static struct span text(const struct reader *r, const cJSON *object, const char *name)
{
	struct span s = json_string(json_member(object, name));

	return s.n ? must_span(arena_copy(r->run, s)) : (struct span){NULL, 0};
}

static bool is_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(json_member(object, name));
}

/* A list of strings; missing is empty. */
static bool texts(const struct reader *r, const cJSON *object, const char *name, const struct span **out, size_t *n)
{
	const cJSON *array = json_member(object, name), *item;
	struct list list = {0};

	if (array && !cJSON_IsArray(array) && !cJSON_IsNull(array))
		return false;
	cJSON_ArrayForEach(item, array) {
		struct span *place;

		if (!cJSON_IsString(item))
			return false;
		place = must(list_push(r->run, &list, sizeof(*place)));
		*place = must_span(arena_copy(r->run, json_string(item)));
	}
	*out = list.items;
	*n = list.n;
	return true;
}

/* ---- where a component comes from ---- */

static bool is_wheel_url(struct span url)
{
	struct span path = span_split(&url, '#');

	path = span_split(&path, '?');
	return span_ends(path, SPAN(".whl"));
}

static enum pipgate_origin origin_of(const cJSON *install, const cJSON *download, struct span url)
{
	const cJSON *directory = json_member(download, "dir_info");

	if (json_member(download, "vcs_info"))
		return PIPGATE_ORIGIN_VCS;
	if (directory)
		return is_true(directory, "editable") ? PIPGATE_ORIGIN_EDITABLE : PIPGATE_ORIGIN_DIRECTORY;
	if (!is_true(install, "is_direct"))
		return PIPGATE_ORIGIN_INDEX;
	return span_starts(url, SPAN("file:")) ? PIPGATE_ORIGIN_ARCHIVE : PIPGATE_ORIGIN_URL;
}

/* "hashes": {"sha256": …} since pip 23.0, "hash": "sha256=…" before. */
static struct span sha256_of(const struct reader *r, const cJSON *download)
{
	const cJSON *archive = json_member(download, "archive_info");
	struct span hash = text(r, json_member(archive, "hashes"), "sha256");

	if (hash.n)
		return hash;
	hash = text(r, archive, "hash");
	return span_starts(hash, SPAN("sha256=")) ? span_from(hash, sizeof("sha256=") - 1) : (struct span){NULL, 0};
}

/* ---- one component ---- */

/* A name as PEP 508 has it; a version without blanks and controls: they stand in constraints, a line each. */
static bool proper(struct span name, struct span version)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) && !memchr("-_.", name.p[i], 3))
			return false;
	for (size_t i = 0; i < version.n; i++)
		if ((unsigned char)version.p[i] <= ' ' || version.p[i] == 0x7F)
			return false;
	return name.n && version.n;
}

static enum pipgate_status read_component(const struct reader *r, const cJSON *install, size_t index, struct pipgate_component *c)
{
	const cJSON *metadata = json_member(install, "metadata");
	const cJSON *download = json_member(install, "download_info");

	*c = (struct pipgate_component){.shown_name = text(r, metadata, "name"), .version = text(r, metadata, "version")};
	if (!c->shown_name.n || !c->version.n)
		return error_set(r->error, PIPGATE_INVALID, "install[%zu].metadata has no name or no version", index);
	if (!proper(c->shown_name, c->version))
		return error_set(r->error, PIPGATE_INVALID, "install[%zu]: '" SPAN_FMT "' '" SPAN_FMT "' is no name and version", index,
			SPAN_ARG(c->shown_name), SPAN_ARG(c->version));
	if (!cJSON_IsObject(download))
		return error_set(r->error, PIPGATE_INVALID, "install[%zu] (" SPAN_FMT ") has no download_info", index, SPAN_ARG(c->shown_name));
	if (!texts(r, metadata, "requires_dist", &c->requires_dist, &c->n_requires_dist) ||
		!texts(r, install, "requested_extras", &c->extras, &c->n_extras))
		return error_set(r->error, PIPGATE_INVALID, "install[%zu] (" SPAN_FMT "): requires_dist or requested_extras is no list of strings",
			index, SPAN_ARG(c->shown_name));
	c->url = text(r, download, "url");
	c->origin = origin_of(install, download, c->url);
	c->sha256 = sha256_of(r, download);
	c->requested = is_true(install, "requested");
	c->yanked = is_true(install, "is_yanked");
	c->sdist = c->origin == PIPGATE_ORIGIN_VCS || c->origin == PIPGATE_ORIGIN_DIRECTORY || c->origin == PIPGATE_ORIGIN_EDITABLE ||
		   !is_wheel_url(c->url);
	if (pipgate_name_normalize(r->run, c->shown_name, &c->name) != PIPGATE_OK)
		die_no_memory();
	return PIPGATE_OK;
}

enum pipgate_status environment_from_json(struct pipgate_run *run, const cJSON *object, struct pipgate_environment *out,
	struct pipgate_error *error)
{
	struct list list = {0};
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return error_set(error, PIPGATE_INVALID, "environment is missing");
	cJSON_ArrayForEach(item, object) {
		struct pipgate_variable *v = must(list_push(run, &list, sizeof(*v)));

		v->name = must_span(arena_copy(run, span_of(item->string)));
		v->value = must_span(arena_copy(run, json_string(item)));
	}
	*out = (struct pipgate_environment){list.items, list.n};
	return PIPGATE_OK;
}

static enum pipgate_status read_root(const struct reader *r, const cJSON *root, struct plan *out)
{
	const cJSON *installs = json_member(root, "install"), *item;
	struct span version = json_string(json_member(root, "version"));
	struct list list = {0};
	enum pipgate_status status;

	if (!span_is(version, "1") && !span_is(version, "0"))
		return error_set(r->error, PIPGATE_INVALID, "version '" SPAN_FMT "' of pip's report is not known (1 is)", SPAN_ARG(version));
	if (!cJSON_IsArray(installs))
		return error_set(r->error, PIPGATE_INVALID, "install is missing or no list");
	cJSON_ArrayForEach(item, installs) {
		status = read_component(r, item, list.n, must(list_push(r->run, &list, sizeof(*out->components))));
		if (status != PIPGATE_OK)
			return status;
	}
	status = environment_from_json(r->run, json_member(root, "environment"), &out->environment, r->error);
	if (status != PIPGATE_OK)
		return status;
	out->components = list.items;
	out->n = list.n;
	out->pip_version = text(r, root, "pip_version").p;
	return PIPGATE_OK;
}

enum pipgate_status report_read(struct pipgate_run *run, struct span bytes, struct plan *out, struct pipgate_error *error)
{
	const struct reader r = {run, error};
	cJSON *root = NULL;
	/* the long descriptions are most of a report, and nothing is decided by them */
	enum pipgate_status status = json_parse_without(bytes, SPAN("\"description\""), &root, error);

	if (status != PIPGATE_OK)
		return status;
	*out = (struct plan){0};
	status = read_root(&r, root, out);
	cJSON_Delete(root);
	return status;
}

enum pipgate_status report_read_file(struct pipgate_run *run, const char *path, struct plan *out, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf bytes;

	buf_init(&bytes, NULL, PIP_REPORT_MAX);
	status = file_read(AT_FDCWD, path, &bytes, error);
	if (status == PIPGATE_OK) {
		status = report_read(run, buf_view(&bytes), out, error);
		if (status != PIPGATE_OK)
			error_before(error, "%s", path);
	}
	buf_fini(&bytes);
	return status;
}
