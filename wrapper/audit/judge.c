/* SPDX-License-Identifier: Apache-2.0 */
/* The middle: advisories opened, each input decided about as a plan of its own, the verdicts put together. */
#include <stdlib.h>

#include "wrapper/audit/audit.h"
#include "wrapper/check/check.h"
#include "wrapper/facts/apply.h"
#include "wrapper/policy/profile.h"
#include "wrapper/say.h"
#include "wrapper/sorted.h"

#include "matcher/base/banned.h"

static int input_order(const void *found, const void *input)
{
	size_t one = ((const struct found *)found)->input, key = *(const size_t *)input;

	return one < key ? -1 : one > key;
}

/* Inputs follow one another. */
void audit_input_range(const struct auditing *a, size_t input, size_t *first, size_t *end)
{
	const struct found *found = a->inventory.found.items;
	size_t next = input + 1;

	*first = sorted_first(found, a->inventory.found.n, sizeof(*found), input_order, &input);
	*end = sorted_first(found, a->inventory.found.n, sizeof(*found), input_order, &next);
}

/* ---- the advisories ---- */

static enum pipgate_status database_text_of(void *ctx, struct span id, struct span *out, struct pipgate_error *error)
{
	return database_text(ctx, id, out, error);
}

static void database_end(void *ctx)
{
	struct database *database = ctx;

	database_close(&database);
}

static enum pipgate_status open_database(struct auditing *a, struct pipgate_error *error)
{
	struct database_place *place = must(arena_alloc(a->run, sizeof(*place)));
	struct database *database;
	enum pipgate_status status;

	status = profile_open(a->policy, a->context.now, place, &database, error);
	if (status != PIPGATE_OK)
		return status;
	a->advisories = (struct advisories){database_cursor(database), database_text_of, database_end, database};
	a->context.database = database_info(database);
	a->context.database_path = place->path;
	a->context.database_kind = place->kind;
	return a->options.since_db ? audit_since_open(a, error) : PIPGATE_OK;
}

enum pipgate_status audit_open(struct auditing *a, struct pipgate_error *error)
{
	enum pipgate_status status = a->options.service ? audit_open_service(a, error) : open_database(a, error);

	if (status == PIPGATE_OK && a->options.at)
		audit_at(a);
	return status;
}

/* ---- an input's verdict, joined to the others ---- */

struct joined {
	struct list findings, chains, by_finding, by_component, risks, notes;
	enum pipgate_action strictest;
};

static void *push(struct auditing *a, struct list *list, size_t size)
{
	return must(list_push(a->run, list, size));
}

static void join_chain(struct auditing *a, struct joined *joined, const struct pipgate_chain *chain, size_t first)
{
	size_t *moved = must(arena_array(a->run, chain->n + 1, sizeof(*moved)));

	for (size_t i = 0; i < chain->n; i++)
		moved[i] = chain->components[i] + first;
	*(struct pipgate_chain *)push(a, &joined->chains, sizeof(struct pipgate_chain)) = (struct pipgate_chain){moved, chain->n, chain->broken};
}

static void join(struct auditing *a, struct joined *joined, const struct audit *part, size_t first)
{
	const struct found *found = (const struct found *)a->inventory.found.items + first;
	size_t *places = must(arena_array(a->run, part->n_findings + 1, sizeof(*places)));

	for (size_t i = 0; i < part->n_findings; i++) {
		struct pipgate_finding *f;

		if (found[part->findings[i].component].known)
			continue; /* its judgements go, too */
		places[i] = joined->findings.n;
		f = push(a, &joined->findings, sizeof(*f));
		*f = part->findings[i];
		f->component += first;
		join_chain(a, joined, &part->chains[i], first);
		if (a->since)
			audit_since_join(a, i);
		*(struct pipgate_risk *)push(a, &joined->risks, sizeof(struct pipgate_risk)) = part->verdict.risks[i];
	}
	if (a->since)
		audit_since_gone(a, found);
	for (size_t i = 0; i < part->verdict.n_notes; i++)
		*(struct span *)push(a, &joined->notes, sizeof(struct span)) = part->verdict.notes[i];
	for (size_t i = 0; i < part->verdict.n_judgements; i++) {
		struct pipgate_judgement j = part->verdict.judgements[i];
		bool about_finding = j.finding != SIZE_MAX;

		if (found[j.component].known)
			continue;
		if (j.action > joined->strictest)
			joined->strictest = j.action;
		j.component += first;
		j.finding = about_finding ? places[j.finding] : SIZE_MAX;
		*(struct pipgate_judgement *)push(a, about_finding ? &joined->by_finding : &joined->by_component, sizeof(j)) = j;
	}
}

/* Where nothing tells what was asked for, what nothing else needs was. */
static void mark_roots(struct auditing *a, const struct dependents *d, size_t first, size_t end)
{
	struct pipgate_component *components = a->inventory.components.items;
	struct found *found = a->inventory.found.items;

	for (size_t i = first; i < end; i++)
		if (!d->direct[i - first].n)
			components[i].requested = found[i].direct = true;
}

/* ---- the index, for what the policy asks of it ---- */

/* The index by which pip resolves. NULL: pip is not to be used, or there is none. */
static const struct facts_source *index_of(struct auditing *a)
{
	struct facts_source *source = must(arena_alloc(a->run, sizeof(*source)));
	struct arguments *arguments = must(arena_alloc(a->run, sizeof(*arguments)));
	struct words words = {.run = a->run};

	if (a->options.source.disable_pip || gathering_pip(&a->gathering, false, NULL) != PIPGATE_OK)
		return NULL;
	source_index_words(&a->options.source, &words);
	arguments_read(a->run, words_end(&words), PIP_INSTALL, arguments);
	*source = (struct facts_source){&a->gathering.pip, arguments, NULL};
	return source;
}

