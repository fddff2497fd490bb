/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's words: the findings, the decision and its reason, a way on, and what was examined. */
#include "matcher/base/text.h"
#include "wrapper/memory.h"
#include "wrapper/report/grid.h"
#include "wrapper/report/lines.h"

#include "matcher/base/banned.h"

#define LINE_MAX_BYTES ((size_t)64 << 10)
#define REASONS_MAX 5  /* groups of judgements with one reason that a terminal is told of */
#define SHOWN_MAX 10   /* distributions named in one line */

struct sheet {
	struct buf *out;
	const struct audit *audit;
	const struct audit_context *context;
	const struct report_style *style;
	struct buf line;
	bool *seen; /* per component, cleared before each use */
};

/* ---- lines ---- */

static void line_end(struct sheet *s)
{
	if (buf_status(&s->line) == PIPGATE_NO_MEMORY)
		die_no_memory();
	lines_wrap(s->out, buf_view(&s->line), s->style->width);
	buf_clear(&s->line);
}

static void line_component(struct sheet *s, size_t index)
{
	text_escape(&s->line, s->audit->components[index].name);
	buf_byte(&s->line, ' ');
	text_escape(&s->line, s->audit->components[index].version);
}

/* A list of distributions as it grows: ", " between them, each once, SHOWN_MAX at most (all: every one). */
struct names {
	size_t shown, more;
	bool all;
};

static bool names_take(struct sheet *s, struct names *names, size_t index)
{
	if (s->seen[index])
		return false;
	s->seen[index] = true;
	if (names->shown == SHOWN_MAX && !names->all) {
		names->more++;
		return false;
	}
	if (names->shown++)
		buf_text(&s->line, ", ");
	line_component(s, index);
	return true;
}

static void names_begin(struct sheet *s)
{
	memset(s->seen, 0, s->audit->n_components * sizeof(*s->seen));
}

static void names_end(struct sheet *s, const struct names *names)
{
	if (names->more)
		buf_format(&s->line, " and %zu more", names->more);
}

/* ---- the decision ---- */

/* What is built from source has a line of its own. */
static bool said_elsewhere(const struct pipgate_judgement *j)
{
	return j->rule == PIPGATE_RULE_SDIST && j->action != PIPGATE_BLOCK;
}

/* One line for all judgements that share this one's reason. */
static void reason_line(struct sheet *s, const char *head, const struct pipgate_judgement *judgement)
{
	const struct pipgate_verdict *v = &s->audit->verdict;
	struct names names = {0};

	buf_format(&s->line, "%s ", head);
	names_begin(s);
	for (const struct pipgate_judgement *j = judgement; j < v->judgements + v->n_judgements; j++)
		if (j->action == judgement->action && span_equal(j->reason, judgement->reason))
			names_take(s, &names, j->component);
	names_end(s, &names);
	buf_text(&s->line, ": ");
	text_escape(&s->line, judgement->reason);
	line_end(s);
}

static void reason_lines(struct sheet *s, const char *head, enum pipgate_action action)
{
	const struct pipgate_verdict *v = &s->audit->verdict;
	const struct pipgate_judgement *told[REASONS_MAX];
	size_t n = 0, more = 0;

	for (size_t i = 0; i < v->n_judgements; i++) {
		const struct pipgate_judgement *j = &v->judgements[i];
		bool known = j->action != action || said_elsewhere(j);

		for (size_t k = 0; k < n && !known; k++)
			known = span_equal(told[k]->reason, j->reason);
		if (known)
			continue;
		if (n == REASONS_MAX) {
			more++;
			continue;
		}
		told[n++] = j;
		reason_line(s, head, j);
	}
	if (more) {
		buf_format(&s->line, "and %zu more, which --gate-report tells", more);
		line_end(s);
	}
}

static const char *nothing_done(const struct audit_context *context)
{
	static const struct {
		const char *command, *words;
	} table[] = {
		{"install", "nothing was installed"},
		{"download", "nothing was downloaded"},
		{"wheel", "nothing was built"},
	};

	for (size_t i = 0; context->command && i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].command, context->command))
			return table[i].words;
	return table[0].words;
}

/* ---- a way on ---- */

static bool version_less(struct sheet *s, struct span a, struct span b)
{
	struct pipgate_version x, y;

	return pipgate_version_parse(s->audit->run, a, &x) == PIPGATE_OK && pipgate_version_parse(s->audit->run, b, &y) == PIPGATE_OK &&
		pipgate_key_compare(x.key, y.key) < 0;
}

/* The lowest release that all blocking findings of a component, from the first on, call fixed; n 0: none is known. */
static struct span fixed_release(struct sheet *s, size_t first)
{
	const struct audit *a = s->audit;
	struct span highest = {NULL, 0};

