/* SPDX-License-Identifier: Apache-2.0 */
/* [tool.pipgate] of the pyproject.toml that an audit reads: a project's policy, as its .pipgate.yaml is one. */
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/audit/audit.h"
#include "wrapper/keep.h"
#include "wrapper/policy/place.h"
#include "wrapper/source/toml.h"

#include "matcher/base/banned.h"

#define TABLE "tool.pipgate"
#define HEAD "{\"schema\":\"pipgate/policy/1\""

static const char *pyproject_of(struct pipgate_run *run, const char *input)
{
	struct stat st;

	if (strcmp(input, "-") == 0 || stat(input, &st))
		return NULL;
	if (S_ISDIR(st.st_mode))
		return text_format(run, "%s/pyproject.toml", input);
	return strcmp(strrchr(input, '/') ? strrchr(input, '/') + 1 : input, "pyproject.toml") == 0 ? input : NULL;
}

static const char *mention(struct span toml)
{
	return memmem(toml.p, toml.n, TABLE, sizeof(TABLE) - 1);
}

/* The table as a policy in JSON, which is YAML. It stands on the line where the TOML names it, so that errors and notes name that. */
static struct span policy_text(struct pipgate_run *run, const cJSON *table, struct span toml)
{
	char *json = must(cJSON_PrintUnformatted(table));
	struct span members = span_from(span_of(json), 1), out;
	const char *at = mention(toml);
	struct buf text;

	buf_init(&text, NULL, 2 * PLACE_BYTES);
	for (const char *c = toml.p; c < at; c++)
		if (*c == '\n')
			buf_byte(&text, '\n');
	buf_format(&text, HEAD "%s" SPAN_FMT, members.n > 1 ? "," : "", SPAN_ARG(members));
	if (buf_status(&text) != PIPGATE_OK)
		die_no_memory();
	out = keep_buf(run, &text);
	buf_fini(&text);
	cJSON_free(json);
	return out;
}

static enum pipgate_status read_table(struct auditing *a, const char *path, struct span toml, struct span *out, struct pipgate_error *error)
{
	struct gathering g = {.run = a->run, .settings = &a->options.source, .inventory = &a->inventory};
	const struct source_file file = {.path = path, .name = "pyproject.toml", .text = toml};
	const cJSON *table;
	cJSON *root = NULL;
	enum pipgate_status status = toml_read(&g, &file, 1, &root, error);

	if (status != PIPGATE_OK)
		return status;
	if (json_member(root->child, "error"))
		status = error_set(error, PIPGATE_INVALID, "%s: " SPAN_FMT, path, SPAN_ARG(json_string(json_member(root->child, "error"))));
	table = json_member(json_member(root->child, "tool"), "pipgate");
	if (status == PIPGATE_OK && table && !cJSON_IsObject(table))
		status = error_set(error, PIPGATE_INVALID, "%s: " TABLE " is no table", path);
	if (status == PIPGATE_OK && table)
		*out = policy_text(a->run, table, toml);
	cJSON_Delete(root);
	return status;
}

/* A file that says nothing to us is left to the audit: its owner and mode are no matter. */
static enum pipgate_status add_table(struct auditing *a, const char *path, struct pipgate_error *error)
{
	struct policy_table *table;
	struct span text = {NULL, 0};
	struct place place = {0};
	enum pipgate_status status;

	if (!path || access(path, F_OK) || keep_file(a->run, path, SOURCE_BYTES, &text, NULL) != PIPGATE_OK || !mention(text))
		return PIPGATE_OK;
	status = place_read(a->run, path, PLACE_OF_PROJECT, &place, error);
	text = (struct span){NULL, 0};
	if (status == PIPGATE_OK && mention(place.text))
		status = read_table(a, path, place.text, &text, error);
	if (status != PIPGATE_OK || !text.n)
		return status;
	table = must(list_push(a->run, &a->gate->tables, sizeof(*table)));
	*table = (struct policy_table){text_format(a->run, "%s [" TABLE "]", path), place_folder(a->run, path), text};
	return PIPGATE_OK;
}

enum pipgate_status audit_tool_tables(struct auditing *a, struct pipgate_error *error)
{
	const char *const *v = a->options.inputs.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < a->options.inputs.n && status == PIPGATE_OK; i++)
		status = add_table(a, pyproject_of(a->run, v[i]), error);
	return status;
}
