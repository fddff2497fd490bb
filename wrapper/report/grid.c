/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/grid.h"

#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>

#include "matcher/base/text.h"
#include "wrapper/memory.h"
#include "wrapper/report/chain.h"
#include "wrapper/report/lines.h"

#include "matcher/base/banned.h"

#define CELL_MAX ((size_t)64 << 10)
#define ID_WIDTH_MAX 28    /* real ids have at most 24 */
#define ID_WIDTH_NARROW 16 /* a PYSEC or CVE id, where the width does not reach for more */
#define FIXED_WIDTH_MAX 20
#define WHY_WIDTH_MIN 9    /* "asked for"; on a still narrower terminal lines are too long */
#define GAP " "
#define TABLE_WIDTH 100000 /* libsmartcols must not cut: the cells are broken here */

struct grid {
	const struct audit *audit;
	const struct report_style *style;
	size_t lines;       /* of a row, at most */
	size_t id_width;    /* longer ids are only counted */
	size_t why_width;   /* 0: not known yet */
	const size_t *rows; /* findings */
	size_t n_rows;
	struct list shortened; /* of size_t: findings */
};

static const struct pipgate_finding *finding_of(const struct grid *grid, size_t row)
{
	return &grid->audit->findings[grid->rows[row]];
}

static const struct pipgate_component *component_of(const struct grid *grid, size_t row)
{
	return &grid->audit->components[finding_of(grid, row)->component];
}

/* ---- what stands in a cell: lines of escaped text ---- */

static void cell_package(struct buf *cell, struct grid *grid, size_t row)
{
	text_escape(cell, component_of(grid, row)->name);
}

static void cell_version(struct buf *cell, struct grid *grid, size_t row)
{
	text_escape(cell, component_of(grid, row)->version);
}

/* Lines that the row has anyway: what is only worth a look fills those. */
static size_t lines_there(const struct grid *grid, const struct pipgate_finding *f)
{
	size_t n = f->n_ids > f->n_fixed ? f->n_ids : f->n_fixed;

	return n < grid->lines ? n : grid->lines;
}

/* The mark is always there, the probability where there is room. */
static void cell_exploitation(struct buf *cell, const struct grid *grid, const struct pipgate_finding *f)
{
	if (f->exploited)
		buf_text(cell, grid->lines > 1 ? "\nexploited" : " exploited");
	if (f->has_epss && lines_there(grid, f) > 1u + f->exploited)
		buf_format(cell, "\nEPSS %u.%u %%", f->epss / 100u, f->epss / 10u % 10u);
}

static void cell_severity(struct buf *cell, struct grid *grid, size_t row)
{
	const struct pipgate_finding *f = finding_of(grid, row);

	if (f->malicious)
		buf_text(cell, "MALICIOUS");
	else if (f->severity.level == PIPGATE_LEVEL_UNKNOWN)
		buf_text(cell, "UNKNOWN");
	else
		buf_format(cell, "%s %u.%u", pipgate_level_name(f->severity.level), f->severity.tenths / 10, f->severity.tenths % 10);
	cell_exploitation(cell, grid, f);
}

/* One more line, cut at width. */
static void line_add(struct buf *cell, struct span text, size_t width)
{
	struct buf escaped;
	struct span rest, line;

	buf_init(&escaped, cell->allocator, CELL_MAX);
	text_escape(&escaped, text);
	rest = buf_view(&escaped);
	line = lines_break(&rest, width);
	if (rest.n) {
		rest = line;
		line = lines_break(&rest, width - 1);
	}
	if (cell->n)
		buf_byte(cell, '\n');
	buf_span(cell, line);
	if (rest.n)
		buf_text(cell, "…");
	if (cell->status == PIPGATE_OK)
		cell->status = escaped.status;
	buf_fini(&escaped);
}

/* As many of n texts as there are lines; those left out are counted. */
static void lines_add(struct buf *cell, const struct span *texts, size_t n, size_t width, size_t lines)
{
	for (size_t i = 0; i < n; i++) {
		if (i + 1 == lines && n > lines) {
			buf_format(cell, "%s+%zu more", i ? "\n" : "", n - i);
			return;
		}
		line_add(cell, texts[i], width);
	}
}

