/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safety-db's insecure_full.json (the distribution safety-db on a package index carries it): under each name its
 * vulnerabilities, and in "$meta" when it was made. A vulnerability becomes an advisory of that one distribution, which
 * bears its CVE ids as aliases; "specs" are specifier sets, of which one is enough.
 */
#include <stdlib.h>

#include "matcher/base/json.h"
#include "wrapper/database/exploitation.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/reading.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define META "$meta"
#define PREFIX "pyup.io-"
#define NUMBER_MAX 12         /* digits of an id; real ones have five */
#define TIME_MAX 253402300799 /* 9999-12-31T23:59:59Z */
#define SUMMARY_MAX 160       /* bytes of the text that stand for all of it */

struct vulnerability { /* spans of the tree */
	struct span name;  /* as written */
	const cJSON *entry;
	struct span id;    /* the number alone */
};

/* ---- one vulnerability ---- */

/* "pyup.io-25853", or in newer ones "25853". Empty: neither. */
static struct span id_number(const cJSON *entry)
{
	struct span id = json_string(json_member(entry, "id"));

	if (span_starts(id, SPAN(PREFIX)))
		id = span_from(id, sizeof(PREFIX) - 1);
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_digit(id.p[i]))
			return SPAN("");
	return id.n <= NUMBER_MAX ? id : SPAN("");
}

/* "CVE-2020-1", "CVE-2020-1,CVE-2020-2" or null. */
static void aliases_take(struct pipgate_run *run, const cJSON *entry, struct pipgate_advisory *out)
{
	struct span rest = json_string(json_member(entry, "cve"));
	struct list aliases = {0};

	while (rest.n) {
		struct span cve = span_trim(span_split(&rest, ','));

		if (exploitation_cve(cve))
			*(struct span *)must(list_push(run, &aliases, sizeof(cve))) = cve;
	}
	out->aliases = aliases.items;
	out->n_aliases = aliases.n;
}

/* A set that cannot be read is refused, and the others stay. */
static enum pipgate_status specs_take(struct reading *r, struct span shown, const cJSON *entry, struct pipgate_affected *out,
	struct pipgate_error *error)
{
	const cJSON *specs = json_member(entry, "specs");
	struct list sets = {0};
	enum pipgate_status status = PIPGATE_OK;

	if (!cJSON_IsArray(specs) || !specs->child)
		return reading_refuse(r, shown, SPAN("specs: a list of specifiers expected"), error);
	for (const cJSON *item = specs->child; item && status == PIPGATE_OK; item = item->next) {
		struct span set = json_string(item);
		bool ignored;

		status = set.p ? pipgate_specifier_contains(r->run, set, SPAN("0"), PIPGATE_PRERELEASES_YES, &ignored) : PIPGATE_INVALID;
		if (status == PIPGATE_OK)
			*(struct span *)must(list_push(r->run, &sets, sizeof(set))) = set;
		else if (status == PIPGATE_INVALID)
			status = reading_refuse(r, shown, must_span(arena_format(r->run, "specs: '" SPAN_FMT "' is no specifier",
				(int)(set.n > 100 ? 100 : set.n), set.p)), error);
	}
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	out->specifiers = sets.items;
	out->n_specifiers = sets.n;
	return status;
}

/* The beginning of the text that is one line, cut between words. */
static void text_take(struct pipgate_run *run, const cJSON *entry, struct pipgate_advisory *out)
{
	struct span text = span_trim(json_string(json_member(entry, "advisory"))), rest = text, line = span_trim(span_split(&rest, '\n'));
	size_t n = SUMMARY_MAX;

	if (line.n <= SUMMARY_MAX) {
		out->summary = line;
	} else {
		while (n && line.p[n] != ' ')
			n--;
		out->summary = n ? must_span(arena_format(run, "%.*s …", (int)n, line.p)) : SPAN("");
	}
	if (!span_equal(out->summary, text))
		out->details = text;
}

static enum pipgate_status vulnerability_take(struct reading *r, const struct vulnerability *v, bool twice, struct span made,
	struct pipgate_error *error)
{
	struct pipgate_affected affected = {.name = {"", 0}};
	struct pipgate_advisory advisory = {.modified = made, .affected = &affected, .n_affected = 1};
	struct span shown;
	enum pipgate_status status;

