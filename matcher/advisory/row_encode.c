/* SPDX-License-Identifier: Apache-2.0 */
/* Writing rows. Their form is described in row.h. */
#include <stdlib.h>

#include "matcher/advisory/merge.h"
#include "matcher/advisory/row.h"

#include "matcher/base/banned.h"

struct key {
	struct span key, shown;
};

enum part {
	PART_ENDS,
	PART_KEYS,
	PART_HEADS,
	PART_BODIES,
	PART_HEAD, /* the next one of each: its length is written before it */
	PART_BODY,
	PART_ROW,
	N_PARTS
};

struct writer {
	struct pipgate_run *run;
	struct record *records; /* by id */
	size_t n;
	size_t *groups, n_groups;
	struct pipgate_exploitation *exploitation; /* per group */
	struct key *keys; /* ascending, each once */
	size_t n_keys;
	struct buf parts[N_PARTS];
};

/* ---- keys ---- */

/* Of equals, those that are shown come first. */
static int key_order(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = span_compare(x->key, y->key);

	if (order || !x->shown.n != !y->shown.n)
		return order ? order : x->shown.n ? -1 : 1;
	return span_compare(x->shown, y->shown);
}

static enum pipgate_status collect_keys(struct writer *w)
{
	size_t total = 0, at = 0, kept = 0;

	for (size_t i = 0; i < w->n; i++)
		total += w->records[i].intervals.n + w->records[i].n_fixed;
	w->keys = arena_array(w->run, total, sizeof(*w->keys));
	if (!w->keys)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < w->n; i++) {
		const struct record *record = &w->records[i];

		for (size_t k = 0; k < record->intervals.n; k++)
			if (record->intervals.bounds[k].key.n)
				w->keys[at++].key = record->intervals.bounds[k].key;
		for (size_t k = 0; k < record->n_fixed; k++)
			w->keys[at++] = (struct key){record->fixed[k].key, record->fixed[k].text};
	}
	if (at > 1)
		qsort(w->keys, at, sizeof(*w->keys), key_order);
	for (size_t i = 0; i < at; i++)
		if (i == 0 || !span_equal(w->keys[i].key, w->keys[kept - 1].key))
			w->keys[kept++] = w->keys[i];
	w->n_keys = kept;
	return PIPGATE_OK;
}

static int key_find(const void *wanted, const void *item)
{
	return span_compare(*(const struct span *)wanted, ((const struct key *)item)->key);
}

/* The number of a key that collect_keys() has put there. */
static uint64_t number_of(const struct writer *w, struct span key)
{
	const struct key *hit = bsearch(&key, w->keys, w->n_keys, sizeof(*w->keys), key_find);

	return (uint64_t)(hit - w->keys);
}

static void put_keys(struct writer *w)
{
	struct buf *keys = &w->parts[PART_KEYS];

	for (size_t i = 0; i < w->n_keys; i++) {
		unsigned char end[4];

		put_text(keys, w->keys[i].key);
		buf_span(keys, w->keys[i].shown);
		for (unsigned k = 0; k < 4; k++)
			end[k] = (unsigned char)(keys->n >> 8 * k);
		buf_add(&w->parts[PART_ENDS], end, sizeof(end));
	}
}

/* ---- records ---- */

static void put_head(struct writer *w, size_t i)
{
	const struct intervals *intervals = &w->records[i].intervals;
	struct buf *head = &w->parts[PART_HEAD];
	const struct pipgate_exploitation *exploitation = &w->exploitation[w->groups[i]];
	unsigned flags =
		(intervals->every ? ROW_EVERY : 0u) | (intervals->has_end ? ROW_HAS_END : 0u) | (intervals->n_raw ? ROW_RAW : 0u) |
		(exploitation->exploited ? ROW_EXPLOITED : 0u) | (exploitation->has_epss ? ROW_EPSS : 0u) |
		(w->records[i].exploit_public ? ROW_EXPLOIT_PUBLIC : 0u);
	uint64_t before = 0;

	put_number(head, w->parts[PART_BODY].n);
	put_number(head, w->groups[i]);
	buf_byte(head, (unsigned char)flags);
	for (size_t k = 0; k < intervals->n; k++) {
		const struct bound *bound = &intervals->bounds[k];
		uint64_t place = bound->key.n ? 2 * number_of(w, bound->key) + 1 + bound->behind : 0;

		put_number(head, place - before);
		before = place;
	}
}

/* Sorted, each once, without the record's own id. */
static enum pipgate_status put_aliases(struct writer *w, const struct record *record)
{
	struct span *aliases = arena_array(w->run, record->n_aliases, sizeof(*aliases));
	struct buf *body = &w->parts[PART_BODY];
	size_t kept = 0;

	if (!aliases)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < record->n_aliases; i++)
		aliases[i] = record->aliases[i];
	if (record->n_aliases > 1)
		qsort(aliases, record->n_aliases, sizeof(*aliases), span_order);
	for (size_t i = 0; i < record->n_aliases; i++)
		if (!span_equal(aliases[i], record->id) && (kept == 0 || !span_equal(aliases[i], aliases[kept - 1])))
			aliases[kept++] = aliases[i];
	put_number(body, kept);
	for (size_t i = 0; i < kept; i++)
		put_text(body, aliases[i]);
	return PIPGATE_OK;
}

