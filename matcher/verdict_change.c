/* SPDX-License-Identifier: Apache-2.0 */
/* What changes a judgement afterwards: the policy's own rules, then exceptions, then the baseline. */
#include <stdlib.h>

#include "matcher/policy/exception_fold.h"
#include "matcher/policy/when.h"
#include "matcher/verdict.h"

#include "matcher/base/banned.h"

/* ---- own rules ---- */

static enum pipgate_status first_rule(const struct rules *rules, const struct rule_subject *s, const struct policy_rule **out)
{
	*out = NULL;
	for (size_t i = 0; i < rules->n; i++) {
		const struct policy_rule *rule = rules->v[i];
		enum pipgate_status status;
		bool hit = false;

		if (s->finding && s->finding->malicious && !rule->malicious && !rule->id.n)
			continue; /* malice is meant where it is named */
		status = rule_matches(rule, s, &hit);
		if (status != PIPGATE_OK)
			return status;
		if (hit) {
			*out = rule;
			return PIPGATE_OK;
		}
	}
	return PIPGATE_OK;
}

static struct rule_subject subject_of(struct judge *j, size_t component, const struct pipgate_finding *finding)
{
	const struct pipgate_component *c = &j->subject->components[component];
	const struct pipgate_facts *facts = facts_of(j, component);
	const struct policy_owner *owner = j->owners ? j->owners[component] : NULL;

	return (struct rule_subject){
		.run = j->run,
		.matcher = &j->matcher,
		.component = c,
		.finding = finding,
		.level = finding ? level_of_finding(j, finding) : PIPGATE_LEVEL_UNKNOWN,
		.index = facts->index.n ? facts->index : c->url,
		.team = owner ? owner->team : SPAN(""),
		.error = j->error,
	};
}

enum pipgate_status component_rule(struct judge *j, size_t component, const struct policy_rule **out)
{
	const struct rule_subject s = subject_of(j, component, NULL);

	return first_rule(&j->about_components, &s, out);
}

struct opinion opinion_of_rule(const struct judge *j, const struct policy_rule *rule)
{
	struct span title = rule->title.n ? rule->title : SPAN("a rule of the policy");
	bool waits = rule->from > j->subject->now;
	struct opinion o = {
		.rule = PIPGATE_RULE_OWN,
		.action = waits ? PIPGATE_WARN : (enum pipgate_action)rule->action,
		.where = arena_format(j->run, "%s:%u", rule->layer.name, rule->line),
		.message = rule->message,
		.blocks_from = waits ? rule->from : 0,
		.locked = rule->locked == PIPGATE_YES,
	};
	char day[WHEN_TEXT];

	when_day(rule->from, day);
	o.reason = arena_format(j->run, SPAN_FMT "%s" SPAN_FMT "%s%s (" SPAN_FMT ")", SPAN_ARG(title), rule->message.n ? ": " : "",
		SPAN_ARG(rule->message), waits ? "; this blocks from " : "", waits ? day : "", SPAN_ARG(o.where));
	if (!o.where.p)
		o.reason.p = NULL;
	return o;
}

static enum pipgate_status apply_rules(struct judge *j, size_t component, const struct pipgate_finding *finding, struct opinion *o)
{
	const struct rule_subject s = subject_of(j, component, finding);
	const struct policy_rule *rule = NULL;
	enum pipgate_status status = first_rule(finding ? &j->about_findings : &j->about_components, &s, &rule);

	if (status != PIPGATE_OK || !rule)
		return status;
	if (finding)
		*o = opinion_of_rule(j, rule);
	else if (rule->action == PIPGATE_ALLOW && o->rule != PIPGATE_RULE_OWN) {
		*o = opinion_of_rule(j, rule);
		o->action = PIPGATE_ALLOW;
	}
	return o->reason.p ? PIPGATE_OK : judge_no_memory(j);
}

/* ---- exceptions ---- */

/* All ids of all findings, sorted: ten thousand exceptions are looked at once, and most name nothing here. */
static struct span *ids_of_case(struct judge *j, size_t *n)
{
	const struct pipgate_case *s = j->subject;
	struct span *ids;

	*n = 0;
	for (size_t i = 0; i < s->n_findings; i++)
		*n += s->findings[i].n_ids;
	ids = arena_array(j->run, *n + 1, sizeof(*ids));
	*n = 0;
	for (size_t i = 0; ids && i < s->n_findings; i++)
		for (size_t k = 0; k < s->findings[i].n_ids; k++) {
			struct span id = s->findings[i].ids[k];
			char *lower = arena_alloc(j->run, id.n + 1);

			if (!lower)
				return NULL;
			for (size_t b = 0; b < id.n; b++)
				lower[b] = ascii_lower(id.p[b]);
			ids[(*n)++] = (struct span){lower, id.n};
		}
	if (ids)
		qsort(ids, *n, sizeof(*ids), span_order);
	return ids;
}

