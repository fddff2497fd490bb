/* SPDX-License-Identifier: Apache-2.0 */
/* What lets findings of an audit pass besides the policy: --baseline and --vex; and what of a baseline is gone. */
#include "matcher/policy/baseline.h"
#include "matcher/policy/vex.h"
#include "wrapper/audit/audit.h"
#include "wrapper/keep.h"
#include "wrapper/pardon/pardon_file.h"

#include "matcher/base/banned.h"

struct span audit_place(const struct auditing *a, size_t component)
{
	const struct found *found = (const struct found *)a->inventory.found.items + component;

	return found->line ? span_of(found->file) : (struct span){NULL, 0};
}

void audit_place_all(struct auditing *a)
{
	struct pipgate_component *v = a->inventory.components.items;

	for (size_t i = 0; i < a->inventory.components.n; i++)
		v[i].place = audit_place(a, i);
}

/* ---- --baseline and --vex ---- */

enum pipgate_status audit_pardons(struct auditing *a, struct pipgate_error *error)
{
	const char *const *v = a->options.vex.items;
	struct pipgate_layer layer = {.kind = PIPGATE_LAYER_OPTION, .name = a->options.baseline, .may_loosen = true};
	struct span text;
	enum pipgate_status status = PIPGATE_OK;

	if (layer.name)
		status = keep_file(a->run, layer.name, DOCUMENT_BYTES, &text, error);
	if (layer.name && status == PIPGATE_OK) {
		status = pipgate_policy_add(a->policy, &layer, text, error);
		if (status != PIPGATE_OK)
			error_before(error, "%s", layer.name);
	}
	for (size_t i = 0; i < a->options.vex.n && status == PIPGATE_OK; i++) {
		layer.name = v[i];
		status = keep_file(a->run, v[i], VEX_BYTES, &text, error);
		if (status == PIPGATE_OK)
			status = vex_read(a->policy, &layer, text, error);
	}
	return status;
}

/* ---- what is gone ---- */

static bool found_here(const struct auditing *a, const struct baseline_entry *entry)
{
	for (size_t i = 0; i < a->audit.n_findings; i++)
		if (baseline_covers(entry, &a->audit.components[a->audit.findings[i].component], &a->audit.findings[i]))
			return true;
	return false;
}

/* Was the entry's file looked at? What was not asked about is not gone. */
static bool looked_at(const struct auditing *a, const struct baseline_entry *entry)
{
	const struct input *inputs = a->inventory.inputs.items;
	const struct pipgate_component *components = a->inventory.components.items;
	bool looked = !entry->place.n;

	for (size_t i = 0; i < a->inventory.inputs.n; i++)
		looked |= span_is(entry->place, inputs[i].path);
	for (size_t i = 0; i < a->inventory.components.n; i++)
		looked |= span_equal(entry->place, components[i].place);
	return looked;
}

bool audit_baseline_gone(const struct auditing *a, const struct baseline_entry *entry)
{
	return looked_at(a, entry) && !found_here(a, entry);
}

enum pipgate_status audit_baseline_shrink(const struct auditing *a, const char *path, const struct list *entries, size_t *gone,
	struct pipgate_error *error)
{
	const struct baseline_entry *v = entries->items;
	struct pardon_file file;
	enum pipgate_status status = pardon_file_read(a->run, path, BASELINE_SCHEMA, &file, error);

	*gone = 0;
	for (size_t i = entries->n; i-- && status == PIPGATE_OK;) /* from behind: numbers before stay as they are */
		if (audit_baseline_gone(a, &v[i])) {
			status = pardon_file_remove(&file, BASELINE_LIST, i, error);
			++*gone;
		}
	if (status == PIPGATE_OK && *gone)
		status = pardon_file_write(&file, error);
	for (size_t i = 0; i < entries->n && status == PIPGATE_OK; i++)
		if (audit_baseline_gone(a, &v[i]))
			say("%s:%u: " SPAN_FMT " " SPAN_FMT " is gone", path, v[i].line, SPAN_ARG(v[i].distribution), SPAN_ARG(v[i].id));
	return status;
}

/* Those of the file that --baseline names. */
static void entries_of_option(const struct auditing *a, struct list *out)
{
	const struct baseline_entry *v = a->policy->baseline.items;

	for (size_t i = 0; i < a->policy->baseline.n; i++)
		if (v[i].layer.kind == PIPGATE_LAYER_OPTION)
			*(struct baseline_entry *)must(list_push(a->run, out, sizeof(*v))) = v[i];
}

enum pipgate_status audit_baseline_end(struct auditing *a, struct pipgate_error *error)
{
	struct list entries = {0};
	const struct baseline_entry *v;
	size_t gone = 0;

	if (!a->options.baseline)
		return PIPGATE_OK;
	entries_of_option(a, &entries);
	if (a->options.baseline_shrink)
		return audit_baseline_shrink(a, a->options.baseline, &entries, &gone, error);
	v = entries.items;
	for (size_t i = 0; i < entries.n; i++)
		gone += audit_baseline_gone(a, &v[i]);
	if (gone)
		say("%zu of %zu findings of %s are gone: run `pipgate baseline update`, or give --baseline-shrink", gone, entries.n,
			a->options.baseline);
	return PIPGATE_OK;
}
