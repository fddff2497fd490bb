/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate exception check`: which exceptions want somebody's attention, for a nightly job. */
#include "matcher/advisory/row.h"
#include "wrapper/command/exception.h"
#include "wrapper/policy/layers.h"
#include "wrapper/database/database.h"

#include "matcher/base/banned.h"

#define SOON "14d"

struct seeking {
	const struct policy_exception *v;
	size_t n;
	bool *known; /* per exception: a live advisory has that id */
};

/* ---- the advisory database ---- */

static void mark(struct seeking *s, struct span name, struct span id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].id.n && (!s->v[i].distribution.n || span_equal(s->v[i].distribution, name)))
			s->known[i] |= span_equal_nocase(s->v[i].id, id);
}

static bool mark_row(void *ctx, struct span name, struct span bytes)
{
	struct row row;
	struct row_head head;
	struct row_body body;

	if (!row_open(bytes, &row))
		return false;
	for (size_t i = 0; i < row.n_records; i++) {
		if (!row_next(&row, &head) || !row_body(&head, &body))
			return false;
		mark(ctx, name, body.id);
		for (size_t k = 0; k < body.n_aliases; k++)
			mark(ctx, name, take_text(&body.aliases));
	}
	return true;
}

static enum pipgate_status seek_all(const struct exception_options *o, struct seeking *s, struct pipgate_error *error)
{
	struct database_place place;
	struct database *database;
	enum pipgate_status status = database_find(o->database ? o->database : o->gate.database, &place, error);

	if (status == PIPGATE_OK)
		status = database_open(place.path, &database, error);
	if (status != PIPGATE_OK)
		return status;
	status = database_rows_each(database, mark_row, s, error);
	database_close(&database);
	return status;
}

/* ---- what is said ---- */

static const char *complaint(const struct pipgate_policy *policy, const struct policy_exception *e, bool known, int64_t now, int64_t soon)
{
	static const char *const texts[] = {
		[EXCEPTION_EXPIRED] = "has expired", [EXCEPTION_TOO_LONG] = "lasts longer than exception-days allows, and does not count",
		[EXCEPTION_NOT_YET] = "begins in the future, and does not count yet", [EXCEPTION_UNAPPROVED] = "is not approved, and does not count",
	};
	enum exception_state state = exception_state(policy, e, now);

	if (state != EXCEPTION_GOOD)
		return texts[state];
	if (e->expires - now < soon)
		return "expires soon";
	return e->id.n && !known ? "matches nothing: no live advisory has that id for it" : NULL;
}

int exception_check(struct exception_options *o)
{
	struct pipgate_policy *policy;
	struct pipgate_error error;
	struct seeking s;
	int64_t soon;
	int code = exception_soon(o, SOON, &soon);

	if (code)
		return code;
	if (exception_all(o, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	policy_say_notes(policy);
	s = (struct seeking){policy->exceptions.items, policy->exceptions.n, must(arena_array(o->run, policy->exceptions.n + 1, sizeof(bool)))};
	if (s.n && seek_all(o, &s, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	for (size_t i = 0; i < s.n; i++) {
		const char *text = complaint(policy, &s.v[i], s.known[i], o->now, soon);
		struct span title = exception_title(o->run, &s.v[i]);
		char until[WHEN_TEXT];

		if (text)
			code = say_error(EXIT_NO, "%s:%u: " SPAN_FMT " (until %s) %s", s.v[i].layer.name, s.v[i].line, SPAN_ARG(title),
				exception_day(s.v[i].expires, until), text);
	}
	return code;
}