	pipgate_run_reset(r->run);
	shown = must_span(arena_format(r->run, SPAN_FMT "%s" SPAN_FMT, SPAN_ARG(v->name), v->id.n ? " " : "", SPAN_ARG(v->id)));
	if (!v->id.n)
		return reading_refuse(r, shown, SPAN("id: '" PREFIX "NUMBER' expected"), error);
	if (twice)
		return reading_refuse(r, shown, SPAN("its id is there twice"), error);
	if (pipgate_name_normalize(r->run, v->name, &affected.name) != PIPGATE_OK)
		die_no_memory();
	status = specs_take(r, shown, v->entry, &affected, error);
	if (status != PIPGATE_OK || !affected.n_specifiers)
		return status;
	advisory.id = must_span(arena_format(r->run, PREFIX SPAN_FMT, SPAN_ARG(v->id)));
	aliases_take(r->run, v->entry, &advisory);
	text_take(r->run, v->entry, &advisory);
	return reading_advisory(r, shown, &advisory, error);
}

/* ---- all of them ---- */

static int vulnerability_order(const void *a, const void *b)
{
	const struct vulnerability *x = a, *y = b;
	int order = span_compare(x->id, y->id);

	return order ? order : span_compare(x->name, y->name);
}

static enum pipgate_status collect(struct reading *r, struct pipgate_run *run, const cJSON *tree, struct list *out,
	struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	for (const cJSON *member = tree->child; member && status == PIPGATE_OK; member = member->next) {
		if (strcmp(member->string, META) == 0)
			continue;
		if (!cJSON_IsArray(member))
			status = reading_refuse(r, span_of(member->string), SPAN("a list of vulnerabilities expected"), error);
		else
			for (const cJSON *entry = member->child; entry; entry = entry->next)
				*(struct vulnerability *)must(list_push(run, out, sizeof(struct vulnerability))) =
					(struct vulnerability){span_of(member->string), entry, id_number(entry)};
	}
	return status;
}

static enum pipgate_status all_take(struct reading *r, const cJSON *tree, struct span made, struct pipgate_error *error)
{
	struct pipgate_run *run = NULL;
	struct list list = {0};
	struct vulnerability *v;
	enum pipgate_status status;

	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = collect(r, run, tree, &list, error);
	v = list.items;
	if (list.n > 1)
		qsort(v, list.n, sizeof(*v), vulnerability_order);
	for (size_t i = 0; i < list.n && status == PIPGATE_OK; i++)
		status = vulnerability_take(r, &v[i], i > 0 && span_equal(v[i - 1].id, v[i].id), made, error);
	pipgate_run_free(&run);
	return status;
}

/* Seconds since 1970. */
static enum pipgate_status time_take(struct reading *r, const cJSON *tree, char made[MOMENT_TEXT], struct pipgate_error *error)
{
	const cJSON *stamp = json_member(json_member(tree, META), "timestamp");

	if (!cJSON_IsNumber(stamp) || stamp->valuedouble < 1 || stamp->valuedouble > TIME_MAX)
		return error_set(error, PIPGATE_INVALID, META ".timestamp is missing: it is no safety-db (insecure_full.json)");
	moment_text((int64_t)stamp->valuedouble, made);
	return reading_time(r, META ".timestamp", span_of(made), error);
}

static enum pipgate_status file_take(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	char made[MOMENT_TEXT];
	cJSON *tree = NULL;
	enum pipgate_status status = json_parse(bytes, &tree, error);

	if (status != PIPGATE_OK) {
		error_before(error, SPAN_FMT, SPAN_ARG(name));
		return status;
	}
	status = time_take(ctx, tree, made, error);
	if (status == PIPGATE_OK)
		status = all_take(ctx, tree, span_of(made), error);
	cJSON_Delete(tree);
	return status;
}

enum pipgate_status feed_read_safety(struct reading *r, struct pipgate_error *error)
{
	return reading_transport(r, "get", SPAN(""), file_take, error);
}
