/* SPDX-License-Identifier: Apache-2.0 */
/* --gate-report: everything that was examined and decided, for programs. docs/gate-report.schema.json is its contract. */
#include "wrapper/report/json_writer.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define SCHEMA "pipgate/gate-report/1"

/* ---- words ---- */

static const char *origin_word(enum pipgate_origin origin)
{
	static const char *const words[] = {
		[PIPGATE_ORIGIN_UNKNOWN] = "unknown",     [PIPGATE_ORIGIN_INDEX] = "index",     [PIPGATE_ORIGIN_URL] = "url",
		[PIPGATE_ORIGIN_VCS] = "vcs",             [PIPGATE_ORIGIN_DIRECTORY] = "directory", [PIPGATE_ORIGIN_ARCHIVE] = "archive",
		[PIPGATE_ORIGIN_EDITABLE] = "editable",   [PIPGATE_ORIGIN_INSTALLED] = "installed",
	};

	return words[origin];
}

static const char *kind_word(enum database_kind kind)
{
	static const char *const words[] = {
		[0] = "unknown",
		[DATABASE_NAMED] = "named",
		[DATABASE_USER] = "user",
		[DATABASE_SYSTEM] = "system",
		[DATABASE_STARTER] = "starter",
	};

	return words[kind];
}

/* ---- the parts ---- */

static void put_feed(struct buf *out, const struct database_feed *feed)
{
	json_begin(out, '{');
	json_text(out, "name", feed->name);
	json_text(out, "kind", feed->kind);
	json_place(out, "place", feed->place);
	json_time(out, "time", feed->time);
	json_number(out, "accepted", feed->accepted);
	json_number(out, "withdrawn", feed->withdrawn);
	json_number(out, "refused", feed->refused);
	json_optional(out, "sha256", feed->sha256);
	json_end(out, '}');
}

static void put_database(struct buf *out, const struct audit_context *context)
{
	const struct database_info *info = context->database;

	json_key(out, "database");
	if (!info) {
		buf_text(out, "null");
		return;
	}
	json_begin(out, '{');
	json_optional(out, "path", span_of(context->database_path));
	json_text(out, "kind", span_of(kind_word(context->database_kind)));
	json_time(out, "built", info->built);
	json_number(out, "names", info->names);
	json_number(out, "records", info->records);
	json_key(out, "feeds");
	json_begin(out, '[');
	for (size_t i = 0; i < info->n_feeds; i++)
		put_feed(out, &info->feeds[i]);
	json_end(out, ']');
	json_end(out, '}');
}

static void put_severity(struct buf *out, const struct pipgate_severity *severity)
{
	json_key(out, "severity");
	json_begin(out, '{');
	json_text(out, "level", span_of(pipgate_level_name(severity->level)));
	json_key(out, "score");
	if (severity->level == PIPGATE_LEVEL_UNKNOWN)
		buf_text(out, "null");
	else
		buf_format(out, "%u.%u", severity->tenths / 10, severity->tenths % 10);
	json_optional(out, "vector", severity->vector);
	json_end(out, '}');
}

static void put_component(struct buf *out, const struct audit *audit, size_t index)
{
	const struct pipgate_component *c = &audit->components[index];

	json_begin(out, '{');
	json_text(out, "name", c->name);
	json_text(out, "version", c->version);
	json_text(out, "origin", span_of(origin_word(c->origin)));
	json_place(out, "url", c->url);
	json_optional(out, "sha256", c->sha256);
	json_bool(out, "requested", c->requested);
	json_bool(out, "sdist", c->sdist);
	json_bool(out, "yanked", c->yanked);
	json_bool(out, "unknown", audit->unknown && audit->unknown[index]);
	json_end(out, '}');
}

static void put_record(struct buf *out, const struct audit_context *context, const struct pipgate_record *record)
{
	const struct database_info *info = context->database;

	json_begin(out, '{');
	json_text(out, "id", record->id);
	json_optional(out, "feed", info && record->feed < info->n_feeds ? info->feeds[record->feed].name : SPAN(""));
	put_severity(out, &record->severity);
	json_texts(out, "fixed", record->fixed, record->n_fixed);
	json_end(out, '}');
}

static void put_chain(struct buf *out, const struct audit *audit, const struct pipgate_chain *chain)
{
	json_key(out, "chain");
	json_begin(out, '[');
	for (size_t i = 0; i < chain->n; i++) {
		const struct pipgate_component *c = &audit->components[chain->components[i]];

		json_begin(out, '{');
		json_text(out, "name", c->name);
		json_text(out, "version", c->version);
		json_end(out, '}');
	}
	json_end(out, ']');
	json_bool(out, "broken_chain", chain->broken);
}

