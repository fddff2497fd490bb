/* SPDX-License-Identifier: Apache-2.0 */
/* --gate-report: everything that was examined and decided, for programs. docs/gate-report.schema.json is its contract. */
#include <time.h>

#include "matcher/base/json.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define SCHEMA "pipgate/gate-report/1"

/* ---- a writer: commas by themselves ---- */

static void separate(struct buf *out)
{
	if (out->n && !memchr("{[:", out->p[out->n - 1], 3))
		buf_byte(out, ',');
}

static void key(struct buf *out, const char *name)
{
	separate(out);
	json_quote(out, span_of(name));
	buf_byte(out, ':');
}

static void begin(struct buf *out, char bracket)
{
	separate(out);
	buf_byte(out, (unsigned char)bracket);
}

static void end(struct buf *out, char bracket)
{
	buf_byte(out, (unsigned char)bracket);
}

static void put_text(struct buf *out, const char *name, struct span value)
{
	key(out, name);
	json_quote(out, value);
}

/* Nothing known is null. */
static void put_optional(struct buf *out, const char *name, struct span value)
{
	key(out, name);
	if (value.n)
		json_quote(out, value);
	else
		buf_text(out, "null");
}

static void put_bool(struct buf *out, const char *name, bool value)
{
	key(out, name);
	buf_text(out, value ? "true" : "false");
}

static void put_number(struct buf *out, const char *name, int64_t value)
{
	key(out, name);
	buf_format(out, "%lld", (long long)value);
}

static void put_time(struct buf *out, const char *name, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32] = "";
	struct tm tm;

	/* RFC 3339 knows the years 0 to 9999 */
	if (gmtime_r(&t, &tm) && tm.tm_year >= -1900 && tm.tm_year <= 8099)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_optional(out, name, span_of(text));
}

static void put_texts(struct buf *out, const char *name, const struct span *values, size_t n)
{
	key(out, name);
	begin(out, '[');
	for (size_t i = 0; i < n; i++) {
		separate(out);
		json_quote(out, values[i]);
	}
	end(out, ']');
}

/* The user and password of a URL, with the "@"; n 0: there is none, or it is "git@", which tells no secret. */
static struct span credentials(struct span place)
{
	const char *start = place.n ? memmem(place.p, place.n, "://", 3) : NULL;
	struct span user;

	if (!start)
		return (struct span){NULL, 0};
	user = span_from(place, (size_t)(start - place.p) + 3);
	for (size_t i = 0; i < user.n; i++)
		if (memchr("/?#", user.p[i], 3))
			user.n = i;
	while (user.n && user.p[user.n - 1] != '@')
		user.n--;
	return span_is(user, "git@") ? (struct span){NULL, 0} : user;
}

/* A report is kept and passed on: a place stands in it without credentials. */
static void put_place(struct buf *out, const char *name, struct span place)
{
	struct span secret = credentials(place);
	struct buf shown;

	if (!secret.n) {
		put_optional(out, name, place);
		return;
	}
	buf_init(&shown, out->allocator, out->ceiling);
	buf_add(&shown, place.p, (size_t)(secret.p - place.p));
	buf_span(&shown, span_from(place, (size_t)(secret.p - place.p) + secret.n));
	put_optional(out, name, buf_view(&shown));
	if (out->status == PIPGATE_OK)
		out->status = shown.status;
	buf_fini(&shown);
}

/* ---- words ---- */

static const char *action_word(enum pipgate_action action)
{
	static const char *const words[] = {
		[PIPGATE_UNDECIDED] = "undecided", [PIPGATE_ALLOW] = "allow", [PIPGATE_WARN] = "warn", [PIPGATE_BLOCK] = "block",
	};

	return words[action];
}

static const char *rule_word(enum pipgate_rule rule)
{
	static const char *const words[] = {
		[0] = "none",
		[PIPGATE_RULE_SEVERITY] = "severity",
		[PIPGATE_RULE_MALICIOUS] = "malicious",
		[PIPGATE_RULE_NAME] = "name",
		[PIPGATE_RULE_VERSION] = "version",
		[PIPGATE_RULE_SDIST] = "sdist",
	};

	return words[rule];
}

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
	begin(out, '{');
	put_text(out, "name", feed->name);
	put_text(out, "kind", feed->kind);
	put_place(out, "place", feed->place);
	put_time(out, "time", feed->time);
	put_number(out, "accepted", feed->accepted);
	put_number(out, "withdrawn", feed->withdrawn);
	put_number(out, "refused", feed->refused);
	put_optional(out, "sha256", feed->sha256);
	end(out, '}');
}

static void put_database(struct buf *out, const struct audit_context *context)
{
	const struct database_info *info = context->database;

	key(out, "database");
	if (!info) {
		buf_text(out, "null");
		return;
	}
	begin(out, '{');
	put_optional(out, "path", span_of(context->database_path));
	put_text(out, "kind", span_of(kind_word(context->database_kind)));
	put_time(out, "built", info->built);
	put_number(out, "names", info->names);
	put_number(out, "records", info->records);
	key(out, "feeds");
	begin(out, '[');
	for (size_t i = 0; i < info->n_feeds; i++)
		put_feed(out, &info->feeds[i]);
	end(out, ']');
	end(out, '}');
}

static void put_severity(struct buf *out, const struct pipgate_severity *severity)
{
	key(out, "severity");
	begin(out, '{');
	put_text(out, "level", span_of(pipgate_level_name(severity->level)));
	key(out, "score");
	if (severity->level == PIPGATE_LEVEL_UNKNOWN)
		buf_text(out, "null");
	else
		buf_format(out, "%u.%u", severity->tenths / 10, severity->tenths % 10);
	put_optional(out, "vector", severity->vector);
	end(out, '}');
}

