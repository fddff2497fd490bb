/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A project's folder, or its pyproject.toml: what it says that it asks for (PEP 621), with extras, and with groups (PEP 735). What only
 * its build tells (setup.py, setup.cfg, dynamic dependencies, tables of a tool), the real pip is asked for, if building is allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/source/project_links.h"
#include "wrapper/source/requirement_set.h"
#include "wrapper/source/toml.h"

#include "matcher/base/banned.h"

#define INCLUDES 64 /* groups that include groups, extras that name extras */

struct project {
	struct gathering *g;
	struct requirement_set set;
	const struct source_file *file; /* pyproject.toml */
	const cJSON *root;
	struct span name; /* normalized, its own */
	struct pipgate_error *error;
};

static bool names_equal(struct pipgate_run *run, struct span a, struct span b)
{
	struct span x, y;

	if (pipgate_name_normalize(run, a, &x) != PIPGATE_OK || pipgate_name_normalize(run, b, &y) != PIPGATE_OK)
		die_no_memory();
	return span_equal(x, y);
}

static const cJSON *member_normalized(struct pipgate_run *run, const cJSON *object, struct span name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
		if (item->string && names_equal(run, span_of(item->string), name))
			return item;
	return NULL;
}

static enum pipgate_status wrong(struct project *p, const char *table, const char *name, const char *what)
{
	return error_set(p->error, PIPGATE_INVALID, "%s: %s%s%s %s", p->file->path, table, *name ? "." : "", name, what);
}

/* The line where this text stands in quotes; 0: it is written otherwise. */
static size_t line_of(struct span toml, struct span text)
{
	const char *at = toml.p;
	size_t line = 1;

	while (text.n && (at = memmem(at, (size_t)(toml.p + toml.n - at), text.p, text.n))) {
		const char *end = at + text.n;

		if (at > toml.p && end < toml.p + toml.n && (at[-1] == '"' || at[-1] == '\'') && *end == at[-1]) {
			for (const char *c = toml.p; c < at; c++)
				line += *c == '\n';
			return line;
		}
		at++;
	}
	return 0;
}

static enum pipgate_status add_extra(struct project *p, struct span extra, int depth);

/* "this-project[more]" means its own extras. */
static enum pipgate_status add_own(struct project *p, const struct pipgate_requirement *r, int depth)
{
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < r->n_extras && status == PIPGATE_OK; i++)
		status = add_extra(p, r->extras[i], depth + 1);
	return status;
}

/* One requirement: nothing but PEP 508, so that no option of pip and no second line comes in by it. */
static enum pipgate_status add_requirement(struct project *p, const char *table, const char *name, const cJSON *item, int depth)
{
	struct span text = span_trim(json_string(item));
	struct pipgate_requirement parsed;
	struct pipgate_error why;
	enum pipgate_status status;
	size_t line;

	if (!text.n)
		return wrong(p, table, name, "holds what is no requirement");
	status = pipgate_requirement_parse(p->g->run, text, &parsed, &why);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	line = line_of(p->file->text, json_string(item));
	if (status != PIPGATE_OK || memchr(text.p, '\n', text.n) || memchr(text.p, '\r', text.n))
		return error_set(p->error, PIPGATE_INVALID, "%s, line %zu: '" SPAN_FMT "' is no requirement: %s", p->file->path, line, SPAN_ARG(text),
			status != PIPGATE_OK ? why.text : "it has several lines");
	if (p->name.n && names_equal(p->g->run, parsed.name, p->name))
		return add_own(p, &parsed, depth);
	return requirement_set_line(&p->set, p->file->path, line ? line : 1, must_span(arena_copy(p->g->run, text)), p->error);
}

static enum pipgate_status add_list(struct project *p, const char *table, const char *name, const cJSON *list, int depth)
{
	enum pipgate_status status = PIPGATE_OK;
	const cJSON *item;

