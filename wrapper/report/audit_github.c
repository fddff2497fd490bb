/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitHub's workflow commands: a line a finding, `::error file=requirements.txt,line=3,title=…::…`, which the runner shows beside the
 * line. Blocked is an error, a warning is one, what the policy allows is a notice; what an exception or the baseline lets pass is no
 * news and is left out. A runner shows ten of each kind a step and logs the rest, so of each kind the most urgent come first.
 */
#include "wrapper/report/audit_report.h"
#include "wrapper/report/audit_words.h"

#include "matcher/base/banned.h"

#define LINE_MAX_BYTES ((size_t)64 << 10) /* of one text before it is escaped; a sentence has some 2 KB */
#define BROKEN "some of its distributions have no readable name and version; they were not audited"

/* What the runner decodes: %25 %0D %0A in both, %3A %2C in properties. */
static void put_data(struct buf *out, struct span text, const char *special)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c && strchr(special, c))
			buf_format(out, "%%%02X", (unsigned char)c);
		else
			buf_byte(out, (unsigned char)c);
	}
}

static void put_property(struct buf *out, const char *name, struct span value, bool *any)
{
	buf_byte(out, *any ? ',' : ' ');
	buf_text(out, name);
	buf_byte(out, '=');
	put_data(out, value, "%\r\n:,");
	*any = true;
}

/* The command up to its message; text is what was written into it, escaped for a reader and no longer than LINE_MAX_BYTES. */
static void put_command(struct buf *out, enum pipgate_action action, const char *file, size_t line, struct span title)
{
	bool any = false;

	buf_text(out, action == PIPGATE_BLOCK ? "::error" : action == PIPGATE_WARN ? "::warning" : "::notice");
	if (file && strcmp(file, "-") != 0) {
		struct buf shown;

		buf_init(&shown, out->allocator, LINE_MAX_BYTES);
		audit_short(&shown, span_of(file), WORDS_SHORT * 4);
		put_property(out, "file", buf_view(&shown), &any);
		buf_fini(&shown);
		if (line)
			buf_format(out, ",line=%zu", line);
	}
	put_property(out, "title", title, &any);
	buf_text(out, "::");
}

static void put_finding(struct buf *out, const struct audit_report *r, size_t index)
{
	const struct pipgate_judgement *j = &r->audit->verdict.judgements[index];
	const struct found *found = audit_found(r, r->audit->findings[index].component);
	struct buf text;

	buf_init(&text, out->allocator, out->ceiling);
	audit_title(&text, r, index);
	put_command(out, j->action, found->file, found->line, buf_view(&text));
	buf_clear(&text);
	audit_sentence(&text, r, index);
	put_data(out, buf_view(&text), "%\r\n");
	buf_byte(out, '\n');
	if (out->status == PIPGATE_OK)
		out->status = text.status;
	buf_fini(&text);
}

static void put_findings(struct buf *out, const struct audit_report *r, enum pipgate_action action)
{
	for (size_t i = 0; i < r->audit->n_findings; i++) {
		size_t index = r->audit->verdict.order[i];

		if (finding_counts(&r->findings[index]) && r->audit->verdict.judgements[index].action == action)
			put_finding(out, r, index);
	}
}

static void put_line(struct buf *out, enum pipgate_action action, const char *file, size_t line, struct span name, struct span reason)
{
	struct buf text;

	buf_init(&text, out->allocator, out->ceiling);
	audit_short(&text, name, WORDS_SHORT);
	put_command(out, action, file, line, buf_view(&text));
	buf_clear(&text);
	audit_short(&text, reason, WORDS_SHORT);
	put_data(out, buf_view(&text), "%\r\n");
	buf_byte(out, '\n');
	if (out->status == PIPGATE_OK)
		out->status = text.status;
	buf_fini(&text);
}

static void put_about_components(struct buf *out, const struct audit_report *r, enum pipgate_action action)
{
	const struct pipgate_verdict *v = &r->audit->verdict;

	for (size_t i = audit_about_component(r, 0); i < v->n_judgements; i = audit_about_component(r, i + 1)) {
		const struct pipgate_judgement *j = &v->judgements[i];
		const struct found *found = audit_found(r, j->component);

		if (j->action == action)
			put_line(out, action, found->file, found->line, r->audit->components[j->component].name, j->reason);
	}
}

void audit_github(struct buf *out, const struct audit_report *report)
{
	static const enum pipgate_action order[] = {PIPGATE_BLOCK, PIPGATE_WARN, PIPGATE_ALLOW};
	const struct skipped *skipped = report->inventory->skipped.items;
	const struct input *inputs = report->inventory->inputs.items;

	for (size_t o = 0; o < sizeof(order) / sizeof(*order); o++) {
		put_findings(out, report, order[o]);
		put_about_components(out, report, order[o]);
	}
	for (size_t i = 0; i < report->audit->n_components; i++)
		if (report->audit->unknown[i])
			put_line(out, PIPGATE_ALLOW, audit_found(report, i)->file, audit_found(report, i)->line, report->audit->components[i].name,
				SPAN(AUDIT_UNKNOWN));
	for (size_t i = 0; i < report->inventory->inputs.n; i++)
		if (inputs[i].broken)
			put_line(out, PIPGATE_ALLOW, NULL, 0, span_of(inputs[i].title), SPAN(BROKEN));
	for (size_t i = 0; i < report->inventory->skipped.n; i++)
		put_line(out, PIPGATE_ALLOW, skipped[i].file, skipped[i].line, skipped[i].name, span_of(skipped[i].reason));
}
