/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ecosyste.ms's advisories (advisories.ecosyste.ms/docs): all of a name, with ranges in words ("< 2.0, >= 1.0", "= 1.5"), which are
 * decided here. The service gives pages and says nowhere how many: a page that is not full is the last.
 */
#include <stdlib.h>

#include "wrapper/service/asking.h"

#include "matcher/base/banned.h"

#define ESMS_URL "https://advisories.ecosyste.ms/api/v1/advisories"
#define ESMS_URL_VARIABLE "PIPGATE_ESMS_URL" /* a mirror; pip-audit has no option for it */
#define PAGE 100                             /* advisories of one answer */
#define RANGE_MAX 4096                       /* characters of one range's words */

struct page {
	struct span name;
	unsigned number; /* 1, 2, … */
};

/* ---- one advisory ---- */

/* A single "=" is PEP 440's "==". */
static struct span specifiers_of(struct asking *a, struct span words)
{
	char *out = must(arena_alloc(a->run, words.n * 2 + 1));
	size_t n = 0;
	bool begins = true;

	for (size_t i = 0; i < words.n; i++) {
		char c = words.p[i];

		if (c == '=' && begins && !(i + 1 < words.n && words.p[i + 1] == '='))
			out[n++] = '=';
		out[n++] = c;
		begins = c == ',' || (begins && c == ' ');
	}
	return (struct span){out, n};
}

static enum pipgate_status range_read(struct asking *a, const char *about, const struct release *release, const cJSON *range, bool *hit,
	struct claim *claim, struct pipgate_error *error)
{
	struct span words = json_string(json_member(range, "vulnerable_version_range"));
	struct span fixed = json_string(json_member(range, "first_patched_version"));
	enum pipgate_status status;
	bool inside = false;

	if (!words.p || words.n > RANGE_MAX)
		return answer_strange(a, about, "vulnerable_version_range: text expected", error);
	status = pipgate_specifier_contains(a->run, specifiers_of(a, words), release->version, PIPGATE_PRERELEASES_YES, &inside);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK)
		return answer_strange(a, about, "a vulnerable_version_range that is none", error);
	*hit |= inside;
	if (inside && fixed.n)
		*(struct span *)must(list_push(a->run, &claim->fixed, sizeof(fixed))) = must_span(arena_copy(a->run, fixed));
	return PIPGATE_OK;
}

static enum pipgate_status ranges_read(struct asking *a, const char *about, const struct release *release, const cJSON *advisory, bool *hit,
	struct claim *claim, struct pipgate_error *error)
{
	const cJSON *packages = json_member(advisory, "packages");

	if (!cJSON_IsArray(packages))
		return answer_strange(a, about, "packages: a list expected", error);
	for (const cJSON *package = packages->child; package; package = package->next) {
		const cJSON *versions = json_member(package, "versions");
		struct span name = {"", 0};

		if (!span_is(json_string(json_member(package, "ecosystem")), "pypi"))
			continue;
		if (pipgate_name_normalize(a->run, json_string(json_member(package, "package_name")), &name) != PIPGATE_OK)
			die_no_memory();
		if (!span_equal(name, release->name))
			continue;
		if (!cJSON_IsArray(versions))
			return answer_strange(a, about, "versions: a list expected", error);
		for (const cJSON *range = versions->child; range; range = range->next)
			if (range_read(a, about, release, range, hit, claim, error) != PIPGATE_OK)
				return PIPGATE_INVALID;
	}
	return PIPGATE_OK;
}

static struct span text_of(struct asking *a, const cJSON *object, const char *member)
{
	return must_span(arena_copy(a->run, json_string(json_member(object, member))));
}

static enum pipgate_status ids_take(struct asking *a, const char *about, const cJSON *advisory, struct claim *claim, struct pipgate_error *error)
{
	const cJSON *ids = json_member(advisory, "identifiers");

	for (const cJSON *item = cJSON_IsArray(ids) ? ids->child : NULL; item; item = item->next) {
		struct span id = must_span(arena_copy(a->run, json_string(item)));

		if (!id.n)
			return answer_strange(a, about, "identifiers: text expected", error);
		if (!claim->id.n)
			claim->id = id;
		else
			*(struct span *)must(list_push(a->run, &claim->aliases, sizeof(id))) = id;
	}
	return claim->id.n ? PIPGATE_OK : answer_strange(a, about, "an advisory without identifiers", error);
}

