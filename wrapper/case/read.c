/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wrapper/case/case.h"
#include "wrapper/case/member.h"
#include "wrapper/case/report_members.h"
#include "wrapper/memory.h"
#include "wrapper/sorted.h"

#include "matcher/base/banned.h"

/* Where a component stands, to be found by its name. */
struct named {
	struct span name;
	size_t index;
};

struct reading {
	struct member_reader members;
	struct pipgate_run *run;
	struct pipgate_component *components;
	struct pipgate_facts *facts;
	bool *unknown;
	struct named *names; /* sorted */
	size_t n;
	struct list findings, judgements, chains;
};

static int named_order(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static size_t length(const cJSON *array)
{
	return (size_t)cJSON_GetArraySize(array);
}

static enum pipgate_status list_wanted(struct reading *r, const cJSON *item, const char *name)
{
	if (!item || cJSON_IsNull(item) || cJSON_IsArray(item))
		return PIPGATE_OK;
	return member_refuse(&r->members, item, "%s: a list is wanted", name);
}

/* ---- components ---- */

/* "jinja2==2.10", as a person writes it. */
static enum pipgate_status component_short(struct reading *r, const cJSON *item, struct pipgate_component *c)
{
	struct span text = json_string(item);
	const char *equals = memmem(text.p, text.n, "==", 2);

	if (!equals)
		return member_refuse(&r->members, item, "NAME==VERSION is wanted, not '" SPAN_FMT "'", SPAN_ARG(text));
	c->name = (struct span){text.p, (size_t)(equals - text.p)};
	c->version = must_span(arena_copy(r->run, span_trim(span_from(text, c->name.n + 2))));
	return PIPGATE_OK;
}

static enum pipgate_status component_read(struct reading *r, const cJSON *item, size_t index, bool *with_facts)
{
	struct component_members read = {.component = {.origin = PIPGATE_ORIGIN_INDEX, .requested = true}};
	struct pipgate_component *c = &read.component;
	enum pipgate_status status;
	const cJSON *facts = json_member(item, "facts");

	status = cJSON_IsString(item) ? component_short(r, item, c) : members_read(&r->members, item, component_members, &read);
	if (status == PIPGATE_OK && facts && !cJSON_IsNull(facts)) {
		status = members_read(&r->members, facts, facts_members, &r->facts[index]);
		if (status == PIPGATE_OK)
			status = opinions_read(&r->members, json_member(facts, "opinions"), &r->facts[index]);
		*with_facts = true;
	}
	if (status != PIPGATE_OK)
		return status;
	c->shown_name = c->name;
	if (!span_trim(c->name).n)
		return member_refuse(&r->members, item, "a component without a name");
	if (pipgate_name_normalize(r->run, span_trim(c->name), &c->name) != PIPGATE_OK)
		die_no_memory();
	r->components[index] = *c;
	r->unknown[index] = read.unknown;
	r->names[index] = (struct named){c->name, index};
	return PIPGATE_OK;
}

static enum pipgate_status components_read(struct reading *r, const cJSON *array)
{
	enum pipgate_status status = list_wanted(r, array, "components");
	bool with_facts = false;
	const cJSON *item;
	size_t i = 0;

	r->n = status == PIPGATE_OK ? length(array) : 0;
	r->components = must(arena_array(r->run, r->n, sizeof(*r->components)));
	r->facts = must(arena_array(r->run, r->n, sizeof(*r->facts)));
	r->unknown = must(arena_array(r->run, r->n, sizeof(*r->unknown)));
	r->names = must(arena_array(r->run, r->n, sizeof(*r->names)));
	for (item = r->n ? array->child : NULL; item && status == PIPGATE_OK; item = item->next, i++) {
		status = component_read(r, item, i, &with_facts);
		if (status != PIPGATE_OK)
			error_before(r->members.error, "components, entry %zu", i + 1);
	}
	if (!with_facts)
		r->facts = NULL;
	if (r->n && status == PIPGATE_OK)
		qsort(r->names, r->n, sizeof(*r->names), named_order);
	return status;
}

/* By name, and by version where one is given. Without a name it is the only component that there is. */
static enum pipgate_status component_find(struct reading *r, const cJSON *item, struct span name, struct span version, size_t *out)
{
	size_t i;

	*out = 0;
	if (!name.n && r->n == 1)
		return PIPGATE_OK;
	if (!name.n)
		return member_refuse(&r->members, item, "it names no component");
	if (pipgate_name_normalize(r->run, span_trim(name), &name) != PIPGATE_OK)
		die_no_memory();
	for (i = sorted_named(r->names, r->n, sizeof(*r->names), name); i < r->n && span_equal(r->names[i].name, name); i++) {
		*out = r->names[i].index;
		if (!version.n || span_equal(r->components[*out].version, version))
			return PIPGATE_OK;
	}
	return member_refuse(&r->members, item, "no component is " SPAN_FMT " " SPAN_FMT, SPAN_ARG(name), SPAN_ARG(version));
}

/* ---- findings, and what was said of them ---- */

static enum pipgate_status chain_read(struct reading *r, const cJSON *array, size_t component, struct pipgate_chain *out)
{
	size_t n = cJSON_IsArray(array) ? length(array) : 0;
	size_t *v = must(arena_array(r->run, n + 1, sizeof(*v)));
	enum pipgate_status status = PIPGATE_OK;
	const cJSON *item;
	size_t i = 0;

	for (item = n ? array->child : NULL; item && status == PIPGATE_OK; item = item->next, i++)
		status = component_find(r, item, json_string(json_member(item, "name")), json_string(json_member(item, "version")), &v[i]);
	if (!n)
		v[0] = component;
	*out = (struct pipgate_chain){v, n ? n : 1, false};
	return status;
}

/* The id to show is one of them; all of them in order. */
static void ids_complete(struct reading *r, struct pipgate_finding *f)
{
	struct span *ids = must(arena_array(r->run, f->n_ids + 1, sizeof(*ids)));
	size_t n = 0;
	bool there = false;

	for (size_t i = 0; i < f->n_ids; i++) {
		ids[n++] = f->ids[i];
		there |= span_equal(f->ids[i], f->id);
	}
	if (!f->id.n && n)
		f->id = ids[0];
	else if (!there && f->id.n)
		ids[n++] = f->id;
	if (n)
		qsort(ids, n, sizeof(*ids), span_order);
	f->ids = ids;
	f->n_ids = n;
}

static enum pipgate_status finding_read(struct reading *r, const cJSON *item)
{
	struct finding_members read = {.finding = {.component = 0}};
	struct pipgate_finding *f = &read.finding;
	struct pipgate_chain chain = {0};
	enum pipgate_status status = members_read(&r->members, item, finding_members, &read);

	if (status == PIPGATE_OK)
		status = component_find(r, item, read.component, read.version, &f->component);
	if (status == PIPGATE_OK)
		status = severity_read(&r->members, json_member(item, "severity"), &f->severity);
	if (status == PIPGATE_OK)
		status = records_read(&r->members, json_member(item, "records"), f);
	if (status == PIPGATE_OK)
		status = chain_read(r, json_member(item, "chain"), f->component, &chain);
	if (status != PIPGATE_OK)
		return status;
	chain.broken = read.broken_chain;
	f->has_end = read.has_end == PIPGATE_NOT_KNOWN ? f->n_fixed > 0 : read.has_end == PIPGATE_YES;
	ids_complete(r, f);
	if (!f->id.n)
		return member_refuse(&r->members, item, "a finding without an id");
	read.judgement.component = f->component;
	read.judgement.finding = r->findings.n;
	*(struct pipgate_finding *)must(list_push(r->run, &r->findings, sizeof(*f))) = *f;
	*(struct pipgate_chain *)must(list_push(r->run, &r->chains, sizeof(chain))) = chain;
	*(struct pipgate_judgement *)must(list_push(r->run, &r->judgements, sizeof(read.judgement))) = read.judgement;
	return PIPGATE_OK;
}

/* About a component itself; stands behind those of the findings. */
static enum pipgate_status judgement_read(struct reading *r, const cJSON *item)
{
	struct finding_members read = {.judgement = {.finding = SIZE_MAX}};
	enum pipgate_status status = members_read(&r->members, item, finding_members, &read);

	if (status == PIPGATE_OK)
		status = component_find(r, item, read.component, read.version, &read.judgement.component);
	if (status == PIPGATE_OK)
		*(struct pipgate_judgement *)must(list_push(r->run, &r->judgements, sizeof(read.judgement))) = read.judgement;
	return status;
}

static enum pipgate_status each(struct reading *r, const cJSON *tree, const char *name,
	enum pipgate_status (*read)(struct reading *r, const cJSON *item))
{
	const cJSON *array = json_member(tree, name), *item;
	enum pipgate_status status = list_wanted(r, array, name);
	size_t i = 0;

	for (item = array ? array->child : NULL; item && status == PIPGATE_OK; item = item->next) {
		i++;
		status = read(r, item);
		if (status != PIPGATE_OK)
			error_before(r->members.error, "%s, entry %zu", name, i);
	}
	return status;
}

/* ---- all of it ---- */

static const char *text_or_null(struct span text)
{
	return text.n ? text.p : NULL; /* a copy in the run, which NUL ends */
}

static enum pipgate_status verdict_read(struct reading *r, const cJSON *tree, struct pipgate_verdict *out)
{
	struct pipgate_judgement whole = {.finding = SIZE_MAX};
	const cJSON *verdict = json_member(tree, "verdict");
	enum pipgate_status status = PIPGATE_OK;

	if (verdict && !cJSON_IsNull(verdict))
		status = members_read(&r->members, verdict, verdict_members, &whole);
	*out = (struct pipgate_verdict){.action = whole.action, .judgements = r->judgements.items, .n_judgements = r->judgements.n};
	return status;
}

enum pipgate_status case_read(struct pipgate_run *run, const cJSON *tree, bool strict, int64_t now, struct kept_case *out, const cJSON **bad,
	struct pipgate_error *error)
{
	struct reading r = {.members = {.run = run, .strict = strict, .error = error}, .run = run};
	struct case_members read = {.now = now};
	struct pipgate_verdict verdict = {0};
	enum pipgate_status status = members_read(&r.members, tree, case_members, &read);

	if (status == PIPGATE_OK)
		status = components_read(&r, json_member(tree, "components"));
	if (status == PIPGATE_OK)
		status = each(&r, tree, "findings", finding_read);
	if (status == PIPGATE_OK)
		status = each(&r, tree, "judgements", judgement_read);
	if (status == PIPGATE_OK)
		status = verdict_read(&r, tree, &verdict);
	if (bad)
		*bad = r.members.bad;
	if (status != PIPGATE_OK)
		return status;
	*out = (struct kept_case){
		.audit = {.run = run, .components = r.components, .n_components = r.n, .unknown = r.unknown, .facts = r.facts,
			.findings = r.findings.items, .n_findings = r.findings.n, .chains = r.chains.items, .verdict = verdict},
		.now = read.now,
		.command = text_or_null(read.command),
		.mode = text_or_null(read.mode),
		.profile = text_or_null(read.profile),
	};
	return PIPGATE_OK;
}

enum pipgate_status case_read_report(struct pipgate_run *run, struct span bytes, const char *name, struct kept_case *out,
	struct pipgate_error *error)
{
	cJSON *tree = NULL;
	enum pipgate_status status = json_parse(bytes, &tree, error);

	if (status == PIPGATE_OK && !span_is(json_string(json_member(tree, "schema")), CASE_SCHEMA))
		status = error_set(error, PIPGATE_INVALID, "no report of the gate: its schema is not %s", CASE_SCHEMA);
	if (status == PIPGATE_OK)
		status = case_read(run, tree, false, 0, out, NULL, error);
	cJSON_Delete(tree);
	if (status != PIPGATE_OK)
		error_before(error, "%s", name);
	return status;
}

struct span case_about(const struct audit *audit, const struct pipgate_judgement *j)
{
	if (j->finding < audit->n_findings)
		return audit->findings[j->finding].id;
	return span_of(word_rule(j->rule));
}
