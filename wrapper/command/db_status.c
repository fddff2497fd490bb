/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate db status`: where the database is, how old, what is in it and what was not taken. */
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "matcher/base/json.h"
#include "matcher/base/text.h"
#include "wrapper/command/db.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/update.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define REFUSED_SHOWN 10 /* of the refused records; --json gives all that were kept */

struct status {
	struct database *database;
	const struct database_info *info;
	struct database_place place;
	int64_t age, size, serial; /* serial 0: none */
	struct buf out;
	size_t n_refused; /* printed */
	struct pipgate_run *run;
};

static const char *kind_name(enum database_kind kind)
{
	static const char *const names[] = {
		[DATABASE_NAMED] = "named",
		[DATABASE_USER] = "user",
		[DATABASE_SYSTEM] = "system",
		[DATABASE_STARTER] = "starter",
	};

	return names[kind];
}

/* ---- JSON ---- */

static void json_text(struct buf *out, const char *before, struct span text)
{
	buf_text(out, before);
	json_quote(out, text);
}

static void json_number(struct buf *out, const char *before, int64_t value)
{
	buf_format(out, "%s%" PRId64, before, value);
}

static void json_feed(struct status *s, const struct database_feed *f)
{
	struct buf *out = &s->out;
	char time[MOMENT_TEXT];
	struct span failure;
	int64_t failed = update_failure(s->run, s->place.path, f->name, &failure);

	json_text(out, "{\"name\": ", f->name);
	json_text(out, ", \"kind\": ", f->kind);
	json_text(out, ", \"place\": ", f->place);
	json_text(out, ", \"newest\": ", span_of(moment_text(f->time, time)));
	json_number(out, ", \"accepted\": ", f->accepted);
	json_number(out, ", \"withdrawn\": ", f->withdrawn);
	json_number(out, ", \"refused\": ", f->refused);
	if (f->sha256.n)
		json_text(out, ", \"sha256\": ", f->sha256);
	if (failed) {
		json_text(out, ", \"failed\": ", span_of(moment_text(failed, time)));
		json_text(out, ", \"failure\": ", failure);
	}
	buf_byte(out, '}');
}

static void json_refused(void *ctx, const struct database_refused *r)
{
	struct status *s = ctx;

	json_text(&s->out, s->n_refused++ ? ",\n    {\"feed\": " : "\n    {\"feed\": ", s->info->feeds[r->feed].name);
	json_text(&s->out, ", \"item\": ", r->item);
	json_text(&s->out, ", \"reason\": ", r->reason);
	buf_byte(&s->out, '}');
}

static enum pipgate_status json_print(struct status *s, struct pipgate_error *error)
{
	struct buf *out = &s->out;
	char time[MOMENT_TEXT];
	enum pipgate_status status;

	json_text(out, "{\n  \"schema\": \"pipgate/db-status/1\",\n  \"path\": ", span_of(s->place.path));
	json_text(out, ",\n  \"kind\": ", span_of(kind_name(s->place.kind)));
	json_text(out, ",\n  \"built\": ", span_of(moment_text(s->info->built, time)));
	json_text(out, ",\n  \"time\": ", span_of(moment_text(s->info->time, time)));
	if (s->serial)
		json_number(out, ",\n  \"serial\": ", s->serial);
	json_number(out, ",\n  \"age_seconds\": ", s->age);
	json_number(out, ",\n  \"bytes\": ", s->size);
	json_number(out, ",\n  \"names\": ", s->info->names);
	json_number(out, ",\n  \"records\": ", s->info->records);
	buf_text(out, ",\n  \"feeds\": [");
	for (size_t i = 0; i < s->info->n_feeds; i++) {
		buf_text(out, i ? ",\n    " : "\n    ");
		json_feed(s, &s->info->feeds[i]);
	}
	buf_text(out, "\n  ],\n  \"refused\": [");
	status = database_refused_each(s->database, json_refused, s, error);
	buf_text(out, s->n_refused ? "\n  ]\n}\n" : "]\n}\n");
	return status;
}

/* ---- for people ---- */

static const char *age_text(int64_t seconds, char out[48])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;

	if (seconds < 0) {
		snprintf(out, 48, "in the future");
		return out;
	}
	while (i < 3 && seconds < units[i].seconds)
		i++;
	seconds /= units[i].seconds;
	snprintf(out, 48, "%" PRId64 " %s%s old", seconds, units[i].name, seconds == 1 ? "" : "s");
	return out;
}

static void cell_set(struct libscols_line *line, size_t column, struct span text)
{
	char *copy = must(strndup(text.n ? text.p : "", text.n));

	if (scols_line_refer_data(line, column, copy) != 0)
		die_no_memory();
}

static void cell_number(struct libscols_line *line, size_t column, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	cell_set(line, column, span_of(text));
}

static void feeds_table(struct status *s)
{
	static const char *const names[] = {"FEED", "KIND", "ACCEPTED", "WITHDRAWN", "REFUSED", "NEWEST", "PLACE"};
	struct libscols_table *table = must(scols_new_table());
	char *text = NULL, time[MOMENT_TEXT];

	scols_table_enable_maxout(table, 0);
	scols_table_enable_nowrap(table, 1); /* an address stays in one piece */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		must(scols_table_new_column(table, names[i], 0, i >= 2 && i <= 4 ? SCOLS_FL_RIGHT : 0));
	for (size_t i = 0; i < s->info->n_feeds; i++) {
		const struct database_feed *f = &s->info->feeds[i];
		struct libscols_line *line = must(scols_table_new_line(table, NULL));

		cell_set(line, 0, f->name);
		cell_set(line, 1, f->kind);
		cell_number(line, 2, f->accepted);
		cell_number(line, 3, f->withdrawn);
		cell_number(line, 4, f->refused);
		cell_set(line, 5, span_of(moment_text(f->time, time)));
		cell_set(line, 6, f->place);
	}
	if (scols_print_table_to_string(table, &text) != 0)
		die_no_memory();
	buf_format(&s->out, "\n%s", text);
	if (s->info->n_feeds)
		buf_byte(&s->out, '\n');
	free(text);
	scols_unref_table(table);
}

/* Feeds whose data are not those of the last update: it asked in vain. */
static void failures_print(struct status *s)
{
	char time[MOMENT_TEXT];

	for (size_t i = 0; i < s->info->n_feeds; i++) {
		struct span failure;
		int64_t failed = update_failure(s->run, s->place.path, s->info->feeds[i].name, &failure);

		if (!failed)
			continue;
		text_escape(&s->out, s->info->feeds[i].name);
		buf_format(&s->out, ": the update of %s failed: ", moment_text(failed, time));
		text_escape(&s->out, failure);
		buf_byte(&s->out, '\n');
	}
}

static void refused_print(void *ctx, const struct database_refused *r)
{
	struct status *s = ctx;

	if (s->n_refused++ >= REFUSED_SHOWN)
		return;
	buf_text(&s->out, s->n_refused == 1 ? "\nrefused:\n  " : "  ");
	text_escape(&s->out, s->info->feeds[r->feed].name);
	buf_text(&s->out, ": ");
	text_escape(&s->out, r->item);
	buf_text(&s->out, ": ");
	text_escape(&s->out, r->reason);
	buf_byte(&s->out, '\n');
}

static enum pipgate_status text_print(struct status *s, struct pipgate_error *error)
{
	struct buf *out = &s->out;
	char time[MOMENT_TEXT], age[48];
	enum pipgate_status status;
	int64_t all = 0;

	buf_text(out, "database  ");
	text_escape(out, span_of(s->place.path));
	buf_format(out, " (%s%s)\n", kind_name(s->place.kind), s->place.kind == DATABASE_STARTER ? " set: counts as missing" : "");
	buf_format(out, "built     %s\n", moment_text(s->info->built, time));
	buf_format(out, "as of     %s (%s)\n", moment_text(s->info->time, time), age_text(s->age, age));
	buf_format(out, "holds     %" PRId64 " advisories for %" PRId64 " distributions, %.1f MB\n", s->info->records, s->info->names,
		   (double)s->size / 1e6);
	if (s->serial)
		buf_format(out, "serial    %" PRId64 "\n", s->serial);
	feeds_table(s);
	failures_print(s);
	status = database_refused_each(s->database, refused_print, s, error);
	for (size_t i = 0; i < s->info->n_feeds; i++)
		all += s->info->feeds[i].refused;
	if (all > REFUSED_SHOWN)
		buf_format(out, "  … and %" PRId64 " more\n", all - REFUSED_SHOWN);
	return status;
}

int db_status(const struct db_options *options)
{
	struct status s = {.age = 0};
	struct pipgate_error error;
	enum pipgate_status status;
	struct stat st;

	s.database = db_open(options, &s.place);
	if (!s.database)
		return EXIT_UNDECIDED;
	s.info = database_info(s.database);
	if (pipgate_run_new(NULL, &s.run) != PIPGATE_OK)
		die_no_memory();
	s.age = (int64_t)time(NULL) - s.info->time;
	s.serial = s.place.kind == DATABASE_STARTER ? 0 : s.info->serial; /* the set that ships replaces nothing */
	if (stat(s.place.path, &st) == 0)
		s.size = st.st_size;
	buf_init(&s.out, NULL, DB_OUTPUT_MAX);
	status = options->json ? json_print(&s, &error) : text_print(&s, &error);
	database_close(&s.database);
	pipgate_run_free(&s.run);
	if (status == PIPGATE_OK)
		return db_print(&s.out);
	buf_fini(&s.out);
	return say_error(EXIT_UNDECIDED, "%s", error.text);
}
