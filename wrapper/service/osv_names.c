/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/service/osv_names.h"

#include <stdlib.h>

#include "matcher/advisory/date.h"

#include "matcher/base/banned.h"

#define BATCH 1000       /* queries of one batch, OSV's own limit */
#define NAMES_MAX 200000 /* more than any machine has */
#define TOKEN_MAX 4096   /* of a page; real ones have some 100 */

/* ---- questions ---- */

void osv_query_write(struct buf *out, const struct osv_query *query)
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

enum pipgate_status osv_body_keep(const struct osv_names *names, struct buf *body, struct span *out, struct pipgate_error *error)
{
	enum pipgate_status status = buf_status(body);

	if (status == PIPGATE_OK)
		*out = must_span(arena_copy(names->asking->run, buf_view(body)));
	buf_fini(body);
	return status == PIPGATE_OK ? status : error_set(error, PIPGATE_LIMIT, "the names of a batch are too long for a question to osv");
}

static enum pipgate_status batch_write(struct osv_names *names, const struct osv_query *queries, size_t n, struct span *out,
	struct pipgate_error *error)
{
	struct buf body;

	buf_init(&body, NULL, OSV_QUERY_MAX);
	buf_text(&body, "{\"queries\":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_byte(&body, ',');
		osv_query_write(&body, &queries[i]);
	}
	buf_text(&body, "]}");
	return osv_body_keep(names, &body, out, error);
}

static enum pipgate_status strange(const struct osv_names *names, struct span name, const char *what, struct pipgate_error *error)
{
	return answer_strange(names->asking, text_copy(names->asking->run, name), what, error);
}

enum pipgate_status osv_page_take(struct osv_names *names, const struct osv_query *query, const cJSON *answer, struct pipgate_error *error)
{
	const cJSON *item = json_member(answer, "next_page_token");
	struct span token = json_string(item);
	struct osv_query *next;

	if (!item || cJSON_IsNull(item) || (cJSON_IsString(item) && !token.n))
		return PIPGATE_OK;
	if (!cJSON_IsString(item) || token.n > TOKEN_MAX)
		return strange(names, query->name, "a next_page_token that is none", error);
	if (query->pages + 1 >= SERVICE_PAGES)
		return strange(names, query->name, "too many pages", error);
	next = must(list_push(names->asking->run, &names->open, sizeof(*next)));
	*next = (struct osv_query){query->name, must_span(arena_copy(names->asking->run, token)), query->pages + 1};
	return PIPGATE_OK;
}

enum pipgate_status osv_vulns_of(const struct osv_names *names, const struct osv_query *query, const cJSON *answer, const cJSON **out,
	struct pipgate_error *error)
{
	const cJSON *list = json_member(answer, "vulns");

	if (!cJSON_IsObject(answer))
		return strange(names, query->name, "an object expected", error);
	if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
		return strange(names, query->name, "vulns: a list expected", error);
	*out = cJSON_IsArray(list) ? list->child : NULL;
	return PIPGATE_OK;
}

/* ---- by batches ---- */

/* Part of a path: it begins with a letter or digit, as ".." does not. */
static bool id_proper(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_alpha(id.p[i]) && !ascii_digit(id.p[i]) && (!i || !memchr("-._:", id.p[i], 4)))
			return false;
	return id.n && id.n <= SERVICE_ID_MAX;
}

static bool dated(struct pipgate_run *run, struct span text, struct moment *out)
{
	struct span utc;
	enum pipgate_status status = text.n ? date_utc(run, text, &utc) : PIPGATE_INVALID;

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK && moment_parse(utc, out);
}

static enum pipgate_status known_take(struct osv_names *names, const struct osv_query *query, const cJSON *answer,
	struct pipgate_error *error)
{
	const cJSON *item;
	enum pipgate_status status = osv_vulns_of(names, query, answer, &item, error);