static enum pipgate_status decide(struct auditing *a, struct audit *part, const struct facts_source *source, struct pipgate_error *error)
{
	enum pipgate_status status = audit_match(part, &a->advisories.cursor, error);

	if (status == PIPGATE_OK && source)
		status = facts_apply(part, a->policy, source, &a->advisories.cursor, false, error);
	if (status == PIPGATE_OK)
		status = checks_apply(part, a->policy, &a->context, NULL, error);
	if (status == PIPGATE_OK)
		status = audit_judge_case(part, a->policy, error);
	return status == PIPGATE_OK && a->since ? audit_since(a, part, error) : status;
}

static enum pipgate_status judge_input(struct auditing *a, const struct facts_source *source, struct joined *joined, size_t input,
	struct pipgate_error *error)
{
	const struct pipgate_component *components = a->inventory.components.items;
	struct audit part = {.run = a->run, .environment = a->inventory.environment, .now = a->context.now};
	enum pipgate_status status;
	size_t first, end;

	audit_input_range(a, input, &first, &end);
	dependents_read(a->run, components + first, end - first, &a->inventory.environment, &a->dependents[input]);
	mark_roots(a, &a->dependents[input], first, end);
	part.components = components + first;
	part.n_components = end - first;
	status = decide(a, &part, source, error);
	if (status != PIPGATE_OK)
		return status;
	join(a, joined, &part, first);
	for (size_t i = first; i < end; i++) {
		a->audit.unknown[i] = part.unknown[i - first];
		if (part.facts)
			a->audit.facts[i] = part.facts[i - first];
	}
	return PIPGATE_OK;
}

/* ---- what is wrong with the policy ---- */

/* An exception that one input had no use for may have let something of another one pass: its place stands in the note. */
static bool is_used(const struct list *judgements, struct span note)
{
	const struct pipgate_judgement *j = judgements->items;

	for (size_t i = 0; i < judgements->n; i++)
		if (j[i].pardon == PIPGATE_PARDON_EXCEPTION && j[i].where.n && memmem(note.p, note.n, j[i].where.p, j[i].where.n))
			return true;
	return false;
}

static bool is_there(const struct span *notes, size_t n, struct span note)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(notes[i], note))
			return true;
	return false;
}

/* Each input was decided about by itself: every note once, without those that another input refutes. */
static void join_notes(const struct auditing *a, struct joined *joined)
{
	struct span *notes = joined->notes.items;
	size_t n = 0;

	if (a->inventory.inputs.n < 2)
		return;
	for (size_t i = 0; i < joined->notes.n; i++)
		if (!is_there(notes, n, notes[i]) && !is_used(&joined->by_finding, notes[i]) && !is_used(&joined->by_component, notes[i]))
			notes[n++] = notes[i];
	joined->notes.n = n;
}

/* The most urgent first, of equals the first. */
static int urgency_order(const void *a, const void *b, void *risks)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	unsigned p = ((const struct pipgate_risk *)risks)[x].priority, q = ((const struct pipgate_risk *)risks)[y].priority;

	if (p != q)
		return p > q ? -1 : 1;
	return x < y ? -1 : x > y;
}

static const size_t *by_urgency(struct auditing *a, const struct list *risks)
{
	size_t *order = must(arena_array(a->run, risks->n + 1, sizeof(*order)));

	for (size_t i = 0; i < risks->n; i++)
		order[i] = i;
	if (risks->n)
		qsort_r(order, risks->n, sizeof(*order), urgency_order, risks->items);
	return order;
}

enum pipgate_status audit_judge(struct auditing *a, struct pipgate_error *error)
{
	const struct facts_source *source = index_of(a);
	struct joined joined = {.strictest = PIPGATE_ALLOW};
	enum pipgate_status status = PIPGATE_OK;
	struct list *all = &joined.by_finding;

	a->audit = (struct audit){.run = a->run, .environment = a->inventory.environment,
		.components = a->inventory.components.items, .now = a->context.now,
		.n_components = a->inventory.components.n, .unknown = must(arena_array(a->run, a->inventory.components.n + 1, sizeof(bool))),
		.facts = must(arena_array(a->run, a->inventory.components.n + 1, sizeof(struct pipgate_facts)))};
	if (!source && facts_wanted(a->policy, false))
		say("what the policy asks of the index is not known: no pip is used");
	a->dependents = must(arena_array(a->run, a->inventory.inputs.n + 1, sizeof(*a->dependents)));
	for (size_t i = 0; i < a->inventory.inputs.n && status == PIPGATE_OK; i++)
		status = judge_input(a, source, &joined, i, error);
	if (status != PIPGATE_OK)
		return status;
	join_notes(a, &joined);
	for (size_t i = 0; i < joined.by_component.n; i++)
		*(struct pipgate_judgement *)push(a, all, sizeof(struct pipgate_judgement)) =
			((const struct pipgate_judgement *)joined.by_component.items)[i];
	a->audit.findings = joined.findings.items;
	a->audit.n_findings = joined.findings.n;
	a->audit.chains = joined.chains.items;
	a->audit.verdict = (struct pipgate_verdict){
		.action = joined.strictest,
		.judgements = all->items,
		.n_judgements = all->n,
		.risks = joined.risks.items,
		.order = by_urgency(a, &joined.risks),
		.notes = joined.notes.items,
		.n_notes = joined.notes.n,
	};
	return PIPGATE_OK;
}
