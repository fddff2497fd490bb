/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/facts/apply.h"

#include "matcher/policy/policy.h"
#include "matcher/policy/similar.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

/* What somebody set has to be known. The defaults alone ask nobody: a plain install costs no request of ours. */
static const struct {
	enum policy_key key;
	unsigned wanted;
} rows[] = {
	{POLICY_YANKED, FACTS_YANKED},
	{POLICY_QUARANTINED, FACTS_STATUS},
	{POLICY_DEPRECATED, FACTS_STATUS},
	{POLICY_ARCHIVED, FACTS_STATUS},
	{POLICY_ATTESTATION, FACTS_ATTESTED},
	{POLICY_SIMILAR, FACTS_SIMILAR},
	{POLICY_TWO_INDEXES, FACTS_ELSEWHERE},
};

static bool said(const struct policy_value *v)
{
	return strcmp(v->layer, POLICY_DEFAULT_LAYER) != 0;
}

unsigned facts_wanted(const struct pipgate_policy *policy, bool malicious)
{
	unsigned wanted = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct policy_value *v = &policy->values[rows[i].key];

		if (v->value != PIPGATE_ALLOW && said(v))
			wanted |= rows[i].wanted;
	}
	if (policy->values[POLICY_MIN_AGE].value)
		wanted |= FACTS_UPLOADED | FACTS_RELEASES;
	if (policy->indexes.n || policy->allowed_indexes.n || malicious)
		wanted |= FACTS_YANKED; /* any bit: which index lists the file is known with it */
	if (policy->indexes.n && policy->values[POLICY_TWO_INDEXES].value != PIPGATE_ALLOW)
		wanted |= FACTS_ELSEWHERE;
	return wanted;
}

static bool any_malicious(const struct audit *audit)
{
	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->findings[i].malicious)
			return true;
	return false;
}

static enum pipgate_index_kind kind_of(const void *policy, struct span url)
{
	return policy_index_kind(policy, url);
}

/* Has the newest release that is old enough findings, and this one none of them? Then waiting would be worse. */
static void see_fix(struct audit *audit, size_t index, const struct pipgate_cursor *cursor)
{
	struct pipgate_facts *f = &audit->facts[index];
	struct pipgate_component old = audit->components[index];
	struct pipgate_match match = {0};

	old.version = f->old_enough;
	if (!f->old_enough.n || pipgate_match(audit->run, &old, index, cursor, &match, NULL) != PIPGATE_OK)
		return;
	for (size_t i = 0; i < match.n_findings && !f->fixes; i++) {
		bool here = false;

		for (size_t k = 0; k < audit->n_findings; k++)
			here |= audit->findings[k].component == index && span_equal(audit->findings[k].id, match.findings[i].id);
		f->fixes = !here;
	}
}

/* ---- is there anything clean to go to, where no advisory names a fixed release? ---- */

static bool leads_nowhere(const struct audit *audit, size_t component)
{
	for (size_t i = 0; i < audit->n_findings; i++) {
		const struct pipgate_finding *f = &audit->findings[i];

		if (f->component == component && f->has_end && !f->n_fixed && !f->malicious)
			return true;
	}
	return false;
}

static bool any_clean(struct audit *audit, size_t component, const struct pipgate_facts *facts, const struct pipgate_cursor *cursor)
{
	for (size_t i = 0; i < facts->n_releases; i++) {
		struct pipgate_component other = audit->components[component];
		struct pipgate_match match = {0};

		other.version = facts->releases[i];
		if (pipgate_match(audit->run, &other, component, cursor, &match, NULL) != PIPGATE_OK || !match.n_findings)
			return true;
	}
	return !facts->n_releases;
}

/* ---- a name that looks like another ---- */

static bool looks_like(const struct audit *audit, size_t component, struct span known)
{
	const struct pipgate_component *c = &audit->components[component];

	return c->requested && similar_find(c->name, known).n;
}

/* ---- what is asked about few components alone, whether or not somebody set a key ---- */

struct few {
	struct pipgate_component *components;
	struct pipgate_facts *facts;
	size_t *places, n; /* where they stand in the audit */
};

static void few_add(struct audit *audit, struct few *few, size_t component)
{
	few->components[few->n] = audit->components[component];
	few->places[few->n++] = component;
}

