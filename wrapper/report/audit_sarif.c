/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0: a rule an advisory, a result a finding, at the line that asks for the distribution. Code-scanning services read
 * security-severity (the score, of the rule), want a line (1, where none is known; properties tell the true one) and follow a result
 * through time by its fingerprint: advisory, project and file, neither version nor line.
 */
#include <stdlib.h>

#include "wrapper/memory.h"
#include "wrapper/report/audit_report.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/report.h"
#include "wrapper/report/json_writer.h"
#include "wrapper/source/source.h"

#include "matcher/base/banned.h"

#define TEXT_MAX (SOURCE_BYTES * 4) /* of one text while it is put together: what stands in a file of ours, escaped */

struct sarif {
	struct buf *out;
	const struct audit_report *report;
	struct buf text;  /* what is put together before it is quoted */
	size_t *rules;    /* per rule: the finding that it is made of */
	size_t n_rules;
	size_t *rule_of;  /* per finding */
	size_t *repeated; /* per finding: how many before it have the same fingerprint */
};

/* The text that was put together, as a member. */
static void put_text(struct sarif *s, const char *name)
{
	json_text(s->out, name, buf_view(&s->text));
	if (s->out->status == PIPGATE_OK)
		s->out->status = s->text.status;
	buf_clear(&s->text);
}

/* {"text": …} */
static void put_message(struct sarif *s, const char *name)
{
	json_key(s->out, name);
	json_begin(s->out, '{');
	put_text(s, "text");
	json_end(s->out, '}');
}

/* ---- rules: advisories, each once ---- */

static int severity_order(const struct pipgate_severity *a, const struct pipgate_severity *b)
{
	int x = (int)a->level * 256 + a->tenths, y = (int)b->level * 256 + b->tenths;

	return x < y ? -1 : x > y;
}

static int by_id(const void *a, const void *b, void *ctx)
{
	const struct audit_report *r = ctx;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = span_compare(r->findings[x].id, r->findings[y].id);

	return order ? order : x < y ? -1 : x > y;
}

/* Rules are in the order of their ids; each is made of its severest finding: one advisory may weigh differently on its projects. */
static void make_rules(struct sarif *s)
{
	const struct audit_report *r = s->report;
	size_t *order = must(arena_array(r->inventory->run, r->audit->n_findings + 1, sizeof(*order))), n = 0;

	s->rules = must(arena_array(r->inventory->run, r->audit->n_findings + 1, sizeof(*s->rules)));
	s->rule_of = must(arena_array(r->inventory->run, r->audit->n_findings + 1, sizeof(*s->rule_of)));
	for (size_t i = 0; i < r->audit->n_findings; i++)
		if (!r->findings[i].ignored)
			order[n++] = i;
	qsort_r(order, n, sizeof(*order), by_id, (void *)(uintptr_t)r);
	for (size_t i = 0; i < n; i++) {
		size_t *rule;

		if (!i || !span_equal(r->findings[order[i]].id, r->findings[order[i - 1]].id))
			s->rules[s->n_rules++] = order[i];
		rule = &s->rules[s->n_rules - 1];
		if (severity_order(&r->audit->findings[order[i]].severity, &r->audit->findings[*rule].severity) > 0)
			*rule = order[i];
		s->rule_of[order[i]] = s->n_rules - 1;
	}
}

/* A service sorts by it. What is malicious has no score and is the worst there is. */
static void put_security_severity(struct sarif *s, const struct pipgate_finding *f)
{
	if (f->severity.level != PIPGATE_LEVEL_UNKNOWN)
		audit_score(&s->text, &f->severity);
	else if (f->malicious)
		buf_text(&s->text, "10.0");
	else
		return;
	put_text(s, "security-severity");
}

static void put_rule_texts(struct sarif *s, size_t index)
{
	const struct finding_shown *shown = &s->report->findings[index];
	struct span summary = shown->summary.n ? shown->summary : shown->id;

	audit_short(&s->text, summary, WORDS_SHORT - 3);
	put_message(s, "shortDescription");
	if (!s->report->description || !shown->description.n)
		return;
	audit_short(&s->text, shown->details.n ? shown->details : shown->description, WORDS_SHORT - 3);
	put_message(s, "fullDescription");
	audit_prose(&s->text, shown->details.n ? shown->details : shown->description);
	put_message(s, "help");
}

