/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --since-db: what have updates changed for what is audited? An older database is asked the same; what it said already passes, as if
 * a baseline held it. Changed is what somebody would act on: severity, fixed versions, exploitation, the verdict; not the ids.
 */
#include "wrapper/audit/audit.h"
#include "wrapper/database/history.h"

#include "matcher/base/banned.h"

static const char *const changes[] = {"severity", "fixed", "malicious", "exploited", "exploit public", "verdict"};
#define N_CHANGES (sizeof(changes) / sizeof(*changes))

struct since {
	struct audit_since shown; /* the report's */
	struct database *database;
	const char *name;         /* "--since-db 17" */
	char path[4096];
	struct list marks;        /* of struct since_mark, one a finding of the whole audit */
	struct list gone;         /* of struct since_gone */
	struct since_mark *part;  /* of the input at hand */
	struct audit before;      /* the input at hand as it was */
	bool *stayed;             /* per finding of that */
};

/* ---- opening ---- */

static enum pipgate_status older_find(struct auditing *a, struct since *s, struct pipgate_error *error)
{
	const char *word = a->options.since_db;
	int64_t serial;

	if (history_serial(word, &serial))
		return history_find(a->context.database_path, serial, s->path, error);
	if (strlen(word) >= sizeof(s->path))
		return error_set(error, PIPGATE_FAILED, "the path is too long");
	memcpy(s->path, word, strlen(word) + 1);
	return PIPGATE_OK;
}

enum pipgate_status audit_since_open(struct auditing *a, struct pipgate_error *error)
{
	struct since *s = must(arena_alloc(a->run, sizeof(*s)));
	enum pipgate_status status = older_find(a, s, error);

	if (status == PIPGATE_OK)
		status = database_open(s->path, &s->database, error);
	if (status != PIPGATE_OK)
		return error_before(error, "--since-db %s", a->options.since_db), status;
	a->since = s;
	s->name = text_format(a->run, "--since-db %s", a->options.since_db);
	s->shown.path = s->path;
	s->shown.database = database_info(s->database);
	return PIPGATE_OK;
}

void audit_since_close(struct auditing *a)
{
	if (a->since)
		database_close(&a->since->database);
}

/* ---- comparing ---- */

/* Have they an id in common? Both lists are sorted. */
static bool is_same_vulnerability(const struct pipgate_finding *a, const struct pipgate_finding *b)
{
	for (size_t i = 0, k = 0; i < a->n_ids && k < b->n_ids;) {
		int order = span_compare(a->ids[i], b->ids[k]);

		if (order == 0)
			return true;
		i += order < 0;
		k += order > 0;
	}
	return false;
}

static bool same_texts(const struct span *a, size_t n, const struct span *b, size_t m)
{
	for (size_t i = 0; n == m && i < n; i++)
		if (!span_equal(a[i], b[i]))
			return false;
	return n == m;
}

/* Bits, in the order of changes[]. */
static unsigned difference(const struct since *s, size_t old, const struct audit *now, size_t new)
{
	const struct pipgate_finding *x = &s->before.findings[old], *y = &now->findings[new];
	const bool differs[N_CHANGES] = {
		x->severity.level != y->severity.level || x->severity.tenths != y->severity.tenths,
		!same_texts(x->fixed, x->n_fixed, y->fixed, y->n_fixed),
		x->malicious != y->malicious,
		x->exploited != y->exploited,
		x->exploit_public != y->exploit_public,
		s->before.verdict.judgements[old].action != now->verdict.judgements[new].action,
	};
	unsigned bits = 0;

	for (size_t i = 0; i < N_CHANGES; i++)
		bits |= (unsigned)differs[i] << i;
	return bits;
}

static const struct span *words_of(struct auditing *a, unsigned bits, size_t *n)
{
	struct span *words = must(arena_array(a->run, N_CHANGES, sizeof(*words)));

	*n = 0;
	for (size_t i = 0; i < N_CHANGES; i++)
		if (bits >> i & 1)
			words[(*n)++] = span_of(changes[i]);
	return words;
}