static void cell_ids(struct buf *cell, struct grid *grid, size_t row)
{
	const struct pipgate_finding *f = finding_of(grid, row);
	struct span shown[GRID_LINES_MAX];
	size_t n = 0, others = 0;

	shown[n++] = f->id;
	for (size_t i = 0; i < f->n_ids; i++)
		others += !span_equal(f->ids[i], f->id);
	for (size_t i = 0; i < f->n_ids && n < grid->lines; i++)
		if (!span_equal(f->ids[i], f->id) && f->ids[i].n <= grid->id_width)
			shown[n++] = f->ids[i];
	if (n <= others && n == grid->lines && n > 1)
		n--;
	for (size_t i = 0; i < n; i++)
		line_add(cell, shown[i], ID_WIDTH_MAX);
	if (n <= others)
		buf_format(cell, n < grid->lines ? "\n+%zu more" : " +%zu", others + 1 - n);
}

static void cell_fixed(struct buf *cell, struct grid *grid, size_t row)
{
	const struct pipgate_finding *f = finding_of(grid, row);

	if (!f->n_fixed)
		buf_text(cell, "none");
	lines_add(cell, f->fixed, f->n_fixed, FIXED_WIDTH_MAX, grid->lines);
}

/* Over several lines, the last one cut. */
static void lines_fold(struct buf *cell, struct span text, size_t width, size_t lines)
{
	for (size_t i = 0; text.n && i + 1 < lines && lines_columns(text) > width; i++) {
		buf_span(cell, lines_break(&text, width));
		buf_byte(cell, '\n');
	}
	if (lines_columns(text) <= width)
		buf_span(cell, text);
	else {
		buf_span(cell, lines_break(&text, width - 1));
		buf_text(cell, "…");
	}
}

/* Whole or short: a chain that is broken over lines is hard to read, and cannot be searched for. */
static void cell_why(struct buf *cell, struct grid *grid, size_t row)
{
	struct buf text;

	buf_init(&text, cell->allocator, CELL_MAX);
	chain_write(&text, grid->audit, grid->rows[row], CHAIN_WHOLE);
	if (text.status != PIPGATE_OK || lines_columns(buf_view(&text)) > grid->why_width) {
		buf_clear(&text);
		chain_write(&text, grid->audit, grid->rows[row], CHAIN_SHORT);
		if (grid->audit->chains[grid->rows[row]].n > 1)
			*(size_t *)must(list_push(grid->audit->run, &grid->shortened, sizeof(size_t))) = grid->rows[row];
	}
	lines_fold(cell, buf_view(&text), grid->why_width ? grid->why_width : CELL_MAX, grid->lines);
	if (cell->status == PIPGATE_OK)
		cell->status = text.status;
	buf_fini(&text);
}

/* ---- columns ---- */

enum { PACKAGE, VERSION, SEVERITY, IDS, FIXED, WHY, COLUMNS };

static const struct column {
	const char *title;
	void (*write)(struct buf *cell, struct grid *grid, size_t row);
} columns[COLUMNS] = {
	[PACKAGE] = {"package", cell_package}, [VERSION] = {"version", cell_version}, [SEVERITY] = {"severity", cell_severity},
	[IDS] = {"ids", cell_ids},             [FIXED] = {"fixed", cell_fixed},       [WHY] = {"why it is here", cell_why},
};

typedef const char *cells_row[COLUMNS];

