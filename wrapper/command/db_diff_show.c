/* SPDX-License-Identifier: Apache-2.0 */
/* How `pipgate db diff` tells what has changed: for people, and as JSON (schema pipgate/db-diff/1). */
#include <inttypes.h>

#include "matcher/base/text.h"
#include "wrapper/command/db_diff.h"
#include "wrapper/database/moment.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define ALIASES_SHOWN 5 /* of one advisory; --json gives all */

const char *const diff_kind_names[DIFF_KINDS] = {
	[DIFF_NEW] = "new",
	[DIFF_GONE] = "gone",
	[DIFF_WITHDRAWN] = "withdrawn",
	[DIFF_CHANGED] = "changed",
};

/* ---- JSON ---- */

static void side_json(struct buf *out, const char *name, const struct diff_side *side)
{
	const struct database_info *info = database_info(side->database);

	json_key(out, name);
	json_begin(out, '{');
	json_text(out, "path", span_of(side->path));
	if (info->serial)
		json_number(out, "serial", info->serial);
	json_time(out, "built", info->built);
	json_end(out, '}');
}

static void record_json(struct buf *out, const char *name, const struct diff_record *r)
{
	if (!r)
		return;
	json_key(out, name);
	json_begin(out, '{');
	json_texts(out, "aliases", r->aliases, r->n_aliases);
	json_text(out, "severity", span_of(pipgate_level_name(r->severity.level)));
	json_optional(out, "vector", r->severity.vector);
	json_text(out, "versions", r->versions);
	json_bool(out, "exploited", r->exploitation.exploited);
	json_share(out, "epss", r->exploitation.has_epss, r->exploitation.epss);
	json_end(out, '}');
}

static void what_json(struct buf *out, const struct diff_change *c)
{
	const struct {
		const char *name;
		bool changed;
	} table[] = {{"versions", c->versions}, {"severity", c->severity}, {"aliases", c->aliases}, {"exploited", c->exploited}, {"epss", c->epss}};

	json_key(out, "changed");
	json_begin(out, '[');
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].changed)
			json_value(out, span_of(table[i].name));
	json_end(out, ']');
}

static void change_json(struct buf *out, const struct diff_change *c)
{
	json_begin(out, '{');
	json_text(out, "id", c->after ? c->after->id : c->before->id);
	json_text(out, "change", span_of(diff_kind_names[c->kind]));
	if (c->kind == DIFF_CHANGED)
		what_json(out, c);
	record_json(out, "old", c->before);
	record_json(out, "new", c->after);
	json_end(out, '}');
}

/* ---- for people ---- */

static void side_print(struct buf *out, const char *label, const struct diff_side *side)
{
	const struct database_info *info = database_info(side->database);
	char time[MOMENT_TEXT];

	buf_format(out, "%s  ", label);
	text_escape(out, span_of(side->path));
	buf_text(out, " (");
	if (info->serial)
		buf_format(out, "serial %" PRId64 ", ", info->serial);
	buf_format(out, "built %s)\n", moment_text(info->built, time));
}

static void severity_print(struct buf *out, struct pipgate_severity severity)
{
	buf_text(out, pipgate_level_name(severity.level));
	if (severity.vector.n)
		buf_format(out, " %u.%u", severity.tenths / 10u, severity.tenths % 10u);
}

static void id_print(struct buf *out, const struct diff_record *r)
{
	text_escape(out, r->id);
	for (size_t i = 0; i < r->n_aliases && i < ALIASES_SHOWN; i++) {
		buf_text(out, i ? ", " : " (");
		text_escape(out, r->aliases[i]);
	}
	if (r->n_aliases > ALIASES_SHOWN)
		buf_format(out, " … and %zu more", r->n_aliases - ALIASES_SHOWN);
	buf_text(out, r->n_aliases ? ")" : "");
}

static void epss_print(struct buf *out, const struct pipgate_exploitation *e)
{
	if (e->has_epss)
		buf_format(out, "%u.%02u %%", e->epss / 100u, e->epss % 100u);
	else
		buf_text(out, "none");
}

/* Those of one list that are not in the other; both are sorted. */
static void aliases_missing(struct buf *out, const struct diff_record *in, const struct diff_record *not_in, const char *sign)
{
	for (size_t i = 0, k = 0, n = 0; i < in->n_aliases; i++) {
		while (k < not_in->n_aliases && span_compare(not_in->aliases[k], in->aliases[i]) < 0)
			k++;
		if (k < not_in->n_aliases && span_equal(not_in->aliases[k], in->aliases[i]))
			continue;
		if (n++ >= ALIASES_SHOWN) {
			buf_format(out, " %s…", sign);
			return;
		}
		buf_format(out, " %s", sign);
		text_escape(out, in->aliases[i]);
	}
}

