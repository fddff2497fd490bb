/* SPDX-License-Identifier: Apache-2.0 */
/* From the records that match to findings, one a group: one vulnerability, whatever feeds call it. */
#include <stdlib.h>

#include "matcher/base/error.h"
#include "matcher/match.h"

#include "matcher/base/banned.h"

struct maker {
	struct pipgate_run *run;
	const struct match_hits *found;
	struct row row;    /* the same row in the run's own memory: results outlive the cursor's */
	size_t component;
};

/* A finding that grows. */
struct growing {
	struct pipgate_finding finding;
	struct pipgate_exploitation exploitation;
	struct list ids;     /* struct span */
	struct list records; /* struct pipgate_record */
	struct list fixed;   /* uint64_t: keys of the row */
	size_t record_fixed; /* where in fixed those of the last record begin */
};

static struct span moved(const struct maker *m, struct span text)
{
	return (struct span){m->row.bytes.p + (text.p - m->found->row.bytes.p), text.n};
}

static bool higher(const struct pipgate_severity *a, const struct pipgate_severity *b)
{
	return a->level != b->level ? a->level > b->level : a->tenths > b->tenths;
}

static enum pipgate_status add_id(struct maker *m, struct growing *g, struct span id)
{
	struct span *place = list_push(m->run, &g->ids, sizeof(*place));

	if (!place)
		return PIPGATE_NO_MEMORY;
	*place = id;
	return PIPGATE_OK;
}

/* ---- fixed versions ---- */

static int number_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Sorts n keys and gives those above a place as text, each once. */
static enum pipgate_status show_fixed(struct maker *m, uint64_t *keys, size_t n, uint64_t place, const struct span **out,
	size_t *out_n)
{
	struct span *texts = arena_array(m->run, n, sizeof(*texts));
	size_t kept = 0;

	if (!texts)
		return PIPGATE_NO_MEMORY;
	if (n > 1)
		qsort(keys, n, sizeof(*keys), number_order);
	for (size_t i = 0; i < n; i++) {
		if (2 * keys[i] + 1 <= place || (i && keys[i] == keys[i - 1]))
			continue;
		if (!row_shown(&m->row, keys[i], &texts[kept++]))
			return PIPGATE_INVALID;
	}
	*out = texts;
	*out_n = kept;
	return PIPGATE_OK;
}

/* The last record has all of its entries: its fixed versions can be told. */
static enum pipgate_status end_record(struct maker *m, struct growing *g)
{
	struct pipgate_record *record = g->records.items;
	uint64_t *keys = g->fixed.items;

	if (!g->records.n)
		return PIPGATE_OK;
	record += g->records.n - 1;
	return show_fixed(m, keys ? keys + g->record_fixed : NULL, g->fixed.n - g->record_fixed, 0, &record->fixed, &record->n_fixed);
}

static enum pipgate_status add_fixed(struct maker *m, struct growing *g, struct row_body *body)
{
	uint64_t key = 0;

	for (size_t i = 0; i < body->n_fixed; i++) {
		uint64_t *place = list_push(m->run, &g->fixed, sizeof(*place));

		if (!place)
			return PIPGATE_NO_MEMORY;
		key += take_number(&body->fixed);
		*place = key;
		if (key >= m->row.n_keys)
			return PIPGATE_INVALID;
	}
	return body->fixed.broken ? PIPGATE_INVALID : PIPGATE_OK;
}

/* ---- records ---- */

/* Another entry of the record before only adds to it. */
static enum pipgate_status add_entry(struct maker *m, struct growing *g, struct row_body *body)
{
	struct pipgate_record *record = g->records.items;

	record += g->records.n - 1;
	if (higher(&body->severity, &record->severity))
		record->severity = body->severity;
	return add_fixed(m, g, body);
}

static enum pipgate_status add_record(struct maker *m, struct growing *g, struct row_body *body)
{
	struct pipgate_record *record;
	enum pipgate_status status = end_record(m, g);

	if (status != PIPGATE_OK)
		return status;
	g->record_fixed = g->fixed.n;
	record = list_push(m->run, &g->records, sizeof(*record));
	if (!record)
		return PIPGATE_NO_MEMORY;
	*record = (struct pipgate_record){.id = body->id, .feed = body->feed, .severity = body->severity};
	g->finding.malicious |= span_starts(body->id, SPAN("MAL-"));
	status = add_id(m, g, body->id);
	return status == PIPGATE_OK ? add_fixed(m, g, body) : status;
}

static enum pipgate_status add_hit(struct maker *m, struct growing *g, const struct match_hit *hit)
{
	const struct pipgate_record *records = g->records.items;
	struct row_head head = hit->head;
	struct row_body body;
	enum pipgate_status status;

