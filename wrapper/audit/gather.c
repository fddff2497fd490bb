/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage: what the command line names, read into the inventory. */
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/audit/audit.h"

#include "matcher/base/banned.h"

/* -r, several of them: one request, as pip takes them. */
static enum pipgate_status read_requirement_files(struct auditing *a, struct pipgate_error *error)
{
	const struct list *paths = &a->options.requirements;
	const char *const *v = paths->items;
	struct source_file *files = must(arena_array(a->run, paths->n, sizeof(*files)));
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < paths->n && status == PIPGATE_OK; i++) {
		if (strcmp(v[i], "-") != 0 && access(v[i], F_OK))
			return error_set(error, PIPGATE_FAILED, "invalid requirements input: %s", v[i]);
		status = source_open(&a->gathering, v[i], &files[i], error);
		if (status == PIPGATE_OK && files[i].folder)
			status = error_set(error, PIPGATE_INVALID, "invalid requirements input: %s is a folder", v[i]);
	}
	return status == PIPGATE_OK ? source_requirements(&a->gathering, files, paths->n, error) : status;
}

static enum pipgate_status read_inputs(struct auditing *a, struct pipgate_error *error)
{
	const char *const *v = a->options.inputs.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < a->options.inputs.n && status == PIPGATE_OK; i++)
		status = source_read(&a->gathering, v[i], NULL, error);
	return status;
}

static enum pipgate_status read_folders(struct auditing *a, struct pipgate_error *error)
{
	const char *const *v = a->options.paths.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < a->options.paths.n && status == PIPGATE_OK; i++)
		status = source_folder(&a->gathering, v[i], error);
	return status;
}

enum pipgate_status audit_gather(struct auditing *a, struct pipgate_error *error)
{
	const struct audit_options *o = &a->options;

	a->inventory.run = a->run;
	a->gathering = (struct gathering){.run = a->run, .settings = &o->source, .inventory = &a->inventory};
	if (o->requirements.n)
		return read_requirement_files(a, error);
	if (o->paths.n && (o->source.local || o->source.user))
		return error_set(error, PIPGATE_INVALID, "Cannot combine '--path' with '--user' or '--local'");
	if (o->paths.n)
		return read_folders(a, error);
	if (o->inputs.n)
		return read_inputs(a, error);
	return source_environment(&a->gathering, error);
}
