/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pardon/entry.h"

#include "matcher/base/yaml.h"
#include "matcher/policy/document.h"
#include "wrapper/keep.h"
#include "wrapper/pardon/lines.h"

#include "matcher/base/banned.h"

static size_t line_number(struct span text, size_t at)
{
	size_t n = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void add_lines(const struct pardon_file *d, struct list *entries)
{
	struct list_lines lines;
	struct entry *v = entries->items;
	const struct item_lines *items;

	lines_of_list(d->run, d->text, ENTRY_LIST, &lines);
	items = lines.items.items;
	for (size_t i = 0; i < entries->n && lines.items.n == entries->n; i++)
		v[i].line = line_number(d->text, items[i].begin);
}

enum pipgate_status entries_read(const struct pardon_file *d, struct list *out, struct pipgate_error *error)
{
	cJSON *tree;
	const cJSON *item;
	enum pipgate_status status = yaml_parse_long(d->text, DOCUMENT_BYTES, &tree, error);

	if (status != PIPGATE_OK)
		return error_before(error, "%s", d->path), status;
	*out = (struct list){0};
	cJSON_ArrayForEach(item, json_member(tree, ENTRY_LIST)) {
		struct entry *e = must(list_push(d->run, out, sizeof(*e)));

		*e = (struct entry){.id = keep_member(d->run, item, "id"), .rule = keep_member(d->run, item, "rule"),
			.distribution = keep_member(d->run, item, "distribution"), .versions = keep_member(d->run, item, "versions"),
			.expires = keep_member(d->run, item, "expires")};
	}
	cJSON_Delete(tree);
	add_lines(d, out);
	return PIPGATE_OK;
}

bool entry_names_equal(struct pipgate_run *run, struct span a, struct span b)
{
	struct span x, y;

	if (pipgate_name_normalize(run, a, &x) != PIPGATE_OK || pipgate_name_normalize(run, b, &y) != PIPGATE_OK)
		die_no_memory();
	return span_equal(x, y);
}

bool entry_is(struct pipgate_run *run, const struct entry *entry, const struct entry_wanted *wanted)
{
	bool named = wanted->rule && span_is(entry->rule, wanted->rule);

	for (int i = 0; i < wanted->n_ids; i++)
		named |= entry->id.n && span_equal_nocase(entry->id, span_of(wanted->ids[i]));
	return named && (!wanted->distribution || entry_names_equal(run, entry->distribution, span_of(wanted->distribution)));
}
