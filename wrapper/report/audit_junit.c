/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit: a suite an input, a test case a finding (blocked: a failure; else passed, with its text as output) and one a distribution
 * without any. What could not be audited is skipped.
 */
#include "wrapper/memory.h"
#include "wrapper/report/audit_report.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/report.h"
#include "wrapper/report/xml_writer.h"
#include "wrapper/source/source.h"

#include "matcher/base/banned.h"

#define TEXT_MAX (SOURCE_BYTES * 4) /* of one text while it is put together: what stands in a file of ours, escaped */

struct counts {
	size_t tests, failures, skipped;
};

struct junit {
	struct buf *out;
	const struct audit_report *report;
	struct buf text;
	size_t *shown;        /* per component: its findings that are not ignored */
	const struct pipgate_judgement **about; /* per component: what the policy has against itself; NULL: nothing that blocks */
	size_t component, skipped; /* written so far: inputs follow one another */
};

static struct span taken(struct junit *j)
{
	if (j->out->status == PIPGATE_OK)
		j->out->status = j->text.status;
	return j->text.n ? buf_view(&j->text) : SPAN("");
}

/* ---- a test case ---- */

static void put_property(struct junit *j, const char *name, struct span value)
{
	xml_open(j->out, "property");
	xml_attribute(j->out, "name", span_of(name));
	xml_attribute(j->out, "value", value);
	xml_empty(j->out);
}

/* <testcase …> of which the name is put together in j->text. */
static void begin_case(struct junit *j, struct span name, const char *file, size_t line)
{
	xml_open(j->out, "testcase");
	xml_attribute(j->out, "classname", name);
	xml_attribute(j->out, "name", taken(j));
	buf_clear(&j->text);
	if (file)
		xml_attribute(j->out, "file", span_of(file));
	if (line)
		xml_number(j->out, "line", line);
	xml_attribute(j->out, "time", SPAN("0"));
	xml_inside(j->out);
}

/* What is told only where there is something to tell. */
static void put_more_properties(struct junit *j, size_t index)
{
	const struct pipgate_finding *f = &j->report->audit->findings[index];
	const struct pipgate_judgement *judgement = &j->report->audit->verdict.judgements[index];
	const struct pipgate_risk *risk = &j->report->audit->verdict.risks[index];

	if (f->exploited || f->has_epss || f->exploit_public) {
		audit_exploitation(&j->text, f);
		put_property(j, "exploitation", taken(j));
		buf_clear(&j->text);
	}
	buf_format(&j->text, "%u", risk->priority);
	put_property(j, "priority", taken(j));
	buf_clear(&j->text);
	if (judgement->owner.n)
		put_property(j, "owner", judgement->owner);
	if (j->report->since)
		put_property(j, "since", span_of(since_word(j->report->findings[index].since.kind)));
	if (judgement->pardon != PIPGATE_PARDON_NONE)
		put_property(j, "pardon", span_of(audit_pardon_word(judgement->pardon)));
}

static void put_finding_properties(struct junit *j, size_t index)
{
	const struct pipgate_finding *f = &j->report->audit->findings[index];
	const struct finding_shown *s = &j->report->findings[index];
	const struct pipgate_component *c = &j->report->audit->components[f->component];
	const struct pipgate_judgement *judgement = &j->report->audit->verdict.judgements[index];

	xml_open(j->out, "properties");
	xml_inside(j->out);
	put_property(j, "version", c->version);
	put_property(j, "id", s->id);
	for (size_t i = 0; i < s->n_aliases; i++)
		put_property(j, "alias", s->aliases[i]);
	put_property(j, "severity", span_of(pipgate_level_name(f->severity.level)));
	put_property(j, "verdict", span_of(report_action_word(judgement->action)));
	put_more_properties(j, index);
	for (size_t i = 0; i < f->n_fixed; i++)
		put_property(j, "fix-version", f->fixed[i]);
	xml_close(j->out, "properties");
}

/* The sentence, the advisory's page, and the whole text where it is wanted. */
static void put_finding_text(struct junit *j, size_t index)
{
	const struct finding_shown *s = &j->report->findings[index];

	audit_title(&j->text, j->report, index);
	buf_byte(&j->text, '\n');
	audit_sentence(&j->text, j->report, index);
	if (s->link.n) {
		buf_byte(&j->text, '\n');
		audit_url(&j->text, s->link);
	}
	if (j->report->description && s->description.n) {
		buf_text(&j->text, "\n\n");
		audit_prose(&j->text, s->details.n ? s->details : s->description);
	}
	xml_text(j->out, taken(j));
	buf_clear(&j->text);
}

static void put_finding(struct junit *j, size_t index)
{
	const struct pipgate_finding *f = &j->report->audit->findings[index];
	const struct pipgate_judgement *judgement = &j->report->audit->verdict.judgements[index];
	const struct found *found = audit_found(j->report, f->component);
	const char *element = judgement->action == PIPGATE_BLOCK ? "failure" : "system-out";

	audit_title(&j->text, j->report, index);
	begin_case(j, j->report->audit->components[f->component].name, found->file, found->line);
	put_finding_properties(j, index);
	xml_open(j->out, element);
	if (judgement->action == PIPGATE_BLOCK) {
		xml_attribute(j->out, "type", span_of(pipgate_level_name(f->severity.level)));
		xml_attribute(j->out, "message", judgement->reason);
	}
	xml_inside(j->out);
	put_finding_text(j, index);
	xml_close(j->out, element);
	xml_close(j->out, "testcase");
}

static void put_said(struct junit *j, const char *element, struct span message)
{
	xml_open(j->out, element);
	if (strcmp(element, "failure") == 0)
		xml_attribute(j->out, "type", SPAN("policy"));
	xml_attribute(j->out, "message", message);
	xml_empty(j->out);
}

