/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --at: the advisories as they were at a time, by their `published`. The compiled records have no such thing: the texts tell, of the names
 * that are asked about. What says nothing of when it was published counts.
 */
#include "matcher/advisory/date.h"
#include "matcher/advisory/row.h"
#include "wrapper/audit/audit.h"
#include "wrapper/database/moment.h"

#include "matcher/base/banned.h"

struct at {
	struct pipgate_run *row, *one; /* forgotten at each name, at each text */
	struct advisories all;
	int64_t moment;
	size_t n_later; /* records that did not count */
	struct pipgate_error *error; /* while a row is filtered */
};

bool audit_at_parse(struct pipgate_run *run, const char *text, int64_t *out)
{
	bool day = strlen(text) == sizeof("2027-01-31") - 1;
	struct span whole = day ? must_span(arena_format(run, "%sT23:59:59Z", text)) : span_of(text), utc; /* of a day its end */

	if (!whole.n || whole.p[0] == '0' || date_utc(run, whole, &utc) != PIPGATE_OK)
		return false;
	*out = date_seconds(utc);
	return true;
}

static enum pipgate_status was_there(void *ctx, struct span id, bool *kept)
{
	struct at *at = ctx;
	struct pipgate_advisory advisory = {0};
	struct moment published;
	struct span text = {NULL, 0};
	enum pipgate_status status = at->all.text(at->all.ctx, id, &text, at->error);

	pipgate_run_reset(at->one);
	if (status == PIPGATE_OK && text.n)
		status = pipgate_advisory_decode(at->one, PIPGATE_OSV_JSON, text, &advisory, at->error);
	*kept = status == PIPGATE_OK && (!text.n || !moment_parse(advisory.published, &published) || published.seconds <= at->moment);
	at->n_later += status == PIPGATE_OK && !*kept;
	return status;
}

static enum pipgate_status seek(void *ctx, struct span name, struct span *row, struct pipgate_error *error)
{
	struct at *at = ctx;
	struct span bytes;
	enum pipgate_status status = at->all.cursor.seek(at->all.cursor.ctx, name, &bytes, error);

	*row = bytes;
	if (status != PIPGATE_OK || !bytes.n)
		return status;
	pipgate_run_reset(at->row);
	at->error = error;
	error_set(error, PIPGATE_INVALID, "the record of " SPAN_FMT " is none", SPAN_ARG(name));
	return row_filter(at->row, bytes, was_there, at, row);
}

static enum pipgate_status text_of(void *ctx, struct span id, struct span *out, struct pipgate_error *error)
{
	struct at *at = ctx;

	return at->all.text(at->all.ctx, id, out, error);
}

static void end(void *ctx)
{
	struct at *at = ctx;

	at->all.close(at->all.ctx);
	pipgate_run_free(&at->row);
	pipgate_run_free(&at->one);
}

void audit_at(struct auditing *a)
{
	struct at *at = must(arena_alloc(a->run, sizeof(*at)));
	char text[MOMENT_TEXT];

	if (pipgate_run_new(NULL, &at->row) != PIPGATE_OK || pipgate_run_new(NULL, &at->one) != PIPGATE_OK)
		die_no_memory();
	at->all = a->advisories;
	at->moment = a->options.at_seconds;
	a->advisories = (struct advisories){{seek, at}, text_of, end, at};
	a->context.now = at->moment; /* the policy's clock, too */
	inventory_note(&a->inventory, "as of %s: advisories published later do not count, and the policy is that day's",
		moment_text(at->moment, text));
}
