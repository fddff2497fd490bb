/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of all indexes for all names, at once. */
#include "wrapper/facts/gathering.h"

#include "shims/hook/protocol.h"
#include "wrapper/feed/transport.h"
#include "wrapper/keep.h"
#include "wrapper/part.h"
#include "wrapper/service/asking.h"

#include "matcher/base/banned.h"

#define FRESH_SECONDS 600 /* so long a page is believed without asking */
#define GRACE_MS 3000u    /* which transport_many() waits behind its deadline */
#define LEAST_MS 500u
#define NAMES_BYTES ((size_t)1 << 20)
#define ACCEPT "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"

static const struct cache_kind pages_kind = {"index-pages", PAGE_BYTES, 2000};

/* ---- what is asked ---- */

static void name_add(struct gathering *g, size_t component, struct span name)
{
	size_t n = g->sources.n;

	g->of[component] = g->n_names * n;
	for (size_t i = 0; i < g->n_names; i++)
		if (span_equal(g->asked[i * n].name, name)) {
			g->of[component] = i * n;
			return;
		}
	for (size_t k = 0; k < n; k++) {
		const struct source_index *index = &g->sources.v[k];

		g->asked[g->n_names * n + k] = (struct asked){.name = name, .index = index,
			.key = must_span(arena_format(g->request->run, "page %s/" SPAN_FMT, index->public, SPAN_ARG(name)))};
	}
	g->n_names++;
}

static bool page_take(struct gathering *g, struct asked *a, struct span body)
{
	struct pipgate_error why = {""};
	enum pipgate_status status = page_read(g->request->run, body, &a->page, &why);

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	a->told = status == PIPGATE_OK;
	a->note = a->told ? NULL : text_copy(g->request->run, span_of(why.text));
	return a->told;
}

/* A page that was read with a password is for nobody who may lack it: it is not kept. */
static bool cached_take(struct gathering *g, struct asked *a)
{
	a->has = !a->index->credentials && cache_get(&g->cache, a->key, &a->cached);
	return a->has && a->cached.age >= 0 && a->cached.age < FRESH_SECONDS && page_take(g, a, a->cached.body);
}

static struct transport_job job_make(const struct gathering *g, const struct asked *a, uint32_t deadline_ms)
{
	const struct sources *s = &g->sources;

	return (struct transport_job){
		.verb = "get",
		.place = span_of(text_format(g->request->run, "%s/%s/", a->index->url, url_escape(g->request->run, a->name))),
		.etag = a->has ? span_of(a->cached.etag) : (struct span){NULL, 0},
		.accept = SPAN(ACCEPT),
		.authority = span_of(s->cert),
		.client = span_of(s->client),
		.proxy = span_of(s->proxy),
		.netrc = !a->index->credentials,
		.trusted = a->index->trusted,
		.max_bytes = PAGE_BYTES,
		.deadline_ms = deadline_ms,
	};
}

/* ---- what comes back ---- */

static enum pipgate_status on_item(void *ctx, size_t index, struct span body, struct pipgate_error *error)
{
	struct gathering *g = ctx;

	(void)index;
	(void)error;
	buf_span(&g->body, body);
	if (buf_status(&g->body) == PIPGATE_NO_MEMORY)
		die_no_memory();
	return PIPGATE_OK; /* one that is too long is judged at its end */
}

static enum pipgate_status on_done(void *ctx, size_t index, enum pipgate_status status, const struct transport_result *result,
	struct pipgate_error *error)
{
	struct gathering *g = ctx;
	struct asked *a = g->jobs[index];

	if (status == PIPGATE_OK && result->unchanged) {
		if (page_take(g, a, a->cached.body))
			cache_touch(&g->cache, a->key);
	} else if (status == PIPGATE_OK && buf_status(&g->body) == PIPGATE_OK) {
		if (page_take(g, a, buf_view(&g->body)) && !a->index->credentials)
			cache_put(&g->cache, a->key, result->etag, buf_view(&g->body));
	} else if (status != PIPGATE_OK && strstr(error->text, ": " FETCH_ANSWERED "404")) {
		a->lacks = true;
	} else {
		a->note = status == PIPGATE_OK ? "its answer is too large" : text_copy(g->request->run, span_of(error->text));
	}
	buf_clear(&g->body);
	return PIPGATE_OK;
}

