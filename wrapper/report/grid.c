/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/grid.h"

#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>

#include "matcher/base/text.h"
#include "wrapper/memory.h"
#include "wrapper/report/lines.h"

#include "matcher/base/banned.h"

#define CELL_MAX ((size_t)64 << 10) /* a chain through a whole plan; it is cut to GRID_LINES_MAX lines afterwards */
#define WHY_WIDTH_MIN 16
#define ID_WIDTH_MAX 28   /* real ids have at most 24 */
#define FIXED_WIDTH_MAX 20
#define GAP "  "
#define ELLIPSIS "…"
#define TABLE_WIDTH 100000 /* libsmartcols must not cut: the cells are broken here */

struct row {
	const struct audit *audit;
	const struct pipgate_finding *finding;
	const struct pipgate_component *component;
	const struct pipgate_chain *chain;
};

/* ---- what stands in a cell: lines of escaped text ---- */

static void cell_package(struct buf *cell, const struct row *row)
{
	text_escape(cell, row->component->name);
}

static void cell_version(struct buf *cell, const struct row *row)
{
	text_escape(cell, row->component->version);
}

static void cell_severity(struct buf *cell, const struct row *row)
{
	const struct pipgate_severity *s = &row->finding->severity;

	if (row->finding->malicious)
		buf_text(cell, "MALICIOUS");
	else if (s->level == PIPGATE_LEVEL_UNKNOWN)
		buf_text(cell, "UNKNOWN");
	else
		buf_format(cell, "%s %u.%u", pipgate_level_name(s->level), s->tenths / 10, s->tenths % 10);
}

static void line_add(struct buf *cell, struct span text, size_t width)
{
	struct buf escaped;
	struct span rest;

	buf_init(&escaped, cell->allocator, CELL_MAX);
	text_escape(&escaped, text);
	rest = buf_view(&escaped);
	while (rest.n) {
		if (cell->n)
			buf_byte(cell, '\n');
		buf_span(cell, lines_break(&rest, width));
	}
	if (cell->status == PIPGATE_OK)
		cell->status = escaped.status;
	buf_fini(&escaped);
}

static void cell_ids(struct buf *cell, const struct row *row)
{
	const struct pipgate_finding *f = row->finding;
	size_t shown = 1, others = 0;

	line_add(cell, f->id, ID_WIDTH_MAX);
	for (size_t i = 0; i < f->n_ids; i++)
		others += !span_equal(f->ids[i], f->id);
	for (size_t i = 0; i < f->n_ids; i++) {
		if (span_equal(f->ids[i], f->id))
			continue;
		if (shown == GRID_LINES_MAX - 1 && others > 1) {
			buf_format(cell, "\n+%zu more", others);
			return;
		}
		line_add(cell, f->ids[i], ID_WIDTH_MAX);
		shown++;
		others--;
	}
}

static void cell_fixed(struct buf *cell, const struct row *row)
{
	const struct pipgate_finding *f = row->finding;

	if (!f->n_fixed)
		buf_text(cell, "none");
	for (size_t i = 0; i < f->n_fixed; i++) {
		if (i == GRID_LINES_MAX - 1 && f->n_fixed > GRID_LINES_MAX) {
			buf_format(cell, "\n+%zu more", f->n_fixed - i);
			return;
		}
		line_add(cell, f->fixed[i], FIXED_WIDTH_MAX);
	}
}

/* "flask 1.0 → jinja2": the last one's version stands in its own column. */
static void chain_add(struct buf *out, const struct row *row, bool middle)
{
	const struct pipgate_chain *chain = row->chain;

	for (size_t i = 0; i < chain->n; i++) {
		const struct pipgate_component *c = &row->audit->components[chain->components[i]];

		if (i)
			buf_text(out, " → ");
		if (!middle && i && i + 1 < chain->n) {
			buf_text(out, ELLIPSIS);
			i = chain->n - 2;
			continue;
		}
		text_escape(out, c->name);
		if (i + 1 < chain->n) {
			buf_byte(out, ' ');
			text_escape(out, c->version);
		}
	}
}

static void why_text(struct buf *out, const struct row *row, bool middle)
{
	bool installed = row->component->origin == PIPGATE_ORIGIN_INSTALLED;
	bool chained = row->chain->n > 1;

	buf_clear(out);
	if (installed)
		buf_text(out, chained ? "already installed, " : "already installed");
	if (chained)
		chain_add(out, row, middle);
	else if (!installed)
		buf_text(out, row->chain->broken ? "what is already installed asks for it" : "asked for");
}

static size_t lines_needed(struct span text, size_t width)
{
	size_t n = 0;

	while (text.n) {
		lines_break(&text, width);
		n++;
	}
	return n;
}

/* Whole where that fits, else without its middle, else cut. */
static void cell_why(struct buf *cell, const struct row *row, size_t width)
{
	struct buf text;
	struct span rest;

	buf_init(&text, cell->allocator, CELL_MAX);
	why_text(&text, row, true);
	if (buf_status(&text) == PIPGATE_LIMIT || lines_needed(buf_view(&text), width) > GRID_LINES_MAX)
		why_text(&text, row, false);
	rest = buf_view(&text);
	for (size_t i = 0; rest.n && i < GRID_LINES_MAX; i++) {
		bool cut = i + 1 == GRID_LINES_MAX && lines_needed(rest, width) > 1;

		if (i)
			buf_byte(cell, '\n');
		buf_span(cell, lines_break(&rest, cut ? width - 1 : width));
		if (cut)
			buf_text(cell, ELLIPSIS);
	}
	if (cell->status == PIPGATE_OK)
		cell->status = text.status;
	buf_fini(&text);
}

