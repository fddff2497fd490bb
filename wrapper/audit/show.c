/* SPDX-License-Identifier: Apache-2.0 */
/* What reports show of each finding, made once for all formats: ids, texts, the step to the fix, who depends on it. */
#include <stdlib.h>

#include "wrapper/audit/audit.h"
#include "wrapper/pip/index.h"

#include "matcher/base/banned.h"

#define ADVISORY_PAGE "https://osv.dev/vulnerability/"

/* ---- ids ---- */

static bool is_ignored(const struct auditing *a, const struct pipgate_finding *f, bool *matched)
{
	const char *const *ids = a->options.ignored.items;
	bool ignored = false;

	for (size_t i = 0; i < a->options.ignored.n; i++)
		if (pipgate_finding_has_id(f, span_of(ids[i])))
			ignored = matched[i] = true;
	return ignored;
}

static void show_ids(struct auditing *a, const struct pipgate_finding *f, struct finding_shown *out)
{
	struct span *aliases = must(arena_array(a->run, f->n_ids + 1, sizeof(*aliases)));

	out->id = f->id;
	for (size_t i = 0; i < f->n_ids; i++)
		if (!span_equal(f->ids[i], f->id))
			aliases[out->n_aliases++] = f->ids[i];
	out->aliases = aliases;
	out->link = must_span(arena_format(a->run, ADVISORY_PAGE SPAN_FMT, SPAN_ARG(f->id)));
}

/* ---- texts: of the record that has them, the shown id's first ---- */

static enum pipgate_status read_text(struct auditing *a, struct span id, struct finding_shown *out, struct pipgate_error *error)
{
	struct pipgate_advisory advisory;
	struct span text = {NULL, 0};
	enum pipgate_status status = a->advisories.text(a->advisories.ctx, id, &text, error);

	if (status != PIPGATE_OK || !text.n)
		return status;
	status = pipgate_advisory_decode(a->run, PIPGATE_OSV_JSON, text, &advisory, error);
	if (status != PIPGATE_OK)
		return status;
	out->summary = span_trim(advisory.summary);
	out->details = span_trim(advisory.details);
	out->published = advisory.published;
	return PIPGATE_OK;
}

static struct span one_line(struct pipgate_run *run, struct span text)
{
	char *line = text_copy(run, text);

	for (size_t i = 0; i < text.n; i++)
		if (line[i] == '\n')
			line[i] = ' ';
	return (struct span){line, text.n};
}

static enum pipgate_status show_texts(struct auditing *a, const struct pipgate_finding *f, struct finding_shown *out, struct pipgate_error *error)
{
	enum pipgate_status status = read_text(a, f->id, out, error);

	for (size_t i = 0; i < f->n_records && status == PIPGATE_OK && !out->details.n && !out->summary.n; i++)
		status = read_text(a, f->records[i].id, out, error);
	out->description = one_line(a->run, out->summary.n ? out->summary : out->details.n ? out->details : SPAN("N/A"));
	return status;
}

/* ---- the step to the fix ---- */

/* The n-th number of a release: "2.10.1", 1 → 10; text that is none counts as 0. */
static unsigned long release_part(struct span version, unsigned n)
{
	struct span rest = span_trim(version);
	const char *epoch = rest.n ? memchr(rest.p, '!', rest.n) : NULL;
	unsigned long value = 0;

	if (epoch)
		rest = span_from(rest, (size_t)(epoch - rest.p) + 1);
	if (rest.n && (rest.p[0] == 'v' || rest.p[0] == 'V'))
		rest = span_from(rest, 1);
	for (; n && rest.n; n--)
		span_split(&rest, '.');
	for (size_t i = 0; i < rest.n && ascii_digit(rest.p[i]) && value < 1000000000; i++)
		value = value * 10 + (unsigned long)(rest.p[i] - '0');
	return value;
}

static bool same_line(struct span a, struct span b, unsigned parts)
{
	for (unsigned i = 0; i < parts; i++)
		if (release_part(a, i) != release_part(b, i))
			return false;
	return true;
}