/* A distribution without findings. */
static void put_component(struct junit *j, size_t index)
{
	const struct pipgate_component *c = &j->report->audit->components[index];
	const struct found *found = audit_found(j->report, index);

	audit_short(&j->text, c->name, WORDS_SHORT);
	buf_byte(&j->text, ' ');
	audit_short(&j->text, c->version, WORDS_SHORT);
	begin_case(j, c->name, found->file, found->line);
	if (j->about[index])
		put_said(j, "failure", j->about[index]->reason);
	else if (j->report->audit->unknown[index])
		put_said(j, "skipped", SPAN(AUDIT_UNKNOWN));
	xml_close(j->out, "testcase");
}

static void put_skipped(struct junit *j, const struct skipped *skipped)
{
	audit_short(&j->text, skipped->name, WORDS_SHORT);
	begin_case(j, skipped->name, skipped->file, skipped->line);
	put_said(j, "skipped", span_of(skipped->reason));
	xml_close(j->out, "testcase");
}

/* ---- a suite ---- */

/* A case of its own beside those of its findings: it has none, or the policy has something against it itself. */
static bool own_case(const struct junit *j, size_t component)
{
	return !j->shown[component] || j->about[component];
}

static void count_component(const struct junit *j, size_t index, struct counts *n)
{
	size_t first, all = audit_findings_of(j->report, index, &first);

	n->tests += j->shown[index] + own_case(j, index);
	n->failures += j->about[index] != NULL;
	n->skipped += !j->shown[index] && !j->about[index] && j->report->audit->unknown[index];
	for (size_t i = first; i < first + all; i++)
		n->failures += !j->report->findings[i].ignored && j->report->audit->verdict.judgements[i].action == PIPGATE_BLOCK;
}

static void put_counts(struct buf *out, const struct counts *n)
{
	xml_number(out, "tests", n->tests);
	xml_number(out, "failures", n->failures);
	xml_number(out, "errors", 0);
	xml_number(out, "skipped", n->skipped);
}

static size_t skipped_until(const struct junit *j, size_t input)
{
	const struct skipped *skipped = j->report->inventory->skipped.items;
	bool last = input + 1 >= j->report->inventory->inputs.n;
	size_t i = j->skipped;

	while (i < j->report->inventory->skipped.n && (last || skipped[i].input <= input))
		i++;
	return i;
}

static void put_components(struct junit *j, size_t end)
{
	for (; j->component < end; j->component++) {
		size_t first, n = audit_findings_of(j->report, j->component, &first);

		if (own_case(j, j->component))
			put_component(j, j->component);
		for (size_t i = first; i < first + n; i++)
			if (!j->report->findings[i].ignored)
				put_finding(j, i);
	}
}

/* Metadata without a name is no test case: it is told as the suite's property. */
static void put_broken(struct junit *j, size_t n)
{
	buf_format(&j->text, "%zu", n);
	xml_open(j->out, "properties");
	xml_inside(j->out);
	put_property(j, "broken", taken(j));
	xml_close(j->out, "properties");
	buf_clear(&j->text);
}

static void put_suite(struct junit *j, size_t input)
{
	const struct input *inputs = j->report->inventory->inputs.items;
	const struct skipped *skipped = j->report->inventory->skipped.items;
	size_t end = j->component, skipped_end = skipped_until(j, input);
	struct counts n = {.tests = skipped_end - j->skipped, .skipped = skipped_end - j->skipped};

	for (; end < j->report->audit->n_components && audit_found(j->report, end)->input <= input; end++)
		count_component(j, end, &n);
	xml_open(j->out, "testsuite");
	xml_attribute(j->out, "name", span_of(inputs[input].title));
	put_counts(j->out, &n);
	xml_attribute(j->out, "time", SPAN("0"));
	xml_inside(j->out);
	if (inputs[input].broken)
		put_broken(j, inputs[input].broken);
	put_components(j, end);
	for (; j->skipped < skipped_end; j->skipped++)
		put_skipped(j, &skipped[j->skipped]);
	xml_close(j->out, "testsuite");
}

/* ---- the document ---- */

static void prepare(struct junit *j)
{
	const struct audit_report *r = j->report;
	const struct pipgate_verdict *v = &r->audit->verdict;

	j->shown = must(arena_array(r->inventory->run, r->audit->n_components + 1, sizeof(*j->shown)));
	j->about = must(arena_array(r->inventory->run, r->audit->n_components + 1, sizeof(*j->about)));
	for (size_t i = 0; i < r->audit->n_findings; i++)
		j->shown[r->audit->findings[i].component] += !r->findings[i].ignored;
	for (size_t i = audit_about_component(r, 0); i < v->n_judgements; i = audit_about_component(r, i + 1))
		if (v->judgements[i].action == PIPGATE_BLOCK)
			j->about[v->judgements[i].component] = &v->judgements[i];
}

void audit_junit(struct buf *out, const struct audit_report *report)
{
	struct junit j = {.out = out, .report = report};
	struct counts all = {.tests = report->inventory->skipped.n, .skipped = report->inventory->skipped.n};

	buf_init(&j.text, out->allocator, TEXT_MAX);
	prepare(&j);
	for (size_t i = 0; i < report->audit->n_components; i++)
		count_component(&j, i, &all);
	xml_begin(out);
	xml_open(out, "testsuites");
	xml_attribute(out, "name", SPAN("pip audit"));
	put_counts(out, &all);
	xml_inside(out);
	for (size_t i = 0; i < report->inventory->inputs.n; i++)
		put_suite(&j, i);
	xml_close(out, "testsuites");
	buf_byte(out, '\n');
	buf_fini(&j.text);
}
