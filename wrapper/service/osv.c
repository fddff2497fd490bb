/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSV's API (google.github.io/osv.dev/api): which advisories name these distributions, in batches of a thousand, then each record
 * once. Asked without a version: which ones it touches is decided here, for all alike. A record that the cache has with the
 * `modified` that the server tells now is not asked for again.
 *
 * A server that has only /v1/query (a mirror, or an --osv-url of another form) is asked a name at a time.
 */
#include <stdlib.h>

#include "wrapper/database/moment.h"
#include "wrapper/service/asking.h"

#include "matcher/base/banned.h"

#define BATCH 1000                     /* queries of one batch, OSV's own limit */
#define NAMES_MAX 200000               /* more than any machine has */
#define IDS_MAX 200000                 /* six times what PyPI has */
#define TOKEN_MAX 4096                 /* of a page; real ones have some 100 */
#define QUERY_MAX ((size_t)16 << 20)   /* of one batch: FETCH_BODY_MAX */

struct query { /* of one name, a page at a time */
	struct span name;
	struct span page; /* n 0: the first */
	unsigned pages;
};

struct known { /* an advisory that the server names */
	struct span id, modified;
};

struct osv_asking {
	struct asking *a;
	const char *query, *batch, *vulns; /* addresses; batch NULL: there is only query */
	const char *place;                 /* for the cache's keys */
	struct list open;                  /* of struct query: still to be asked */
	struct list known;                 /* of struct known */
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

/* ---- questions ---- */

static void query_write(struct buf *out, const struct query *query)
{
	buf_text(out, "{\"package\":{\"ecosystem\":\"PyPI\",\"name\":");
	json_quote(out, query->name);
	buf_byte(out, '}');
	if (query->page.n) {
		buf_text(out, ",\"page_token\":");
		json_quote(out, query->page);
	}
	buf_byte(out, '}');
}

static enum pipgate_status body_keep(struct osv_asking *o, struct buf *body, struct span *out, struct pipgate_error *error)
{
	enum pipgate_status status = buf_status(body);

	if (status == PIPGATE_OK)
		*out = must_span(arena_copy(o->a->run, buf_view(body)));
	buf_fini(body);
	return status == PIPGATE_OK ? status : error_set(error, PIPGATE_LIMIT, "the names of a batch are too long for a question to osv");
}

static enum pipgate_status batch_write(struct osv_asking *o, const struct query *queries, size_t n, struct span *out, struct pipgate_error *error)
{
	struct buf body;

	buf_init(&body, NULL, QUERY_MAX);
	buf_text(&body, "{\"queries\":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_byte(&body, ',');
		query_write(&body, &queries[i]);
	}
	buf_text(&body, "]}");
	return body_keep(o, &body, out, error);
}

static enum pipgate_status strange(struct osv_asking *o, struct span name, const char *what, struct pipgate_error *error)
{
	return answer_strange(o->a, text_copy(o->a->run, name), what, error);
}

/* Where an answer says that it goes on. */
static enum pipgate_status page_take(struct osv_asking *o, const struct query *query, const cJSON *answer, struct pipgate_error *error)
{
	const cJSON *item = json_member(answer, "next_page_token");
	struct span token = json_string(item);
	struct query *next;

	if (!item || cJSON_IsNull(item) || (cJSON_IsString(item) && !token.n))
		return PIPGATE_OK;
	if (!cJSON_IsString(item) || token.n > TOKEN_MAX)
		return strange(o, query->name, "a next_page_token that is none", error);
	if (query->pages + 1 >= SERVICE_PAGES)
		return strange(o, query->name, "too many pages", error);
	next = must(list_push(o->a->run, &o->open, sizeof(*next)));
	*next = (struct query){query->name, must_span(arena_copy(o->a->run, token)), query->pages + 1};
	return PIPGATE_OK;
}

/* The list of an answer; no member: nothing is known. */
static enum pipgate_status vulns_of(struct osv_asking *o, const struct query *query, const cJSON *answer, const cJSON **out,
	struct pipgate_error *error)
{
	const cJSON *list = json_member(answer, "vulns");

