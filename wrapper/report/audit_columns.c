/* SPDX-License-Identifier: Apache-2.0 */
/* pip-audit's columns: as wide as their widest cell, a rule of dashes below the titles; then what was skipped. */
#include "matcher/base/text.h"
#include "wrapper/memory.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/lines.h"

#include "matcher/base/banned.h"

#define COLUMNS_MAX 8
#define CELL_MAX ((size_t)1 << 20)

struct sheet_rows {
	struct pipgate_run *run;
	size_t columns;
	struct list cells; /* of struct span, row by row */
};

static void cell(struct sheet_rows *t, struct span text)
{
	struct buf shown;

	buf_init(&shown, NULL, CELL_MAX);
	text_escape(&shown, text);
	*(struct span *)must(list_push(t->run, &t->cells, sizeof(struct span))) =
		must_span(arena_copy(t->run, shown.n ? buf_view(&shown) : SPAN("")));
	buf_fini(&shown);
}

static void joined_cell(struct sheet_rows *t, const struct span *values, size_t n, const char *between)
{
	struct buf line;

	buf_init(&line, NULL, CELL_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_text(&line, i ? between : "");
		buf_span(&line, values[i]);
	}
	cell(t, line.n ? buf_view(&line) : SPAN(""));
	buf_fini(&line);
}

/* ---- laying out ---- */

static void pad(struct buf *out, char c, size_t n)
{
	while (n--)
		buf_byte(out, (unsigned char)c);
}

static void put_row(struct buf *out, const struct sheet_rows *t, size_t row, const size_t *widths)
{
	const struct span *cells = (const struct span *)t->cells.items + row * t->columns;
	size_t owed = 0; /* blanks, written only where something follows */

	for (size_t i = 0; i < t->columns; i++) {
		if (cells[i].n) {
			pad(out, ' ', owed);
			buf_span(out, cells[i]);
			owed = 0;
		}
		owed += widths[i] - (cells[i].n ? lines_columns(cells[i]) : 0) + 1;
	}
	buf_byte(out, '\n');
}

static void put_rule(struct buf *out, const struct sheet_rows *t, const size_t *widths)
{
	for (size_t i = 0; i < t->columns; i++) {
		pad(out, ' ', i > 0);
		pad(out, '-', widths[i]);
	}
	buf_byte(out, '\n');
}

static void put_rows(struct buf *out, const struct sheet_rows *t)
{
	const struct span *cells = t->cells.items;
	size_t widths[COLUMNS_MAX] = {0}, rows = t->cells.n / t->columns;

	for (size_t i = 0; i < t->cells.n; i++) {
		size_t width = lines_columns(cells[i]);

		if (width > widths[i % t->columns])
			widths[i % t->columns] = width;
	}
	for (size_t row = 0; row < rows; row++) {
		put_row(out, t, row, widths);
		if (row == 0)
			put_rule(out, t, widths);
	}
}

/* ---- findings ---- */

static const struct fix_shown *fix_of(const struct audit_report *r, const struct pipgate_component *c)
{
	for (size_t i = 0; i < r->n_fixes; i++)
		if (span_equal(r->fixes[i].name, c->name) && span_equal(r->fixes[i].old_version, c->version))
			return &r->fixes[i];
	return NULL;
}

static void fix_cell(struct sheet_rows *t, const struct audit_report *r, const struct pipgate_component *c)
{
	const struct fix_shown *fix = fix_of(r, c);

	if (!fix)
		cell(t, SPAN(""));
	else if (fix->reason)
		cell(t, must_span(arena_format(t->run, "Failed to fix " SPAN_FMT " (" SPAN_FMT "): %s", SPAN_ARG(c->name), SPAN_ARG(c->version),
			fix->reason)));
	else
		cell(t, must_span(arena_format(t->run, "Successfully upgraded " SPAN_FMT " (" SPAN_FMT " => " SPAN_FMT ")", SPAN_ARG(c->name),
			SPAN_ARG(c->version), SPAN_ARG(fix->new_version))));
}

static void since_cell(struct sheet_rows *t, const struct since_mark *since)
{
	struct buf words;

	buf_init(&words, NULL, CELL_MAX);
	audit_since_words(&words, since);
	cell(t, words.n ? buf_view(&words) : SPAN(""));
	buf_fini(&words);
}

static void finding_row(struct sheet_rows *t, const struct audit_report *r, size_t index)
{
	const struct pipgate_finding *f = &r->audit->findings[index];
	const struct finding_shown *s = &r->findings[index];
	const struct pipgate_component *c = &r->audit->components[f->component];

	cell(t, c->name);
	cell(t, c->version);
	cell(t, s->id);
	joined_cell(t, f->fixed, f->n_fixed, ",");
	if (r->n_fixes)
		fix_cell(t, r, c);
	if (r->aliases)
		joined_cell(t, s->aliases, s->n_aliases, ", ");
	if (r->description)
		cell(t, s->description);
	if (r->since)
		since_cell(t, &s->since);
}

static void findings(struct buf *out, const struct audit_report *r)
{
	struct sheet_rows t = {.run = r->inventory->run};

	cell(&t, SPAN("Name"));
	cell(&t, SPAN("Version"));
	cell(&t, SPAN("ID"));
	cell(&t, SPAN("Fix Versions"));
	if (r->n_fixes)
		cell(&t, SPAN("Applied Fix"));
	if (r->aliases)
		cell(&t, SPAN("Aliases"));
	if (r->description)
		cell(&t, SPAN("Description"));
	if (r->since)
		cell(&t, SPAN("Since"));
	t.columns = t.cells.n;
	for (size_t i = 0; i < r->audit->n_findings; i++)
		if (finding_counts(&r->findings[i]))
			finding_row(&t, r, i);
	put_rows(out, &t);
}

static void skipped(struct buf *out, const struct audit_report *r)
{
	struct sheet_rows t = {.run = r->inventory->run, .columns = 2};
	const struct skipped *v = r->inventory->skipped.items;

	cell(&t, SPAN("Name"));
	cell(&t, SPAN("Skip Reason"));
	for (size_t i = 0; i < r->inventory->skipped.n; i++) {
		cell(&t, v[i].name);
		cell(&t, span_of(v[i].reason));
	}
	put_rows(out, &t);
}

static void gone(struct buf *out, const struct audit_report *r)
{
	struct sheet_rows t = {.run = r->inventory->run, .columns = 3};

	cell(&t, SPAN("Name"));
	cell(&t, SPAN("Version"));
	cell(&t, SPAN("Gone"));
	for (size_t i = 0; i < r->since->n_gone; i++) {
		cell(&t, r->since->gone[i].name);
		cell(&t, r->since->gone[i].version);
		cell(&t, r->since->gone[i].id);
	}
	put_rows(out, &t);
}

void audit_columns(struct buf *out, const struct audit_report *report)
{
	if (report->at) {
		audit_as_of(out, report);
		buf_byte(out, '\n');
	}
	if (report->n_shown)
		findings(out, report);
	if (report->since && report->since->n_gone)
		gone(out, report);
	if (report->inventory->skipped.n)
		skipped(out, report);
}