static void line_begin(struct buf *out, const char *what)
{
	buf_format(out, "             %s ", what);
}

static void what_print(struct buf *out, const struct diff_change *c)
{
	if (c->severity) {
		line_begin(out, "severity");
		severity_print(out, c->before->severity);
		buf_text(out, " → ");
		severity_print(out, c->after->severity);
		buf_byte(out, '\n');
	}
	if (c->versions) {
		line_begin(out, "versions");
		buf_span(out, c->before->versions);
		buf_text(out, " → ");
		buf_span(out, c->after->versions);
		buf_byte(out, '\n');
	}
	if (c->aliases) {
		buf_text(out, "             aliases");
		aliases_missing(out, c->after, c->before, "+");
		aliases_missing(out, c->before, c->after, "-");
		buf_byte(out, '\n');
	}
	if (c->exploited) {
		line_begin(out, c->after->exploitation.exploited ? "exploited: known (KEV)" : "exploited: known no longer");
		buf_byte(out, '\n');
	}
	if (c->epss) {
		line_begin(out, "EPSS");
		epss_print(out, &c->before->exploitation);
		buf_text(out, " → ");
		epss_print(out, &c->after->exploitation);
		buf_byte(out, '\n');
	}
}

static void change_print(struct buf *out, const struct diff_change *c)
{
	const struct diff_record *r = c->after ? c->after : c->before;

	buf_format(out, "  %-9s  ", diff_kind_names[c->kind]);
	id_print(out, r);
	if (c->kind == DIFF_CHANGED) {
		buf_byte(out, '\n');
		what_print(out, c);
		return;
	}
	buf_text(out, "  ");
	severity_print(out, r->severity);
	buf_text(out, "  ");
	buf_span(out, r->versions);
	buf_text(out, r->exploitation.exploited ? "  exploited\n" : "\n");
}

/* ---- both ---- */

void diff_show_begin(struct diff_show *s)
{
	if (!s->json) {
		side_print(&s->out, "old", &s->sides[0]);
		side_print(&s->out, "new", &s->sides[1]);
		return;
	}
	json_begin(&s->out, '{');
	json_text(&s->out, "schema", SPAN("pipgate/db-diff/1"));
	side_json(&s->out, "old", &s->sides[0]);
	side_json(&s->out, "new", &s->sides[1]);
	json_key(&s->out, "distributions");
	json_begin(&s->out, '[');
}

static void name_end(struct diff_show *s)
{
	if (!s->n_names || !s->json)
		return;
	json_end(&s->out, ']');
	json_end(&s->out, '}');
}

void diff_show_name(struct diff_show *s, struct span name)
{
	name_end(s);
	s->n_names++;
	if (!s->json) {
		buf_byte(&s->out, '\n');
		text_escape(&s->out, name);
		buf_byte(&s->out, '\n');
		return;
	}
	json_begin(&s->out, '{');
	json_text(&s->out, "name", name);
	json_key(&s->out, "advisories");
	json_begin(&s->out, '[');
}

void diff_show_change(struct diff_show *s, const struct diff_change *change)
{
	s->n[change->kind]++;
	if (s->json)
		change_json(&s->out, change);
	else
		change_print(&s->out, change);
}

void diff_show_end(struct diff_show *s)
{
	name_end(s);
	if (!s->json) {
		if (!s->n_names) {
			buf_text(&s->out, "\nnothing differs\n");
			return;
		}
		for (size_t i = 0; i < DIFF_KINDS; i++)
			buf_format(&s->out, "%s%zu %s", i ? ", " : "\n", s->n[i], diff_kind_names[i]);
		buf_format(&s->out, "; %zu distribution%s\n", s->n_names, s->n_names == 1 ? "" : "s");
		return;
	}
	json_end(&s->out, ']');
	json_key(&s->out, "counts");
	json_begin(&s->out, '{');
	for (size_t i = 0; i < DIFF_KINDS; i++)
		json_number(&s->out, diff_kind_names[i], (int64_t)s->n[i]);
	json_end(&s->out, '}');
	json_end(&s->out, '}');
	buf_byte(&s->out, '\n');
}