	head.body = moved(m, head.body);
	if (!row_body(&head, &body))
		return PIPGATE_INVALID;
	if (g->records.n && span_equal(records[g->records.n - 1].id, body.id))
		status = add_entry(m, g, &body);
	else
		status = add_record(m, g, &body);
	for (size_t i = 0; i < body.n_aliases && status == PIPGATE_OK; i++)
		status = add_id(m, g, take_text(&body.aliases));
	if (higher(&body.severity, &g->finding.severity))
		g->finding.severity = body.severity;
	row_exploitation_add(&g->exploitation, &body.exploitation);
	g->finding.exploit_public |= body.exploit_public;
	g->finding.has_end |= (head.flags & ROW_HAS_END) != 0;
	return status;
}

/* ---- findings ---- */

static void sort_ids(struct growing *g)
{
	struct span *ids = g->ids.items;
	size_t kept = 0;

	if (g->ids.n > 1)
		qsort(ids, g->ids.n, sizeof(*ids), span_order);
	for (size_t i = 0; i < g->ids.n; i++)
		if (i == 0 || !span_equal(ids[i], ids[kept - 1]))
			ids[kept++] = ids[i];
	g->finding.ids = ids;
	g->finding.n_ids = kept;
}

static struct span id_to_show(const struct pipgate_finding *finding)
{
	static const struct span order[] = {{"MAL-", 4}, {"PYSEC-", 6}, {"CVE-", 4}, {"GHSA-", 5}};

	for (size_t k = finding->malicious ? 0 : 1; k < sizeof(order) / sizeof(*order); k++)
		for (size_t i = 0; i < finding->n_ids; i++)
			if (span_starts(finding->ids[i], order[k]))
				return finding->ids[i];
	return finding->ids[0];
}

static enum pipgate_status make_finding(struct maker *m, size_t at, struct pipgate_finding *out)
{
	struct growing g = {.finding = {.component = m->component}};
	enum pipgate_status status = PIPGATE_OK;

	for (; at < m->found->n && status == PIPGATE_OK; at = m->found->hits[at].next)
		status = add_hit(m, &g, &m->found->hits[at]);
	if (status == PIPGATE_OK)
		status = end_record(m, &g);
	if (status == PIPGATE_OK)
		status = show_fixed(m, g.fixed.items, g.fixed.n, m->found->place, &g.finding.fixed, &g.finding.n_fixed);
	if (status != PIPGATE_OK)
		return status;
	sort_ids(&g);
	g.finding.id = id_to_show(&g.finding);
	g.finding.records = g.records.items;
	g.finding.n_records = g.records.n;
	g.finding.exploited = g.exploitation.exploited;
	g.finding.has_epss = g.exploitation.has_epss;
	g.finding.epss = g.exploitation.epss;
	g.finding.epss_percentile = g.exploitation.epss_percentile;
	*out = g.finding;
	return PIPGATE_OK;
}

static enum pipgate_status make_findings(struct maker *m, struct pipgate_match *out)
{
	struct pipgate_finding *findings;
	struct span bytes = arena_copy(m->run, m->found->row.bytes);
	size_t n = 0;

	for (size_t i = 0; i < m->found->n; i++)
		n += m->found->hits[i].first;
	findings = arena_array(m->run, n, sizeof(*findings));
	if (!bytes.p || !findings)
		return PIPGATE_NO_MEMORY;
	if (!row_open(bytes, &m->row))
		return PIPGATE_INVALID;
	n = 0;
	for (size_t i = 0; i < m->found->n; i++) {
		enum pipgate_status status;

		if (!m->found->hits[i].first)
			continue;
		status = make_finding(m, i, &findings[n++]);
		if (status != PIPGATE_OK)
			return status;
	}
	out->findings = findings;
	out->n_findings = n;
	return PIPGATE_OK;
}

enum pipgate_status pipgate_match(struct pipgate_run *run, const struct pipgate_component *component, size_t index,
	const struct pipgate_cursor *cursor, struct pipgate_match *out, struct pipgate_error *error)
{
	struct match_hits found;
	struct maker m = {.run = run, .found = &found, .component = index};
	struct pipgate_match match = {.unknown = false};
	enum pipgate_status status = match_find(run, component->name, component->version, cursor, &found, error);

	if (status != PIPGATE_OK)
		return status;
	match.unknown = found.unknown;
	match.named = found.named;
	if (found.n)
		status = make_findings(&m, &match);
	if (status == PIPGATE_NO_MEMORY)
		return error_set(error, status, "out of memory");
	if (status != PIPGATE_OK)
		return error_set(error, status, "the database's row of '" SPAN_FMT "' is damaged", SPAN_ARG(component->name));
	*out = match;
	return PIPGATE_OK;
}

bool pipgate_finding_has_id(const struct pipgate_finding *finding, struct span id)
{
	for (size_t i = 0; i < finding->n_ids; i++)
		if (span_equal_nocase(finding->ids[i], id))
			return true;
	return false;
}
