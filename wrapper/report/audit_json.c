/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pip-audit's JSON, member for member, and beside its members ours: severity, verdict, place, context, and what was examined
 * (schema pipgate/audit/1, docs/audit.schema.json).
 */
#include "wrapper/report/audit_report.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/json_writer.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

static void put_severity(struct buf *out, const struct pipgate_severity *severity)
{
	json_text(out, "severity", span_of(pipgate_level_name(severity->level)));
	json_key(out, "score");
	if (severity->level == PIPGATE_LEVEL_UNKNOWN)
		buf_text(out, "null");
	else
		buf_format(out, "%u.%u", severity->tenths / 10, severity->tenths % 10);
}

static void put_chain(struct buf *out, const struct audit_report *r, size_t index)
{
	const struct pipgate_chain *chain = &r->audit->chains[index];

	json_key(out, "chain");
	json_begin(out, '[');
	for (size_t i = 0; i < chain->n; i++) {
		json_begin(out, '{');
		json_text(out, "name", r->audit->components[chain->components[i]].name);
		json_text(out, "version", r->audit->components[chain->components[i]].version);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void put_place(struct buf *out, const char *file, size_t line)
{
	json_optional(out, "file", span_of(file));
	json_key(out, "line");
	if (line)
		buf_format(out, "%zu", line);
	else
		buf_text(out, "null");
}

static void put_exploitation(struct buf *out, const struct pipgate_finding *f)
{
	json_bool(out, "exploited", f->exploited);
	json_bool(out, "exploit_public", f->exploit_public);
	json_share(out, "epss", f->has_epss, f->epss);
	json_share(out, "epss_percentile", f->has_epss, f->epss_percentile);
}

static void put_judgement(struct buf *out, const struct pipgate_judgement *j, const struct pipgate_risk *risk)
{
	json_text(out, "verdict", span_of(report_action_word(j->action)));
	json_text(out, "reason", j->reason);
	json_optional(out, "where", j->where);
	json_optional(out, "message", j->message);
	if (j->blocks_from)
		json_time(out, "blocks_from", j->blocks_from);
	else
		json_optional(out, "blocks_from", SPAN(""));
	json_text(out, "pardon", span_of(audit_pardon_word(j->pardon)));
	json_optional(out, "owner", j->owner);
	json_number(out, "priority", risk->priority);
	json_text(out, "risk", risk->sum);
}

static void put_vulnerability(struct buf *out, const struct audit_report *r, size_t index)
{
	const struct pipgate_finding *f = &r->audit->findings[index];
	const struct finding_shown *s = &r->findings[index];

	json_begin(out, '{');
	json_text(out, "id", s->id);
	json_texts(out, "fix_versions", f->fixed, f->n_fixed);
	if (r->aliases)
		json_texts(out, "aliases", s->aliases, s->n_aliases);
	if (r->description)
		json_text(out, "description", s->description);
	put_severity(out, &f->severity);
	json_bool(out, "malicious", f->malicious);
	put_exploitation(out, f);
	put_judgement(out, &r->audit->verdict.judgements[index], &r->audit->verdict.risks[index]);
	json_bool(out, "direct", s->direct);
	json_number(out, "dependents", (int64_t)s->dependents);
	json_text(out, "upgrade", span_of(upgrade_word(s->upgrade)));
	put_chain(out, r, index);
	if (r->since) {
		json_text(out, "since", span_of(since_word(s->since.kind)));
		json_texts(out, "since_changes", s->since.changes, s->since.n_changes);
	}
	json_end(out, '}');
}

static void put_dependency(struct buf *out, const struct audit_report *r, size_t index)
{
	const struct pipgate_component *c = &r->audit->components[index];
	const struct found *found = (const struct found *)r->inventory->found.items + index;
	size_t first, n = audit_findings_of(r, index, &first);

	json_begin(out, '{');
	json_text(out, "name", c->name);
	json_text(out, "version", c->version);
	json_key(out, "vulns");
	json_begin(out, '[');
	for (size_t i = first; i < first + n; i++)
		if (!r->findings[i].ignored)
			put_vulnerability(out, r, i);
	json_end(out, ']');
	json_number(out, "input", (int64_t)found->input);
	put_place(out, found->file, found->line);
	json_optional(out, "installer", span_of(found->installer));
	json_bool(out, "vendor", found->vendor);
	json_bool(out, "unknown", r->audit->unknown[index]);
	json_end(out, '}');
}

static void put_skipped(struct buf *out, const struct skipped *skipped)
{
	json_begin(out, '{');
	json_text(out, "name", skipped->name);
	json_text(out, "skip_reason", span_of(skipped->reason));
	json_number(out, "input", (int64_t)skipped->input);
	put_place(out, skipped->file, skipped->line);
	json_end(out, '}');
}

static void put_dependencies(struct buf *out, const struct audit_report *r)
{
	const struct skipped *skipped = r->inventory->skipped.items;

	json_key(out, "dependencies");
	json_begin(out, '[');
	for (size_t i = 0; i < r->audit->n_components; i++)
		put_dependency(out, r, i);
	for (size_t i = 0; i < r->inventory->skipped.n; i++)
		put_skipped(out, &skipped[i]);
	json_end(out, ']');
}

static void put_fixes(struct buf *out, const struct audit_report *r)
{
	json_key(out, "fixes");
	json_begin(out, '[');
	for (size_t i = 0; i < r->n_fixes; i++) {
		const struct fix_shown *f = &r->fixes[i];

		json_begin(out, '{');
		json_text(out, "name", f->name);
		json_text(out, f->reason ? "version" : "old_version", f->old_version);
		if (f->reason)
			json_text(out, "skip_reason", span_of(f->reason));
		else
			json_text(out, "new_version", f->new_version);
		json_end(out, '}');
	}
	json_end(out, ']');
}

/* ---- what was examined ---- */

static void put_inputs(struct buf *out, const struct inventory *inventory)
{
	const struct input *inputs = inventory->inputs.items;

	json_key(out, "inputs");
	json_begin(out, '[');
	for (size_t i = 0; i < inventory->inputs.n; i++) {
		json_begin(out, '{');
		json_text(out, "kind", span_of(inputs[i].kind));
		json_text(out, "title", span_of(inputs[i].title));
		json_optional(out, "path", span_of(inputs[i].path));
		json_number(out, "broken", (int64_t)inputs[i].broken);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void put_database(struct buf *out, const struct audit_context *context)
{
	json_key(out, "database");
	if (!context->database) {
		buf_text(out, "null");
		return;
	}
	json_begin(out, '{');
	json_optional(out, "path", span_of(context->database_path));
	json_time(out, "built", context->database->built);
	json_time(out, "time", context->database->time);
	json_number(out, "records", context->database->records);
	json_end(out, '}');
}

static void put_gone(struct buf *out, const struct audit_since *since)
{
	json_key(out, "gone");
	json_begin(out, '[');
	for (size_t i = 0; i < since->n_gone; i++) {
		json_begin(out, '{');
		json_text(out, "name", since->gone[i].name);
		json_text(out, "version", since->gone[i].version);
		json_text(out, "id", since->gone[i].id);
		put_severity(out, &since->gone[i].severity);
		json_end(out, '}');
	}
	json_end(out, ']');
}

/* --since-db and --at: there where they were asked for. */
static void put_past(struct buf *out, const struct audit_report *r)
{
	if (r->at)
		json_time(out, "at", r->at);
	if (!r->since)
		return;
	json_key(out, "since_db");
	json_begin(out, '{');
	json_text(out, "path", span_of(r->since->path));
	json_number(out, "serial", r->since->database->serial);
	json_time(out, "built", r->since->database->built);
	for (size_t kind = SINCE_NEW; kind < SINCE_KINDS; kind++)
		json_number(out, since_word((enum since_kind)kind), (int64_t)r->since->n[kind]);
	put_gone(out, r->since);
	json_end(out, '}');
}

static void put_counts(struct buf *out, const struct audit_report *r)
{
	json_key(out, "counts");
	json_begin(out, '{');
	json_number(out, "components", (int64_t)r->audit->n_components);
	json_number(out, "skipped", (int64_t)r->inventory->skipped.n);
	json_number(out, "unknown", (int64_t)audit_unknown(r));
	json_number(out, "findings", (int64_t)r->n_shown);
	json_number(out, "ignored", (int64_t)r->n_ignored);
	json_number(out, "pardoned", (int64_t)r->n_pardoned);
	json_end(out, '}');
}

/* Of what was read, and of the policy. */
static void put_notes(struct buf *out, const struct audit_report *r)
{
	const char *const *notes = r->inventory->notes.items;

	json_key(out, "notes");
	json_begin(out, '[');
	for (size_t i = 0; i < r->inventory->notes.n; i++)
		json_value(out, span_of(notes[i]));
	for (size_t i = 0; i < r->audit->verdict.n_notes; i++)
		json_value(out, r->audit->verdict.notes[i]);
	json_end(out, ']');
}

void audit_json(struct buf *out, const struct audit_report *report)
{
	json_begin(out, '{');
	put_dependencies(out, report);
	put_fixes(out, report);
	json_key(out, "pipgate");
	json_begin(out, '{');
	json_text(out, "schema", SPAN("pipgate/audit/1"));
	json_text(out, "version", SPAN(PIPGATE_VERSION));
	put_inputs(out, report->inventory);
	put_database(out, report->context);
	json_text(out, "verdict", span_of(report_action_word(report->audit->verdict.action)));
	put_past(out, report);
	put_counts(out, report);
	put_notes(out, report);
	json_end(out, '}');
	json_end(out, '}');
	buf_byte(out, '\n');
}