	for (size_t i = first; i < a->n_findings; i++) {
		const struct pipgate_finding *f = &a->findings[i];

		if (f->component != a->findings[first].component || a->verdict.judgements[i].action != PIPGATE_BLOCK)
			continue;
		if (!f->n_fixed)
			return (struct span){NULL, 0};
		if (!highest.n || version_less(s, highest, f->fixed[0]))
			highest = f->fixed[0];
	}
	return highest;
}

static void fixed_releases(struct sheet *s)
{
	const struct audit *a = s->audit;
	size_t shown = 0, more = 0;

	names_begin(s);
	for (size_t i = 0; i < a->n_findings; i++) {
		size_t component = a->findings[i].component;
		struct span fixed;

		if (a->verdict.judgements[i].action != PIPGATE_BLOCK || s->seen[component])
			continue;
		s->seen[component] = true;
		if (shown == SHOWN_MAX) {
			more++;
			continue;
		}
		fixed = fixed_release(s, i);
		buf_text(&s->line, shown++ ? ", " : "; a fixed release: ");
		text_escape(&s->line, a->components[component].name);
		buf_byte(&s->line, ' ');
		text_escape(&s->line, fixed.n ? fixed : SPAN("(none known)"));
	}
	if (more)
		buf_format(&s->line, " and %zu more", more);
}

static void blocked(struct sheet *s)
{
	reason_lines(s, s->context->dry_run ? "would be blocked:" : "blocked:", PIPGATE_BLOCK);
	buf_text(&s->line, nothing_done(s->context));
	fixed_releases(s);
	line_end(s);
	if (s->context->exception_hint) {
		buf_text(&s->line, "to let it pass: ");
		text_escape(&s->line, span_of(s->context->exception_hint));
		line_end(s);
	}
}

/* ---- what was examined ---- */

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
	if (__builtin_sub_overflow(c->now, c->database->built, &age) || age < 0)
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

/* "2 distributions audited, 3 findings: 1 blocks, 2 warn (advisories of 2 days ago)" */
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

		if (!n)
			continue;
		buf_format(&s->line, "%s%zu %s", before, n, n == 1 ? table[i].one : table[i].many);
		before = ", ";
	}
	database_words(s);
	line_end(s);
}

static void source_line(struct sheet *s)
{
	bool plan = s->context->mode && !strcmp(s->context->mode, "plan");
	struct names names = {.all = true};

	names_begin(s);
	for (size_t i = 0; i < s->audit->n_components; i++) {
		const struct pipgate_component *c = &s->audit->components[i];

		if (!c->sdist || c->origin == PIPGATE_ORIGIN_INSTALLED)
			continue;
		if (!names.shown)
			buf_text(&s->line, plan ? "built from source before the audit: " : "builds from source: ");
		names_take(s, &names, i);
	}
	if (!names.shown)
		return;
	if (plan)
		buf_format(&s->line, " (%s build code ran to make the plan)", names.shown == 1 ? "its" : "their");
	line_end(s);
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

	names_begin(s);
	for (size_t i = 0; i < s->audit->n_components; i++) {
		const char *words = by_name_only(s->audit->components[i].origin);

		if (!words)
			continue;
		if (!names.shown)
			buf_text(&s->line, "audited by name and version only: ");
		if (names_take(s, &names, i))
			buf_format(&s->line, " (%s)", words);
	}
	if (!names.shown)
		return;
	names_end(s, &names);
	line_end(s);
}

static void starter_line(struct sheet *s)
{
	if (!s->context->database || s->context->database_kind != DATABASE_STARTER)
		return;
	buf_text(&s->line, "the starter set knows few advisories and counts as missing: run `pipgate db update`");
	line_end(s);
}

static void findings(struct sheet *s)
{
	size_t left_out = s->audit->n_findings ? grid_write(s->out, s->audit, s->style) : 0;

	if (!left_out)
		return;
	buf_format(&s->line, "and %zu more findings, which --gate-report tells", left_out);
	line_end(s);
}

void report_table(struct buf *out, const struct audit *audit, const struct audit_context *context, const struct report_style *style)
{
	struct sheet s = {.out = out, .audit = audit, .context = context, .style = style};

	buf_init(&s.line, NULL, LINE_MAX_BYTES);
	s.seen = must(arena_array(audit->run, audit->n_components, sizeof(*s.seen)));
	if (audit->verdict.action == PIPGATE_UNDECIDED || audit->verdict.n_judgements < audit->n_findings) {
		buf_format(&s.line, "could not decide; %s", nothing_done(context));
		line_end(&s);
	} else {
		findings(&s);
		if (audit->verdict.action == PIPGATE_BLOCK)
			blocked(&s);
		else
			reason_lines(&s, "warning:", PIPGATE_WARN);
		if (audit->verdict.action == PIPGATE_ALLOW && audit->n_findings)
			reason_lines(&s, "allowed:", PIPGATE_ALLOW);
		source_line(&s);
		origin_line(&s);
		starter_line(&s);
		counts_line(&s);
	}
	buf_fini(&s.line);
}