static enum pipgate_status advisory_read(struct asking *a, const char *about, const struct release *release, const cJSON *advisory,
	struct list *claims, struct pipgate_error *error)
{
	const cJSON *withdrawn = json_member(advisory, "withdrawn_at");
	struct claim claim = {.name = release->name, .version = release->version};
	bool hit = false;
	enum pipgate_status status;

	if (!cJSON_IsObject(advisory))
		return answer_strange(a, about, "an object expected", error);
	if (withdrawn && !cJSON_IsNull(withdrawn))
		return PIPGATE_OK;
	status = ids_take(a, about, advisory, &claim, error);
	if (status == PIPGATE_OK)
		status = ranges_read(a, about, release, advisory, &hit, &claim, error);
	if (status != PIPGATE_OK || !hit)
		return status;
	claim.summary = text_of(a, advisory, "title");
	claim.details = text_of(a, advisory, "description");
	claim.published = text_of(a, advisory, "published_at");
	*(struct claim *)must(list_push(a->run, claims, sizeof(claim))) = claim;
	return PIPGATE_OK;
}

/* ---- pages ---- */

/* Every release of the name is held against every advisory of the page. */
static enum pipgate_status page_read(struct asking *a, const struct page *page, struct span body, struct list *claims, struct list *next,
	struct pipgate_error *error)
{
	const char *about = text_copy(a->run, page->name);
	size_t n = 0;
	cJSON *root;
	enum pipgate_status status = answer_parse(a, about, body, &root, error);

	if (status != PIPGATE_OK)
		return status;
	if (!cJSON_IsArray(root))
		status = answer_strange(a, about, "a list expected", error);
	for (const cJSON *item = root->child; item && status == PIPGATE_OK; item = item->next, n++)
		for (size_t i = 0; i < a->n_releases && status == PIPGATE_OK; i++)
			if (span_equal(a->releases[i].name, page->name))
				status = advisory_read(a, about, &a->releases[i], item, claims, error);
	cJSON_Delete(root);
	if (status != PIPGATE_OK || n < PAGE)
		return status;
	if (page->number >= SERVICE_PAGES)
		return answer_strange(a, about, "too many pages", error);
	*(struct page *)must(list_push(a->run, next, sizeof(*page))) = (struct page){page->name, page->number + 1};
	return PIPGATE_OK;
}

static enum pipgate_status pages_run(struct asking *a, const char *url, struct list *open, struct list *claims, struct pipgate_error *error)
{
	const struct page *pages = open->items;
	size_t n = open->n;
	struct request *requests = must(arena_array(a->run, n + 1, sizeof(*requests)));
	enum pipgate_status status;

	for (size_t i = 0; i < n; i++) {
		const char *name = url_escape(a->run, pages[i].name);

		requests[i] = (struct request){.job = {.verb = "get"}, .about = text_copy(a->run, pages[i].name)};
		requests[i].job.place = span_of(text_format(a->run, "%s?ecosystem=pypi&package_name=%s&per_page=%d&page=%u", url, name, PAGE,
			pages[i].number));
	}
	status = requests_run(a, requests, n, error);
	*open = (struct list){0};
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++)
		status = page_read(a, &pages[i], requests[i].body, claims, open, error);
	return status;
}

enum pipgate_status esms_ask(struct asking *a, struct pipgate_error *error)
{
	const char *named = getenv(ESMS_URL_VARIABLE), *url = named && *named ? named : ESMS_URL;
	struct list open = {0}, claims = {0};
	enum pipgate_status status = PIPGATE_OK;

	a->title = text_format(a->run, "esms (%s)", url_public(a->run, url));
	for (size_t i = 0; i < a->n_releases; i++)
		if (!i || !span_equal(a->releases[i].name, a->releases[i - 1].name))
			*(struct page *)must(list_push(a->run, &open, sizeof(struct page))) = (struct page){a->releases[i].name, 1};
	while (status == PIPGATE_OK && open.n)
		status = pages_run(a, url, &open, &claims, error);
	return status == PIPGATE_OK ? claims_take(a, claims.items, claims.n, error) : status;
}