static enum pipgate_status put_body(struct writer *w, size_t i)
{
	const struct record *record = &w->records[i];
	const struct pipgate_exploitation *exploitation = &w->exploitation[w->groups[i]];
	const struct intervals *intervals = &record->intervals;
	struct buf *body = &w->parts[PART_BODY];
	uint64_t before = 0;

	put_text(body, record->id);
	if (intervals->n_raw) {
		put_number(body, intervals->n_raw);
		for (size_t k = 0; k < intervals->n_raw; k++)
			put_text(body, intervals->raw[k]);
	}
	if (put_aliases(w, record) != PIPGATE_OK)
		return PIPGATE_NO_MEMORY;
	put_number(body, record->feed);
	buf_byte(body, (unsigned char)record->severity.level);
	buf_byte(body, record->severity.tenths);
	put_text(body, record->severity.vector);
	if (exploitation->has_epss) {
		put_number(body, exploitation->epss);
		put_number(body, exploitation->epss_percentile);
	}
	put_number(body, record->n_fixed);
	for (size_t k = 0; k < record->n_fixed; k++) {
		uint64_t number = number_of(w, record->fixed[k].key);

		put_number(body, number - before);
		before = number;
	}
	return PIPGATE_OK;
}

static enum pipgate_status put_records(struct writer *w)
{
	for (size_t i = 0; i < w->n; i++) {
		buf_clear(&w->parts[PART_BODY]);
		if (put_body(w, i) != PIPGATE_OK)
			return PIPGATE_NO_MEMORY;
		buf_clear(&w->parts[PART_HEAD]);
		put_head(w, i);
		put_text(&w->parts[PART_HEADS], buf_view(&w->parts[PART_HEAD]));
		buf_span(&w->parts[PART_BODIES], buf_view(&w->parts[PART_BODY]));
		for (enum part part = 0; part < N_PARTS; part++)
			if (buf_status(&w->parts[part]) != PIPGATE_OK)
				return buf_status(&w->parts[part]);
	}
	return PIPGATE_OK;
}

/* ---- exploitation ---- */

static void ask(struct pipgate_exploitation *group, const struct pipgate_enrichment *enrichment, struct span id)
{
	struct pipgate_exploitation one = {.exploited = false};

	if (enrichment->find(enrichment->ctx, id, &one))
		row_exploitation_add(group, &one);
}

static enum pipgate_status collect_exploitation(struct writer *w, const struct pipgate_enrichment *enrichment)
{
	w->exploitation = arena_array(w->run, w->n_groups, sizeof(*w->exploitation));
	if (!w->exploitation)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; enrichment && i < w->n; i++) {
		struct pipgate_exploitation *group = &w->exploitation[w->groups[i]];

		ask(group, enrichment, w->records[i].id);
		for (size_t k = 0; k < w->records[i].n_aliases; k++)
			ask(group, enrichment, w->records[i].aliases[k]);
	}
	return PIPGATE_OK;
}

/* ---- the row ---- */

static int record_order(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int order = span_compare(x->id, y->id);

	if (!order && x->feed != y->feed)
		order = x->feed < y->feed ? -1 : 1;
	return order ? order : span_compare(x->bytes, y->bytes);
}

static enum pipgate_status read_records(struct writer *w, const struct span *records, size_t n)
{
	w->n = n;
	w->records = arena_array(w->run, n, sizeof(*w->records));
	w->groups = arena_array(w->run, n, sizeof(*w->groups));
	if (!w->records || !w->groups)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		enum pipgate_status status = record_decode(w->run, records[i], &w->records[i]);

		if (status != PIPGATE_OK)
			return status;
	}
	if (n > 1)
		qsort(w->records, n, sizeof(*w->records), record_order);
	return merge_groups(w->run, w->records, n, w->groups, &w->n_groups);
}

static enum pipgate_status put_row(struct writer *w, struct span *out)
{
	struct buf *row = &w->parts[PART_ROW];
	enum pipgate_status status;
	struct span bytes;

	buf_byte(row, ROW_FORMAT);
	put_number(row, w->n_keys);
	put_number(row, w->n);
	put_number(row, w->n_groups);
	put_number(row, w->parts[PART_KEYS].n);
	put_number(row, w->parts[PART_HEADS].n);
	for (enum part part = PART_ENDS; part <= PART_BODIES; part++)
		buf_span(row, buf_view(&w->parts[part]));
	status = buf_status(row);
	if (status != PIPGATE_OK)
		return status;
	bytes = arena_copy(w->run, buf_view(row));
	if (!bytes.p)
		return PIPGATE_NO_MEMORY;
	*out = bytes;
	return PIPGATE_OK;
}

enum pipgate_status pipgate_row_encode(struct pipgate_run *run, const struct span *records, size_t n,
	const struct pipgate_enrichment *enrichment, struct span *out)
{
	struct writer w = {.run = run};
	enum pipgate_status status = read_records(&w, records, n);

	if (status == PIPGATE_OK)
		status = collect_exploitation(&w, enrichment);
	if (status == PIPGATE_OK)
		status = collect_keys(&w);
	if (status != PIPGATE_OK)
		return status;
	for (enum part part = 0; part < N_PARTS; part++)
		buf_init(&w.parts[part], arena_allocator(run), ROW_BYTES_MAX);
	put_keys(&w);
	status = put_records(&w);
	if (status == PIPGATE_OK)
		status = put_row(&w, out);
	for (enum part part = 0; part < N_PARTS; part++)
		buf_fini(&w.parts[part]);
	return status;
}
