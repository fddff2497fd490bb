/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/exception.h"

#include <fnmatch.h>

#include "matcher/policy/when.h"

#include "matcher/base/banned.h"

#define AT(member) offsetof(struct policy_exception, member)

static const struct field_choice kinds[] = {
	{"accepted", EXCEPTION_ACCEPTED},
	{"not-affected", EXCEPTION_NOT_AFFECTED},
	{"false-positive", EXCEPTION_FALSE_POSITIVE},
	{"mitigated", EXCEPTION_MITIGATED},
	{NULL, 0},
};

/* A judgement about a component that one may get used to; malice and the lock of a file are none. */
static const struct field_choice rules[] = {
	{"name", PIPGATE_RULE_NAME},         {"version", PIPGATE_RULE_VERSION},   {"sdist", PIPGATE_RULE_SDIST},
	{"yanked", PIPGATE_RULE_YANKED},     {"status", PIPGATE_RULE_STATUS},     {"age", PIPGATE_RULE_AGE},
	{"direct", PIPGATE_RULE_DIRECT},     {"unpinned", PIPGATE_RULE_UNPINNED}, {"lock", PIPGATE_RULE_LOCK},
	{"cached-build", PIPGATE_RULE_CACHED_BUILD}, {"index", PIPGATE_RULE_INDEX}, {"attestation", PIPGATE_RULE_ATTESTATION},
	{"similar", PIPGATE_RULE_SIMILAR},   {"check", PIPGATE_RULE_CHECK},       {"own", PIPGATE_RULE_OWN},
	{NULL, 0},
};

static const struct field fields[] = {
	{"id", FIELD_LOWER, AT(id), false, NULL},
	{"rule", FIELD_CHOICE, AT(rule), false, rules},
	{"distribution", FIELD_NAME, AT(distribution), false, NULL},
	{"versions", FIELD_SPECIFIER, AT(versions), false, NULL},
	{"places", FIELD_TEXTS, AT(places), false, NULL},
	{"kind", FIELD_CHOICE, AT(kind), false, kinds},
	{"reason", FIELD_TEXT, AT(reason), true, NULL},
	{"approved-by", FIELD_TEXT, AT(approved_by), false, NULL},
	{"ticket", FIELD_TEXT, AT(ticket), false, NULL},
	{"created", FIELD_DATE, AT(created), true, NULL},
	{"expires", FIELD_DATE, AT(expires), true, NULL},
	{NULL, 0, 0, false, NULL},
};

const char *exception_kind_word(enum exception_kind kind)
{
	return kinds[kind - EXCEPTION_ACCEPTED].word;
}

enum pipgate_status exception_read(const struct document *d, const cJSON *item)
{
	struct policy_exception exception = {.kind = EXCEPTION_ACCEPTED, .layer = d->layer, .line = document_line(d, item)}, *place;
	enum pipgate_status status = fields_read(d, item, fields, &exception);

	if (status != PIPGATE_OK)
		return status;
	if (!exception.id.n == !exception.rule)
		return document_refuse(d, item, false, "an exception has 'id: …' of a finding, or 'rule: …'");
	if (exception.rule && !exception.distribution.n)
		return document_refuse(d, item, false, "an exception by rule says for which distribution");
	if (exception.expires <= exception.created)
		return document_refuse(d, item, false, "it expires before it begins");
	place = list_push(d->policy->run, &d->policy->exceptions, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = exception;
	return PIPGATE_OK;
}

enum exception_state exception_state(const struct pipgate_policy *policy, const struct policy_exception *e, int64_t now)
{
	if (e->expires <= now)
		return EXCEPTION_EXPIRED;
	if (e->expires - e->created > policy->values[POLICY_EXCEPTION_DAYS].value * WHEN_DAY)
		return EXCEPTION_TOO_LONG;
	if (e->created > now + WHEN_DAY) /* it may be tomorrow elsewhere */
		return EXCEPTION_NOT_YET;
	if (policy->values[POLICY_APPROVAL].value == POLICY_APPROVAL_REQUIRED && !e->layer.approves)
		return EXCEPTION_UNAPPROVED;
	return EXCEPTION_GOOD;
}

static bool in_places(const struct policy_exception *e, struct span place)
{
	for (size_t i = 0; i < e->places.n; i++)
		if (place.n && fnmatch(e->places.v[i].p, place.p, 0) == 0)
			return true;
	return !e->places.n;
}

static bool meant(const struct policy_exception *e, const struct pipgate_finding *finding, enum pipgate_rule rule)
{
	if (!finding)
		return e->rule == (int64_t)rule;
	if (finding->malicious && e->kind != EXCEPTION_FALSE_POSITIVE)
		return false;
	return e->id.n && pipgate_finding_has_id(finding, e->id);
}

enum pipgate_status exception_covers(struct pipgate_run *run, const struct policy_exception *e, const struct pipgate_component *c,
	const struct pipgate_finding *finding, enum pipgate_rule rule, bool *out)
{
	*out = meant(e, finding, rule) && (!e->distribution.n || span_equal(e->distribution, c->name)) && in_places(e, c->place);
	if (!*out || !e->versions.n)
		return PIPGATE_OK;
	return pipgate_specifier_contains(run, e->versions, c->version, PIPGATE_PRERELEASES_YES, out);
}
