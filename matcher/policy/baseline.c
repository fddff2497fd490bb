/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/baseline.h"

#include "matcher/base/banned.h"

#define AT(member) offsetof(struct baseline_entry, member)

static const struct field fields[] = {
	{"distribution", FIELD_NAME, AT(distribution), true, NULL},
	{"id", FIELD_LOWER, AT(id), true, NULL},
	{"place", FIELD_TEXT, AT(place), false, NULL},
	{"since", FIELD_DATE, AT(since), false, NULL},
	{NULL, 0, 0, false, NULL},
};

enum pipgate_status baseline_read(const struct document *d, const cJSON *item)
{
	struct baseline_entry entry = {.layer = d->layer, .line = document_line(d, item)}, *place;
	enum pipgate_status status = fields_read(d, item, fields, &entry);

	if (status != PIPGATE_OK)
		return status;
	place = list_push(d->policy->run, &d->policy->baseline, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = entry;
	return PIPGATE_OK;
}

bool baseline_covers(const struct baseline_entry *entry, const struct pipgate_component *c, const struct pipgate_finding *finding)
{
	return span_equal(entry->distribution, c->name) && (!entry->place.n || span_equal(entry->place, c->place)) &&
		pipgate_finding_has_id(finding, entry->id);
}