	for (; item && status == PIPGATE_OK; item = item->next) {
		struct span id = json_string(json_member(item, "id"));
		struct osv_known *known;

		if (!id_proper(id))
			return strange(names, query->name, "an advisory without a proper id", error);
		if (names->known.n >= OSV_IDS_MAX * 4)
			return strange(names, query->name, "too many advisories", error);
		known = must(list_push(names->asking->run, &names->known, sizeof(*known)));
		*known = (struct osv_known){.id = must_span(arena_copy(names->asking->run, id))};
		known->dated = dated(names->asking->run, json_string(json_member(item, "modified")), &known->modified);
	}
	return status == PIPGATE_OK ? osv_page_take(names, query, answer, error) : status;
}

static enum pipgate_status batch_read(struct osv_names *names, const struct osv_query *queries, size_t n, struct span body,
	struct pipgate_error *error)
{
	cJSON *root;
	const cJSON *item;
	size_t i = 0;
	enum pipgate_status status = answer_parse(names->asking, "a batch", body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	item = json_member(root, "results");
	item = cJSON_IsArray(item) ? item->child : NULL;
	for (; item && i < n && status == PIPGATE_OK; item = item->next, i++)
		status = known_take(names, &queries[i], item, error);
	if (status == PIPGATE_OK && (item || i != n))
		status = answer_strange(names->asking, "a batch", "other results than it was asked for", error);
	cJSON_Delete(root);
	return status;
}

/* Of n queries in batches. */
static size_t batch_size(size_t n, size_t batch)
{
	size_t left = n - batch * BATCH;

	return left < BATCH ? left : BATCH;
}

enum pipgate_status osv_names_batch(struct osv_names *names, const char *address, bool *missing, struct pipgate_error *error)
{
	const struct osv_query *queries = names->open.items;
	size_t n = names->open.n, batches = (n + BATCH - 1) / BATCH;
	struct request *requests = must(arena_array(names->asking->run, batches + 1, sizeof(*requests)));
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < batches && status == PIPGATE_OK; i++) {
		requests[i] = (struct request){.job = {.verb = "query", .place = span_of(address)}, .about = "a batch", .may_refuse = true};
		status = batch_write(names, queries + i * BATCH, batch_size(n, i), &requests[i].job.body, error);
	}
	if (status == PIPGATE_OK)
		status = requests_run(names->asking, requests, batches, error);
	for (size_t i = 0; i < batches && status == PIPGATE_OK; i++)
		if ((*missing = requests[i].lacks))
			return PIPGATE_OK;
	names->open = (struct list){0};
	for (size_t i = 0; i < batches && status == PIPGATE_OK; i++)
		status = batch_read(names, queries + i * BATCH, batch_size(n, i), requests[i].body, error);
	return status;
}

/* By id, the newest first. */
static int known_order(const void *a, const void *b)
{
	const struct osv_known *x = a, *y = b;
	int order = span_compare(x->id, y->id);

	return order ? order : moment_compare(y->modified, x->modified);
}

void osv_names_sort(struct osv_names *names)
{
	struct osv_known *known = names->known.items;
	size_t kept = 0;

	if (names->known.n > 1)
		qsort(known, names->known.n, sizeof(*known), known_order);
	for (size_t i = 0; i < names->known.n; i++)
		if (!i || !span_equal(known[i].id, known[kept - 1].id))
			known[kept++] = known[i];
	names->known.n = kept;
}

enum pipgate_status osv_names_open(struct osv_names *names, struct pipgate_error *error)
{
	for (size_t i = 0; i < names->asking->n_releases; i++) {
		struct span name = names->asking->releases[i].name;
		struct osv_query *query;

		if (i && span_equal(name, names->asking->releases[i - 1].name))
			continue;
		if (names->open.n >= NAMES_MAX)
			return error_set(error, PIPGATE_LIMIT, "more than %d distributions to ask osv about", NAMES_MAX);
		query = must(list_push(names->asking->run, &names->open, sizeof(*query)));
		*query = (struct osv_query){.name = name};
	}
	return PIPGATE_OK;
}