/* ---- columns ---- */

static const struct column {
	const char *title;
	void (*write)(struct buf *cell, const struct row *row); /* NULL: why, which takes the width that is left */
	bool coloured;
} columns[] = {
	{"package", cell_package, false}, {"version", cell_version, false}, {"severity", cell_severity, true},
	{"ids", cell_ids, false},         {"fixed in", cell_fixed, false},  {"why it is here", NULL, false},
};
enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

static const char *severity_colour(const struct pipgate_finding *finding)
{
	static const char *const colours[] = {
		[PIPGATE_LEVEL_UNKNOWN] = "magenta", [PIPGATE_LEVEL_NONE] = "gray",  [PIPGATE_LEVEL_LOW] = "cyan",
		[PIPGATE_LEVEL_MEDIUM] = "yellow",   [PIPGATE_LEVEL_HIGH] = "red",   [PIPGATE_LEVEL_CRITICAL] = "lightred",
	};

	return finding->malicious ? "lightred" : colours[finding->severity.level];
}

struct grid {
	struct pipgate_run *run;
	const struct report_style *style;
	const struct row *rows;
	size_t n;
	const char *(*cells)[COLUMNS];
};

static const char *cell_text(const struct grid *grid, const struct column *column, const struct row *row, size_t width)
{
	struct buf cell;
	const char *text;

	buf_init(&cell, NULL, CELL_MAX);
	if (column->write)
		column->write(&cell, row);
	else
		cell_why(&cell, row, width);
	if (buf_status(&cell) == PIPGATE_NO_MEMORY)
		die_no_memory();
	text = text_copy(grid->run, buf_view(&cell));
	buf_fini(&cell);
	return text;
}

static size_t widest_line(struct span text)
{
	size_t widest = 0;

	while (text.n) {
		size_t n = lines_columns(span_split(&text, '\n'));

		widest = n > widest ? n : widest;
	}
	return widest;
}

static void grid_fill(struct grid *grid)
{
	size_t used = sizeof(LINES_PREFIX) - 1, width;

	for (size_t c = 0; c + 1 < COLUMNS; c++) {
		size_t widest = strlen(columns[c].title);

		for (size_t r = 0; r < grid->n; r++) {
			grid->cells[r][c] = cell_text(grid, &columns[c], &grid->rows[r], 0);
			width = widest_line(span_of(grid->cells[r][c]));
			widest = width > widest ? width : widest;
		}
		used += widest + sizeof(GAP) - 1;
	}
	width = grid->style->width > used + WHY_WIDTH_MIN ? grid->style->width - used : WHY_WIDTH_MIN;
	for (size_t r = 0; r < grid->n; r++)
		grid->cells[r][COLUMNS - 1] = cell_text(grid, &columns[COLUMNS - 1], &grid->rows[r], width);
}

/* ---- libsmartcols ---- */

static struct libscols_table *table_new(bool colour)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table, TABLE_WIDTH);
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_colors(table, colour);
	scols_table_set_column_separator(table, GAP);
	for (size_t c = 0; c < COLUMNS; c++) {
		struct libscols_column *column = scols_table_new_column(table, columns[c].title, 0, SCOLS_FL_WRAP);

		if (!column || scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL)) {
			scols_unref_table(table);
			return NULL;
		}
	}
	return table;
}

static bool row_add(struct libscols_table *table, const struct grid *grid, size_t row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (size_t c = 0; line && c < COLUMNS; c++) {
		if (scols_line_set_data(line, c, grid->cells[row][c]))
			return false;
		if (columns[c].coloured && scols_cell_set_color(scols_line_get_cell(line, c), severity_colour(grid->rows[row].finding)))
			return false;
	}
	return line;
}

static void grid_print(struct buf *out, const struct grid *grid)
{
	struct libscols_table *table = table_new(grid->style->colour);
	char *text = NULL;
	bool done = table;

	for (size_t r = 0; done && r < grid->n; r++)
		done = row_add(table, grid, r);
	if (!done || scols_print_table_to_string(table, &text))
		die_no_memory();
	lines_raw(out, span_of(text));
	free(text);
	scols_unref_table(table);
}

/* ---- the rows, strictest first ---- */

static size_t rows_pick(const struct audit *audit, struct row *rows, size_t *left_out)
{
	size_t n = 0, wanted = 0;

	for (enum pipgate_action action = PIPGATE_BLOCK; action > PIPGATE_ALLOW; action--)
		for (size_t i = 0; i < audit->n_findings; i++) {
			const struct pipgate_finding *f = &audit->findings[i];

			if (audit->verdict.judgements[i].action != action)
				continue;
			if (n < GRID_ROWS_MAX)
				rows[n++] = (struct row){audit, f, &audit->components[f->component], &audit->chains[i]};
			wanted++;
		}
	*left_out = wanted - n;
	return n;
}

size_t grid_write(struct buf *out, const struct audit *audit, const struct report_style *style)
{
	struct row *rows = must(arena_array(audit->run, GRID_ROWS_MAX, sizeof(*rows)));
	struct grid grid = {.run = audit->run, .style = style, .rows = rows};
	locale_t utf8, before;
	size_t left_out = 0;

	grid.n = rows_pick(audit, rows, &left_out);
	if (!grid.n)
		return 0;
	grid.cells = must(arena_array(audit->run, grid.n, sizeof(*grid.cells)));
	/* Widths are those of UTF-8, whatever the program's locale is. */
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = utf8 ? uselocale(utf8) : (locale_t)0;
	grid_fill(&grid);
	grid_print(out, &grid);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return left_out;
}
