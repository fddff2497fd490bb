/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What pip itself prints, as an input: `pip list --format=json`, `pip inspect`, an installation report (pip install --report). They
 * are told apart by their first byte and their keys. `pip freeze` prints a requirements file.
 */
#include <stdlib.h>

#include "matcher/base/json.h"
#include "wrapper/pip/report.h"
#include "wrapper/source/source.h"

#include "matcher/base/banned.h"

#define HEAD 8192 /* the keys that tell stand before the distributions, also where a tool has sorted them */

static bool in_head(const struct source_file *file, const char *key)
{
	const size_t n = file->text.n < HEAD ? file->text.n : HEAD;

	return n && memmem(file->text.p, n, key, strlen(key));
}

static char first_of(const struct source_file *file)
{
	const struct span text = span_trim(file->text);

	return text.n && !file->folder ? text.p[0] : 0;
}

bool takes_pip_list(const struct source_file *file)
{
	return first_of(file) == '[';
}

bool takes_pip_inspect(const struct source_file *file)
{
	return first_of(file) == '{' && in_head(file, "\"installed\"");
}

bool takes_pip_report(const struct source_file *file)
{
	return first_of(file) == '{' && in_head(file, "\"install\"");
}

static const char *shown(const struct source_file *file)
{
	return strcmp(file->path, "-") == 0 ? "standard input" : file->path;
}

static struct span text_of(struct pipgate_run *run, const cJSON *object, const char *name)
{
	const struct span s = json_string(json_member(object, name));

	return s.n ? must_span(arena_copy(run, s)) : (struct span){NULL, 0};
}

/* A distribution that has no name or version is counted and named, as a broken folder of an environment is. */
static void nameless(struct gathering *g, const struct source_file *file, const char *list, size_t index)
{
	((struct input *)g->inventory->inputs.items)[g->inventory->inputs.n - 1].broken++;
	inventory_note(g->inventory, "%s: %s[%zu] has no name or no version: not audited", shown(file), list, index);
}

static void add(struct gathering *g, const struct source_file *file, struct pipgate_component c, const char *installer)
{
	if (pipgate_name_normalize(g->run, c.shown_name, &c.name) != PIPGATE_OK)
		die_no_memory();
	if (c.origin == PIPGATE_ORIGIN_EDITABLE && g->settings->skip_editable)
		inventory_skip(g->inventory, c.name, "distribution marked as editable", file->path, 0);
	else
		inventory_add(g->inventory, c, (struct found){.file = file->path, .installer = installer, .direct = c.requested,
			.vendor = installer && strcmp(installer, "debian") == 0});
}

/* ---- pip list ---- */

static void take_listed(struct gathering *g, const struct source_file *file, const cJSON *item, size_t index)
{
	struct pipgate_component c = {.shown_name = text_of(g->run, item, "name"), .version = text_of(g->run, item, "version"),
		.origin = json_member(item, "editable_project_location") ? PIPGATE_ORIGIN_EDITABLE : PIPGATE_ORIGIN_INDEX};

	if (c.shown_name.n && c.version.n)
		add(g, file, c, NULL);
	else
		nameless(g, file, "list", index);
}

/* ---- pip inspect ---- */

static enum pipgate_origin origin_of(const cJSON *direct)
{
	const cJSON *folder = json_member(direct, "dir_info");

	if (json_member(direct, "vcs_info"))
		return PIPGATE_ORIGIN_VCS;
	if (folder)
		return cJSON_IsTrue(json_member(folder, "editable")) ? PIPGATE_ORIGIN_EDITABLE : PIPGATE_ORIGIN_DIRECTORY;
	if (!direct)
		return PIPGATE_ORIGIN_INDEX;
	return span_starts(json_string(json_member(direct, "url")), SPAN("file:")) ? PIPGATE_ORIGIN_ARCHIVE : PIPGATE_ORIGIN_URL;
}

