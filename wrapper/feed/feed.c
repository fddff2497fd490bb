/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/feed.h"

#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define KEV_BYTES ((uint64_t)8 << 20)   /* it has 1.6 MB */
#define DAY INT64_C(86400)
#define SAFETY_AGE (60 * DAY) /* it comes out once a month */
#define EPSS_BYTES ((uint64_t)64 << 20) /* it has some 8 MB */

const struct feed_kind feed_kinds[] = {
	{"osv", PIPGATE_OSV_JSON, feed_read_osv, "a zip or tar.gz of OSV records, a folder of *.json, one .json file, or the address of one",
		false, 0, 0},
	{"pypa", PIPGATE_PYSEC_YAML, feed_read_pypa, "a checkout of the PyPA advisory database, its tar.gz, or the address of one", false, 0, 0},
	{"safety", 0, feed_read_safety, "safety-db's insecure_full.json, or its address", false, 0, SAFETY_AGE},
	{"dir", 0, feed_read_dir, "own advisories (OSV records as JSON or YAML): a folder, a zip or tar.gz, or the address of one", false, 0,
		DATABASE_AGELESS},
	{"kev", 0, feed_read_kev, "CISA's catalogue of known exploited vulnerabilities as JSON, or its address", true, KEV_BYTES,
		14 * DAY},
	{"epss", 0, feed_read_epss, "FIRST's scores as csv or csv.gz, or their address", true, EPSS_BYTES, 7 * DAY},
	{"pipgate", 0, NULL, "a folder that pipgate db export made, or the address of one", false, 0, 0}, /* bundle.h */
	{NULL, 0, NULL, NULL, false, 0, 0},
};

enum pipgate_status feed_source_parse(const char *word, struct feed_source *out, struct pipgate_error *error)
{
	struct span rest = span_of(word), name = span_split(&rest, '=');

	for (const struct feed_kind *kind = feed_kinds; kind->name; kind++) {
		if (!span_is(name, kind->name))
			continue;
		if (!rest.n)
			return error_set(error, PIPGATE_INVALID, "%s= needs a place: %s", kind->name, kind->forms);
		*out = (struct feed_source){.kind = kind, .place = rest.p, .name = kind->name, .max_age = kind->max_age,
			.max_shrink = FEED_SHRINK_PERCENT};
		return PIPGATE_OK;
	}
	return error_set(error, PIPGATE_INVALID, "'%.60s' is no feed; write KIND=PLACE with the kind osv, pypa, safety, dir, kev, epss or pipgate",
		word);
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
