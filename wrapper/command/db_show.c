/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate db show NAME [VERSION]`: the advisories that name a distribution, or only those that a version matches. */
#include <inttypes.h>

#include "matcher/advisory/row.h"
#include "matcher/base/text.h"
#include "wrapper/command/db.h"
#include "wrapper/memory.h"
#include "wrapper/report/affected.h"

#include "matcher/base/banned.h"

struct show {
	struct database *database;
	struct pipgate_run *run, *one; /* one: forgotten at every advisory */
	struct span name;
	struct buf out;
	size_t n; /* printed */
};

struct told { /* of one advisory, out of the compiled row */
	struct span id;
	uint32_t feed;
	struct pipgate_severity severity;
	struct pipgate_exploitation exploitation;
	bool exploit_public;
};

static void line_begin(struct show *s, const char *label)
{
	buf_format(&s->out, "  %-9s ", label);
}

static void line_text(struct show *s, const char *label, struct span text)
{
	if (!text.n)
		return;
	line_begin(s, label);
	text_escape(&s->out, text);
	buf_byte(&s->out, '\n');
}

/* ---- what is affected ---- */

static void fixed_print(struct show *s, const struct pipgate_affected *a)
{
	size_t n = 0;

	for (size_t r = 0; r < a->n_ranges; r++)
		for (size_t i = 0; i < a->ranges[r].n_events; i++) {
			const struct pipgate_event *e = &a->ranges[r].events[i];

			if (e->kind != PIPGATE_EVENT_FIXED)
				continue;
			if (n++)
				buf_text(&s->out, ", ");
			else
				line_begin(s, "fixed in");
			text_escape(&s->out, e->version);
		}
	if (n)
		buf_byte(&s->out, '\n');
}

static void affected_print(struct show *s, const struct pipgate_affected *a)
{
	line_begin(s, "affected");
	affected_write(&s->out, a);
	buf_byte(&s->out, '\n');
	fixed_print(s, a);
}

/* ---- an advisory ---- */

static void severity_print(struct show *s, struct pipgate_severity severity)
{
	line_begin(s, "severity");
	buf_text(&s->out, pipgate_level_name(severity.level));
	if (severity.vector.n) {
		buf_format(&s->out, " %u.%u  ", severity.tenths / 10u, severity.tenths % 10u);
		text_escape(&s->out, severity.vector);
	}
	buf_byte(&s->out, '\n');
}

static void exploitation_print(struct show *s, const struct told *told)
{
	const struct pipgate_exploitation *e = &told->exploitation;

	if (e->exploited)
		line_text(s, "exploited", SPAN("known (KEV)"));
	if (told->exploit_public)
		line_text(s, "exploit", SPAN("public"));
	if (!e->has_epss)
		return;
	line_begin(s, "epss");
	buf_format(&s->out, "%u.%02u %%, above %u.%02u %% of all\n", e->epss / 100u, e->epss % 100u, e->epss_percentile / 100u,
		e->epss_percentile % 100u);
}

static void aliases_print(struct show *s, const struct pipgate_advisory *a)
{
	text_escape(&s->out, a->id);
	for (size_t i = 0; i < a->n_aliases; i++) {
		buf_text(&s->out, i ? ", " : " (");
		text_escape(&s->out, a->aliases[i]);
	}
	buf_text(&s->out, a->n_aliases ? ")\n" : "\n");
}

static enum pipgate_status advisory_print(struct show *s, const struct told *told, struct pipgate_error *error)
{
	const struct database_info *info = database_info(s->database);
	struct pipgate_advisory a;
	struct span text;
	enum pipgate_status status = database_text(s->database, told->id, &text, error);

	if (status != PIPGATE_OK)
		return status;
	if (!text.n)
		return error_set(error, PIPGATE_INVALID, SPAN_FMT ": its text is missing; make the database anew: pipgate db update",
			SPAN_ARG(told->id));
	pipgate_run_reset(s->one);
	status = pipgate_advisory_decode(s->one, PIPGATE_OSV_JSON, text, &a, error);
	if (status != PIPGATE_OK)
		return status;
	if (s->n++)
		buf_byte(&s->out, '\n');
	aliases_print(s, &a);
	line_text(s, "summary", a.summary);
	severity_print(s, told->severity);
	exploitation_print(s, told);
	for (size_t i = 0; i < a.n_affected; i++)
		if (span_equal(a.affected[i].name, s->name))
			affected_print(s, &a.affected[i]);
	line_text(s, "published", a.published);
	line_text(s, "modified", a.modified);
	if (told->feed < info->n_feeds)
		line_text(s, "feed", info->feeds[told->feed].name);
	for (size_t i = 0; i < a.n_references; i++)
		line_text(s, i ? "" : "see", a.references[i].url);
	return PIPGATE_OK;
}

/* ---- which of them ---- */

static enum pipgate_status all_print(struct show *s, struct pipgate_error *error)
{
	const struct pipgate_cursor cursor = database_cursor(s->database);
	struct span bytes, last = {NULL, 0};
	struct row row;
	enum pipgate_status status = cursor.seek(cursor.ctx, s->name, &bytes, error);

	if (status != PIPGATE_OK || !bytes.n)
		return status;
	if (!row_open(bytes, &row))
		return error_set(error, PIPGATE_INVALID, "its record is none");
	for (size_t i = 0; i < row.n_records && status == PIPGATE_OK; i++) {
		struct row_head head;
		struct row_body body;

		if (!row_next(&row, &head) || !row_body(&head, &body))
			return error_set(error, PIPGATE_INVALID, "its record is none");
		if (last.p && span_equal(last, body.id)) /* an advisory may name a distribution twice */
			continue;
		last = body.id;
		status = advisory_print(s, &(struct told){body.id, body.feed, body.severity, body.exploitation, body.exploit_public},
			error);
	}
	return status;
}

static struct told told_of(const struct pipgate_finding *f, const struct pipgate_record *r)
{
	return (struct told){
		.id = r->id,
		.feed = r->feed,
		.severity = r->severity,
		.exploitation = {f->exploited, f->has_epss, f->epss, f->epss_percentile},
		.exploit_public = f->exploit_public,
	};
}

static enum pipgate_status matching_print(struct show *s, const char *version, struct pipgate_error *error)
{
	const struct pipgate_cursor cursor = database_cursor(s->database);
	const struct pipgate_component component = {.name = s->name, .shown_name = s->name, .version = span_of(version)};
	struct pipgate_match match;
	enum pipgate_status status = pipgate_match(s->run, &component, 0, &cursor, &match, error);

	if (status != PIPGATE_OK)
		return status;
	if (match.unknown)
		say("%s is no version (PEP 440): ranges cannot be decided", version);
	for (size_t f = 0; f < match.n_findings; f++)
		for (size_t i = 0; i < match.findings[f].n_records && status == PIPGATE_OK; i++) {
			const struct told told = told_of(&match.findings[f], &match.findings[f].records[i]);

			status = advisory_print(s, &told, error);
		}
	return status;
}

int db_show(const struct db_options *options)
{
	const char *name = options->words[0], *version = options->n_words > 1 ? options->words[1] : NULL;
	struct show s = {.n = 0};
	struct database_place place;
	struct pipgate_error error;
	enum pipgate_status status;
	int code;

	s.database = db_open(options, &place);
	if (!s.database)
		return EXIT_UNDECIDED;
	if (pipgate_run_new(NULL, &s.run) != PIPGATE_OK || pipgate_run_new(NULL, &s.one) != PIPGATE_OK ||
	    pipgate_name_normalize(s.run, span_of(name), &s.name) != PIPGATE_OK)
		die_no_memory();
	buf_init(&s.out, NULL, DB_OUTPUT_MAX);
	status = version ? matching_print(&s, version, &error) : all_print(&s, &error);
	if (status == PIPGATE_OK && !s.n) {
		buf_text(&s.out, "no advisory names ");
		text_escape(&s.out, s.name);
		if (version) {
			buf_byte(&s.out, ' ');
			text_escape(&s.out, span_of(version));
		}
		buf_byte(&s.out, '\n');
	}
	if (status == PIPGATE_OK) {
		code = db_print(&s.out);
	} else {
		buf_fini(&s.out);
		code = say_error(EXIT_UNDECIDED, "%s: %s", name, error.text);
	}
	database_close(&s.database);
	pipgate_run_free(&s.run);
	pipgate_run_free(&s.one);
	return code;
}
