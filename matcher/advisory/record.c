/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/advisory/record.h"

#include <stdlib.h>

#include "matcher/advisory/bytes.h"
#include "matcher/advisory/specified.h"

#include "matcher/base/banned.h"

enum {
	FLAG_EVERY = 1,
	FLAG_HAS_END = 2,
	FLAG_EXPLOIT_PUBLIC = 4,
};

static int fixed_order(const void *a, const void *b)
{
	const struct record_fixed *x = a, *y = b;
	int order = span_compare(x->key, y->key);

	return order ? order : span_compare(x->text, y->text);
}

static enum pipgate_status fixed_add(struct pipgate_run *run, struct list *list, struct span key, struct span text)
{
	struct record_fixed *fixed = list_push(run, list, sizeof(*fixed));

	if (!fixed)
		return PIPGATE_NO_MEMORY;
	*fixed = (struct record_fixed){key, text};
	return PIPGATE_OK;
}

static enum pipgate_status fixed_of_range(struct pipgate_run *run, const struct pipgate_range *range, struct list *list)
{
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < range->n_events && status == PIPGATE_OK; i++) {
		const struct pipgate_event *event = &range->events[i];
		struct span key = {NULL, 0};

		if (event->kind == PIPGATE_EVENT_FIXED)
			status = intervals_key(run, event->version, &key);
		if (status == PIPGATE_OK && key.p)
			status = fixed_add(run, list, key, event->version);
	}
	return status;
}

/* "<2.0" says that 2.0 is fixed, where nothing else says that it is affected. */
static enum pipgate_status fixed_of_set(struct pipgate_run *run, struct span set, const struct intervals *intervals, struct list *list)
{
	struct specifier specifier;
	enum pipgate_status status;

	while (specified_next(run, &set, &specifier, &status)) {
		if (specifier.operator != SPECIFIER_LESS || intervals_inside(intervals, specifier.key.key))
			continue;
		status = fixed_add(run, list, specifier.key.key, specifier.version);
		if (status != PIPGATE_OK)
			break;
	}
	return status;
}

/* The fixed versions of all ranges and specifiers, ascending, each once. */
static enum pipgate_status collect_fixed(struct pipgate_run *run, const struct pipgate_affected *affected, struct record *record)
{
	struct list list = {0};
	struct record_fixed *fixed;
	enum pipgate_status status = PIPGATE_OK;
	size_t kept = 0;

	for (size_t i = 0; i < affected->n_ranges && status == PIPGATE_OK; i++)
		status = fixed_of_range(run, &affected->ranges[i], &list);
	for (size_t i = 0; i < affected->n_specifiers && status == PIPGATE_OK; i++)
		status = fixed_of_set(run, affected->specifiers[i], &record->intervals, &list);
	if (status != PIPGATE_OK)
		return status;
	fixed = list.items;
	if (list.n > 1)
		qsort(fixed, list.n, sizeof(*fixed), fixed_order);
	for (size_t i = 0; i < list.n; i++)
		if (i == 0 || !span_equal(fixed[i].key, fixed[kept - 1].key))
			fixed[kept++] = fixed[i];
	record->fixed = fixed;
	record->n_fixed = kept;
	return PIPGATE_OK;
}

static void put_texts(struct buf *out, const struct span *texts, size_t n)
{
	put_number(out, n);
	for (size_t i = 0; i < n; i++)
		put_text(out, texts[i]);
}

static void put_record(struct buf *out, const struct record *record)
{
	const struct intervals *intervals = &record->intervals;

	buf_byte(out, RECORD_FORMAT);
	for (int shift = 0; shift < 32; shift += 8)
		buf_byte(out, (unsigned char)(record->feed >> shift));
	buf_byte(out, (unsigned char)((intervals->every ? FLAG_EVERY : 0) | (intervals->has_end ? FLAG_HAS_END : 0) |
				      (record->exploit_public ? FLAG_EXPLOIT_PUBLIC : 0)));
	put_text(out, record->id);
	put_texts(out, record->aliases, record->n_aliases);
	buf_byte(out, (unsigned char)record->severity.level);
	buf_byte(out, record->severity.tenths);
	put_text(out, record->severity.vector);
	put_number(out, intervals->n);
	for (size_t i = 0; i < intervals->n; i++) {
		buf_byte(out, intervals->bounds[i].behind);
		put_text(out, intervals->bounds[i].key);
	}
	put_texts(out, intervals->raw, intervals->n_raw);
	put_number(out, record->n_fixed);
	for (size_t i = 0; i < record->n_fixed; i++) {
		put_text(out, record->fixed[i].key);
		put_text(out, record->fixed[i].text);
	}
}

