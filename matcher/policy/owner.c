/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/owner.h"

#include <fnmatch.h>

#include "matcher/base/banned.h"

#define AT(member) offsetof(struct policy_owner, member)

static const struct field fields[] = {
	{"name", FIELD_PATTERN, AT(name), false, NULL},
	{"place", FIELD_TEXT, AT(place), false, NULL},
	{"team", FIELD_TEXT, AT(team), true, NULL},
	{"service", FIELD_TEXT, AT(service), false, NULL},
	{"contact", FIELD_TEXT, AT(contact), false, NULL},
	{NULL, 0, 0, false, NULL},
};

enum pipgate_status owner_read(const struct document *d, const cJSON *item)
{
	struct policy_owner owner = {0}, *place;
	enum pipgate_status status = fields_read(d, item, fields, &owner);

	if (status != PIPGATE_OK)
		return status;
	place = list_push(d->policy->run, &d->policy->owners, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = owner;
	return PIPGATE_OK;
}

enum pipgate_status owner_find(const struct pipgate_policy *policy, const struct pattern_matcher *matcher,
	const struct pipgate_component *c, const struct policy_owner **out, struct pipgate_error *error)
{
	const struct policy_owner *owners = policy->owners.items;

	*out = NULL;
	for (size_t i = policy->owners.n; i-- > 0;) {
		const struct policy_owner *o = &owners[i];
		bool hit = !o->place.n || (c->place.n && fnmatch(o->place.p, c->place.p, 0) == 0);
		enum pipgate_status status = PIPGATE_OK;

		if (hit && o->name.kind)
			status = pattern_match(matcher, &o->name, c->name, &hit, error);
		if (status != PIPGATE_OK)
			return status;
		if (hit) {
			*out = o;
			return PIPGATE_OK;
		}
	}
	return PIPGATE_OK;
}

struct span owner_text(struct pipgate_run *run, const struct policy_owner *o)
{
	return arena_format(run, SPAN_FMT "%s" SPAN_FMT "%s" SPAN_FMT "%s", SPAN_ARG(o->team), o->service.n ? ", " : "",
		SPAN_ARG(o->service), o->contact.n ? " (" : "", SPAN_ARG(o->contact), o->contact.n ? ")" : "");
}
