/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says of a component itself: one row a key that speaks about it, then blocked names, indexes, checks, own rules. */
#include "matcher/policy/index.h"
#include "matcher/policy/when.h"
#include "matcher/verdict.h"

#include "matcher/base/banned.h"

struct subject {
	const struct judge *j;
	const struct pipgate_component *c;
	const struct pipgate_facts *facts;
};

/* ---- one condition a row: what is the case, as text; p NULL: it is not ---- */

static struct span none(void)
{
	return (struct span){NULL, 0};
}

static bool installed(const struct subject *s)
{
	return s->c->origin == PIPGATE_ORIGIN_INSTALLED;
}

static struct span builds(const struct subject *s)
{
	return s->c->sdist && !installed(s) ? SPAN("builds from source") : none();
}

static struct span cached(const struct subject *s)
{
	return s->c->cached_build ? SPAN("built here earlier, from pip's cache, not verified") : none();
}

static struct span with_reason(const struct subject *s, const char *what, struct span reason)
{
	return reason.n ? arena_format(s->j->run, "%s (" SPAN_FMT ")", what, SPAN_ARG(reason)) : span_of(what);
}

static struct span yanked(const struct subject *s)
{
	return s->facts->yanked == PIPGATE_YES || (s->c->yanked && s->facts->yanked != PIPGATE_NO)
		? with_reason(s, "yanked", s->facts->yanked_reason) : none();
}

static struct span quarantined(const struct subject *s)
{
	return s->facts->status == PIPGATE_PROJECT_QUARANTINED ? with_reason(s, "quarantined by its index", s->facts->status_reason) : none();
}

static struct span deprecated(const struct subject *s)
{
	return s->facts->status == PIPGATE_PROJECT_DEPRECATED ? with_reason(s, "a deprecated project", s->facts->status_reason) : none();
}

static struct span archived(const struct subject *s)
{
	return s->facts->status == PIPGATE_PROJECT_ARCHIVED ? with_reason(s, "an archived project", s->facts->status_reason) : none();
}

static struct span from_vcs(const struct subject *s)
{
	return s->c->origin == PIPGATE_ORIGIN_VCS ? SPAN("from a repository") : none();
}

static struct span from_url(const struct subject *s)
{
	return s->c->origin == PIPGATE_ORIGIN_URL ? SPAN("from a URL") : none();
}

static struct span from_here(const struct subject *s)
{
	enum pipgate_origin o = s->c->origin;

	return o == PIPGATE_ORIGIN_DIRECTORY || o == PIPGATE_ORIGIN_ARCHIVE || o == PIPGATE_ORIGIN_EDITABLE ? SPAN("from a local path") : none();
}

static struct span unpinned(const struct subject *s)
{
	return s->c->unpinned && !installed(s) ? SPAN("asked for without ==") : none();
}

static struct span unlocked(const struct subject *s)
{
	return s->c->unlocked && !installed(s) ? SPAN("held by no hash") : none();
}

static struct span unattested(const struct subject *s)
{
	return s->facts->attested == PIPGATE_NO && !installed(s) ? SPAN("without an attestation") : none();
}

static struct span similar(const struct subject *s)
{
	if (!s->facts->similar.n)
		return none();
	return arena_format(s->j->run, "%s, and one edit from '" SPAN_FMT "'",
		s->facts->listed == PIPGATE_NO ? "not known to the index" : "new", SPAN_ARG(s->facts->similar));
}

static struct span two_indexes(const struct subject *s)
{
	return s->facts->elsewhere == PIPGATE_YES ? SPAN("a private index and another one serve this name") : none();
}

/* A release that fixes what the old enough ones have is let in. */
static struct span young(const struct subject *s)
{
	const struct policy_value *age = setting(s->j, POLICY_MIN_AGE);
	int64_t old = s->j->subject->now - s->facts->uploaded;

	if (!age->value || !s->facts->uploaded || old >= age->value || installed(s) || s->facts->fixes)
		return none();
	if (s->facts->old_enough.n)
		return arena_format(s->j->run, "uploaded %lld hours ago, min-age %s (%s); the newest old enough is " SPAN_FMT,
			(long long)(old / 3600), age->word, age->layer, SPAN_ARG(s->facts->old_enough));
	return arena_format(s->j->run, "uploaded %lld hours ago, min-age %s (%s)", (long long)(old / 3600), age->word, age->layer);
}

static const struct row {
	enum policy_key key;
	enum pipgate_rule rule;
	struct span (*is)(const struct subject *s);
} rows[] = {
	{POLICY_SDIST, PIPGATE_RULE_SDIST, builds},
	{POLICY_CACHED_BUILD, PIPGATE_RULE_CACHED_BUILD, cached},
	{POLICY_YANKED, PIPGATE_RULE_YANKED, yanked},
	{POLICY_QUARANTINED, PIPGATE_RULE_STATUS, quarantined},
	{POLICY_DEPRECATED, PIPGATE_RULE_STATUS, deprecated},
	{POLICY_ARCHIVED, PIPGATE_RULE_STATUS, archived},
	{POLICY_TOO_YOUNG, PIPGATE_RULE_AGE, young},
	{POLICY_DIRECT_VCS, PIPGATE_RULE_DIRECT, from_vcs},
	{POLICY_DIRECT_URL, PIPGATE_RULE_DIRECT, from_url},
	{POLICY_DIRECT_LOCAL, PIPGATE_RULE_DIRECT, from_here},
	{POLICY_UNPINNED, PIPGATE_RULE_UNPINNED, unpinned},
	{POLICY_REQUIRE_LOCK, PIPGATE_RULE_LOCK, unlocked},
	{POLICY_ATTESTATION, PIPGATE_RULE_ATTESTATION, unattested},
	{POLICY_SIMILAR, PIPGATE_RULE_SIMILAR, similar},
	{POLICY_TWO_INDEXES, PIPGATE_RULE_INDEX, two_indexes},
};