static void take_inspected(struct gathering *g, const struct source_file *file, const cJSON *item, size_t index)
{
	const cJSON *metadata = json_member(item, "metadata"), *direct = json_member(item, "direct_url"), *requires;
	struct pipgate_component c = {.shown_name = text_of(g->run, metadata, "name"), .version = text_of(g->run, metadata, "version"),
		.origin = origin_of(direct), .url = text_of(g->run, direct, "url"), .requested = cJSON_IsTrue(json_member(item, "requested"))};
	struct span installer = text_of(g->run, item, "installer");
	struct list list = {0};

	cJSON_ArrayForEach(requires, json_member(metadata, "requires_dist"))
		if (cJSON_IsString(requires))
			*(struct span *)must(list_push(g->run, &list, sizeof(struct span))) = must_span(arena_copy(g->run, json_string(requires)));
	c.requires_dist = list.items;
	c.n_requires_dist = list.n;
	if (c.shown_name.n && c.version.n)
		add(g, file, c, installer.p);
	else
		nameless(g, file, "installed", index);
}

/* ---- both ---- */

typedef void take_item(struct gathering *g, const struct source_file *file, const cJSON *item, size_t index);

static enum pipgate_status take_all(struct gathering *g, const struct source_file *file, const cJSON *list, take_item *take,
	struct pipgate_error *error)
{
	const cJSON *item;
	size_t index = 0;

	if (!cJSON_IsArray(list))
		return error_set(error, PIPGATE_INVALID, "%s: its distributions are no list", shown(file));
	cJSON_ArrayForEach(item, list)
		take(g, file, item, index++);
	return PIPGATE_OK;
}

static enum pipgate_status parse(const struct source_file *file, cJSON **root, struct pipgate_error *error)
{
	enum pipgate_status status = json_parse_without(file->text, SPAN("\"description\""), root, error);

	if (status != PIPGATE_OK)
		error_before(error, "%s", shown(file));
	return status;
}

enum pipgate_status read_pip_list(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	cJSON *root = NULL;
	enum pipgate_status status = parse(file, &root, error);

	inventory_input(g->inventory, "pip-list", text_format(g->run, "pip's list in %s", shown(file)), file->path);
	if (status == PIPGATE_OK)
		status = take_all(g, file, root, take_listed, error);
	cJSON_Delete(root);
	return status;
}

enum pipgate_status read_pip_inspect(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	cJSON *root = NULL;
	enum pipgate_status status = parse(file, &root, error);
	struct span version;

	inventory_input(g->inventory, "pip-inspect", text_format(g->run, "pip's inspection in %s", shown(file)), file->path);
	version = json_string(json_member(root, "version"));
	if (status == PIPGATE_OK && !span_is(version, "1") && !span_is(version, "0")) /* "0" of pip 22.2 is the same */
		status = error_set(error, PIPGATE_INVALID, "%s: version '" SPAN_FMT "' of pip inspect is not known (1 is)", shown(file),
			SPAN_ARG(version));
	if (status == PIPGATE_OK && json_member(root, "environment"))
		status = environment_from_json(g->run, json_member(root, "environment"), &g->inventory->environment, error);
	if (status == PIPGATE_OK)
		status = take_all(g, file, json_member(root, "installed"), take_inspected, error);
	cJSON_Delete(root);
	return status;
}

enum pipgate_status read_pip_report(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct plan plan;

	inventory_input(g->inventory, "pip-report", text_format(g->run, "pip's report in %s", shown(file)), file->path);
	status = report_read(g->run, file->text, &plan, error);
	if (status != PIPGATE_OK) {
		error_before(error, "%s", shown(file));
		return status;
	}
	g->inventory->environment = plan.environment;
	for (size_t i = 0; i < plan.n; i++) {
		plan.components[i].sdist = false; /* nothing is built here: what is vulnerable is asked, not what may be installed */
		add(g, file, plan.components[i], NULL);
	}
	return PIPGATE_OK;
}
