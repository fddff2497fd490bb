/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON API of the index that pip uses: "…/simple" has it at "…/pypi/NAME/VERSION/json". It says of one release which advisories
 * affect it. Of an answer only that part is kept (a project's description may be a megabyte). A release that the index does not have
 * was not audited: pip-audit's words for it.
 */
#include "wrapper/service/asking.h"

#include "matcher/advisory/date.h"

#include "matcher/base/banned.h"

#define FRESH_SECONDS 600 /* so long an answer is believed without asking; behind that the index says whether it still holds */
#define KEPT_MAX ((size_t)16 << 20)

/* ---- one answer ---- */

static enum pipgate_status texts_take(struct asking *a, const char *about, const cJSON *vulnerability, const char *member, struct list *out,
	struct pipgate_error *error)
{
	const cJSON *list = json_member(vulnerability, member);

	if (!list || cJSON_IsNull(list))
		return PIPGATE_OK;
	if (!cJSON_IsArray(list))
		return answer_strange(a, about, "a list expected in an advisory", error);
	for (const cJSON *item = list->child; item; item = item->next) {
		if (!cJSON_IsString(item) || !*item->valuestring)
			return answer_strange(a, about, "text expected in a list of an advisory", error);
		*(struct span *)must(list_push(a->run, out, sizeof(struct span))) = must_span(arena_copy(a->run, json_string(item)));
	}
	return PIPGATE_OK;
}

static struct span text_of(struct asking *a, const cJSON *object, const char *member)
{
	return must_span(arena_copy(a->run, json_string(json_member(object, member))));
}

static enum pipgate_status withdrawn_take(struct asking *a, const char *about, const cJSON *item, struct span *out,
	struct pipgate_error *error)
{
	const cJSON *withdrawn = json_member(item, "withdrawn");
	struct span text = json_string(withdrawn);
	enum pipgate_status status;

	if (!withdrawn || cJSON_IsNull(withdrawn))
		return PIPGATE_OK;
	status = text.n ? date_utc(a->run, text, out) : PIPGATE_INVALID;
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK ? status : answer_strange(a, about, "withdrawn: a date and time expected", error);
}

static enum pipgate_status claim_read(struct asking *a, const char *about, const struct release *release, const cJSON *item, struct list *claims,
	struct pipgate_error *error)
{
	struct claim claim = {.name = release->name, .version = release->version};
	enum pipgate_status status;

	if (!cJSON_IsObject(item))
		return answer_strange(a, about, "vulnerabilities: an object expected", error);
	status = withdrawn_take(a, about, item, &claim.withdrawn, error);
	if (status != PIPGATE_OK)
		return status;
	claim.id = text_of(a, item, "id");
	claim.summary = text_of(a, item, "summary");
	claim.details = text_of(a, item, "details");
	claim.published = text_of(a, item, "published");
	status = texts_take(a, about, item, "aliases", &claim.aliases, error);
	if (status == PIPGATE_OK)
		status = texts_take(a, about, item, "fixed_in", &claim.fixed, error);
	if (status == PIPGATE_OK)
		*(struct claim *)must(list_push(a->run, claims, sizeof(claim))) = claim;
	return status;
}

enum pipgate_status index_json_read(struct asking *a, const char *about, const struct release *release, struct span body,
	struct list *claims, struct span *kept, struct pipgate_error *error)
{
	const cJSON *list;
	cJSON *root;
	struct buf text;
	enum pipgate_status status = answer_parse(a, about, body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	list = json_member(root, "vulnerabilities");
	if (!cJSON_IsObject(root) || (list && !cJSON_IsNull(list) && !cJSON_IsArray(list)))
		status = answer_strange(a, about, "an object with a list of vulnerabilities expected", error);
	for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item && status == PIPGATE_OK; item = item->next)
		status = claim_read(a, about, release, item, claims, error);
	if (status == PIPGATE_OK && kept) {
		char *printed = cJSON_IsArray(list) ? must(cJSON_PrintUnformatted(list)) : NULL;

		buf_init(&text, NULL, KEPT_MAX);
		buf_format(&text, "{\"vulnerabilities\":");
		buf_text(&text, printed ? printed : "[]");
		buf_byte(&text, '}');
		*kept = buf_status(&text) == PIPGATE_OK ? must_span(arena_copy(a->run, buf_view(&text))) : (struct span){NULL, 0};
		buf_fini(&text);
		cJSON_free(printed);
	}
	cJSON_Delete(root);
	return status;
}

/* ---- all ---- */

struct pypi_question {
	const struct release *release;
	const char *about;
	struct span key; /* in the cache */
	struct cached cached;
	bool has;   /* in the cache */
	bool fresh; /* and young enough not to be asked about */
};

const char *index_json_root(struct pipgate_run *run, const char *index)
{
	struct span root = span_of(index);

	while (span_ends(root, SPAN("/")))
		root.n--;
	if (!span_ends(root, SPAN("/simple")))
		return NULL;
	root.n -= sizeof("/simple") - 1;
	return text_format(run, SPAN_FMT "/pypi", SPAN_ARG(root));
}

const char *index_json_path(struct pipgate_run *run, const struct release *release)
{
	return text_format(run, "/%s/%s/json", url_escape(run, release->name), url_escape(run, release->version));
}

static struct request question_make(struct asking *a, const char *root, const char *public, struct pypi_question *q, const struct release *release)
{
	const char *path = index_json_path(a->run, release);

	q->release = release;
	q->about = text_format(a->run, SPAN_FMT " " SPAN_FMT, SPAN_ARG(release->name), SPAN_ARG(release->version));
	q->key = must_span(arena_format(a->run, "pypi %s%s", public, path));
	q->has = cache_get(&a->cache, q->key, &q->cached);
	q->fresh = q->has && q->cached.age >= 0 && q->cached.age < FRESH_SECONDS;
	return (struct request){
		.job = {.verb = "get", .place = span_of(text_format(a->run, "%s%s", root, path)),
			.etag = q->has ? span_of(q->cached.etag) : (struct span){NULL, 0}},
		.about = q->about,
		.may_lack = true,
	};
}

static enum pipgate_status question_end(struct asking *a, const struct pypi_question *q, const struct request *r, struct list *claims,
	struct pipgate_error *error)
{
	struct span kept;
	enum pipgate_status status;

	if (r->lacks) {
		a->skipped[q->release - a->releases] = text_format(a->run,
			"Dependency not found on PyPI and could not be audited: " SPAN_FMT " (" SPAN_FMT ")",
			SPAN_ARG(q->release->name), SPAN_ARG(q->release->version));
		return PIPGATE_OK;
	}
	if (r->unchanged) {
		cache_touch(&a->cache, q->key);
		return index_json_read(a, q->about, q->release, q->cached.body, claims, NULL, error);
	}
	status = index_json_read(a, q->about, q->release, r->body, claims, &kept, error);
	if (status == PIPGATE_OK && kept.n)
		cache_put(&a->cache, q->key, r->etag, kept);
	return status;
}

/* What the cache has is believed while it is fresh and can be read; what cannot is as if it were not there. */
static bool question_cached(struct asking *a, const struct pypi_question *q, struct list *claims)
{
	size_t before = claims->n;

	if (q->fresh && index_json_read(a, q->about, q->release, q->cached.body, claims, NULL, NULL) == PIPGATE_OK)
		return true;
	claims->n = before;
	return false;
}

enum pipgate_status pypi_ask(struct asking *a, struct pipgate_error *error)
{
	const char *index = a->settings->index_url, *root = index ? index_json_root(a->run, index) : NULL;
	struct pypi_question *questions = must(arena_array(a->run, a->n_releases + 1, sizeof(*questions)));
	struct request *requests = must(arena_array(a->run, a->n_releases + 1, sizeof(*requests)));
	struct list claims = {0};
	size_t n = 0;
	enum pipgate_status status;

	if (!index)
		return error_set(error, PIPGATE_INVALID,
			"-s pypi asks the index that pip is configured with, and none is known: set PIP_INDEX_URL, or index-url in pip.conf");
	if (!root)
		return error_set(error, PIPGATE_INVALID, "-s pypi asks the JSON API beside the index, and the index '%s' does not end in /simple: "
			"where that is cannot be told", url_public(a->run, index));
	a->title = text_format(a->run, "pypi (%s)", url_public(a->run, root));
	for (size_t i = 0; i < a->n_releases; i++) {
		requests[n] = question_make(a, root, url_public(a->run, root), &questions[n], &a->releases[i]);
		if (!question_cached(a, &questions[n], &claims))
			n++;
	}
	status = requests_run(a, requests, n, error);
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++)
		status = question_end(a, &questions[i], &requests[i], &claims, error);
	return status == PIPGATE_OK ? claims_take(a, claims.items, claims.n, error) : status;
}