static enum pipgate_status judge_row(struct judge *j, size_t component, const struct row *row)
{
	const struct policy_value *v = setting(j, row->key);
	const struct subject s = {j, &j->subject->components[component], facts_of(j, component)};
	struct span what = v->value == PIPGATE_ALLOW ? none() : row->is(&s);

	if (!what.p)
		return PIPGATE_OK;
	return judgement_add(j, component, SIZE_MAX, (struct opinion){
		.rule = row->rule,
		.action = (enum pipgate_action)v->value,
		.reason = arena_format(j->run, SPAN_FMT ": %s %s (%s)", SPAN_ARG(what), policy_key_name(row->key), v->word, v->layer),
		.where = setting_where(j, row->key),
	});
}

/* ---- what is no key ---- */

static enum pipgate_status judge_name(struct judge *j, size_t component)
{
	const struct pattern *patterns = j->policy->patterns.items;
	struct span name = j->subject->components[component].name;

	for (size_t i = 0; i < j->policy->patterns.n; i++) {
		bool hit = false;
		enum pipgate_status status = pattern_match(&j->matcher, &patterns[i], name, &hit, j->error);

		if (status != PIPGATE_OK)
			return status;
		if (hit)
			return judgement_add(j, component, SIZE_MAX, (struct opinion){
				.rule = PIPGATE_RULE_NAME,
				.action = PIPGATE_BLOCK,
				.reason = arena_format(j->run, "its name matches block '" SPAN_FMT "' (%s)", SPAN_ARG(patterns[i].text),
					patterns[i].layer),
				.where = span_of(patterns[i].layer),
			});
	}
	return PIPGATE_OK;
}

/* A version that cannot be compared is never clean. */
static enum pipgate_status judge_version(struct judge *j, size_t component)
{
	const struct policy_value *least = setting(j, POLICY_UNAUDITED);
	struct opinion o;

	if (!j->subject->unknown[component])
		return PIPGATE_OK;
	o = opinion_of_unknown(j, "a version that is not PEP 440");
	o.rule = PIPGATE_RULE_VERSION;
	if ((int64_t)o.action < least->value)
		o.action = (enum pipgate_action)least->value;
	if (o.action == PIPGATE_ALLOW)
		o.action = PIPGATE_WARN;
	return judgement_add(j, component, SIZE_MAX, o);
}

/* The last line that names a distribution says where it has to come from. */
static enum pipgate_status judge_index(struct judge *j, size_t component)
{
	const struct policy_allowed_index *allowed = j->policy->allowed_indexes.items;
	const struct pipgate_component *c = &j->subject->components[component];
	const struct pipgate_facts *facts = facts_of(j, component);
	struct span url = facts->index.n ? facts->index : c->url;

	for (size_t i = j->policy->allowed_indexes.n; c->origin == PIPGATE_ORIGIN_INDEX && i-- > 0;) {
		bool hit = false;
		enum pipgate_status status = pattern_match(&j->matcher, &allowed[i].name, c->name, &hit, j->error);

		if (status != PIPGATE_OK)
			return status;
		if (!hit)
			continue;
		if (policy_index_matches(allowed[i].index.p, url))
			return PIPGATE_OK;
		return judgement_add(j, component, SIZE_MAX, (struct opinion){
			.rule = PIPGATE_RULE_INDEX,
			.action = PIPGATE_BLOCK,
			.reason = arena_format(j->run, "'" SPAN_FMT "' comes from " SPAN_FMT " alone, this one is from " SPAN_FMT " (%s:%u)",
				SPAN_ARG(allowed[i].name.text), SPAN_ARG(allowed[i].index), SPAN_ARG(url.n ? url : SPAN("an unknown place")),
				allowed[i].layer.name, allowed[i].line),
			.where = arena_format(j->run, "%s:%u", allowed[i].layer.name, allowed[i].line),
		});
	}
	return PIPGATE_OK;
}

static enum pipgate_status judge_opinions(struct judge *j, size_t component)
{
	const struct pipgate_facts *facts = facts_of(j, component);
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < facts->n_opinions && status == PIPGATE_OK; i++) {
		const struct pipgate_opinion *o = &facts->opinions[i];

		if (o->action != PIPGATE_ALLOW)
			status = judgement_add(j, component, SIZE_MAX, (struct opinion){
				.rule = PIPGATE_RULE_CHECK,
				.action = o->action,
				.reason = arena_format(j->run, SPAN_FMT ": " SPAN_FMT, SPAN_ARG(o->engine), SPAN_ARG(o->text)),
				.where = o->engine,
			});
	}
	return status;
}

static enum pipgate_status judge_rules(struct judge *j, size_t component)
{
	const struct policy_rule *rule = NULL;
	enum pipgate_status status = component_rule(j, component, &rule);

	if (status != PIPGATE_OK || !rule || rule->action == PIPGATE_ALLOW)
		return status;
	return judgement_add(j, component, SIZE_MAX, opinion_of_rule(j, rule));
}

enum pipgate_status judge_component(struct judge *j, size_t component)
{
	enum pipgate_status status = judge_name(j, component);

	if (status == PIPGATE_OK)
		status = judge_version(j, component);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows) && status == PIPGATE_OK; i++)
		status = judge_row(j, component, &rows[i]);
	if (status == PIPGATE_OK)
		status = judge_index(j, component);
	if (status == PIPGATE_OK)
		status = judge_opinions(j, component);
	return status == PIPGATE_OK ? judge_rules(j, component) : status;
}
