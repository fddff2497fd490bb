/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of all indexes for all names, at once; then what they say of each component. */
#include "wrapper/facts/facts.h"

#include "matcher/base/buf.h"
#include "matcher/policy/similar.h"
#include "shims/hook/protocol.h"
#include "wrapper/cache.h"
#include "wrapper/facts/page.h"
#include "wrapper/facts/sources.h"
#include "wrapper/feed/transport.h"
#include "wrapper/keep.h"
#include "wrapper/part.h"
#include "wrapper/service/asking.h"

#include "matcher/base/banned.h"

#define FRESH_SECONDS 600 /* so long a page is believed without asking */
#define GRACE_MS 3000u    /* which transport_many() waits behind its deadline */
#define LEAST_MS 500u
#define NAMES_BYTES ((size_t)1 << 20)
#define NEW_SECONDS ((int64_t)90 * 86400)
#define ACCEPT "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"

static const struct cache_kind pages_kind = {"index-pages", PAGE_BYTES, 2000};

struct asked { /* one name of one index */
	struct span name;
	const struct source_index *index;
	struct span key;
	struct cached cached;
	bool has;
	bool lacks; /* the index does not have the name */
	bool told;  /* page is there */
	struct page page;
	const char *note;
};

struct gathering {
	const struct facts_request *request;
	struct sources sources;
	struct cache cache;
	struct asked *asked; /* of names[i] of index k: [i * sources.n + k] */
	size_t *of;          /* component → its name's first; SIZE_MAX: from no index */
	size_t n_names;
	struct asked **jobs; /* of those that are asked now */
	struct buf body;
};

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

/* ---- what they say ---- */

static struct span url_file(struct span url)
{
	struct span path = span_split(&url, '#');
	const char *slash;

	path = span_split(&path, '?');
	slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	return slash ? span_from(path, (size_t)(slash - path.p) + 1) : path;
}

static bool version_of(struct pipgate_run *run, const struct page_file *file, struct pipgate_version *out, struct span *text)
{
	struct pipgate_filename parsed;

	if (pipgate_filename_parse(run, file->name, &parsed) != PIPGATE_OK || pipgate_version_parse(run, parsed.version, out) != PIPGATE_OK)
		return false;
	*text = parsed.version;
	return true;
}

/* Of a release that nobody has planned yet: any file of its version. */
static const struct page_file *release_find(struct pipgate_run *run, const struct page *page, const struct pipgate_component *c)
{
	struct pipgate_version wanted, version;
	struct span text;

	if (pipgate_version_parse(run, c->version, &wanted) != PIPGATE_OK)
		return NULL;
	for (size_t i = 0; i < page->n; i++)
		if (version_of(run, &page->files[i], &version, &text) && pipgate_key_compare(version.key, wanted.key) == 0)
			return &page->files[i];
	return NULL;
}

/* Is it known which archive is meant? */
static bool planned(const struct pipgate_component *c)
{
	return url_file(c->url).n || c->sha256.n;
}

static const struct page_file *file_find(struct pipgate_run *run, const struct page *page, const struct pipgate_component *c)
{
	struct span name = url_file(c->url);

	if (!planned(c))
		return release_find(run, page, c);
	for (size_t i = 0; i < page->n; i++) {
		const struct page_file *file = &page->files[i];

		if (c->sha256.n && file->sha256.n ? span_equal_nocase(c->sha256, file->sha256) : name.n && span_equal(name, file->name))
			return file;
	}
	return NULL;
}

/* The newest that was there min_age ago, and what is asked of all files: when the release and the project began. The age of an archive is
 * its own: one may be added to an old release. */
static void releases_take(const struct facts_request *r, const struct pipgate_component *c, const struct page *page,
	const struct page_file *archive, struct pipgate_facts *out)
{
	struct pipgate_version now = {0}, best = {0}, version;
	bool valid = pipgate_version_parse(r->run, c->version, &now) == PIPGATE_OK;
	int64_t uploaded = 0, begun = 0;
	bool all = true;
	struct span text;

	for (size_t i = 0; i < page->n; i++) {
		const struct page_file *file = &page->files[i];

		all &= file->uploaded != 0;
		if (file->uploaded && (!begun || file->uploaded < begun))
			begun = file->uploaded;
		if (!file->uploaded || !version_of(r->run, file, &version, &text))
			continue;
		if (valid && pipgate_key_compare(version.key, now.key) == 0) {
			if (!uploaded || file->uploaded < uploaded)
				uploaded = file->uploaded;
			if (archive && archive->uploaded > r->now - r->min_age)
				continue; /* another archive of the same release is no other choice */
		}
		if (file->yanked != PIPGATE_NO || (version.prerelease && !now.prerelease) || file->uploaded > r->now - r->min_age)
			continue;
		if (!best.key.n || pipgate_key_compare(version.key, best.key) > 0) {
			best = version;
			out->old_enough = must_span(arena_copy(r->run, text));
		}
	}
	if (r->wanted & (FACTS_UPLOADED | FACTS_RELEASES | FACTS_SIMILAR)) {
		out->uploaded = archive ? archive->uploaded : uploaded;
		out->project_begun = all ? begun : 0; /* a file without a time may be older */
	}
	if (!(r->wanted & FACTS_RELEASES))
		out->old_enough = (struct span){NULL, 0};
}