/* OSV's word for what shows that a vulnerability can be used; it has no type EXPLOIT. */
static bool has_evidence(const struct pipgate_advisory *advisory)
{
	for (size_t i = 0; i < advisory->n_references; i++)
		if (span_is(advisory->references[i].type, "EVIDENCE"))
			return true;
	return false;
}

enum pipgate_status pipgate_record_encode(struct pipgate_run *run, const struct pipgate_advisory *advisory,
	const struct pipgate_affected *affected, uint32_t feed, struct span *out)
{
	struct record record = {
		.id = advisory->id,
		.aliases = advisory->aliases,
		.n_aliases = advisory->n_aliases,
		.feed = feed,
		.severity = affected->severity,
		.exploit_public = has_evidence(advisory),
	};
	enum pipgate_status status = intervals_compile(run, affected, &record.intervals);
	struct span bytes = {NULL, 0};
	struct buf buf;

	if (status == PIPGATE_OK)
		status = collect_fixed(run, affected, &record);
	if (status != PIPGATE_OK)
		return status;
	buf_init(&buf, arena_allocator(run), RECORD_BYTES_MAX);
	put_record(&buf, &record);
	status = buf_status(&buf);
	if (status == PIPGATE_OK)
		bytes = arena_copy(run, buf_view(&buf));
	buf_fini(&buf);
	if (status != PIPGATE_OK)
		return status;
	if (!bytes.p)
		return PIPGATE_NO_MEMORY;
	*out = bytes;
	return PIPGATE_OK;
}

/* ---- reading ---- */

static bool take_texts(struct pipgate_run *run, struct reader *r, const struct span **out, size_t *n)
{
	size_t count = take_count(r);
	struct span *texts = arena_array(run, count, sizeof(*texts));

	for (size_t i = 0; texts && i < count; i++)
		texts[i] = take_text(r);
	*out = texts;
	*n = count;
	return texts != NULL;
}

static bool take_bounds(struct pipgate_run *run, struct reader *r, struct intervals *out)
{
	size_t count = take_count(r);
	struct bound *bounds = arena_array(run, count, sizeof(*bounds));

	for (size_t i = 0; bounds && i < count; i++) {
		bounds[i].behind = take_byte(r) != 0;
		bounds[i].key = take_text(r);
	}
	out->bounds = bounds;
	out->n = count;
	return bounds != NULL;
}

static bool take_fixed(struct pipgate_run *run, struct reader *r, struct record *out)
{
	size_t count = take_count(r);
	struct record_fixed *fixed = arena_array(run, count, sizeof(*fixed));

	for (size_t i = 0; fixed && i < count; i++) {
		fixed[i].key = take_text(r);
		fixed[i].text = take_text(r);
	}
	out->fixed = fixed;
	out->n_fixed = count;
	return fixed != NULL;
}

bool pipgate_record_feed(char *record, size_t n, uint32_t feed)
{
	if (n < RECORD_FIXED_BYTES || record[0] != RECORD_FORMAT)
		return false;
	for (int i = 0; i < 4; i++)
		record[1 + i] = (char)(feed >> 8 * i);
	return true;
}

enum pipgate_status record_decode(struct pipgate_run *run, struct span bytes, struct record *out)
{
	struct reader r = reader_of(bytes);
	struct record record = {.bytes = bytes};
	uint8_t flags, level;

	if (take_byte(&r) != RECORD_FORMAT)
		return PIPGATE_INVALID;
	for (int shift = 0; shift < 32; shift += 8)
		record.feed |= (uint32_t)take_byte(&r) << shift;
	flags = take_byte(&r);
	record.intervals.every = flags & FLAG_EVERY;
	record.intervals.has_end = flags & FLAG_HAS_END;
	record.exploit_public = flags & FLAG_EXPLOIT_PUBLIC;
	record.id = take_text(&r);
	if (!take_texts(run, &r, &record.aliases, &record.n_aliases))
		return PIPGATE_NO_MEMORY;
	level = take_byte(&r);
	record.severity.level = (enum pipgate_level)level;
	record.severity.tenths = take_byte(&r);
	record.severity.vector = take_text(&r);
	if (!take_bounds(run, &r, &record.intervals) ||
	    !take_texts(run, &r, &record.intervals.raw, &record.intervals.n_raw) || !take_fixed(run, &r, &record))
		return PIPGATE_NO_MEMORY;
	if (r.broken || r.p != r.end || !record.id.n || level > PIPGATE_LEVEL_CRITICAL ||
	    record.severity.tenths > 100)
		return PIPGATE_INVALID;
	*out = record;
	return PIPGATE_OK;
}