#define FILTER_BITS 8192u /* a power of two; some hundred texts set few of them */

struct named { /* what this case is about, sorted */
	const struct span *ids, *names;
	size_t n_ids, n_names;
	uint64_t filter[FILTER_BITS / 64]; /* of both: of ten thousand exceptions nearly all are about something else */
};

static uint32_t filter_bit(struct span text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < text.n; i++)
		hash = (hash ^ (unsigned char)text.p[i]) * 16777619u;
	return (hash ^ hash >> 16) % FILTER_BITS;
}

static void filter_add(struct named *named, const struct span *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		named->filter[filter_bit(texts[i]) / 64] |= UINT64_C(1) << filter_bit(texts[i]) % 64;
}

static bool is_among(const struct named *named, struct span text, const struct span *texts, size_t n)
{
	uint32_t bit = filter_bit(text);

	return text.n && named->filter[bit / 64] >> bit % 64 & 1 && bsearch(&text, texts, n, sizeof(text), span_order);
}

static bool is_named(const void *ctx, struct span id, struct span distribution)
{
	const struct named *named = ctx;

	return is_among(named, id, named->ids, named->n_ids) || is_among(named, distribution, named->names, named->n_names);
}

static enum pipgate_status named_begin(struct judge *j, struct named *out)
{
	const struct pipgate_case *s = j->subject;
	struct span *names = arena_array(j->run, s->n_components + 1, sizeof(*names));

	out->ids = ids_of_case(j, &out->n_ids);
	if (!names || !out->ids)
		return judge_no_memory(j);
	for (size_t i = 0; i < s->n_components; i++)
		names[i] = s->components[i].name;
	qsort(names, s->n_components, sizeof(*names), span_order);
	out->names = names;
	out->n_names = s->n_components;
	filter_add(out, out->ids, out->n_ids);
	filter_add(out, out->names, out->n_names);
	return PIPGATE_OK;
}

static enum pipgate_status exceptions_choose(struct judge *j)
{
	const struct list *lists[] = {&j->policy->exceptions, NULL};
	struct list unfolded = {0};
	struct named named = {0};
	enum pipgate_status status = PIPGATE_OK;

	if (j->policy->exceptions.n || j->policy->folded.n)
		status = named_begin(j, &named);
	if (status == PIPGATE_OK)
		status = exceptions_unfold(j->run, j->policy, is_named, &named, &unfolded, j->error);
	if (status != PIPGATE_OK)
		return status;
	lists[1] = &unfolded;
	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++) {
			const struct policy_exception *e = (const struct policy_exception *)lists[k]->items + i, **place;

			if (!is_named(&named, e->id, e->distribution))
				continue;
			place = list_push(j->run, &j->exceptions, sizeof(*place));
			if (!place)
				return judge_no_memory(j);
			*place = e;
		}
	j->used = arena_array(j->run, j->exceptions.n + 1, sizeof(*j->used));
	return j->used ? PIPGATE_OK : judge_no_memory(j);
}

static void pardon(struct judge *j, const struct policy_exception *e, struct opinion *o)
{
	char day[WHEN_TEXT];

	when_day(e->expires, day);
	o->pardon = PIPGATE_PARDON_EXCEPTION;
	o->pardon_kind = exception_kind_word((enum exception_kind)e->kind);
	o->action = PIPGATE_ALLOW;
	o->blocks_from = 0;
	o->where = arena_format(j->run, "%s:%u", e->layer.name, e->line);
	o->reason = arena_format(j->run, "exception (%s) until %s: " SPAN_FMT " (" SPAN_FMT ")",
		o->pardon_kind, day, SPAN_ARG(e->reason), SPAN_ARG(o->where));
}

static enum pipgate_status apply_exceptions(struct judge *j, size_t component, const struct pipgate_finding *finding, struct opinion *o)
{
	const struct policy_exception **all = j->exceptions.items;

	for (size_t i = 0; i < j->exceptions.n; i++) {
		bool covers = false;
		enum pipgate_status status =
			exception_covers(j->run, all[i], &j->subject->components[component], finding, o->rule, &covers);

		if (status != PIPGATE_OK)
			return status;
		if (!covers)
			continue;
		j->used[i] = true;
		if (o->locked || exception_state(j->policy, all[i], j->subject->now) != EXCEPTION_GOOD)
			continue;
		pardon(j, all[i], o);
		return o->reason.p ? PIPGATE_OK : judge_no_memory(j);
	}
	return PIPGATE_OK;
}