	if (!cJSON_IsArray(list))
		return wrong(p, table, name, "is no list");
	cJSON_ArrayForEach(item, list)
		if (status == PIPGATE_OK)
			status = add_requirement(p, table, name, item, depth);
	return status;
}

static enum pipgate_status add_extra(struct project *p, struct span extra, int depth)
{
	const cJSON *table = json_member(json_member(p->root, "project"), "optional-dependencies");
	const cJSON *list = member_normalized(p->g->run, table, extra);

	if (depth > INCLUDES)
		return wrong(p, "project", "optional-dependencies", "names itself");
	if (list)
		return add_list(p, "project.optional-dependencies", list->string, list, depth);
	if (p->g->many && !depth)
		return PIPGATE_OK;
	return error_set(p->error, PIPGATE_INVALID, "%s has no extra '" SPAN_FMT "'", p->file->path, SPAN_ARG(extra));
}

/* A group's items are requirements and {include-group = "NAME"}. */
static enum pipgate_status add_group(struct project *p, struct span group, int depth)
{
	const cJSON *list = member_normalized(p->g->run, json_member(p->root, "dependency-groups"), group), *item;
	enum pipgate_status status = PIPGATE_OK;

	if (depth > INCLUDES)
		return wrong(p, "dependency-groups", list ? list->string : "", "includes itself");
	if (!list && p->g->many && !depth)
		return PIPGATE_OK;
	if (!list)
		return error_set(p->error, PIPGATE_INVALID, "%s has no dependency group '" SPAN_FMT "'", p->file->path, SPAN_ARG(group));
	if (!cJSON_IsArray(list))
		return wrong(p, "dependency-groups", list->string, "is no list");
	cJSON_ArrayForEach(item, list) {
		const struct span included = json_string(json_member(item, "include-group"));

		if (status == PIPGATE_OK)
			status = included.n ? add_group(p, included, depth + 1) : add_requirement(p, "dependency-groups", list->string, item, depth);
	}
	return status;
}

/* ---- static or built ---- */

static bool is_dynamic(const cJSON *project, const char *what)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, json_member(project, "dynamic"))
		if (span_is(json_string(item), what))
			return true;
	return false;
}

static enum pipgate_status add_groups(struct project *p)
{
	const char *const *groups = p->g->settings->groups.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < p->g->settings->groups.n && status == PIPGATE_OK; i++)
		status = add_group(p, span_of(groups[i]), 0);
	return status;
}

/* What stands in the file is all. */
static enum pipgate_status add_static(struct project *p)
{
	const cJSON *project = json_member(p->root, "project"), *dependencies = json_member(project, "dependencies");
	const char *const *extras = p->g->settings->extras.items;
	enum pipgate_status status = PIPGATE_OK;

	if (!dependencies)
		inventory_note(p->g->inventory, "pyproject file %s does not contain `dependencies` list", p->file->path);
	else
		status = add_list(p, "project", "dependencies", dependencies, 0);
	for (size_t i = 0; i < p->g->settings->extras.n && status == PIPGATE_OK; i++)
		status = add_extra(p, span_of(extras[i]), 0);
	return status;
}

/* The folder itself, for pip to build. */
static enum pipgate_status add_folder(struct project *p, const char *folder)
{
	const char *const *extras = p->g->settings->extras.items;

	p->set.self = requirement_set_may_build(p->g, &p->set, p->error) == PIPGATE_OK ? project_links(p->g->run, folder, p->error) : NULL;
	if (!p->set.self)
		return PIPGATE_FAILED;
	for (size_t i = 0; i < p->g->settings->extras.n; i++)
		p->set.extras = text_format(p->g->run, "%s%s%s", i ? p->set.extras : "[", i ? "," : "", extras[i]);
	if (p->set.extras)
		p->set.extras = text_format(p->g->run, "%s]", p->set.extras);
	return PIPGATE_OK;
}