/* Those that lead nowhere are asked about only where the policy would spare what has no clean release. */
static void few_choose(struct audit *audit, const struct pipgate_policy *policy, struct few *few)
{
	bool spares = policy->values[POLICY_NO_FIX].value != PIPGATE_BLOCK;
	struct span known = policy->values[POLICY_SIMILAR].value != PIPGATE_ALLOW ? facts_known_names(audit->run) : (struct span){NULL, 0};

	for (size_t i = 0; i < audit->n_components; i++)
		if (audit->components[i].origin == PIPGATE_ORIGIN_INDEX &&
			((spares && leads_nowhere(audit, i)) || looks_like(audit, i, known)))
			few_add(audit, few, i);
}

static void few_take(struct audit *audit, const struct few *few, const struct pipgate_cursor *cursor)
{
	for (size_t i = 0; i < few->n; i++) {
		struct pipgate_facts *f = &audit->facts[few->places[i]];

		f->none_clean = !any_clean(audit, few->places[i], &few->facts[i], cursor);
		f->similar = few->facts[i].similar;
		f->listed = few->facts[i].listed;
	}
}

static enum pipgate_status see_few(struct audit *audit, const struct pipgate_policy *policy, const struct facts_source *source,
	const struct pipgate_cursor *cursor, struct pipgate_error *error)
{
	size_t n = audit->n_components;
	struct few few = {must(arena_array(audit->run, n + 1, sizeof(*few.components))), must(arena_array(audit->run, n + 1, sizeof(*few.facts))),
		must(arena_array(audit->run, n + 1, sizeof(*few.places))), 0};
	enum pipgate_status status;

	if (source)
		few_choose(audit, policy, &few);
	if (!few.n)
		return PIPGATE_OK;
	status = facts_gather(&(struct facts_request){.run = audit->run, .pip = source->pip, .arguments = source->arguments,
		.settings = source->settings, .components = few.components, .n = few.n, .wanted = FACTS_RELEASES | FACTS_SIMILAR,
		.now = audit->now}, few.facts, error);
	if (status != PIPGATE_OK)
		return status;
	if (!audit->facts)
		audit->facts = must(arena_array(audit->run, n + 1, sizeof(*audit->facts)));
	few_take(audit, &few, cursor);
	return PIPGATE_OK;
}

static enum pipgate_status facts_wished(struct audit *audit, const struct pipgate_policy *policy, const struct facts_source *source,
	const struct pipgate_cursor *cursor, bool installs, struct pipgate_error *error)
{
	int64_t min_age = policy->values[POLICY_MIN_AGE].value;
	const char **notes = must(arena_array(audit->run, audit->n_components + 1, sizeof(*notes)));
	const struct facts_request request = {
		.run = audit->run,
		.pip = source ? source->pip : NULL,
		.arguments = source ? source->arguments : NULL,
		.settings = source ? source->settings : NULL,
		.components = audit->components,
		.n = audit->n_components,
		.wanted = facts_wanted(policy, installs && any_malicious(audit)),
		.min_age = min_age,
		.now = audit->now,
		.kind = kind_of,
		.ctx = policy,
		.notes = notes,
	};
	size_t silent = 0, first = 0;
	enum pipgate_status status;

	if (!request.wanted)
		return PIPGATE_OK;
	if (!source) {
		say("what the policy asks of the index is not known: it cannot be told which index pip has");
		return PIPGATE_OK;
	}
	if (!audit->facts)
		audit->facts = must(arena_array(audit->run, audit->n_components + 1, sizeof(*audit->facts)));
	status = facts_gather(&request, audit->facts, error);
	for (size_t i = 0; i < audit->n_components && status == PIPGATE_OK; i++) {
		if (min_age && audit->facts[i].uploaded)
			see_fix(audit, i, cursor);
		if (notes[i] && !silent++)
			first = i;
	}
	if (silent)
		say("the index did not tell all that the policy asks about %zu distribution%s: " SPAN_FMT ": %s", silent, silent == 1 ? "" : "s",
			SPAN_ARG(audit->components[first].name), notes[first]);
	log_stage("facts", "%zu components, %zu without an answer", audit->n_components, silent);
	return status;
}

enum pipgate_status facts_apply(struct audit *audit, const struct pipgate_policy *policy, const struct facts_source *source,
	const struct pipgate_cursor *cursor, bool installs, struct pipgate_error *error)
{
	enum pipgate_status status = facts_wished(audit, policy, source, cursor, installs, error);

	return status == PIPGATE_OK && installs ? see_few(audit, policy, source, cursor, error) : status;
}
