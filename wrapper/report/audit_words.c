/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/audit_words.h"

#include "matcher/base/text.h"
#include "wrapper/database/moment.h"

#include "matcher/base/banned.h"

#define ADVISORY_PAGES "https://osv.dev/vulnerability/" /* as pip-audit links ids */

void audit_score(struct buf *out, const struct pipgate_severity *severity)
{
	if (severity->level != PIPGATE_LEVEL_UNKNOWN)
		buf_format(out, "%u.%u", severity->tenths / 10, severity->tenths % 10);
}

void audit_severity(struct buf *out, const struct pipgate_severity *severity)
{
	buf_text(out, pipgate_level_name(severity->level));
	if (severity->level != PIPGATE_LEVEL_UNKNOWN)
		buf_byte(out, ' ');
	audit_score(out, severity);
}

void audit_exploitation(struct buf *out, const struct pipgate_finding *f)
{
	if (f->exploited)
		buf_text(out, "exploited");
	if (f->has_epss)
		buf_format(out, "%sEPSS %u.%02u %%", f->exploited ? ", " : "", f->epss / 100u, f->epss % 100u);
	if (f->exploit_public)
		buf_format(out, "%sexploit public", f->exploited || f->has_epss ? ", " : "");
}

/* ---- sentences ---- */

static void put_component(struct buf *out, const struct pipgate_component *c)
{
	text_escape(out, c->name);
	buf_byte(out, ' ');
	text_escape(out, c->version);
}

void audit_title(struct buf *out, const struct audit_report *report, size_t finding)
{
	const struct pipgate_finding *f = &report->audit->findings[finding];

	put_component(out, &report->audit->components[f->component]);
	buf_text(out, ": ");
	text_escape(out, report->findings[finding].id);
	buf_text(out, " (");
	audit_severity(out, &f->severity);
	buf_text(out, f->malicious ? ", malicious" : "");
	if (f->exploited || f->has_epss || f->exploit_public)
		buf_text(out, ", ");
	audit_exploitation(out, f);
	buf_byte(out, ')');
}

static void put_list(struct buf *out, const char *before, const struct span *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_text(out, i ? ", " : before);
		text_escape(out, values[i]);
	}
}

void audit_sentence(struct buf *out, const struct audit_report *report, size_t finding)
{
	const struct pipgate_finding *f = &report->audit->findings[finding];
	const struct finding_shown *s = &report->findings[finding];
	const struct pipgate_chain *chain = &report->audit->chains[finding];
	const struct pipgate_judgement *j = &report->audit->verdict.judgements[finding];

	if (s->summary.n)
		audit_short(out, s->summary, WORDS_SHORT);
	else
		buf_text(out, "no summary");
	put_list(out, "; also ", s->aliases, s->n_aliases);
	if (f->n_fixed)
		put_list(out, "; fixed in ", f->fixed, f->n_fixed);
	else
		buf_text(out, "; no fix is known");
	for (size_t i = 0; i + 1 < chain->n; i++) {
		buf_text(out, i ? ", " : "; needed by ");
		put_component(out, &report->audit->components[chain->components[chain->n - 2 - i]]);
	}
	if (j->owner.n)
		put_list(out, "; ask ", &j->owner, 1);
	if (s->since.kind != SINCE_NOT_ASKED)
		buf_text(out, "; since the older database: ");
	audit_since_words(out, &s->since);
	if (s->pardoned)
		put_list(out, "; let pass: ", &j->reason, 1);
}

void audit_as_of(struct buf *out, const struct audit_report *report)
{
	char text[MOMENT_TEXT];

	buf_format(out, "as of %s", moment_text(report->at, text));
}

void audit_since_words(struct buf *out, const struct since_mark *since)
{
	if (since->kind == SINCE_NOT_ASKED)
		return;
	buf_text(out, since_word(since->kind));
	put_list(out, ": ", since->changes, since->n_changes);
}

void audit_short(struct buf *out, struct span text, size_t characters)
{
	size_t end = 0;

	for (size_t shown = 0; end < text.n && shown < characters; shown++) {
		uint32_t c;
		size_t n = (unsigned char)text.p[end] < 0x80 ? 1 : text_character(span_from(text, end), &c);

		end += n ? n : 1;
	}
	text_escape(out, (struct span){text.p, end});
	if (end < text.n)
		buf_text(out, "...");
}

static bool plain(char c)
{
	return (c >= 0x20 && c < 0x7F) || c == '\n';
}

void audit_prose(struct buf *out, struct span text)
{
	while (text.n) {
		size_t n = 0;
		uint32_t c;

		while (n < text.n && plain(text.p[n])) /* most of it: no look at each character */
			n++;
		buf_add(out, text.p, n);
		text = span_from(text, n);
		if (!text.n)
			return;
		n = text_character(text, &c);
		n = n ? n : 1;
		if (text.p[0] == '\t')
			buf_byte(out, ' ');
		else if (text.p[0] != '\r' || text.n == 1 || text.p[1] != '\n') /* an end of line of two characters is one */
			text_escape(out, (struct span){text.p, n});
		text = span_from(text, n);
	}
}

/* ---- links ---- */

static void put_percent(struct buf *out, struct span text, const char *kept)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (ascii_alpha(c) || ascii_digit(c) || (c && strchr(kept, c)))
			buf_byte(out, (unsigned char)c);
		else
			buf_format(out, "%%%02X", (unsigned char)c);
	}
}

static bool hexadecimal(char c)
{
	return ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

void audit_url(struct buf *out, struct span url)
{
	for (size_t i = 0; i < url.n; i++)
		if (i + 2 < url.n && url.p[i] == '%' && hexadecimal(url.p[i + 1]) && hexadecimal(url.p[i + 2]))
			buf_byte(out, '%'); /* is escaped already */
		else
			put_percent(out, span_from((struct span){url.p, i + 1}, i), "-._~:/?#@!$&'*+,;=");
}

void audit_url_part(struct buf *out, struct span text)
{
	put_percent(out, text, "-._~");
}

void audit_file_url(struct buf *out, const char *file)
{
	struct span rest = span_of(file);

	if (span_is(rest, "-"))
		rest = SPAN("stdin");
	while (span_starts(rest, SPAN("./")))
		rest = span_from(rest, 2);
	if (rest.n && rest.p[0] == '/')
		buf_text(out, "file://");
	put_percent(out, rest, "-._~/");
}

void audit_advisory_page(struct buf *out, struct span id)
{
	buf_text(out, ADVISORY_PAGES);
	audit_url_part(out, id);
}

/* ---- what is beside ---- */

const struct found *audit_found(const struct audit_report *report, size_t component)
{
	return (const struct found *)report->inventory->found.items + component;
}

size_t audit_about_component(const struct audit_report *report, size_t from)
{
	const struct pipgate_verdict *v = &report->audit->verdict;
	size_t i = from < report->audit->n_findings ? report->audit->n_findings : from;

	while (i < v->n_judgements && (v->judgements[i].action == PIPGATE_ALLOW || v->judgements[i].rule == PIPGATE_RULE_VERSION))
		i++;
	return i;
}

const char *audit_pardon_word(enum pipgate_pardon pardon)
{
	static const char *const words[] = {
		[PIPGATE_PARDON_NONE] = "none", [PIPGATE_PARDON_EXCEPTION] = "exception", [PIPGATE_PARDON_BASELINE] = "baseline",
	};

	return words[pardon];
}