static void put_rule(struct sarif *s, size_t index)
{
	const struct finding_shown *shown = &s->report->findings[index];

	json_begin(s->out, '{');
	json_text(s->out, "id", shown->id);
	put_rule_texts(s, index);
	if (shown->link.n) {
		audit_url(&s->text, shown->link);
		put_text(s, "helpUri");
	}
	json_key(s->out, "properties");
	json_begin(s->out, '{');
	json_texts(s->out, "tags", (const struct span[]){SPAN("security"), SPAN("dependency")}, 2);
	put_security_severity(s, &s->report->audit->findings[index]);
	json_end(s->out, '}');
	json_end(s->out, '}');
}

static void put_tool(struct sarif *s)
{
	json_key(s->out, "tool");
	json_begin(s->out, '{');
	json_key(s->out, "driver");
	json_begin(s->out, '{');
	json_text(s->out, "name", SPAN("pipgate"));
	json_text(s->out, "semanticVersion", SPAN(PIPGATE_VERSION));
	json_key(s->out, "rules");
	json_begin(s->out, '[');
	for (size_t i = 0; i < s->n_rules; i++)
		put_rule(s, s->rules[i]);
	json_end(s->out, ']');
	json_end(s->out, '}');
	json_end(s->out, '}');
}

/* ---- fingerprints ---- */

/* Where this project stands, as long as only its version changes: a file below here, else what kind of input holds it. */
static struct span lasting_place(const struct audit_report *r, size_t component)
{
	const struct found *found = audit_found(r, component);
	const struct input *input = (const struct input *)r->inventory->inputs.items + found->input;

	return found->file && found->file[0] != '/' ? span_of(found->file) : span_of(input->kind);
}

static int by_fingerprint(const void *a, const void *b, void *ctx)
{
	const struct audit_report *r = ctx;
	size_t x = *(const size_t *)a, y = *(const size_t *)b, cx = r->audit->findings[x].component, cy = r->audit->findings[y].component;
	int order = span_compare(r->findings[x].id, r->findings[y].id);

	if (!order)
		order = span_compare(r->audit->components[cx].name, r->audit->components[cy].name);
	if (!order)
		order = span_compare(lasting_place(r, cx), lasting_place(r, cy));
	return order;
}

static int by_fingerprint_and_index(const void *a, const void *b, void *ctx)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = by_fingerprint(a, b, ctx);

	return order ? order : x < y ? -1 : x > y;
}

static void count_repeated(struct sarif *s)
{
	const struct audit_report *r = s->report;
	size_t n = r->audit->n_findings, *order = must(arena_array(r->inventory->run, n + 1, sizeof(*order)));
	void *ctx = (void *)(uintptr_t)r;

	s->repeated = must(arena_array(r->inventory->run, n + 1, sizeof(*s->repeated)));
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	qsort_r(order, n, sizeof(*order), by_fingerprint_and_index, ctx);
	for (size_t i = 1; i < n; i++)
		if (by_fingerprint(&order[i], &order[i - 1], ctx) == 0)
			s->repeated[order[i]] = s->repeated[order[i - 1]] + 1;
}

static void put_fingerprint(struct sarif *s, size_t index)
{
	size_t component = s->report->audit->findings[index].component;

	json_key(s->out, "partialFingerprints");
	json_begin(s->out, '{');
	audit_url_part(&s->text, s->report->findings[index].id);
	buf_byte(&s->text, '/');
	audit_url_part(&s->text, s->report->audit->components[component].name);
	buf_byte(&s->text, '/');
	audit_url_part(&s->text, lasting_place(s->report, component));
	buf_format(&s->text, ":%zu", s->repeated[index] + 1);
	put_text(s, "primaryLocationLineHash"); /* the name that code scanning looks for; it is compared, not computed */
	json_end(s->out, '}');
}

/* ---- results ---- */

static void put_physical(struct sarif *s, const char *file, size_t line)
{
	json_key(s->out, "physicalLocation");
	json_begin(s->out, '{');
	json_key(s->out, "artifactLocation");
	json_begin(s->out, '{');
	audit_file_url(&s->text, file);
	put_text(s, "uri");
	json_end(s->out, '}');
	json_key(s->out, "region");
	json_begin(s->out, '{');
	json_number(s->out, "startLine", line ? (int64_t)line : 1);
	json_end(s->out, '}');
	json_end(s->out, '}');
}