static void put_component(struct buf *out, const struct audit *audit, size_t index)
{
	const struct pipgate_component *c = &audit->components[index];

	begin(out, '{');
	put_text(out, "name", c->name);
	put_text(out, "version", c->version);
	put_text(out, "origin", span_of(origin_word(c->origin)));
	put_place(out, "url", c->url);
	put_optional(out, "sha256", c->sha256);
	put_bool(out, "requested", c->requested);
	put_bool(out, "sdist", c->sdist);
	put_bool(out, "yanked", c->yanked);
	put_bool(out, "unknown", audit->unknown && audit->unknown[index]);
	end(out, '}');
}

static void put_record(struct buf *out, const struct audit_context *context, const struct pipgate_record *record)
{
	const struct database_info *info = context->database;

	begin(out, '{');
	put_text(out, "id", record->id);
	put_optional(out, "feed", info && record->feed < info->n_feeds ? info->feeds[record->feed].name : SPAN(""));
	put_severity(out, &record->severity);
	put_texts(out, "fixed", record->fixed, record->n_fixed);
	end(out, '}');
}

static void put_chain(struct buf *out, const struct audit *audit, const struct pipgate_chain *chain)
{
	key(out, "chain");
	begin(out, '[');
	for (size_t i = 0; i < chain->n; i++) {
		const struct pipgate_component *c = &audit->components[chain->components[i]];

		begin(out, '{');
		put_text(out, "name", c->name);
		put_text(out, "version", c->version);
		end(out, '}');
	}
	end(out, ']');
	put_bool(out, "broken_chain", chain->broken);
}

static void put_judgement(struct buf *out, const struct pipgate_judgement *judgement)
{
	put_text(out, "action", span_of(action_word(judgement->action)));
	put_text(out, "rule", span_of(rule_word(judgement->rule)));
	put_text(out, "reason", judgement->reason);
}

static void put_finding(struct buf *out, const struct audit *audit, const struct audit_context *context, size_t index)
{
	static const struct pipgate_judgement unjudged = {.reason = {"", 0}};
	static const struct pipgate_chain unexplained = {.broken = true};
	const struct pipgate_finding *f = &audit->findings[index];
	const struct pipgate_component *c = &audit->components[f->component];

	begin(out, '{');
	put_text(out, "component", c->name);
	put_text(out, "version", c->version);
	put_text(out, "id", f->id);
	put_texts(out, "ids", f->ids, f->n_ids);
	put_severity(out, &f->severity);
	key(out, "records");
	begin(out, '[');
	for (size_t i = 0; i < f->n_records; i++)
		put_record(out, context, &f->records[i]);
	end(out, ']');
	put_texts(out, "fixed", f->fixed, f->n_fixed);
	put_bool(out, "malicious", f->malicious);
	put_chain(out, audit, audit->chains ? &audit->chains[index] : &unexplained);
	put_judgement(out, index < audit->verdict.n_judgements ? &audit->verdict.judgements[index] : &unjudged);
	end(out, '}');
}

/* What is said about components themselves. */
static void put_judgements(struct buf *out, const struct audit *audit)
{
	key(out, "judgements");
	begin(out, '[');
	for (size_t i = 0; i < audit->verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &audit->verdict.judgements[i];

		if (j->finding != SIZE_MAX)
			continue;
		begin(out, '{');
		put_text(out, "component", audit->components[j->component].name);
		put_text(out, "version", audit->components[j->component].version);
		put_judgement(out, j);
		end(out, '}');
	}
	end(out, ']');
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
	key(out, "counts");
	begin(out, '{');
	put_number(out, "components", (int64_t)audit->n_components);
	put_number(out, "installed", (int64_t)installed);
	put_number(out, "sdist", (int64_t)sdist);
	put_number(out, "unknown", (int64_t)unknown);
	put_number(out, "findings", (int64_t)audit->n_findings);
	put_number(out, "blocked", (int64_t)by_action[PIPGATE_BLOCK]);
	put_number(out, "warned", (int64_t)by_action[PIPGATE_WARN]);
	put_number(out, "allowed", (int64_t)by_action[PIPGATE_ALLOW]);
	end(out, '}');
}

static void put_head(struct buf *out, const struct audit_context *context)
{
	put_text(out, "schema", SPAN(SCHEMA));
	put_text(out, "pipgate", SPAN(PIPGATE_VERSION));
	put_time(out, "now", context->now);
	put_optional(out, "command", span_of(context->command));
	put_optional(out, "mode", span_of(context->mode));
	put_bool(out, "dry_run", context->dry_run);
	put_optional(out, "pip", span_of(context->pip_version));
	put_optional(out, "python", span_of(context->python));
	put_optional(out, "profile", span_of(context->profile));
}

void report_json(struct buf *out, const struct audit *audit, const struct audit_context *context, const struct report_style *style)
{
	(void)style;
	buf_byte(out, '{');
	put_head(out, context);
	put_database(out, context);
	key(out, "components");
	begin(out, '[');
	for (size_t i = 0; i < audit->n_components; i++)
		put_component(out, audit, i);
	end(out, ']');
	key(out, "findings");
	begin(out, '[');
	for (size_t i = 0; i < audit->n_findings; i++)
		put_finding(out, audit, context, i);
	end(out, ']');
	put_judgements(out, audit);
	key(out, "verdict");
	begin(out, '{');
	put_text(out, "action", span_of(action_word(audit->verdict.action)));
	end(out, '}');
	put_counts(out, audit);
	end(out, '}');
	buf_byte(out, '\n');
}
