/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage: what the command line names, read into the inventory. */
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/audit/audit.h"
#include "wrapper/source/against.h"
#include "wrapper/source/drift.h"
#include "wrapper/source/recursive.h"

#include "matcher/base/banned.h"

/* -r, several of them: one request, as pip takes them. */
static enum pipgate_status read_requirement_files(struct gathering *g, const struct audit_options *o, struct pipgate_error *error)
{
	const struct list *paths = &o->requirements;
	const char *const *v = paths->items;
	struct source_file *files = must(arena_array(g->run, paths->n, sizeof(*files)));
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < paths->n && status == PIPGATE_OK; i++) {
		if (strcmp(v[i], "-") != 0 && access(v[i], F_OK))
			return error_set(error, PIPGATE_FAILED, "invalid requirements input: %s", v[i]);
		status = source_open(g, v[i], &files[i], error);
		if (status == PIPGATE_OK && files[i].folder)
			status = error_set(error, PIPGATE_INVALID, "invalid requirements input: %s is a folder", v[i]);
	}
	return status == PIPGATE_OK ? source_requirements(g, files, paths->n, error) : status;
}

static enum pipgate_status read_inputs(struct gathering *g, const struct audit_options *o, struct pipgate_error *error)
{
	const char *const *v = o->inputs.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < o->inputs.n && status == PIPGATE_OK; i++)
		status = source_read(g, v[i], NULL, error);
	return status;
}

static enum pipgate_status read_folders(struct gathering *g, const struct audit_options *o, struct pipgate_error *error)
{
	const char *const *v = o->paths.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < o->paths.n && status == PIPGATE_OK; i++)
		status = source_folder(g, v[i], error);
	return status;
}

/* All that the options name. */
static enum pipgate_status gather(struct gathering *g, const struct audit_options *o, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	if (o->recursive)
		status = source_recursive(g, o->recursive, error);
	if (status != PIPGATE_OK)
		return status;
	if (o->requirements.n)
		return read_requirement_files(g, o, error);
	if (o->paths.n && (o->source.local || o->source.user))
		return error_set(error, PIPGATE_INVALID, "Cannot combine '--path' with '--user' or '--local'");
	if (o->paths.n)
		return read_folders(g, o, error);
	if (o->inputs.n)
		return read_inputs(g, o, error);
	return o->recursive ? PIPGATE_OK : source_environment(g, error);
}

/* ---- --drift ---- */

static enum pipgate_status drift(struct auditing *a, struct pipgate_error *error)
{
	const struct input *inputs = a->inventory.inputs.items;

	for (size_t i = 0; i < a->inventory.inputs.n; i++)
		if (strcmp(inputs[i].kind, "environment") != 0 && strcmp(inputs[i].kind, "folder") != 0)
			return error_set(error, PIPGATE_INVALID, "--drift compares what is installed with a lock, and %s is no environment",
				inputs[i].path);
	return source_drift(&a->gathering, a->options.drift, error);
}

/* ---- --against: the same again, as it was ---- */

/* Those of the paths that were there, where they stand as they were. */
static enum pipgate_status as_it_was(struct against *against, const struct list *paths, struct list *out, struct pipgate_error *error)
{
	const char *const *v = paths->items, *old;
	enum pipgate_status status = PIPGATE_OK;

	*out = (struct list){0};
	for (size_t i = 0; i < paths->n && status == PIPGATE_OK; i++) {
		status = against_path(against, v[i], &old, error);
		if (status == PIPGATE_OK && old)
			*(const char **)must(list_push(against->run, out, sizeof(char *))) = old;
	}
	return status;
}

static enum pipgate_status gather_before(struct auditing *a, struct against *against, struct inventory *before, struct pipgate_error *error)
{
	struct audit_options old = a->options;
	struct gathering g = a->gathering;
	enum pipgate_status status = as_it_was(against, &a->options.requirements, &old.requirements, error);

	if (status == PIPGATE_OK)
		status = as_it_was(against, &a->options.inputs, &old.inputs, error);
	if (status == PIPGATE_OK && old.recursive)
		status = against_path(against, a->options.recursive, &old.recursive, error);
	if (status != PIPGATE_OK || (!old.requirements.n && !old.inputs.n && !old.recursive))
		return status; /* nothing was there */
	g.inventory = before;
	g.settings = &old.source;
	return gather(&g, &old, error);
}

static enum pipgate_status only_new(struct auditing *a, struct pipgate_error *error)
{
	const struct audit_options *o = &a->options;
	struct inventory before = {.run = a->run};
	struct against against;
	enum pipgate_status status;

	if (!o->requirements.n && !o->inputs.n && !o->recursive)
		return error_set(error, PIPGATE_INVALID,
			"--against compares files in git: name requirement files, lock files or projects, or --recursive DIR");
	status = against_init(&against, a->run, o->against, error);
	if (status == PIPGATE_OK)
		status = gather_before(a, &against, &before, error);
	if (status != PIPGATE_OK)
		return error_before(error, "as it was at %s", o->against), status;
	against_mark(&a->inventory, &before);
	return PIPGATE_OK;
}

enum pipgate_status audit_gather(struct auditing *a, struct pipgate_error *error)
{
	enum pipgate_status status;

	a->inventory.run = a->run;
	a->gathering = (struct gathering){.run = a->run, .settings = &a->options.source, .inventory = &a->inventory};
	status = gather(&a->gathering, &a->options, error);
	if (status == PIPGATE_OK && a->options.drift)
		status = drift(a, error);
	if (status == PIPGATE_OK && a->options.against)
		status = only_new(a, error);
	audit_place_all(a);
	return status;
}