	if (!cJSON_IsObject(answer))
		return strange(o, query->name, "an object expected", error);
	if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
		return strange(o, query->name, "vulns: a list expected", error);
	*out = cJSON_IsArray(list) ? list->child : NULL;
	return PIPGATE_OK;
}

/* ---- by batches ---- */

static bool id_proper(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_alpha(id.p[i]) && !ascii_digit(id.p[i]) && !memchr("-._:", id.p[i], 4))
			return false;
	return id.n && id.n <= SERVICE_ID_MAX;
}

static enum pipgate_status known_take(struct osv_asking *o, const struct query *query, const cJSON *answer, struct pipgate_error *error)
{
	const cJSON *item;
	enum pipgate_status status = vulns_of(o, query, answer, &item, error);

	for (; item && status == PIPGATE_OK; item = item->next) {
		struct span id = json_string(json_member(item, "id")), modified = json_string(json_member(item, "modified"));
		struct known *known;

		if (!id_proper(id))
			return strange(o, query->name, "an advisory without a proper id", error);
		if (o->known.n >= IDS_MAX * 4)
			return strange(o, query->name, "too many advisories", error);
		known = must(list_push(o->a->run, &o->known, sizeof(*known)));
		*known = (struct known){must_span(arena_copy(o->a->run, id)), must_span(arena_copy(o->a->run, modified))};
	}
	return status == PIPGATE_OK ? page_take(o, query, answer, error) : status;
}

static enum pipgate_status batch_read(struct osv_asking *o, const struct query *queries, size_t n, struct span body, struct pipgate_error *error)
{
	cJSON *root;
	const cJSON *item;
	size_t i = 0;
	enum pipgate_status status = answer_parse(o->a, "a batch", body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	item = json_member(root, "results");
	item = cJSON_IsArray(item) ? item->child : NULL;
	for (; item && i < n && status == PIPGATE_OK; item = item->next, i++)
		status = known_take(o, &queries[i], item, error);
	if (status == PIPGATE_OK && (item || i != n))
		status = answer_strange(o->a, "a batch", "other results than it was asked for", error);
	cJSON_Delete(root);
	return status;
}

/* All that is open, once; what goes on is open afterwards. *missing: the server has no batches. */
static enum pipgate_status batches_run(struct osv_asking *o, bool *missing, struct pipgate_error *error)
{
	const struct query *queries = o->open.items;
	size_t n = o->open.n, batches = (n + BATCH - 1) / BATCH;
	struct request *requests = must(arena_array(o->a->run, batches + 1, sizeof(*requests)));
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < batches && status == PIPGATE_OK; i++) {
		requests[i] = (struct request){.job = {.verb = "query", .place = span_of(o->batch)}, .about = "a batch", .may_refuse = true};
		status = batch_write(o, queries + i * BATCH, n - i * BATCH < BATCH ? n - i * BATCH : BATCH, &requests[i].job.body, error);
	}
	if (status == PIPGATE_OK)
		status = requests_run(o->a, requests, batches, error);
	for (size_t i = 0; i < batches && status == PIPGATE_OK; i++)
		if ((*missing = requests[i].lacks))
			return PIPGATE_OK;
	o->open = (struct list){0};
	for (size_t i = 0; i < batches && status == PIPGATE_OK; i++)
		status = batch_read(o, queries + i * BATCH, n - i * BATCH < BATCH ? n - i * BATCH : BATCH, requests[i].body, error);
	return status;
}

/* ---- the records ---- */

static int known_order(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int order = span_compare(x->id, y->id);

	return order ? order : -span_compare(x->modified, y->modified);
}

static struct span record_key(struct osv_asking *o, struct span id)
{
	return must_span(arena_format(o->a->run, "osv %s " SPAN_FMT, o->place, SPAN_ARG(id)));
}