static void pages_ask(struct gathering *g)
{
	const struct facts_request *r = g->request;
	const struct transport_many_sink sink = {g, on_item, on_done};
	size_t all = g->n_names * g->sources.n, n = 0;
	uint32_t patience = r->deadline_ms ? r->deadline_ms : FACTS_DEADLINE_MS;
	struct transport_job *jobs = must(arena_array(r->run, all + 1, sizeof(*jobs)));
	struct pipgate_error error = {""};

	patience = patience > GRACE_MS + LEAST_MS ? patience - GRACE_MS : LEAST_MS;
	g->jobs = must(arena_array(r->run, all + 1, sizeof(struct asked *)));
	for (size_t i = 0; i < all; i++)
		if (!cached_take(g, &g->asked[i])) {
			g->jobs[n] = &g->asked[i];
			jobs[n++] = job_make(g, &g->asked[i], patience);
		}
	buf_init(&g->body, NULL, PAGE_BYTES);
	if (transport_many(jobs, n, patience, &sink, &error) != PIPGATE_OK) /* those that have been answered are good */
		for (size_t i = 0; i < n; i++)
			if (!g->jobs[i]->told && !g->jobs[i]->lacks && !g->jobs[i]->note)
				g->jobs[i]->note = text_copy(r->run, span_of(error.text));
	buf_fini(&g->body);
}

struct span facts_known_names(struct pipgate_run *run)
{
	char path[PATH_MAX];
	struct span names = {NULL, 0};

	if (!part_find(path, "well-known-names.txt") ||
		keep_file(run, path, NAMES_BYTES, &names, NULL) != PIPGATE_OK)
		return (struct span){NULL, 0};
	return names;
}

static enum pipgate_status without_index(const struct facts_request *r)
{
	for (size_t i = 0; r->notes && i < r->n; i++)
		if (r->components[i].origin == PIPGATE_ORIGIN_INDEX)
			r->notes[i] = "pip has no index that could be asked";
	return PIPGATE_OK;
}

enum pipgate_status facts_gather(const struct facts_request *r, struct pipgate_facts *out, struct pipgate_error *error)
{
	struct gathering g = {.request = r};
	struct span known;
	bool any = false;

	(void)error;
	if (r->dated)
		*r->dated = false;
	for (size_t i = 0; i < r->n; i++) {
		out[i] = (struct pipgate_facts){0};
		if (r->notes)
			r->notes[i] = NULL;
		any |= r->components[i].origin == PIPGATE_ORIGIN_INDEX;
	}
	if (!any || !r->wanted)
		return PIPGATE_OK;
	sources_find(r, &g.sources);
	if (!g.sources.n)
		return without_index(r);
	g.asked = must(arena_array(r->run, r->n * g.sources.n, sizeof(*g.asked)));
	g.of = must(arena_array(r->run, r->n, sizeof(*g.of)));
	for (size_t i = 0; i < r->n; i++)
		if (r->components[i].origin == PIPGATE_ORIGIN_INDEX)
			name_add(&g, i, r->components[i].name);
	cache_open(&g.cache, r->run, &pages_kind, r->cache_dir);
	pages_ask(&g);
	cache_close(&g.cache);
	if (r->dated)
		*r->dated = tell_dated(&g);
	known = r->wanted & FACTS_SIMILAR ? facts_known_names(r->run) : (struct span){NULL, 0};
	for (size_t i = 0; i < r->n; i++)
		if (r->components[i].origin == PIPGATE_ORIGIN_INDEX) {
			tell_component(&g, i, &out[i]);
			tell_similar(&g, i, known, &out[i]);
		}
	return PIPGATE_OK;
}
