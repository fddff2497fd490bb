/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSV's API (google.github.io/osv.dev/api): which advisories name these distributions, in batches of a thousand, then each record
 * once. Asked without a version: which ones it touches is decided here, for all alike. A record that the cache has with the
 * `modified` that the server tells now is not asked for again.
 *
 * A server that has only /v1/query (a mirror, or an --osv-url of another form) is asked a name at a time.
 */
#include <stdlib.h>

#include "wrapper/service/osv_names.h"

#include "matcher/base/banned.h"

struct osv_asking {
	struct asking *a;
	struct osv_names names;
	const char *query, *batch, *vulns; /* addresses; batch NULL: there is only query */
	const char *place;                 /* for the cache's keys */
};

/* ---- addresses ---- */

static void addresses(struct osv_asking *o, const char *url)
{
	struct pipgate_run *run = o->a->run;
	struct span base = span_of(url);

	while (span_ends(base, SPAN("/")))
		base.n--;
	o->query = url;
	o->place = url_public(run, url);
	o->a->title = text_format(run, "osv (%s)", o->place);
	if (span_ends(base, SPAN("/query")))
		base.n -= sizeof("/query") - 1;
	else if (!span_ends(base, SPAN("/v1")))
		return;
	o->query = text_format(run, SPAN_FMT "/query", SPAN_ARG(base));
	o->batch = text_format(run, SPAN_FMT "/querybatch", SPAN_ARG(base));
	o->vulns = text_format(run, SPAN_FMT "/vulns/", SPAN_ARG(base));
}

/* ---- the records ---- */

static struct span record_key(struct osv_asking *o, struct span id)
{
	return must_span(arena_format(o->a->run, "osv %s " SPAN_FMT, o->place, SPAN_ARG(id)));
}

/* From the cache, where it is what the server has now. */
static bool record_cached(struct osv_asking *o, const struct osv_known *known)
{
	size_t before = o->a->advisories.n;
	struct pipgate_advisory advisory;
	struct moment here;
	struct cached cached;

	if (!known->dated || !cache_get(&o->a->cache, record_key(o, known->id), &cached) ||
	    record_take(o->a, "", known->id, cached.body, &advisory, NULL) != PIPGATE_OK)
		return false;
	if (moment_parse(advisory.modified, &here) && moment_compare(here, known->modified) == 0)
		return true;
	o->a->advisories.n = before;
	return false;
}

static struct request record_request(struct osv_asking *o, struct span id)
{
	return (struct request){
		.job = {.verb = "get", .place = span_of(text_format(o->a->run, "%s%s", o->vulns, url_escape(o->a->run, id)))},
		.about = text_copy(o->a->run, id),
	};
}

static enum pipgate_status records_get(struct osv_asking *o, struct pipgate_error *error)
{
	struct osv_known *known = o->names.known.items;
	struct request *requests = must(arena_array(o->a->run, o->names.known.n + 1, sizeof(*requests)));
	size_t n = 0;
	enum pipgate_status status;

	for (size_t i = 0; i < o->names.known.n; i++)
		if (!record_cached(o, &known[i]))
			requests[n++] = record_request(o, known[i].id);
	log_stage("osv", "%zu records to get", n);
	status = requests_run(o->a, requests, n, error);
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		struct span id = span_of(requests[i].about);

		status = record_take(o->a, requests[i].about, id, requests[i].body, NULL, error);
		if (status == PIPGATE_OK)
			cache_put(&o->a->cache, record_key(o, id), requests[i].etag, requests[i].body);
	}
	return status;
}

/* ---- a name at a time ---- */

static enum pipgate_status records_take(struct osv_asking *o, const struct osv_query *query, struct span body, struct pipgate_error *error)
{
	const char *about = text_copy(o->a->run, query->name);
	const cJSON *item;
	cJSON *root;
	enum pipgate_status status = answer_parse(o->a, about, body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	status = osv_vulns_of(&o->names, query, root, &item, error);
	for (; item && status == PIPGATE_OK; item = item->next) {
		char *text = must(cJSON_PrintUnformatted(item));

		status = record_take(o->a, about, (struct span){NULL, 0}, span_of(text), NULL, error);
		cJSON_free(text);
	}
	if (status == PIPGATE_OK)
		status = osv_page_take(&o->names, query, root, error);
	cJSON_Delete(root);
	return status;
}

static enum pipgate_status singles_run(struct osv_asking *o, struct pipgate_error *error)
{
	const struct osv_query *queries = o->names.open.items;
	size_t n = o->names.open.n;
	struct request *requests = must(arena_array(o->a->run, n + 1, sizeof(*requests)));
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		struct buf body;

		requests[i] = (struct request){.job = {.verb = "query", .place = span_of(o->query)}, .about = text_copy(o->a->run, queries[i].name)};
		buf_init(&body, NULL, OSV_QUERY_MAX);
		osv_query_write(&body, &queries[i]);
		status = osv_body_keep(&o->names, &body, &requests[i].job.body, error);
	}
	if (status == PIPGATE_OK)
		status = requests_run(o->a, requests, n, error);
	o->names.open = (struct list){0};
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++)
		status = records_take(o, &queries[i], requests[i].body, error);
	return status;
}

/* ---- all ---- */

enum pipgate_status osv_ask(struct asking *asking, struct pipgate_error *error)
{
	struct osv_asking o = {.a = asking, .names = {.asking = asking}};
	enum pipgate_status status;

	addresses(&o, asking->settings->osv_url && *asking->settings->osv_url ? asking->settings->osv_url : SERVICE_OSV_URL);
	if (!*o.place)
		return error_set(error, PIPGATE_INVALID, "the OSV URL '%s' is no address: http:// or https:// expected", o.query);
	status = osv_names_open(&o.names, error);
	while (status == PIPGATE_OK && o.names.open.n) {
		bool missing = false;

		if (o.batch)
			status = osv_names_batch(&o.names, o.batch, &missing, error);
		else
			status = singles_run(&o, error);
		if (missing)
			o.batch = NULL;
	}
	osv_names_sort(&o.names);
	return status == PIPGATE_OK && o.names.known.n ? records_get(&o, error) : status;
}