static void put_locations(struct sarif *s, const char *file, size_t line, struct span name)
{
	json_key(s->out, "locations");
	json_begin(s->out, '[');
	json_begin(s->out, '{');
	if (file)
		put_physical(s, file, line);
	json_key(s->out, "logicalLocations");
	json_begin(s->out, '[');
	json_begin(s->out, '{');
	json_text(s->out, "name", name);
	json_text(s->out, "kind", SPAN("package"));
	json_end(s->out, '}');
	json_end(s->out, ']');
	json_end(s->out, '}');
	json_end(s->out, ']');
}

static void put_exploitation(struct sarif *s, const struct pipgate_finding *f)
{
	json_bool(s->out, "exploited", f->exploited);
	json_bool(s->out, "exploitPublic", f->exploit_public);
	json_share(s->out, "epss", f->has_epss, f->epss);
	json_share(s->out, "epssPercentile", f->has_epss, f->epss_percentile);
}

static void put_judgement(struct sarif *s, size_t index)
{
	const struct pipgate_judgement *j = &s->report->audit->verdict.judgements[index];
	const struct pipgate_risk *risk = &s->report->audit->verdict.risks[index];

	json_text(s->out, "verdict", span_of(report_action_word(j->action)));
	json_text(s->out, "reason", j->reason);
	json_optional(s->out, "where", j->where);
	json_optional(s->out, "message", j->message);
	if (j->blocks_from)
		json_time(s->out, "blocksFrom", j->blocks_from);
	json_text(s->out, "pardon", span_of(audit_pardon_word(j->pardon)));
	json_optional(s->out, "owner", j->owner);
	json_number(s->out, "priority", risk->priority);
	json_text(s->out, "risk", risk->sum);
}

/* What is suppressed stays in the document and is no open alert. */
static void put_suppressions(struct sarif *s, size_t index)
{
	if (!s->report->findings[index].pardoned)
		return;
	json_key(s->out, "suppressions");
	json_begin(s->out, '[');
	json_begin(s->out, '{');
	json_text(s->out, "kind", SPAN("external"));
	json_text(s->out, "status", SPAN("accepted"));
	json_text(s->out, "justification", s->report->audit->verdict.judgements[index].reason);
	json_end(s->out, '}');
	json_end(s->out, ']');
}

/* SARIF's own words for what --since-db tells. */
static void put_baseline_state(struct sarif *s, size_t index)
{
	static const char *const states[] = {[SINCE_NEW] = "new", [SINCE_CHANGED] = "updated", [SINCE_SAME] = "unchanged"};

	if (s->report->since)
		json_text(s->out, "baselineState", span_of(states[s->report->findings[index].since.kind]));
}

static void put_properties(struct sarif *s, size_t index)
{
	const struct pipgate_finding *f = &s->report->audit->findings[index];
	const struct finding_shown *shown = &s->report->findings[index];
	const struct pipgate_component *c = &s->report->audit->components[f->component];

	json_key(s->out, "properties");
	json_begin(s->out, '{');
	json_text(s->out, "name", c->name);
	json_text(s->out, "version", c->version);
	json_texts(s->out, "aliases", shown->aliases, shown->n_aliases);
	json_text(s->out, "severity", span_of(pipgate_level_name(f->severity.level)));
	json_bool(s->out, "malicious", f->malicious);
	put_exploitation(s, f);
	put_judgement(s, index);
	json_texts(s->out, "fixVersions", f->fixed, f->n_fixed);
	json_bool(s->out, "direct", shown->direct);
	json_number(s->out, "dependents", (int64_t)shown->dependents);
	json_text(s->out, "upgrade", span_of(upgrade_word(shown->upgrade)));
	json_number(s->out, "line", (int64_t)audit_found(s->report, f->component)->line);
	json_end(s->out, '}');
}

static const char *level_of(enum pipgate_action action)
{
	return action == PIPGATE_BLOCK ? "error" : action == PIPGATE_WARN ? "warning" : "note";
}

/* SARIF's own priority ends at 100. */
static int64_t rank_of(const struct pipgate_risk *risk)
{
	return risk->priority < 100 ? (int64_t)risk->priority : 100;
}

static void put_result(struct sarif *s, size_t index)
{
	const struct pipgate_finding *f = &s->report->audit->findings[index];
	const struct found *found = audit_found(s->report, f->component);

	json_begin(s->out, '{');
	json_text(s->out, "ruleId", s->report->findings[index].id);
	json_number(s->out, "ruleIndex", (int64_t)s->rule_of[index]);
	json_text(s->out, "level", span_of(level_of(s->report->audit->verdict.judgements[index].action)));
	json_number(s->out, "rank", rank_of(&s->report->audit->verdict.risks[index]));
	put_baseline_state(s, index);
	put_suppressions(s, index);
	audit_title(&s->text, s->report, index);
	buf_text(&s->text, ": ");
	audit_sentence(&s->text, s->report, index);
	put_message(s, "message");
	put_locations(s, found->file, found->line, s->report->audit->components[f->component].name);
	put_fingerprint(s, index);
	put_properties(s, index);
	json_end(s->out, '}');
}