static void page_say(const struct facts_request *r, const struct pipgate_component *c, const struct asked *a, const struct page_file *file,
	struct pipgate_facts *out)
{
	out->index = span_of(a->index->public);
	out->kind = r->kind ? r->kind(r->ctx, out->index) : PIPGATE_INDEX_UNKNOWN;
	out->default_index = a->index->built_in;
	if (r->wanted & FACTS_YANKED && file) {
		out->yanked = file->yanked;
		out->yanked_reason = file->reason;
	}
	if (r->wanted & FACTS_STATUS) {
		out->status = a->page.status;
		out->status_reason = a->page.status_reason;
	}
	if (r->wanted & FACTS_ATTESTED && file)
		out->attested = file->attested;
	if (r->wanted & (FACTS_UPLOADED | FACTS_RELEASES | FACTS_SIMILAR))
		releases_take(r, c, &a->page, planned(c) ? file : NULL, out);
}

/* Served by a private index and by another: YES. NO only where each has answered. */
static enum pipgate_answer elsewhere_of(const struct gathering *g, const struct asked *asked)
{
	const struct facts_request *r = g->request;
	size_t private = 0, others = 0;
	bool all = true;

	for (size_t k = 0; k < g->sources.n; k++) {
		bool owned = r->kind && r->kind(r->ctx, span_of(asked[k].index->public)) == PIPGATE_INDEX_PRIVATE;

		all &= asked[k].told || asked[k].lacks;
		if (asked[k].told && asked[k].page.n)
			*(owned ? &private : &others) += 1;
	}
	return private && private + others > 1 ? PIPGATE_YES : all ? PIPGATE_NO : PIPGATE_NOT_KNOWN;
}

/* Does any index have the name? NO only where each has answered. */
static enum pipgate_answer listed_of(const struct gathering *g, const struct asked *asked)
{
	bool all = true;

	for (size_t k = 0; k < g->sources.n; k++) {
		if (asked[k].told && asked[k].page.n)
			return PIPGATE_YES;
		all &= asked[k].told || asked[k].lacks;
	}
	return all ? PIPGATE_NO : PIPGATE_NOT_KNOWN;
}

/* What keeps the policy from knowing; NULL: nothing does. */
static const char *note_of(const struct facts_request *r, const struct pipgate_facts *told, bool found, const char *silent)
{
	if (silent && (!found || r->wanted & FACTS_ELSEWHERE))
		return silent;
	if (!found)
		return "no index that pip is configured with lists its file";
	if (r->wanted & FACTS_UPLOADED && !told->uploaded)
		return text_format(r->run, "the index " SPAN_FMT " tells no upload time: no age is known", SPAN_ARG(told->index));
	return NULL;
}

/* Of the indexes in pip's order, the first whose page lists the file. */
static void component_say(const struct gathering *g, size_t i, struct pipgate_facts *out)
{
	const struct facts_request *r = g->request;
	const struct asked *asked = &g->asked[g->of[i]];
	const char *note = NULL;
	bool found = false;

	for (size_t k = 0; k < g->sources.n && !found; k++) {
		const struct page_file *file = asked[k].told ? file_find(r->run, &asked[k].page, &r->components[i]) : NULL;

		if (asked[k].note && !note)
			note = text_format(r->run, "the index %s did not tell: %s", asked[k].index->public, asked[k].note);
		found = file != NULL;
		if (found)
			page_say(r, &r->components[i], &asked[k], file, out);
	}
	out->listed = listed_of(g, asked);
	if (r->wanted & FACTS_ELSEWHERE)
		out->elsewhere = elsewhere_of(g, asked);
	if (r->notes)
		r->notes[i] = note_of(r, out, found, note);
}

/* What was asked for by name, and is new or is had by no index: a well-known name that may have been meant. */
static void similar_say(const struct gathering *g, size_t i, struct span known, struct pipgate_facts *out)
{
	const struct facts_request *r = g->request;
	const struct pipgate_component *c = &r->components[i];

	if (c->requested && (out->listed == PIPGATE_NO || (out->project_begun && r->now - out->project_begun < NEW_SECONDS)))
		out->similar = similar_find(c->name, known);
}

/* Does each index tell when every file was uploaded, as far as it was asked? */
static bool dated(const struct gathering *g)
{
	for (size_t k = 0; k < g->sources.n; k++) {
		size_t files = 0;

		for (size_t i = 0; i < g->n_names; i++) {
			const struct asked *a = &g->asked[i * g->sources.n + k];

			for (size_t f = 0; a->told && f < a->page.n; f++, files++)
				if (!a->page.files[f].uploaded)
					return false;
		}
		if (!files)
			return false;
	}
	return true;
}

static struct span known_names(const struct facts_request *r)
{
	char path[PATH_MAX];
	struct span names = {NULL, 0};

	if (!(r->wanted & FACTS_SIMILAR) || !part_find(path, "well-known-names.txt") ||
		keep_file(r->run, path, NAMES_BYTES, &names, NULL) != PIPGATE_OK)
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
		*r->dated = dated(&g);
	known = known_names(r);
	for (size_t i = 0; i < r->n; i++)
		if (r->components[i].origin == PIPGATE_ORIGIN_INDEX) {
			component_say(&g, i, &out[i]);
			similar_say(&g, i, known, &out[i]);
		}
	return PIPGATE_OK;
}
