/* SPDX-License-Identifier: Apache-2.0 */
/* From a version to the records of a row that match it. Findings are made in finding.c. */
#include "matcher/match.h"

#include "matcher/base/error.h"
#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

/* What is asked of every record. */
struct question {
	bool unknown, local;
	struct span text;       /* without white space around */
	uint64_t place;
	uint64_t public_place;  /* of the version that a local one was built from */
};

static enum pipgate_status no_memory(struct pipgate_error *error)
{
	return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
}

static enum pipgate_status broken(struct pipgate_error *error, struct span name)
{
	return error_set(error, PIPGATE_INVALID, "the database's row of '" SPAN_FMT "' is damaged", SPAN_ARG(name));
}

/* A text that is no version: "every version is affected" still holds, and so does a list that holds this very text. */
static bool matches_raw(const struct row_head *head, struct row_body *body, struct span text)
{
	if (head->flags & ROW_EVERY)
		return true;
	for (size_t i = 0; i < body->n_raw; i++)
		if (span_equal(take_text(&body->raw), text))
			return true;
	return false;
}

static bool matches(const struct question *question, const struct row_head *head, bool *hit)
{
	struct row_body body;

	if (question->unknown) {
		*hit = false;
		if (!(head->flags & (ROW_EVERY | ROW_RAW)))
			return true;
		if (!row_body(head, &body))
			return false;
		*hit = matches_raw(head, &body, question->text);
		return true;
	}
	if (!row_inside(head, question->place, hit))
		return false;
	return *hit || !question->local || row_inside(head, question->public_place, hit);
}

/* Asks every record. *last[group] is the number of the group's last hit so far + 1. */
static enum pipgate_status ask(struct pipgate_run *run, const struct question *question, struct row row, struct list *hits)
{
	size_t *last = arena_array(run, row.n_groups, sizeof(*last));

	if (!last)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < row.n_records; i++) {
		struct row_head head;
		struct match_hit *hit, *all;
		struct reader body;
		bool yes;

		if (!row_next(&row, &head) || !matches(question, &head, &yes))
			return PIPGATE_INVALID;
		if (!yes)
			continue;
		hit = list_push(run, hits, sizeof(*hit));
		if (!hit)
			return PIPGATE_NO_MEMORY;
		all = hits->items;
		body = reader_of(head.body);
		*hit = (struct match_hit){.id = take_text(&body), .head = head, .first = !last[head.group], .next = MATCH_NO_HIT};
		if (body.broken)
			return PIPGATE_INVALID;
		if (!hit->first)
			all[last[head.group] - 1].next = hits->n - 1;
		last[head.group] = hits->n;
	}
	return PIPGATE_OK;
}

static enum pipgate_status find_places(const struct pipgate_version *version, const struct row *row, struct question *question)
{
	struct span public = {version->key.p, version->public_n};

	if (!row_place(row, version->key, &question->place))
		return PIPGATE_INVALID;
	question->local = version->local;
	return !version->local || row_place(row, public, &question->public_place) ? PIPGATE_OK : PIPGATE_INVALID;
}

enum pipgate_status match_find(struct pipgate_run *run, struct span name, struct span version, const struct pipgate_cursor *cursor,
	struct match_hits *out, struct pipgate_error *error)
{
	struct question question = {.text = unicode_trim(version)};
	struct match_hits found = {.named = false};
	struct pipgate_version parsed;
	struct list hits = {0};
	struct span bytes = {NULL, 0};
	enum pipgate_status status = pipgate_version_parse(run, version, &parsed);

	if (status == PIPGATE_NO_MEMORY)
		return no_memory(error);
	found.unknown = question.unknown = status != PIPGATE_OK;
	status = cursor->seek(cursor->ctx, name, &bytes, error);
	if (status != PIPGATE_OK)
		return status;
	if (bytes.n) {
		if (!row_open(bytes, &found.row) ||
		    (!found.unknown && find_places(&parsed, &found.row, &question) != PIPGATE_OK))
			return broken(error, name);
		found.named = found.row.n_records > 0;
		status = ask(run, &question, found.row, &hits);
	}
	if (status != PIPGATE_OK)
		return status == PIPGATE_NO_MEMORY ? no_memory(error) : broken(error, name);
	found.place = question.place;
	found.hits = hits.items;
	found.n = hits.n;
	*out = found;
	return PIPGATE_OK;
}
