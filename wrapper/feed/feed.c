/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/feed.h"

#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define KEV_BYTES ((uint64_t)8 << 20)   /* it has 1.6 MB */
#define DAY INT64_C(86400)
#define EPSS_BYTES ((uint64_t)64 << 20) /* it has some 8 MB */

const struct feed_kind feed_kinds[] = {
	{.name = "osv", .encoding = PIPGATE_OSV_JSON, .read = feed_read_osv,
		.forms = "a zip or tar.gz of OSV records, a folder of *.json, one .json file, or the address of one"},
	{.name = "osv-api", .encoding = PIPGATE_OSV_JSON, .read = feed_read_osv_api, .asks = true,
		.forms = "the address of OSV's API (https://api.osv.dev), or of a mirror of it"},
	{.name = "pypa", .encoding = PIPGATE_PYSEC_YAML, .read = feed_read_pypa,
		.forms = "a checkout of the PyPA advisory database, its tar.gz, or the address of one"},
	{.name = "pypi", .encoding = PIPGATE_OSV_JSON, .read = feed_read_pypi, .asks = true, .weight = -1,
		.forms = "the address of an index's JSON API (…/pypi), or the word index: pip's own"},
	{.name = "safety", .read = feed_read_safety, .max_age = 60 * DAY, /* it comes out once a month */
		.forms = "safety-db's insecure_full.json, or its address"},
	{.name = "dir", .read = feed_read_dir, .max_age = DATABASE_AGELESS,
		.forms = "own advisories (OSV records as JSON or YAML): a folder, a zip or tar.gz, or the address of one"},
	{.name = "kev", .read = feed_read_kev, .enriches = true, .max_bytes = KEV_BYTES, .max_age = 14 * DAY,
		.forms = "CISA's catalogue of known exploited vulnerabilities as JSON, or its address"},
	{.name = "epss", .read = feed_read_epss, .enriches = true, .max_bytes = EPSS_BYTES, .max_age = 7 * DAY,
		.forms = "FIRST's scores as csv or csv.gz, or their address"},
	{.name = "pipgate", .forms = "a folder that pipgate db export made, or the address of one"}, /* bundle.h */
	{.name = NULL},
};

const struct feed_kind *feed_kind_find(struct span name)
{
	for (const struct feed_kind *kind = feed_kinds; kind->name; kind++)
		if (span_is(name, kind->name))
			return kind;
	return NULL;
}

enum pipgate_status feed_source_parse(const char *word, struct feed_source *out, struct pipgate_error *error)
{
	struct span rest = span_of(word), name = span_split(&rest, '=');
	const struct feed_kind *kind = feed_kind_find(name);

	if (!kind)
		return error_set(error, PIPGATE_INVALID,
			"'%.60s' is no feed; write KIND=PLACE with the kind osv, osv-api, pypa, pypi, safety, dir, kev, epss or pipgate", word);
	if (!rest.n)
		return error_set(error, PIPGATE_INVALID, "%s= needs a place: %s", kind->name, kind->forms);
	*out = (struct feed_source){.kind = kind, .place = rest.p, .name = kind->name, .max_age = kind->max_age, .weight = kind->weight,
		.max_shrink = FEED_SHRINK_PERCENT};
	return PIPGATE_OK;
}

struct span feed_place_shown(struct pipgate_run *run, const char *place)
{
	const char *scheme = strstr(place, "://"), *at;
	struct span rest = span_of(scheme ? scheme + 3 : place), path, host;

	if (!scheme)
		return must_span(arena_copy(run, rest));
	rest = span_split(&rest, '#');
	rest = span_split(&rest, '?');
	path = rest;
	host = span_split(&path, '/');
	at = memrchr(host.p, '@', host.n);
	if (at)
		rest = span_from(rest, (size_t)(at + 1 - rest.p));
	return must_span(arena_format(run, "%.*s://%.*s", (int)(scheme - place), place, (int)rest.n, rest.p));
}