static void put_judgement(struct buf *out, const struct pipgate_judgement *judgement)
{
	json_text(out, "action", span_of(report_action_word(judgement->action)));
	json_text(out, "rule", span_of(pipgate_rule_name(judgement->rule)));
	json_text(out, "reason", judgement->reason);
}

static void put_finding(struct buf *out, const struct audit *audit, const struct audit_context *context, size_t index)
{
	static const struct pipgate_judgement unjudged = {.reason = {"", 0}};
	static const struct pipgate_chain unexplained = {.broken = true};
	const struct pipgate_finding *f = &audit->findings[index];
	const struct pipgate_component *c = &audit->components[f->component];

	json_begin(out, '{');
	json_text(out, "component", c->name);
	json_text(out, "version", c->version);
	json_text(out, "id", f->id);
	json_texts(out, "ids", f->ids, f->n_ids);
	put_severity(out, &f->severity);
	json_key(out, "records");
	json_begin(out, '[');
	for (size_t i = 0; i < f->n_records; i++)
		put_record(out, context, &f->records[i]);
	json_end(out, ']');
	json_texts(out, "fixed", f->fixed, f->n_fixed);
	json_bool(out, "malicious", f->malicious);
	put_chain(out, audit, audit->chains ? &audit->chains[index] : &unexplained);
	put_judgement(out, index < audit->verdict.n_judgements ? &audit->verdict.judgements[index] : &unjudged);
	json_end(out, '}');
}

/* What is said about components themselves. */
static void put_judgements(struct buf *out, const struct audit *audit)
{
	json_key(out, "judgements");
	json_begin(out, '[');
	for (size_t i = 0; i < audit->verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &audit->verdict.judgements[i];

		if (j->finding != SIZE_MAX)
			continue;
		json_begin(out, '{');
		json_text(out, "component", audit->components[j->component].name);
		json_text(out, "version", audit->components[j->component].version);
		put_judgement(out, j);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void put_counts(struct buf *out, const struct audit *audit)
{
	size_t installed = 0, sdist = 0, unknown = 0, by_action[PIPGATE_BLOCK + 1] = {0};

	for (size_t i = 0; i < audit->n_components; i++) {
		installed += audit->components[i].origin == PIPGATE_ORIGIN_INSTALLED;
		sdist += audit->components[i].sdist;
		unknown += audit->unknown && audit->unknown[i];
	}
	for (size_t i = 0; i < audit->n_findings && i < audit->verdict.n_judgements; i++)
		by_action[audit->verdict.judgements[i].action]++;
	json_key(out, "counts");
	json_begin(out, '{');
	json_number(out, "components", (int64_t)audit->n_components);
	json_number(out, "installed", (int64_t)installed);
	json_number(out, "sdist", (int64_t)sdist);
	json_number(out, "unknown", (int64_t)unknown);
	json_number(out, "findings", (int64_t)audit->n_findings);
	json_number(out, "blocked", (int64_t)by_action[PIPGATE_BLOCK]);
	json_number(out, "warned", (int64_t)by_action[PIPGATE_WARN]);
	json_number(out, "allowed", (int64_t)by_action[PIPGATE_ALLOW]);
	json_end(out, '}');
}

static void put_head(struct buf *out, const struct audit_context *context)
{
	json_text(out, "schema", SPAN(SCHEMA));
	json_text(out, "pipgate", SPAN(PIPGATE_VERSION));
	json_time(out, "now", context->now);
	json_optional(out, "command", span_of(context->command));
	json_optional(out, "mode", span_of(context->mode));
	json_bool(out, "dry_run", context->dry_run);
	json_optional(out, "pip", span_of(context->pip_version));
	json_optional(out, "python", span_of(context->python));
	json_optional(out, "profile", span_of(context->profile));
}

void report_json(struct buf *out, const struct audit *audit, const struct audit_context *context, const struct report_style *style)
{
	(void)style;
	buf_byte(out, '{');
	put_head(out, context);
	put_database(out, context);
	json_key(out, "components");
	json_begin(out, '[');
	for (size_t i = 0; i < audit->n_components; i++)
		put_component(out, audit, i);
	json_end(out, ']');
	json_key(out, "findings");
	json_begin(out, '[');
	for (size_t i = 0; i < audit->n_findings; i++)
		put_finding(out, audit, context, i);
	json_end(out, ']');
	put_judgements(out, audit);
	json_key(out, "verdict");
	json_begin(out, '{');
	json_text(out, "action", span_of(report_action_word(audit->verdict.action)));
	json_end(out, '}');
	put_counts(out, audit);
	json_end(out, '}');
	buf_byte(out, '\n');
}
