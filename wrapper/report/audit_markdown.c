/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pip-audit's Markdown tables, the most urgent finding first, with columns of ours where they have something to tell. Ordinary text is
 * printed as it prints it; what would end a cell, open a tag or load a picture is escaped, and a text of several lines stands in one.
 */
#include "matcher/base/text.h"
#include "wrapper/report/audit_report.h"
#include "wrapper/report/audit_words.h"

#include "matcher/base/banned.h"

#define BETWEEN " | "

/* A cell's text: one character at a time, as each may mean something together with the next. */
static void put_cell(struct buf *out, struct span text, const char *special)
{
	while (text.n) {
		char c = text.p[0], next = text.n > 1 ? text.p[1] : 0;
		uint32_t ignored;
		size_t n = text_character(text, &ignored);

		n = n ? n : 1;
		if (c == '\n' || c == '\r' || c == '\t')
			buf_byte(out, ' ');
		else if (c && strchr(special, c))
			buf_format(out, "\\%c", c);
		else if (c == '<' && (ascii_alpha(next) || (next && strchr("/!?", next))))
			buf_text(out, "&lt;");
		else if (c == '!' && next == '[')
			buf_text(out, "\\!");
		else
			text_escape(out, (struct span){text.p, n});
		text = span_from(text, c == '\r' && next == '\n' ? 2 : n);
	}
}

/* Names, versions, ids: they hold no Markdown. */
static void put_word(struct buf *out, struct span word)
{
	put_cell(out, word, "|\\`*[]");
}

/* Advisories are written in Markdown: what they say in it is left, but for the cell's end. */
static void put_description(struct buf *out, struct span text)
{
	put_cell(out, text, "|");
}

static void put_id(struct buf *out, struct span id)
{
	buf_byte(out, '[');
	put_word(out, id);
	buf_text(out, "](");
	audit_advisory_page(out, id);
	buf_byte(out, ')');
}

/* Linked to the index's page of the project, where one is known. */
static void put_name(struct buf *out, const struct audit_report *r, struct span name)
{
	if (!r->project_page) {
		put_word(out, name);
		return;
	}
	buf_byte(out, '[');
	put_word(out, name);
	buf_text(out, "](");
	audit_url(out, span_of(r->project_page));
	audit_url_part(out, name);
	buf_text(out, "/)");
}

static void put_fix(struct buf *out, const struct audit_report *r, const struct pipgate_component *c)
{
	for (size_t i = 0; i < r->n_fixes; i++) {
		const struct fix_shown *fix = &r->fixes[i];

		if (!span_equal(fix->name, c->name) || !span_equal(fix->old_version, c->version))
			continue;
		buf_text(out, BETWEEN);
		buf_text(out, fix->reason ? "Failed to fix " : "Successfully upgraded ");
		put_word(out, c->name);
		buf_text(out, " (");
		put_word(out, c->version);
		buf_text(out, fix->reason ? "): " : " => ");
		put_word(out, fix->reason ? span_of(fix->reason) : fix->new_version);
		buf_text(out, fix->reason ? "" : ")");
		return;
	}
	buf_text(out, BETWEEN); /* pip-audit leaves the cell out here, and what follows slips to the left */
}

/* Columns of ours, which pip-audit has not: there where a finding fills them. */
static void put_exploitation(struct buf *out, const struct audit_report *r, size_t index)
{
	buf_text(out, BETWEEN);
	audit_exploitation(out, &r->audit->findings[index]);
}

static void put_owner(struct buf *out, const struct audit_report *r, size_t index)
{
	buf_text(out, BETWEEN);
	put_word(out, r->audit->verdict.judgements[index].owner);
}

static void put_since(struct buf *out, const struct audit_report *r, size_t index)
{
	buf_text(out, BETWEEN);
	audit_since_words(out, &r->findings[index].since);
}

static bool any_since(const struct audit_report *r, size_t index)
{
	return r->findings[index].since.kind != SINCE_NOT_ASKED;
}

static bool any_exploitation(const struct audit_report *r, size_t index)
{
	const struct pipgate_finding *f = &r->audit->findings[index];

	return f->exploited || f->has_epss || f->exploit_public;
}

static bool any_owner(const struct audit_report *r, size_t index)
{
	return r->audit->verdict.judgements[index].owner.n > 0;
}

static const struct own_column {
	const char *title;
	bool (*any)(const struct audit_report *r, size_t index);
	void (*put)(struct buf *out, const struct audit_report *r, size_t index);
} own_columns[] = {{"Exploitation", any_exploitation, put_exploitation}, {"Owner", any_owner, put_owner},
	{"Since", any_since, put_since}};