static enum upgrade step_to(struct span from, const struct pipgate_finding *f)
{
	if (!f->n_fixed)
		return UPGRADE_NONE;
	if (!same_line(from, f->fixed[0], 1))
		return UPGRADE_MAJOR;
	for (size_t i = 1; i < f->n_fixed; i++)
		if (!same_line(f->fixed[0], f->fixed[i], 2))
			return UPGRADE_BACKPORT;
	return same_line(from, f->fixed[0], 2) ? UPGRADE_PATCH : UPGRADE_MINOR;
}

const char *upgrade_word(enum upgrade upgrade)
{
	static const char *const words[] = {
		[UPGRADE_NONE] = "none", [UPGRADE_PATCH] = "patch", [UPGRADE_MINOR] = "minor", [UPGRADE_MAJOR] = "major",
		[UPGRADE_BACKPORT] = "backport",
	};

	return words[upgrade];
}

const char *since_word(enum since_kind kind)
{
	static const char *const words[] = {
		[SINCE_NOT_ASKED] = "not asked", [SINCE_NEW] = "new", [SINCE_CHANGED] = "changed", [SINCE_SAME] = "same",
	};

	return words[kind];
}

/* ---- all of them ---- */

static void show_place(struct auditing *a, const struct pipgate_finding *f, struct finding_shown *out)
{
	const struct found *found = (const struct found *)a->inventory.found.items + f->component;
	size_t first, end;

	audit_input_range(a, found->input, &first, &end);
	out->direct = found->direct;
	out->dependents = dependents_count(&a->dependents[found->input], f->component - first);
}

static bool texts_wanted(const struct auditing *a)
{
	const struct audit_output *v = a->options.outputs.items;

	for (size_t i = 0; i < a->options.outputs.n; i++)
		if (strcmp(v[i].format, "columns") != 0 || strcmp(a->options.desc, "on") == 0)
			return true;
	return false;
}

static void say_unmatched(const struct auditing *a, const bool *matched)
{
	const char *const *ids = a->options.ignored.items;

	for (size_t i = 0; i < a->options.ignored.n; i++)
		if (!matched[i])
			say("--ignore-vuln %s: no finding has that id", ids[i]);
}

static void count_one(struct audit_report *report, const struct finding_shown *shown, size_t component, size_t *last)
{
	if (shown->pardoned) {
		report->n_pardoned++;
		return;
	}
	report->n_shown++;
	report->n_vulnerable += component != *last;
	*last = component;
}

enum pipgate_status audit_show(struct auditing *a, struct pipgate_error *error)
{
	struct finding_shown *shown = must(arena_array(a->run, a->audit.n_findings + 1, sizeof(*shown)));
	bool *matched = must(arena_array(a->run, a->options.ignored.n + 1, sizeof(*matched)));
	bool texts = texts_wanted(a);
	const struct pip *pip = a->gathering.located ? &a->gathering.pip : NULL;
	size_t last = SIZE_MAX;

	a->report = (struct audit_report){.inventory = &a->inventory, .audit = &a->audit, .context = &a->context, .findings = shown,
		.fix = a->options.fix, .dry_run = a->options.dry_run, .at = a->options.at_seconds};
	for (size_t i = 0; i < a->audit.n_findings; i++) {
		const struct pipgate_finding *f = &a->audit.findings[i];

		show_ids(a, f, &shown[i]);
		shown[i].ignored = is_ignored(a, f, matched);
		shown[i].pardoned = !shown[i].ignored && a->audit.verdict.judgements[i].pardon != PIPGATE_PARDON_NONE;
		shown[i].upgrade = step_to(a->audit.components[f->component].version, f);
		if (shown[i].ignored) {
			a->report.n_ignored++;
			continue;
		}
		show_place(a, f, &shown[i]);
		count_one(&a->report, &shown[i], f->component, &last);
		if (texts && show_texts(a, f, &shown[i], error) != PIPGATE_OK)
			return PIPGATE_FAILED;
	}
	if (a->since)
		audit_since_show(a, shown);
	a->report.project_page = index_project_page(a->run, index_simple(a->run, pip, a->options.source.index_url));
	say_unmatched(a, matched);
	return PIPGATE_OK;
}