static void mark_one(struct auditing *a, const struct audit *now, size_t new, size_t first)
{
	struct since *s = a->since;
	struct since_mark *mark = &s->part[new];
	const struct pipgate_finding *f = &now->findings[new];

	mark->kind = SINCE_NEW;
	for (size_t old = first; old < s->before.n_findings && s->before.findings[old].component == f->component; old++) {
		unsigned bits;

		if (!is_same_vulnerability(&s->before.findings[old], f))
			continue;
		s->stayed[old] = true;
		if (mark->kind != SINCE_NEW)
			continue; /* two of them have become one */
		bits = difference(s, old, now, new);
		mark->kind = bits ? SINCE_CHANGED : SINCE_SAME;
		mark->changes = words_of(a, bits, &mark->n_changes);
	}
}

/* Both are in the order of components. */
static void mark_all(struct auditing *a, const struct audit *now)
{
	struct since *s = a->since;

	for (size_t new = 0, old = 0; new < now->n_findings; new++) {
		while (old < s->before.n_findings && s->before.findings[old].component < now->findings[new].component)
			old++;
		mark_one(a, now, new, old);
	}
}

static enum pipgate_status ask_before(struct auditing *a, const struct audit *now, struct pipgate_error *error)
{
	struct since *s = a->since;
	const struct pipgate_cursor cursor = database_cursor(s->database);
	enum pipgate_status status;

	s->before = (struct audit){.run = a->run, .environment = now->environment, .components = now->components,
		.n_components = now->n_components, .now = now->now, .facts = now->facts};
	status = audit_decide(&s->before, a->policy, &cursor, error);
	if (status != PIPGATE_OK)
		return error_before(error, "%s", s->name), status;
	s->stayed = must(arena_array(a->run, s->before.n_findings + 1, sizeof(bool)));
	return status;
}

enum pipgate_status audit_since(struct auditing *a, struct audit *part, struct pipgate_error *error)
{
	enum pipgate_status status = ask_before(a, part, error);
	bool *before = must(arena_array(a->run, part->n_findings + 1, sizeof(*before)));

	if (status != PIPGATE_OK)
		return status;
	a->since->part = must(arena_array(a->run, part->n_findings + 1, sizeof(struct since_mark)));
	mark_all(a, part);
	for (size_t i = 0; i < part->n_findings; i++)
		before[i] = a->since->part[i].kind == SINCE_SAME;
	part->before = before;
	part->before_name = a->since->name;
	return audit_judge_case(part, a->policy, error);
}

/* ---- putting inputs together ---- */

void audit_since_join(struct auditing *a, size_t finding)
{
	const struct since_mark *mark = &a->since->part[finding];

	*(struct since_mark *)must(list_push(a->run, &a->since->marks, sizeof(*mark))) = *mark;
	a->since->shown.n[mark->kind]++;
}

void audit_since_gone(struct auditing *a, const struct found *found)
{
	struct since *s = a->since;

	for (size_t i = 0; i < s->before.n_findings; i++) {
		const struct pipgate_finding *f = &s->before.findings[i];
		const struct pipgate_component *c = &s->before.components[f->component];

		if (s->stayed[i] || found[f->component].known)
			continue;
		*(struct since_gone *)must(list_push(a->run, &s->gone, sizeof(struct since_gone))) =
			(struct since_gone){c->name, c->version, f->id, f->severity};
	}
}

void audit_since_show(struct auditing *a, struct finding_shown *shown)
{
	struct since *s = a->since;
	const struct since_mark *marks = s->marks.items;

	for (size_t i = 0; i < s->marks.n; i++)
		shown[i].since = marks[i];
	s->shown.gone = s->gone.items;
	s->shown.n_gone = s->gone.n;
	a->report.since = &s->shown;
}
