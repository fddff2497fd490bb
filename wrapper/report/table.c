/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's words: the findings, the decision and its reason, a way on, and what was examined. */
#include "wrapper/memory.h"
#include "wrapper/report/chain.h"
#include "wrapper/report/grid.h"
#include "wrapper/report/lines.h"
#include "wrapper/report/sheet.h"

#include "matcher/base/banned.h"

#define BLOCK_LINES 10 /* a block of one finding is to be seen at a glance */
#define CHAINS_MAX 5   /* chains told below the table */
#define CHAIN_LINES 2  /* of one chain, else its middle is left out */

static void chain_words(struct sheet *s, size_t finding, enum chain_form form)
{
	buf_clear(&s->line);
	buf_text(&s->line, "why: ");
	chain_write(&s->line, s->audit, finding, form);
}

/* Chains that the table had no room for; one that several findings in a row share is told once. */
static void chain_lines(struct sheet *s, const struct grid_rest *rest)
{
	struct buf before;
	size_t shown = 0, more = 0;

	buf_init(&before, NULL, SHEET_LINE_MAX);
	for (size_t i = 0; i < rest->n_chains; i++) {
		chain_words(s, rest->chains[i], CHAIN_WHOLE);
		if (lines_columns(buf_view(&s->line)) > CHAIN_LINES * s->style->width)
			chain_words(s, rest->chains[i], CHAIN_ENDS);
		if (span_equal(buf_view(&before), buf_view(&s->line)))
			continue;
		buf_clear(&before);
		buf_span(&before, buf_view(&s->line));
		if (shown == CHAINS_MAX)
			more++;
		else {
			shown++;
			sheet_end(s);
		}
	}
	buf_fini(&before);
	buf_clear(&s->line);
	if (more) {
		buf_format(&s->line, "why: %zu more, which --gate-report tells", more);
		sheet_end(s);
	}
}

static void findings(struct sheet *s, size_t lines)
{
	struct grid_rest rest = {0};

	if (s->audit->n_findings)
		rest = grid_write(s->out, s->audit, s->style, lines);
	if (rest.rows) {
		buf_format(&s->line, "and %zu more findings, which --gate-report tells", rest.rows);
		sheet_end(s);
	}
	chain_lines(s, &rest);
}

/* ---- all of it ---- */

static void everything(struct sheet *s, size_t lines)
{
	enum pipgate_action action = s->audit->verdict.action;

	findings(s, lines);
	if (action == PIPGATE_BLOCK)
		sheet_blocked(s);
	else
		sheet_reasons(s, "warning:", PIPGATE_WARN);
	if (action == PIPGATE_ALLOW && s->audit->n_findings)
		sheet_reasons(s, "allowed:", PIPGATE_ALLOW);
	sheet_examined(s);
}

static size_t lines_since(const struct buf *out, size_t start)
{
	size_t n = 0;

	for (size_t i = start; i < out->n; i++)
		n += out->p[i] == '\n';
	return n;
}

void report_table(struct buf *out, const struct audit *audit, const struct audit_context *context, const struct report_style *style)
{
	struct sheet s = {.out = out, .audit = audit, .context = context, .style = style};
	size_t start = out->n;

	buf_init(&s.line, NULL, SHEET_LINE_MAX);
	s.seen = must(arena_array(audit->run, audit->n_components, sizeof(*s.seen)));
	if (audit->verdict.action == PIPGATE_UNDECIDED || audit->verdict.n_judgements < audit->n_findings) {
		sheet_undecided(&s);
	} else {
		everything(&s, GRID_LINES_MAX);
		for (size_t lines = GRID_LINES_MAX - 1; lines && audit->n_findings == 1 && lines_since(out, start) > BLOCK_LINES; lines--) {
			out->n = start;
			everything(&s, lines);
		}
	}
	buf_fini(&s.line);
}