/* From the cache, where it is what the server has now. */
static bool record_cached(struct osv_asking *o, const struct known *known)
{
	size_t before = o->a->advisories.n;
	struct pipgate_advisory advisory;
	struct moment there, here;
	struct cached cached;

	if (!moment_parse(known->modified, &there) || !cache_get(&o->a->cache, record_key(o, known->id), &cached) ||
	    record_take(o->a, "", known->id, cached.body, &advisory, NULL) != PIPGATE_OK)
		return false;
	if (moment_parse(advisory.modified, &here) && moment_compare(here, there) == 0)
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
	struct known *known = o->known.items;
	struct request *requests = must(arena_array(o->a->run, o->known.n + 1, sizeof(*requests)));
	size_t n = 0;
	enum pipgate_status status;

	qsort(known, o->known.n, sizeof(*known), known_order);
	for (size_t i = 0; i < o->known.n; i++)
		if ((!i || !span_equal(known[i].id, known[i - 1].id)) && !record_cached(o, &known[i]))
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

static enum pipgate_status records_take(struct osv_asking *o, const struct query *query, struct span body, struct pipgate_error *error)
{
	const char *about = text_copy(o->a->run, query->name);
	const cJSON *item;
	cJSON *root;
	enum pipgate_status status = answer_parse(o->a, about, body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	status = vulns_of(o, query, root, &item, error);
	for (; item && status == PIPGATE_OK; item = item->next) {
		char *text = must(cJSON_PrintUnformatted(item));

		status = record_take(o->a, about, (struct span){NULL, 0}, span_of(text), NULL, error);
		cJSON_free(text);
	}
	if (status == PIPGATE_OK)
		status = page_take(o, query, root, error);
	cJSON_Delete(root);
	return status;
}

static enum pipgate_status singles_run(struct osv_asking *o, struct pipgate_error *error)
{
	const struct query *queries = o->open.items;
	size_t n = o->open.n;
	struct request *requests = must(arena_array(o->a->run, n + 1, sizeof(*requests)));
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		struct buf body;

		requests[i] = (struct request){.job = {.verb = "query", .place = span_of(o->query)}, .about = text_copy(o->a->run, queries[i].name)};
		buf_init(&body, NULL, QUERY_MAX);
		query_write(&body, &queries[i]);
		status = body_keep(o, &body, &requests[i].job.body, error);
	}
	if (status == PIPGATE_OK)
		status = requests_run(o->a, requests, n, error);
	o->open = (struct list){0};
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++)
		status = records_take(o, &queries[i], requests[i].body, error);
	return status;
}

/* ---- all ---- */

static enum pipgate_status names_open(struct osv_asking *o, struct pipgate_error *error)
{
	for (size_t i = 0; i < o->a->n_releases; i++) {
		struct span name = o->a->releases[i].name;
		struct query *query;

		if (i && span_equal(name, o->a->releases[i - 1].name))
			continue;
		if (o->open.n >= NAMES_MAX)
			return error_set(error, PIPGATE_LIMIT, "more than %d distributions to ask osv about", NAMES_MAX);
		query = must(list_push(o->a->run, &o->open, sizeof(*query)));
		*query = (struct query){.name = name};
	}
	return PIPGATE_OK;
}

enum pipgate_status osv_ask(struct asking *asking, struct pipgate_error *error)
{
	struct osv_asking o = {.a = asking};
	enum pipgate_status status;

	addresses(&o, asking->settings->osv_url && *asking->settings->osv_url ? asking->settings->osv_url : SERVICE_OSV_URL);
	if (!*o.place)
		return error_set(error, PIPGATE_INVALID, "the OSV URL '%s' is no address: http:// or https:// expected", o.query);
	status = names_open(&o, error);
	while (status == PIPGATE_OK && o.open.n) {
		bool missing = false;

		if (o.batch)
			status = batches_run(&o, &missing, error);
		else
			status = singles_run(&o, error);
		if (missing)
			o.batch = NULL;
	}
	return status == PIPGATE_OK && o.known.n ? records_get(&o, error) : status;
}