static const char *cell_text(struct grid *grid, size_t column, size_t row)
{
	struct buf cell;
	const char *text;

	buf_init(&cell, NULL, CELL_MAX);
	columns[column].write(&cell, grid, row);
	if (buf_status(&cell) == PIPGATE_NO_MEMORY)
		die_no_memory();
	text = text_copy(grid->audit->run, buf_view(&cell));
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

/* Fills a column, gives its width. */
static size_t column_fill(struct grid *grid, cells_row *cells, size_t column)
{
	size_t widest = column == WHY ? 0 : strlen(columns[column].title);

	for (size_t r = 0; r < grid->n_rows; r++) {
		size_t width;

		cells[r][column] = cell_text(grid, column, r);
		width = widest_line(span_of(cells[r][column]));
		widest = width > widest ? width : widest;
	}
	return widest;
}

/* The last column takes the room that is left. Where that is too small even for the short words, ids give way. */
static void grid_fill(struct grid *grid, cells_row *cells)
{
	size_t used = sizeof(LINES_PREFIX) - 1, ids, least;

	for (size_t c = PACKAGE; c <= FIXED; c++)
		used += c == IDS ? 0 : column_fill(grid, cells, c) + sizeof(GAP) - 1;
	ids = column_fill(grid, cells, IDS) + sizeof(GAP) - 1;
	least = column_fill(grid, cells, WHY);
	if (used + ids + least > grid->style->width) {
		grid->id_width = ID_WIDTH_NARROW;
		ids = column_fill(grid, cells, IDS) + sizeof(GAP) - 1;
	}
	grid->why_width = WHY_WIDTH_MIN;
	if (grid->style->width > used + ids + WHY_WIDTH_MIN)
		grid->why_width = grid->style->width - used - ids;
	grid->shortened.n = 0;
	column_fill(grid, cells, WHY);
}

/* ---- libsmartcols ---- */

static const char *severity_colour(const struct pipgate_finding *finding)
{
	static const char *const colours[] = {
		[PIPGATE_LEVEL_UNKNOWN] = "magenta", [PIPGATE_LEVEL_NONE] = "gray", [PIPGATE_LEVEL_LOW] = "cyan",
		[PIPGATE_LEVEL_MEDIUM] = "yellow",   [PIPGATE_LEVEL_HIGH] = "red",  [PIPGATE_LEVEL_CRITICAL] = "lightred",
	};

	return finding->malicious || finding->exploited ? "lightred" : colours[finding->severity.level];
}

static struct libscols_table *table_new(const struct grid *grid)
{
	struct libscols_table *table = scols_new_table();

	if (!table)
		return NULL;
	scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
	scols_table_set_termwidth(table, TABLE_WIDTH);
	scols_table_enable_noencoding(table, 1);
	scols_table_enable_colors(table, grid->style->colour);
	scols_table_set_column_separator(table, GAP);
	for (size_t c = 0; c < COLUMNS; c++) {
		const char *title = c == WHY && grid->why_width < strlen(columns[c].title) ? "why" : columns[c].title;
		struct libscols_column *column = scols_table_new_column(table, title, 0, SCOLS_FL_WRAP);

		if (!column || scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL)) {
			scols_unref_table(table);
			return NULL;
		}
	}
	return table;
}

static bool row_add(struct libscols_table *table, const struct grid *grid, cells_row *cells, size_t row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);

	for (size_t c = 0; line && c < COLUMNS; c++)
		if (scols_line_set_data(line, c, cells[row][c]))
			return false;
	return line && !scols_cell_set_color(scols_line_get_cell(line, SEVERITY), severity_colour(finding_of(grid, row)));
}

static void grid_print(struct buf *out, const struct grid *grid, cells_row *cells)
{
	struct libscols_table *table = table_new(grid);
	char *text = NULL;
	bool done = table;

	for (size_t r = 0; done && r < grid->n_rows; r++)
		done = row_add(table, grid, cells, r);
	if (!done || scols_print_table_to_string(table, &text))
		die_no_memory();
	lines_raw(out, span_of(text));
	free(text);
	scols_unref_table(table);
}

/* ---- the rows: the strictest first, of those the most urgent ---- */

static size_t rows_pick(const struct audit *audit, size_t *rows, size_t *left_out)
{
	size_t n = 0, wanted = 0;

	for (enum pipgate_action action = PIPGATE_BLOCK; action > PIPGATE_ALLOW; action--)
		for (size_t i = 0; i < audit->n_findings; i++) {
			size_t finding = audit->verdict.order[i];

			if (audit->verdict.judgements[finding].action != action)
				continue;
			if (n < GRID_ROWS_MAX)
				rows[n++] = finding;
			wanted++;
		}
	*left_out = wanted - n;
	return n;
}

struct grid_rest grid_write(struct buf *out, const struct audit *audit, const struct report_style *style, size_t lines)
{
	size_t *rows = must(arena_array(audit->run, GRID_ROWS_MAX, sizeof(*rows)));
	struct grid grid = {.audit = audit, .style = style, .lines = lines, .id_width = ID_WIDTH_MAX, .rows = rows};
	struct grid_rest rest = {0};
	locale_t utf8, before;
	cells_row *cells;

	grid.n_rows = rows_pick(audit, rows, &rest.rows);
	if (!grid.n_rows)
		return rest;
	cells = must(arena_array(audit->run, grid.n_rows, sizeof(*cells)));
	/* Widths are those of UTF-8, whatever the program's locale is. */
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	before = utf8 ? uselocale(utf8) : (locale_t)0;
	grid_fill(&grid, cells);
	grid_print(out, &grid, cells);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	rest.chains = grid.shortened.items;
	rest.n_chains = grid.shortened.n;
	return rest;
}