#define OWN_COLUMNS (sizeof(own_columns) / sizeof(*own_columns))

static bool own_shown(const struct audit_report *r, const struct own_column *column)
{
	for (size_t i = 0; i < r->audit->n_findings; i++)
		if (finding_counts(&r->findings[i]) && column->any(r, i))
			return true;
	return false;
}

static void put_finding(struct buf *out, const struct audit_report *r, size_t index, const bool *own)
{
	const struct pipgate_finding *f = &r->audit->findings[index];
	const struct finding_shown *s = &r->findings[index];
	const struct pipgate_component *c = &r->audit->components[f->component];

	put_name(out, r, c->name);
	buf_text(out, BETWEEN);
	put_word(out, c->version);
	buf_text(out, BETWEEN);
	put_id(out, s->id);
	buf_text(out, BETWEEN);
	for (size_t i = 0; i < f->n_fixed; i++) {
		buf_text(out, i ? "," : "");
		put_word(out, f->fixed[i]);
	}
	if (r->n_fixes)
		put_fix(out, r, c);
	for (size_t i = 0; r->aliases && i < s->n_aliases; i++) {
		buf_text(out, i ? ", " : BETWEEN);
		put_id(out, s->aliases[i]);
	}
	if (r->aliases && !s->n_aliases)
		buf_text(out, BETWEEN);
	if (r->description) {
		buf_text(out, BETWEEN);
		put_description(out, s->description);
	}
	for (size_t i = 0; i < OWN_COLUMNS; i++)
		if (own[i])
			own_columns[i].put(out, r, index);
	buf_byte(out, '\n');
}

static void put_findings(struct buf *out, const struct audit_report *r)
{
	const struct {
		const char *title;
		bool shown;
	} columns[] = {{"Name", true}, {"Version", true}, {"ID", true}, {"Fix Versions", true}, {"Applied Fix", r->n_fixes > 0},
		{"Aliases", r->aliases}, {"Description", r->description}};
	size_t n = sizeof(columns) / sizeof(*columns);
	bool own[OWN_COLUMNS];

	for (size_t i = 0; i < OWN_COLUMNS; i++)
		own[i] = own_shown(r, &own_columns[i]);
	buf_byte(out, '\n');
	for (size_t i = 0; i < n; i++)
		if (columns[i].shown)
			buf_format(out, "%s%s", i ? BETWEEN : "", columns[i].title);
	for (size_t i = 0; i < OWN_COLUMNS; i++)
		if (own[i])
			buf_format(out, BETWEEN "%s", own_columns[i].title);
	buf_byte(out, '\n');
	for (size_t i = 0; i < n; i++)
		if (columns[i].shown)
			buf_text(out, i ? BETWEEN "---" : "---");
	for (size_t i = 0; i < OWN_COLUMNS; i++)
		buf_text(out, own[i] ? BETWEEN "---" : "");
	buf_byte(out, '\n');
	for (size_t i = 0; i < r->audit->n_findings; i++)
		if (finding_counts(&r->findings[r->audit->verdict.order[i]]))
			put_finding(out, r, r->audit->verdict.order[i], own);
}

static void put_skipped(struct buf *out, const struct audit_report *r)
{
	const struct skipped *skipped = r->inventory->skipped.items;

	buf_text(out, "\nName | Skip Reason\n--- | ---\n");
	for (size_t i = 0; i < r->inventory->skipped.n; i++) {
		put_word(out, skipped[i].name);
		buf_text(out, BETWEEN);
		put_word(out, span_of(skipped[i].reason));
		buf_byte(out, '\n');
	}
}

static void put_gone(struct buf *out, const struct audit_report *r)
{
	buf_text(out, "\nName | Version | Gone\n--- | --- | ---\n");
	for (size_t i = 0; i < r->since->n_gone; i++) {
		put_word(out, r->since->gone[i].name);
		buf_text(out, BETWEEN);
		put_word(out, r->since->gone[i].version);
		buf_text(out, BETWEEN);
		put_id(out, r->since->gone[i].id);
		buf_byte(out, '\n');
	}
}

void audit_markdown(struct buf *out, const struct audit_report *report)
{
	if (report->at) {
		buf_byte(out, '\n');
		audit_as_of(out, report);
		buf_byte(out, '\n');
	}
	if (report->n_shown)
		put_findings(out, report);
	if (report->since && report->since->n_gone)
		put_gone(out, report);
	if (report->inventory->skipped.n)
		put_skipped(out, report);
}
