/* SPDX-License-Identifier: Apache-2.0 */
/* What was examined, in words: how many, against which data, what could not be and what ran before it could. */
#include "wrapper/report/sheet.h"

#include "matcher/base/banned.h"

static void age_words(struct buf *line, int64_t seconds)
{
	static const struct {
		int64_t below, unit;
		const char *name;
	} table[] = {{2 * 3600, 60, "minute"}, {2 * 86400, 3600, "hour"}, {INT64_MAX, 86400, "day"}};
	size_t i = 0;

	while (seconds >= table[i].below)
		i++;
	buf_format(line, "%lld %s%s ago", (long long)(seconds / table[i].unit), table[i].name, seconds / table[i].unit == 1 ? "" : "s");
}

static void database_words(struct sheet *s)
{
	const struct audit_context *c = s->context;
	int64_t age;

	if (!c->database) {
		buf_text(&s->line, " (no advisory database)");
		return;
	}
	buf_text(&s->line, c->database_kind == DATABASE_STARTER ? " (starter set of " : " (advisories of ");
	if (__builtin_sub_overflow(c->now, c->database->time, &age) || age < 0)
		buf_text(&s->line, "a time to come)");
	else {
		age_words(&s->line, age);
		buf_byte(&s->line, ')');
	}
}

static void plural(struct buf *line, size_t n, const char *noun)
{
	buf_format(line, "%zu %s%s", n, noun, n == 1 ? "" : "s");
}

static size_t judged(const struct audit *audit, enum pipgate_action action)
{
	size_t n = 0;

	for (size_t i = 0; i < audit->n_findings; i++)
		n += audit->verdict.judgements[i].action == action;
	return n;
}

static size_t unknown_versions(const struct audit *audit)
{
	size_t n = 0;

	for (size_t i = 0; i < audit->n_components; i++)
		n += audit->unknown[i];
	return n;
}

/* "2 distributions audited, 3 findings: 1 blocks, 2 warn (advisories of 2 days ago)"; of a clean plan all that is said. */
static void counts_line(struct sheet *s)
{
	static const struct {
		enum pipgate_action action;
		const char *one, *many;
	} table[] = {{PIPGATE_BLOCK, "blocks", "block"}, {PIPGATE_WARN, "warns", "warn"}, {PIPGATE_ALLOW, "allowed", "allowed"}};
	const struct audit *a = s->audit;
	size_t unknown = unknown_versions(a);
	const char *before = ": ";

	plural(&s->line, a->n_components - unknown, "distribution");
	buf_text(&s->line, " audited, ");
	if (unknown)
		buf_format(&s->line, "%zu could not be, ", unknown);
	if (a->n_findings)
		plural(&s->line, a->n_findings, "finding");
	else
		buf_text(&s->line, "no known vulnerabilities");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t n = judged(a, table[i].action);

		if (!n || a->n_findings == 1)
			continue;
		buf_format(&s->line, "%s%zu %s", before, n, n == 1 ? table[i].one : table[i].many);
		before = ", ";
	}
	database_words(s);
	if (a->n_findings || unknown)
		sheet_end(s);
	else
		sheet_end_whole(s);
}

static void source_line(struct sheet *s)
{
	static const char *const planned[] = {"plan", "download", "inline"}; /* pip had to build to know its plan */
	const char *mode = s->context->mode ? s->context->mode : "";
	bool plan = false;
	struct names names = {.all = true};

	for (size_t i = 0; i < sizeof(planned) / sizeof(*planned); i++)
		plan |= strcmp(mode, planned[i]) == 0;
	sheet_names_begin(s);
	for (size_t i = 0; i < s->audit->n_components; i++) {
		const struct pipgate_component *c = &s->audit->components[i];

		if (!c->sdist || c->origin == PIPGATE_ORIGIN_INSTALLED)
			continue;
		if (!names.shown)
			buf_text(&s->line, plan ? "built from source before the audit: " : "builds from source: ");
		sheet_names_take(s, &names, i);
	}
	if (!names.shown)
		return;
	if (plan)
		buf_format(&s->line, " (%s build code ran to make the plan)", names.shown == 1 ? "its" : "their");
	sheet_end(s);
}

static const char *by_name_only(enum pipgate_origin origin)
{
	static const char *const words[] = {
		[PIPGATE_ORIGIN_URL] = "a URL",
		[PIPGATE_ORIGIN_VCS] = "version control",
		[PIPGATE_ORIGIN_DIRECTORY] = "a local folder",
		[PIPGATE_ORIGIN_ARCHIVE] = "a local file",
		[PIPGATE_ORIGIN_EDITABLE] = "editable",
	};

	return (size_t)origin < sizeof(words) / sizeof(*words) ? words[origin] : NULL;
}

static void origin_line(struct sheet *s)
{
	struct names names = {0};

	sheet_names_begin(s);
	for (size_t i = 0; i < s->audit->n_components; i++) {
		const char *words = by_name_only(s->audit->components[i].origin);

		if (!words)
			continue;
		if (!names.shown)
			buf_text(&s->line, "audited by name and version only: ");
		if (sheet_names_take(s, &names, i))
			buf_format(&s->line, " (%s)", words);
	}
	if (!names.shown)
		return;
	sheet_names_end(s, &names);
	sheet_end(s);
}

static void starter_line(struct sheet *s)
{
	if (!s->context->database || s->context->database_kind != DATABASE_STARTER)
		return;
	buf_text(&s->line, "the starter set knows few advisories and counts as missing: run `pipgate db update`");
	sheet_end(s);
}

void sheet_examined(struct sheet *s)
{
	source_line(s);
	origin_line(s);
	starter_line(s);
	counts_line(s);
}