/* ---- what was examined ---- */

static void put_notification(struct sarif *s, const char *level, struct span name, struct span reason, const char *file, size_t line)
{
	json_begin(s->out, '{');
	json_text(s->out, "level", span_of(level));
	audit_short(&s->text, name, WORDS_SHORT);
	buf_text(&s->text, ": ");
	audit_short(&s->text, reason, WORDS_SHORT);
	put_message(s, "message");
	put_locations(s, file, line, name);
	json_end(s->out, '}');
}

static void put_notifications(struct sarif *s)
{
	const struct audit_report *r = s->report;
	const struct pipgate_verdict *v = &r->audit->verdict;
	const struct skipped *skipped = r->inventory->skipped.items;

	json_key(s->out, "toolExecutionNotifications");
	json_begin(s->out, '[');
	for (size_t i = audit_about_component(r, 0); i < v->n_judgements; i = audit_about_component(r, i + 1)) {
		const struct pipgate_judgement *j = &v->judgements[i];
		const struct found *found = audit_found(r, j->component);

		put_notification(s, level_of(j->action), r->audit->components[j->component].name, j->reason, found->file, found->line);
	}
	for (size_t i = 0; i < r->audit->n_components; i++)
		if (r->audit->unknown[i])
			put_notification(s, "warning", r->audit->components[i].name, SPAN(AUDIT_UNKNOWN), audit_found(r, i)->file,
				audit_found(r, i)->line);
	for (size_t i = 0; i < r->inventory->skipped.n; i++)
		put_notification(s, "warning", skipped[i].name, span_of(skipped[i].reason), skipped[i].file, skipped[i].line);
	json_end(s->out, ']');
}

static void put_examined(struct sarif *s)
{
	const struct audit_report *r = s->report;
	const struct input *inputs = r->inventory->inputs.items;
	size_t broken = 0;

	json_key(s->out, "properties");
	json_begin(s->out, '{');
	json_key(s->out, "inputs");
	json_begin(s->out, '[');
	for (size_t i = 0; i < r->inventory->inputs.n; i++) {
		json_value(s->out, span_of(inputs[i].title));
		broken += inputs[i].broken;
	}
	json_end(s->out, ']');
	json_number(s->out, "components", (int64_t)r->audit->n_components);
	json_number(s->out, "unknown", (int64_t)audit_unknown(r));
	json_number(s->out, "broken", (int64_t)broken);
	json_number(s->out, "ignored", (int64_t)r->n_ignored);
	json_number(s->out, "pardoned", (int64_t)r->n_pardoned);
	if (r->context->database)
		json_time(s->out, "databaseTime", r->context->database->time);
	json_end(s->out, '}');
}

static void put_run(struct sarif *s)
{
	json_begin(s->out, '{');
	put_tool(s);
	json_key(s->out, "invocations");
	json_begin(s->out, '[');
	json_begin(s->out, '{');
	json_bool(s->out, "executionSuccessful", true);
	put_notifications(s);
	json_end(s->out, '}');
	json_end(s->out, ']');
	json_key(s->out, "results");
	json_begin(s->out, '[');
	for (size_t i = 0; i < s->report->audit->n_findings; i++)
		if (!s->report->findings[i].ignored)
			put_result(s, i);
	json_end(s->out, ']');
	put_examined(s);
	json_end(s->out, '}');
}

void audit_sarif(struct buf *out, const struct audit_report *report)
{
	struct sarif s = {.out = out, .report = report};

	buf_init(&s.text, out->allocator, TEXT_MAX);
	make_rules(&s);
	count_repeated(&s);
	json_begin(out, '{');
	json_text(out, "$schema", SPAN("https://json.schemastore.org/sarif-2.1.0.json"));
	json_text(out, "version", SPAN("2.1.0"));
	json_key(out, "runs");
	json_begin(out, '[');
	put_run(&s);
	json_end(out, ']');
	json_end(out, '}');
	buf_byte(out, '\n');
	buf_fini(&s.text);
}
