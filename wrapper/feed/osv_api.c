/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSV's API (google.github.io/osv.dev/api), or a mirror of it: which advisories name the distributions that are asked about, then
 * each record once. All or nothing: an advisory that is named and cannot be had, or is older than it was said to be, fails the feed.
 */
#include "matcher/advisory/date.h"
#include "wrapper/feed/names.h"
#include "wrapper/feed/reading.h"
#include "wrapper/service/osv_names.h"

#include "matcher/base/banned.h"

#define AT_ONCE ((size_t)1000) /* records of one pipgate-fetch: each such batch has SERVICE_PATIENCE_MS */

#define UNDATED "modified is missing, or no date and time"

/* ---- one record ---- */

static enum pipgate_status modified_check(struct asking *a, const struct osv_known *known, const char *about, struct span text,
	struct pipgate_error *error)
{
	struct moment modified;
	struct span utc;
	enum pipgate_status status = text.n ? date_utc(a->run, text, &utc) : PIPGATE_INVALID;

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK || !moment_parse(utc, &modified))
		return answer_strange(a, about, UNDATED, error);
	if (moment_compare(modified, known->modified) < 0)
		return answer_strange(a, about, "the record is older than the list of advisories says: a copy that lags behind", error);
	return PIPGATE_OK;
}

static enum pipgate_status record_check(struct asking *a, const struct osv_known *known, const char *about, struct span body,
	struct pipgate_error *error)
{
	cJSON *root;
	enum pipgate_status status = answer_parse(a, about, body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	if (!span_equal(json_string(json_member(root, "id")), known->id))
		status = answer_strange(a, about, "the record of another advisory", error);
	else
		status = modified_check(a, known, about, json_string(json_member(root, "modified")), error);
	cJSON_Delete(root);
	return status;
}

static enum pipgate_status answer_take(struct asking *a, const struct request *request, struct span body, struct pipgate_error *error)
{
	enum pipgate_status status = record_check(a, request->ctx, request->about, body, error);

	return status == PIPGATE_OK ? reading_item(a->ctx, span_of(request->about), body, error) : status;
}

/* ---- all of them ---- */

static enum pipgate_status records_get(struct asking *a, const char *base, const struct osv_known *known, size_t n,
	struct pipgate_error *error)
{
	struct request *requests = must(arena_array(a->run, n + 1, sizeof(*requests)));

	for (size_t i = 0; i < n; i++) {
		const char *place = text_format(a->run, "%s/v1/vulns/%s", base, url_escape(a->run, known[i].id));

		requests[i] = (struct request){.job = {.verb = "get", .place = span_of(place)}, .about = text_copy(a->run, known[i].id),
			.ctx = &known[i]};
	}
	return requests_run(a, requests, n, error);
}

/* Each batch in a run of its own: what was asked and taken is forgotten behind it. */
static enum pipgate_status batches_get(struct asking *whole, const char *base, const struct osv_known *known, size_t n,
	struct pipgate_error *error)
{
	struct asking a = *whole;
	enum pipgate_status status = PIPGATE_OK;

	a.run = NULL;
	a.take = answer_take;
	if (pipgate_run_new(NULL, &a.run) != PIPGATE_OK)
		die_no_memory();
	for (size_t i = 0; i < n && status == PIPGATE_OK; i += AT_ONCE) {
		pipgate_run_reset(a.run);
		status = records_get(&a, base, known + i, n - i < AT_ONCE ? n - i : AT_ONCE, error);
	}
	pipgate_run_free(&a.run);
	return status;
}

static enum pipgate_status known_find(struct osv_names *names, const char *base, struct pipgate_error *error)
{
	const char *address = text_format(names->asking->run, "%s/v1/querybatch", base);
	const struct osv_known *known;
	bool missing = false;
	enum pipgate_status status = osv_names_open(names, error);

	while (status == PIPGATE_OK && names->open.n) {
		status = osv_names_batch(names, address, &missing, error);
		if (status == PIPGATE_OK && missing)
			return error_set(error, PIPGATE_FAILED, "http: the server has no /v1/querybatch: it is not OSV's API");
	}
	if (status != PIPGATE_OK)
		return status;
	osv_names_sort(names);
	known = names->known.items;
	for (size_t i = 0; i < names->known.n; i++)
		if (!known[i].dated)
			return answer_strange(names->asking, text_copy(names->asking->run, known[i].id), UNDATED, error);
	return names->known.n > OSV_IDS_MAX ? error_set(error, PIPGATE_LIMIT, "more than %d advisories", OSV_IDS_MAX) : PIPGATE_OK;
}

enum pipgate_status feed_read_osv_api(struct reading *r, struct pipgate_error *error)
{
	struct asking asking;
	struct osv_names names = {.asking = &asking};
	const char *base;
	enum pipgate_status status = feed_asking(r, &asking, error);

	if (status == PIPGATE_OK)
		status = feed_base(r, asking.run, &base, error);
	if (status == PIPGATE_OK)
		status = known_find(&names, base, error);
	if (status == PIPGATE_OK)
		status = feed_asked(r, &asking, error);
	if (status == PIPGATE_OK)
		status = batches_get(&asking, base, names.known.items, names.known.n, error);
	pipgate_run_free(&asking.run);
	return status;
}
