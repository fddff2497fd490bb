/* SPDX-License-Identifier: Apache-2.0 */
/* What pages of indexes say of each component. */
#include "wrapper/facts/gathering.h"

#include "matcher/policy/similar.h"

#include "matcher/base/banned.h"

#define NEW_SECONDS ((int64_t)90 * 86400)

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

#define RELEASES_MAX 2000 /* of a project; the largest has some 1,500 */

static void releases_list(const struct facts_request *r, const struct pipgate_component *c, const struct page *page, struct pipgate_facts *out)
{
	struct span *v = must(arena_array(r->run, page->n + 1, sizeof(*v)));
	struct pipgate_version now = {0}, version;
	bool pre = pipgate_version_parse(r->run, c->version, &now) == PIPGATE_OK && now.prerelease;
	struct span text;
	size_t n = 0;

	for (size_t i = 0; i < page->n && n < RELEASES_MAX; i++) {
		bool known = page->files[i].yanked == PIPGATE_YES || !version_of(r->run, &page->files[i], &version, &text) ||
			(version.prerelease && !pre);

		for (size_t k = n; k && !known; k--)
			known = span_equal(v[k - 1], text);
		if (!known)
			v[n++] = must_span(arena_copy(r->run, text));
	}
	out->releases = v;
	out->n_releases = n;
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
	if (r->wanted & FACTS_RELEASES)
		releases_list(r, c, &a->page, out);
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

void tell_component(const struct gathering *g, size_t i, struct pipgate_facts *out)
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

void tell_similar(const struct gathering *g, size_t i, struct span known, struct pipgate_facts *out)
{
	const struct facts_request *r = g->request;
	const struct pipgate_component *c = &r->components[i];

	if (c->requested && (out->listed == PIPGATE_NO || (out->project_begun && r->now - out->project_begun < NEW_SECONDS)))
		out->similar = similar_find(c->name, known);
}

bool tell_dated(const struct gathering *g)
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
