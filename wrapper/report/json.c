/* SPDX-License-Identifier: Apache-2.0 */
/* --gate-report: everything that was examined and decided, for programs. docs/gate-report.schema.json is its contract. */
#include "wrapper/case/code.h"
#include "wrapper/case/words.h"
#include "wrapper/report/json_writer.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define SCHEMA "pipgate/gate-report/1"

/* ---- words ---- */

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
	json_time(out, "time", info->time);
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

/* What nobody said is null. */
static void put_answer(struct buf *out, const char *name, enum pipgate_answer answer)
{
	json_key(out, name);
	buf_text(out, answer == PIPGATE_NOT_KNOWN ? "null" : answer == PIPGATE_YES ? "true" : "false");
}

static void put_day(struct buf *out, const char *name, int64_t seconds)
{
	if (seconds)
		json_time(out, name, seconds);
	else
		json_optional(out, name, SPAN(""));
}

static void put_opinions(struct buf *out, const struct pipgate_facts *facts)
{
	json_key(out, "opinions");
	json_begin(out, '[');
	for (size_t i = 0; i < facts->n_opinions; i++) {
		json_begin(out, '{');
		json_text(out, "engine", facts->opinions[i].engine);
		json_text(out, "action", span_of(word_action(facts->opinions[i].action)));
		json_text(out, "text", facts->opinions[i].text);
		json_end(out, '}');
	}
	json_end(out, ']');
}

static void put_facts(struct buf *out, const struct pipgate_facts *facts)
{
	json_key(out, "facts");
	if (!facts) {
		buf_text(out, "null");
		return;
	}
	json_begin(out, '{');
	json_place(out, "index", facts->index);
	json_text(out, "kind", span_of(word_kind(facts->kind)));
	json_bool(out, "default_index", facts->default_index);
	put_answer(out, "elsewhere", facts->elsewhere);
	put_answer(out, "yanked", facts->yanked);
	json_optional(out, "yanked_reason", facts->yanked_reason);
	json_text(out, "status", span_of(word_status(facts->status)));
	json_optional(out, "status_reason", facts->status_reason);
	put_answer(out, "attested", facts->attested);
	put_day(out, "uploaded", facts->uploaded);
	put_day(out, "project_begun", facts->project_begun);
	json_optional(out, "old_enough", facts->old_enough);
	json_bool(out, "fixes", facts->fixes);
	json_bool(out, "none_clean", facts->none_clean);
	json_optional(out, "similar", facts->similar);
	put_answer(out, "listed", facts->listed);
	put_opinions(out, facts);
	json_end(out, '}');
}

void report_component(struct buf *out, const struct audit *audit, size_t index)
{
	const struct pipgate_component *c = &audit->components[index];

	json_begin(out, '{');
	json_text(out, "name", c->name);
	json_text(out, "version", c->version);
	json_text(out, "origin", span_of(word_origin(c->origin)));
	json_place(out, "url", c->url);
	json_optional(out, "sha256", c->sha256);
	json_bool(out, "requested", c->requested);
	json_bool(out, "sdist", c->sdist);
	json_bool(out, "yanked", c->yanked);
	json_bool(out, "unpinned", c->unpinned);
	json_bool(out, "unlocked", c->unlocked);
	json_bool(out, "cached_build", c->cached_build);
	json_texts(out, "extras", c->extras, c->n_extras);
	json_texts(out, "groups", c->groups, c->n_groups);
	json_optional(out, "place", c->place);
	json_bool(out, "unknown", audit->unknown && audit->unknown[index]);
	put_facts(out, audit->facts ? &audit->facts[index] : NULL);
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

/* n: which of the verdict's; a finding that was never judged has no action. */
static void put_judgement(struct buf *out, const struct audit *audit, size_t n)
{
	static const struct pipgate_judgement unjudged = {.finding = SIZE_MAX};
	bool judged = n < audit->verdict.n_judgements;
	const struct pipgate_judgement *j = judged ? &audit->verdict.judgements[n] : &unjudged;
	char code[CODE_BYTES];

	json_text(out, "action", span_of(word_action(j->action)));
	json_text(out, "rule", span_of(word_rule(j->rule)));
	json_text(out, "reason", j->reason);
	json_optional(out, "where", j->where);
	json_optional(out, "message", j->message);
	put_day(out, "blocks_from", j->blocks_from);
	json_text(out, "pardon", span_of(word_pardon(j->pardon)));
	json_optional(out, "code", judged && j->action != PIPGATE_ALLOW ? span_of(code_of(audit, j, code)) : SPAN(""));
}

static void put_finding(struct buf *out, const struct audit *audit, const struct audit_context *context, size_t index)
{
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
	json_bool(out, "has_end", f->has_end);
	json_bool(out, "malicious", f->malicious);
	json_bool(out, "exploited", f->exploited);
	json_bool(out, "exploit_public", f->exploit_public);
	json_share(out, "epss", f->has_epss, f->epss);
	json_share(out, "epss_percentile", f->has_epss, f->epss_percentile);
	put_chain(out, audit, audit->chains ? &audit->chains[index] : &unexplained);
	put_judgement(out, audit, index);
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
		put_judgement(out, audit, i);
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
		report_component(out, audit, i);
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