static enum pipgate_status note(struct judge *j, const struct policy_exception *e, const char *what)
{
	struct span *place = list_push(j->run, &j->notes, sizeof(*place));
	struct span named = e->id.n ? e->id : e->distribution;

	if (place)
		*place = arena_format(j->run, "the exception for " SPAN_FMT " (%s:%u) %s", SPAN_ARG(named), e->layer.name, e->line, what);
	return place && place->p ? PIPGATE_OK : judge_no_memory(j);
}

enum pipgate_status changes_end(struct judge *j)
{
	static const char *const states[] = {
		[EXCEPTION_EXPIRED] = "has expired",
		[EXCEPTION_TOO_LONG] = "does not count: it lasts longer than the policy's exception-days",
		[EXCEPTION_NOT_YET] = "does not count: it was created in the future",
		[EXCEPTION_UNAPPROVED] = "does not count: it is not approved",
	};
	const struct policy_exception **all = j->exceptions.items;
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < j->exceptions.n && status == PIPGATE_OK; i++) {
		enum exception_state state = exception_state(j->policy, all[i], j->subject->now);

		if (!j->used[i])
			status = note(j, all[i], "matches nothing any more: remove it");
		else if (state != EXCEPTION_GOOD)
			status = note(j, all[i], states[state]);
	}
	return status;
}

/* ---- the baseline, and what an older database said already ---- */

static void let_pass(struct opinion *o)
{
	o->pardon = PIPGATE_PARDON_BASELINE;
	o->action = PIPGATE_ALLOW;
	o->blocks_from = 0;
}

static void apply_before(struct judge *j, size_t finding, struct opinion *o)
{
	if (!j->subject->before || !j->subject->before[finding] || j->subject->findings[finding].malicious)
		return;
	let_pass(o);
	o->where = span_of(j->subject->before_name);
	o->reason = arena_format(j->run, "as it was before (%s)", j->subject->before_name);
}

static void apply_baseline(struct judge *j, size_t component, const struct pipgate_finding *finding, struct opinion *o)
{
	const struct baseline_entry *all = j->policy->baseline.items;

	for (size_t i = 0; i < j->policy->baseline.n; i++) {
		if (finding->malicious || !baseline_covers(&all[i], &j->subject->components[component], finding))
			continue;
		let_pass(o);
		o->where = arena_format(j->run, "%s:%u", all[i].layer.name, all[i].line);
		o->reason = arena_format(j->run, "in the baseline (" SPAN_FMT ")", SPAN_ARG(o->where));
		return;
	}
}

/* ---- in their order ---- */

static enum pipgate_status rules_choose(struct judge *j)
{
	const struct policy_rule **ordered = rules_ordered(j->run, j->policy);
	size_t n = j->policy->rules.n;

	j->about_findings.v = arena_array(j->run, n + 1, sizeof(struct policy_rule *));
	j->about_components.v = arena_array(j->run, n + 1, sizeof(struct policy_rule *));
	if (!ordered || !j->about_findings.v || !j->about_components.v)
		return judge_no_memory(j);
	for (size_t i = 0; i < n; i++) {
		if (rule_about_findings(ordered[i]) || ordered[i]->action == PIPGATE_ALLOW)
			j->about_findings.v[j->about_findings.n++] = ordered[i];
		if (!rule_about_findings(ordered[i]))
			j->about_components.v[j->about_components.n++] = ordered[i];
	}
	return PIPGATE_OK;
}

enum pipgate_status changes_begin(struct judge *j)
{
	enum pipgate_status status = rules_choose(j);

	return status == PIPGATE_OK ? exceptions_choose(j) : status;
}

enum pipgate_status changes_apply(struct judge *j, size_t component, size_t finding, struct opinion *o)
{
	const struct pipgate_finding *f = finding == SIZE_MAX ? NULL : &j->subject->findings[finding];
	enum pipgate_status status = apply_rules(j, component, f, o);

	if (status == PIPGATE_OK && o->action != PIPGATE_ALLOW)
		status = apply_exceptions(j, component, f, o);
	if (status == PIPGATE_OK && o->action != PIPGATE_ALLOW && f && !o->locked)
		apply_baseline(j, component, f, o);
	if (status == PIPGATE_OK && o->action != PIPGATE_ALLOW && f && !o->locked)
		apply_before(j, finding, o);
	return status == PIPGATE_OK && !o->reason.p ? judge_no_memory(j) : status;
}
