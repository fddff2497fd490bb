/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate db diff [OLD [NEW]]`: what an update has changed, distribution by distribution. Rows that are the same, byte by byte, are
 * passed over; of the others one name at a time is decoded.
 */
#include "wrapper/command/db_diff.h"

#include <stdio.h>
#include <stdlib.h>

#include "matcher/advisory/row.h"
#include "wrapper/database/history.h"
#include "wrapper/memory.h"
#include "wrapper/report/affected.h"

#include "matcher/base/banned.h"

#define NAMES_MAX 2000000             /* that differ: twice what the index has */
#define WORDS_MAX ((size_t)64 << 20)  /* of one advisory: as its text */

struct differing {
	struct diff_side sides[2]; /* old, new */
	struct pipgate_run *kept, *one; /* one: forgotten at every name */
	struct list names;         /* struct span, that differ */
	struct pipgate_error *error;
	enum pipgate_status status;
	const struct diff_side *other; /* while the names of one are read */
	bool absent_only;
	struct diff_show show;
	bool shown; /* the name at hand */
};

/* ---- which names ---- */

static bool name_look(void *ctx, struct span name, struct span row)
{
	struct differing *d = ctx;
	const struct pipgate_cursor cursor = database_cursor(d->other->database);
	struct span theirs;

	d->status = cursor.seek(cursor.ctx, name, &theirs, d->error);
	if (d->status != PIPGATE_OK)
		return false;
	if (d->absent_only ? theirs.n > 0 : span_equal(row, theirs))
		return true;
	if (d->names.n >= NAMES_MAX) {
		d->status = error_set(d->error, PIPGATE_LIMIT, "more than %d distributions differ", NAMES_MAX);
		return false;
	}
	*(struct span *)must(list_push(d->kept, &d->names, sizeof(name))) = must_span(arena_copy(d->kept, name));
	return true;
}

static enum pipgate_status names_read(struct differing *d, size_t side)
{
	enum pipgate_status status;

	d->status = PIPGATE_OK;
	d->other = &d->sides[!side];
	d->absent_only = side == 1; /* those of both were found from the old one */
	status = database_rows_each(d->sides[side].database, name_look, d, d->error);
	return d->status == PIPGATE_OK ? status : d->status;
}

/* ---- one name ---- */

static enum pipgate_status no_row(struct differing *d, const struct diff_side *side)
{
	return error_set(d->error, PIPGATE_INVALID, "%s: a record is none; make it anew: pipgate db update", side->path);
}

static bool record_take(struct differing *d, const struct row_body *body, struct diff_record *out)
{
	struct reader aliases = body->aliases;
	struct span *names = must(arena_array(d->one, body->n_aliases, sizeof(*names)));

	for (size_t i = 0; i < body->n_aliases; i++)
		names[i] = take_text(&aliases);
	*out = (struct diff_record){.id = body->id, .aliases = names, .n_aliases = body->n_aliases, .severity = body->severity,
		.exploitation = body->exploitation};
	return !aliases.broken;
}

/* In the order of ids; one that names the distribution twice is one. */
static enum pipgate_status records_read(struct differing *d, const struct diff_side *side, struct span name, struct list *out)
{
	const struct pipgate_cursor cursor = database_cursor(side->database);
	struct span bytes, last = {NULL, 0};
	enum pipgate_status status = cursor.seek(cursor.ctx, name, &bytes, d->error);
	struct row_head head;
	struct row_body body;
	struct row row;

	*out = (struct list){0};
	if (status != PIPGATE_OK || !bytes.n)
		return status;
	if (!row_open(bytes, &row))
		return no_row(d, side);
	for (size_t i = 0; i < row.n_records; i++) {
		if (!row_next(&row, &head) || !row_body(&head, &body) || (last.p && span_compare(last, body.id) > 0))
			return no_row(d, side);
		if (last.p && span_equal(last, body.id))
			continue;
		last = body.id;
		if (!record_take(d, &body, must(list_push(d->one, out, sizeof(struct diff_record)))))
			return no_row(d, side);
	}
	return PIPGATE_OK;
}

/* ---- one advisory ---- */

static void whole_write(struct buf *out, const struct pipgate_affected *a)
{
	for (size_t r = 0; r < a->n_ranges; r++) {
		buf_byte(out, '\n');
		for (size_t i = 0; i < a->ranges[r].n_events; i++) {
			buf_format(out, "%d ", (int)a->ranges[r].events[i].kind);
			buf_span(out, a->ranges[r].events[i].version);
			buf_byte(out, ' ');
		}
	}
	for (size_t i = 0; i < a->n_versions; i++) {
		buf_byte(out, '\t');
		buf_span(out, a->versions[i]);
	}
}

static enum pipgate_status versions_write(struct differing *d, const struct pipgate_advisory *a, struct span name, struct diff_record *record)
{
	enum pipgate_status status;
	struct buf words, whole;

	buf_init(&words, NULL, WORDS_MAX);
	buf_init(&whole, NULL, WORDS_MAX);
	for (size_t i = 0; i < a->n_affected; i++) {
		if (!span_equal(a->affected[i].name, name))
			continue;
		if (words.n)
			buf_text(&words, " or ");
		affected_write(&words, &a->affected[i]);
		whole_write(&whole, &a->affected[i]);
	}
	status = buf_status(&words) == PIPGATE_OK ? buf_status(&whole) : buf_status(&words);
	if (status == PIPGATE_OK) {
		record->versions = must_span(arena_copy(d->one, words.n ? buf_view(&words) : SPAN("")));
		record->whole = must_span(arena_copy(d->one, whole.n ? buf_view(&whole) : SPAN("")));
	}
	buf_fini(&words);
	buf_fini(&whole);
	return status == PIPGATE_OK ? status : error_set(d->error, status, SPAN_FMT ": too many versions", SPAN_ARG(record->id));
}

static enum pipgate_status versions_read(struct differing *d, const struct diff_side *side, struct span name, struct diff_record *record)
{
	struct pipgate_advisory a;
	struct span text;
	enum pipgate_status status = database_text(side->database, record->id, &text, d->error);

	if (status != PIPGATE_OK)
		return status;
	if (!text.n)
		return error_set(d->error, PIPGATE_INVALID, "%s: the text of " SPAN_FMT " is missing; make it anew: pipgate db update", side->path,
			SPAN_ARG(record->id));
	status = pipgate_advisory_decode(d->one, PIPGATE_OSV_JSON, text, &a, d->error);
	return status == PIPGATE_OK ? versions_write(d, &a, name, record) : status;
}

static void change_show(struct differing *d, const struct diff_change *change)
{
	if (!d->shown)
		diff_show_name(&d->show, change->name);
	d->shown = true;
	diff_show_change(&d->show, change);
}

static enum pipgate_status came(struct differing *d, struct span name, struct diff_record *after)
{
	enum pipgate_status status = versions_read(d, &d->sides[1], name, after);

	if (status == PIPGATE_OK)
		change_show(d, &(struct diff_change){.kind = DIFF_NEW, .name = name, .after = after});
	return status;
}

static enum pipgate_status went(struct differing *d, struct span name, struct diff_record *before)
{
	enum diff_kind kind = DIFF_GONE;
	struct pipgate_advisory a;
	struct span text;
	enum pipgate_status status = versions_read(d, &d->sides[0], name, before);

	if (status == PIPGATE_OK)
		status = database_text(d->sides[1].database, before->id, &text, d->error);
	if (status != PIPGATE_OK)
		return status;
	if (text.n) {
		status = pipgate_advisory_decode(d->one, PIPGATE_OSV_JSON, text, &a, d->error);
		if (status != PIPGATE_OK)
			return status;
		kind = a.withdrawn.n ? DIFF_WITHDRAWN : DIFF_GONE;
	}
	change_show(d, &(struct diff_change){.kind = kind, .name = name, .before = before});
	return PIPGATE_OK;
}

static bool same_aliases(const struct diff_record *a, const struct diff_record *b)
{
	for (size_t i = 0; a->n_aliases == b->n_aliases && i < a->n_aliases; i++)
		if (!span_equal(a->aliases[i], b->aliases[i]))
			return false;
	return a->n_aliases == b->n_aliases;
}

static enum pipgate_status stayed(struct differing *d, struct span name, struct diff_record *before, struct diff_record *after)
{
	const struct pipgate_exploitation *x = &before->exploitation, *y = &after->exploitation;
	struct diff_change change = {.kind = DIFF_CHANGED, .name = name, .before = before, .after = after};
	enum pipgate_status status = versions_read(d, &d->sides[0], name, before);

	if (status == PIPGATE_OK)
		status = versions_read(d, &d->sides[1], name, after);
	if (status != PIPGATE_OK)
		return status;
	change.versions = !span_equal(before->whole, after->whole);
	change.severity = before->severity.level != after->severity.level || before->severity.tenths != after->severity.tenths;
	change.aliases = !same_aliases(before, after);
	change.exploited = x->exploited != y->exploited;
	change.epss = x->has_epss != y->has_epss || (x->has_epss && x->epss != y->epss);
	if (change.versions || change.severity || change.aliases || change.exploited || change.epss)
		change_show(d, &change);
	return PIPGATE_OK;
}

static enum pipgate_status name_compare(struct differing *d, struct span name)
{
	struct list olds, news;
	enum pipgate_status status;
	size_t o = 0, n = 0;

	pipgate_run_reset(d->one);
	d->shown = false;
	status = records_read(d, &d->sides[0], name, &olds);
	if (status == PIPGATE_OK)
		status = records_read(d, &d->sides[1], name, &news);
	while (status == PIPGATE_OK && (o < olds.n || n < news.n)) {
		struct diff_record *before = o < olds.n ? (struct diff_record *)olds.items + o : NULL;
		struct diff_record *after = n < news.n ? (struct diff_record *)news.items + n : NULL;
		int order = !before ? 1 : !after ? -1 : span_compare(before->id, after->id);

		status = order < 0 ? went(d, name, before) : order > 0 ? came(d, name, after) : stayed(d, name, before, after);
		o += order <= 0;
		n += order >= 0;
	}
	return status;
}

/* ---- all of it ---- */

static enum pipgate_status compare(struct differing *d)
{
	enum pipgate_status status = names_read(d, 0);
	const struct span *names;

	if (status == PIPGATE_OK)
		status = names_read(d, 1);
	if (status == PIPGATE_OK && d->names.n)
		qsort(d->names.items, d->names.n, sizeof(struct span), span_order);
	names = d->names.items;
	diff_show_begin(&d->show);
	for (size_t i = 0; i < d->names.n && status == PIPGATE_OK; i++)
		status = name_compare(d, names[i]);
	diff_show_end(&d->show);
	return status;
}

/* A word is a serial or a file. */
static enum pipgate_status side_find(const char *word, const char *current, char out[4096], struct pipgate_error *error)
{
	int64_t serial;

	if (history_serial(word, &serial))
		return history_find(current, serial, out, error);
	return snprintf(out, 4096, "%s", word) < 4096 ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%.64s…: the path is too long", word);
}

static enum pipgate_status sides_open(struct differing *d, const struct db_options *o)
{
	struct database_place place = {.path = ""};
	int64_t serial;
	bool current = o->n_words < 2 || history_serial(o->words[0], &serial) || history_serial(o->words[1], &serial);
	enum pipgate_status status = current ? database_find(o->database, &place, d->error) : PIPGATE_OK;

	if (status == PIPGATE_OK)
		status = o->n_words > 0 ? side_find(o->words[0], place.path, d->sides[0].path, d->error)
					: history_newest(place.path, d->sides[0].path, d->error);
	if (status == PIPGATE_OK)
		status = side_find(o->n_words > 1 ? o->words[1] : place.path, place.path, d->sides[1].path, d->error);
	for (size_t i = 0; i < 2 && status == PIPGATE_OK; i++)
		status = database_open(d->sides[i].path, &d->sides[i].database, d->error);
	return status;
}

static int answer(struct differing *d)
{
	bool any = d->show.n_names > 0;
	int code = db_print(&d->show.out);

	return code != EXIT_OK || !any ? code : EXIT_NO;
}

int db_diff(const struct db_options *options)
{
	struct pipgate_error error = {.text = ""};
	struct differing d = {.error = &error};
	enum pipgate_status status;
	int code;

	if (pipgate_run_new(NULL, &d.kept) != PIPGATE_OK || pipgate_run_new(NULL, &d.one) != PIPGATE_OK)
		die_no_memory();
	d.show = (struct diff_show){.sides = d.sides, .json = options->json};
	buf_init(&d.show.out, NULL, DB_OUTPUT_MAX);
	status = sides_open(&d, options);
	if (status == PIPGATE_OK)
		status = compare(&d);
	if (status == PIPGATE_OK) {
		code = answer(&d);
	} else {
		buf_fini(&d.show.out);
		code = say_error(EXIT_UNDECIDED, "db diff: %s", error.text);
	}
	for (size_t i = 0; i < 2; i++)
		database_close(&d.sides[i].database);
	pipgate_run_free(&d.kept);
	pipgate_run_free(&d.one);
	return code;
}