static enum pipgate_status read_pyproject(struct project *p, const char *folder)
{
	const cJSON *project = json_member(p->root, "project");
	enum pipgate_status status;

	if (json_string(json_member(project, "name")).n &&
		pipgate_name_normalize(p->g->run, json_string(json_member(project, "name")), &p->name) != PIPGATE_OK)
		die_no_memory();
	if (p->g->settings->groups.n && !p->g->settings->extras.n && !project) /* PEP 735: groups need no project */
		return add_groups(p);
	if (!project || is_dynamic(project, "dependencies") || (is_dynamic(project, "optional-dependencies") && p->g->settings->extras.n))
		status = add_folder(p, folder);
	else
		status = add_static(p);
	return status == PIPGATE_OK ? add_groups(p) : status;
}

/* ---- the rows ---- */

static const char *in_folder(struct pipgate_run *run, const char *folder, const char *name)
{
	struct span base = span_of(folder);

	while (base.n > 1 && base.p[base.n - 1] == '/')
		base.n--;
	return span_is(base, ".") ? name : text_format(run, SPAN_FMT "/%s", SPAN_ARG(base), name);
}

static enum pipgate_status audit_pyproject(struct gathering *g, const struct source_file *file, const char *folder, struct pipgate_error *error)
{
	struct project p = {.g = g, .file = file, .error = error};
	enum pipgate_status status;
	cJSON *root = NULL;

	inventory_input(g->inventory, "project", text_format(g->run, "project %s", file->path), file->path);
	requirement_set_init(&p.set, g, file->path);
	status = toml_read(g, file, 1, &root, error);
	p.root = root ? root->child : NULL;
	if (status == PIPGATE_OK && json_member(p.root, "error"))
		status = error_set(error, PIPGATE_INVALID, "%s: " SPAN_FMT, file->path, SPAN_ARG(json_string(json_member(p.root, "error"))));
	if (status == PIPGATE_OK)
		status = read_pyproject(&p, folder);
	if (status == PIPGATE_OK)
		status = requirement_set_audit(g, &p.set, error);
	cJSON_Delete(root);
	return status;
}

static enum pipgate_status audit_setup(struct gathering *g, const char *folder, const char *file, struct pipgate_error *error)
{
	struct project p = {.g = g, .error = error};
	enum pipgate_status status;

	inventory_input(g->inventory, "project", text_format(g->run, "project %s", file), file);
	requirement_set_init(&p.set, g, file);
	if (g->settings->groups.n && !g->many)
		return error_set(error, PIPGATE_INVALID, "%s: it has no pyproject.toml, and so no dependency groups", folder);
	status = add_folder(&p, folder);
	return status == PIPGATE_OK ? requirement_set_audit(g, &p.set, error) : status;
}

bool takes_project(const struct source_file *file)
{
	return file->folder || strcmp(file->name, "pyproject.toml") == 0;
}

enum pipgate_status read_project(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	static const char *const setups[] = {"setup.py", "setup.cfg"};
	const char *slash = strrchr(file->path, '/');
	struct source_file inside;
	const char *path;

	if (!file->folder)
		return audit_pyproject(g, file, slash ? text_format(g->run, "%.*s", (int)(slash - file->path) + 1, file->path) : ".", error);
	if (g->settings->locked)
		return source_locked(g, file->path, error);
	path = in_folder(g->run, file->path, "pyproject.toml");
	if (access(path, F_OK) == 0) {
		enum pipgate_status status = source_open(g, path, &inside, error);

		return status == PIPGATE_OK ? audit_pyproject(g, &inside, file->path, error) : status;
	}
	for (size_t i = 0; i < sizeof(setups) / sizeof(*setups); i++) {
		path = in_folder(g->run, file->path, setups[i]);
		if (access(path, F_OK) == 0)
			return audit_setup(g, file->path, path, error);
	}
	return error_set(error, PIPGATE_INVALID, "couldn't find a supported project file in %s", file->path);
}
