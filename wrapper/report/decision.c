/* SPDX-License-Identifier: Apache-2.0 */
/* The decision in words: who is blocked or warned of, for which reason, and a way on. */
#include "matcher/base/text.h"
#include "wrapper/case/code.h"
#include "wrapper/case/history.h"
#include "wrapper/memory.h"
#include "wrapper/report/lines.h"
#include "wrapper/report/sheet.h"

#include "matcher/base/banned.h"

#define REASONS_MAX 5 /* groups of judgements with one reason that a terminal is told of */

/* What is built from source has a line of its own. */
static bool said_elsewhere(const struct pipgate_judgement *j)
{
	return j->rule == PIPGATE_RULE_SDIST && j->action != PIPGATE_BLOCK;
}

/* Who, and why: of all judgements that share this one's reason. */
static void reason_words(struct sheet *s, const struct pipgate_judgement *judgement)
{
	const struct pipgate_verdict *v = &s->audit->verdict;
	struct names names = {0};

	sheet_names_begin(s);
	for (const struct pipgate_judgement *j = judgement; j < v->judgements + v->n_judgements; j++)
		if (j->action == judgement->action && span_equal(j->reason, judgement->reason))
			sheet_names_take(s, &names, j->component);
	sheet_names_end(s, &names);
	buf_text(&s->line, ": ");
	text_escape(&s->line, judgement->reason);
}

static void reason_line(struct sheet *s, const char *head, const struct pipgate_judgement *judgement)
{
	buf_format(&s->line, "%s ", head);
	reason_words(s, judgement);
	sheet_end(s);
}

void sheet_reasons(struct sheet *s, const char *head, enum pipgate_action action)
{
	const struct pipgate_verdict *v = &s->audit->verdict;
	const struct pipgate_judgement *told[REASONS_MAX];
	size_t n = 0, more = 0;

	for (size_t i = 0; i < v->n_judgements; i++) {
		const struct pipgate_judgement *j = &v->judgements[i];
		bool known = j->action != action || said_elsewhere(j);

		for (size_t k = 0; k < n && !known; k++)
			known = span_equal(told[k]->reason, j->reason);
		if (known)
			continue;
		if (n == REASONS_MAX) {
			more++;
			continue;
		}
		told[n++] = j;
		reason_line(s, head, j);
	}
	if (more) {
		buf_format(&s->line, "and %zu more, which --gate-report tells", more);
		sheet_end(s);
	}
}

static const char *nothing_done(const struct audit_context *context)
{
	static const struct {
		const char *command, *words;
	} table[] = {
		{"install", "nothing was installed"},
		{"download", "nothing was downloaded"},
		{"wheel", "nothing was built"},
	};

	for (size_t i = 0; context->command && i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].command, context->command))
			return table[i].words;
	return table[0].words;
}

/* ---- a way on ---- */

static bool version_less(struct sheet *s, struct span a, struct span b)
{
	struct pipgate_version x, y;

	return pipgate_version_parse(s->audit->run, a, &x) == PIPGATE_OK && pipgate_version_parse(s->audit->run, b, &y) == PIPGATE_OK &&
		pipgate_key_compare(x.key, y.key) < 0;
}

/* The lowest release that all blocking findings of a component, from the first on, call fixed; n 0: none is known. */
static struct span fixed_release(struct sheet *s, size_t first)
{
	const struct audit *a = s->audit;
	struct span highest = {NULL, 0};

	for (size_t i = first; i < a->n_findings; i++) {
		const struct pipgate_finding *f = &a->findings[i];

		if (f->component != a->findings[first].component || a->verdict.judgements[i].action != PIPGATE_BLOCK)
			continue;
		if (!f->n_fixed)
			return (struct span){NULL, 0};
		if (!highest.n || version_less(s, highest, f->fixed[0]))
			highest = f->fixed[0];
	}
	return highest;
}

static void fixed_releases(struct sheet *s)
{
	const struct audit *a = s->audit;
	size_t shown = 0, more = 0;

	sheet_names_begin(s);
	for (size_t i = 0; i < a->n_findings; i++) {
		size_t component = a->findings[i].component;
		struct span fixed;

		if (a->verdict.judgements[i].action != PIPGATE_BLOCK || s->seen[component])
			continue;
		s->seen[component] = true;
		if (shown == SHEET_SHOWN_MAX) {
			more++;
			continue;
		}
		fixed = fixed_release(s, i);
		buf_text(&s->line, shown++ ? ", " : "; a fixed release: ");
		text_escape(&s->line, a->components[component].name);
		buf_byte(&s->line, ' ');
		text_escape(&s->line, fixed.n ? fixed : SPAN("(none known)"));
	}
	if (more)
		buf_format(&s->line, " and %zu more", more);
}

/* The exact words, never broken: they are there to be copied. */
static void exception_line(struct sheet *s)
{
	static const char head[] = "to let it pass:";
	struct span hint = span_of(s->context->exception_hint);

	if (!hint.n)
		return;
	buf_text(&s->line, head);
	if (sizeof(LINES_PREFIX) + sizeof(head) + lines_columns(hint) > s->style->width)
		sheet_end(s);
	else
		buf_byte(&s->line, ' ');
	text_escape(&s->line, hint);
	sheet_end_whole(s);
}

/* Where all of it is told, also when this terminal is gone. */
static void code_line(struct sheet *s)
{
	const struct pipgate_judgement *first = history_first(s->audit);
	char code[CODE_BYTES];

	if (!first)
		return;
	buf_format(&s->line, "why: pipgate explain %s", code_of(s->audit, first, code));
	if (s->context->clean_file) {
		buf_text(&s->line, "; the clean set as constraints: ");
		text_escape(&s->line, span_of(s->context->clean_file));
	}
	sheet_end_whole(s);
}

/* The clean set as a command. */
static void clean_line(struct sheet *s)
{
	struct span lines = s->context->clean;

	if (!lines.n)
		return;
	buf_text(&s->line, "to take it: pip install");
	while (lines.n) {
		buf_byte(&s->line, ' ');
		text_escape(&s->line, span_split(&lines, '\n'));
	}
	sheet_end_whole(s);
}

void sheet_blocked(struct sheet *s)
{
	sheet_reasons(s, s->context->dry_run ? "would be blocked:" : "blocked:", PIPGATE_BLOCK);
	buf_text(&s->line, nothing_done(s->context));
	if (s->context->remedy)
		buf_format(&s->line, "; the nearest clean set: %s", s->context->remedy);
	else
		fixed_releases(s);
	sheet_end(s);
	clean_line(s);
	exception_line(s);
	code_line(s);
}

void sheet_undecided(struct sheet *s)
{
	buf_format(&s->line, "could not decide; %s", nothing_done(s->context));
	sheet_end(s);
}

void report_reason(struct buf *out, const struct audit *audit)
{
	const struct pipgate_verdict *v = &audit->verdict;
	struct sheet s = {.out = out, .audit = audit, .seen = must(arena_array(audit->run, audit->n_components, sizeof(bool)))};
	size_t i = 0;

	while (i < v->n_judgements && v->judgements[i].action != PIPGATE_BLOCK)
		i++;
	if (i == v->n_judgements)
		return;
	buf_init(&s.line, NULL, SHEET_LINE_MAX);
	reason_words(&s, &v->judgements[i]);
	if (buf_status(&s.line) == PIPGATE_NO_MEMORY)
		die_no_memory();
	buf_span(out, buf_view(&s.line));
	buf_fini(&s.line);
}
