/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/feed.h"

#include <unistd.h>

#include "wrapper/feed/reading.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define KEV_BYTES ((uint64_t)8 << 20)   /* it has 1.6 MB */
#define EPSS_BYTES ((uint64_t)64 << 20) /* it has some 8 MB */

const struct feed_kind feed_kinds[] = {
	{"osv", PIPGATE_OSV_JSON, feed_read_osv, "a zip or tar.gz of OSV records, a folder of *.json, one .json file, or the address of one",
		false, 0},
	{"pypa", PIPGATE_PYSEC_YAML, feed_read_pypa, "a checkout of the PyPA advisory database, its tar.gz, or the address of one", false, 0},
	{"safety", 0, feed_read_safety, "safety-db's insecure_full.json, or its address", false, 0},
	{"dir", 0, feed_read_dir, "own advisories (OSV records as JSON or YAML): a folder, a zip or tar.gz, or the address of one", false, 0},
	{"kev", 0, feed_read_kev, "CISA's catalogue of known exploited vulnerabilities as JSON, or its address", true, KEV_BYTES},
	{"epss", 0, feed_read_epss, "FIRST's scores as csv or csv.gz, or their address", true, EPSS_BYTES},
	{"pipgate", 0, NULL, "a folder that pipgate db export made, or the address of one", false, 0}, /* bundle.h */
	{NULL, 0, NULL, NULL, false, 0},
};

enum pipgate_status feed_source_parse(const char *word, struct feed_source *out, struct pipgate_error *error)
{
	struct span rest = span_of(word), name = span_split(&rest, '=');

	for (const struct feed_kind *kind = feed_kinds; kind->name; kind++) {
		if (!span_is(name, kind->name))
			continue;
		if (!rest.n)
			return error_set(error, PIPGATE_INVALID, "%s= needs a place: %s", kind->name, kind->forms);
		*out = (struct feed_source){.kind = kind, .place = rest.p};
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

/* "osv", then "osv-2": a finding says which feed it is from. */
static const char *name_make(struct pipgate_run *run, const struct feed_source *sources, size_t i)
{
	size_t same = 1;

	for (size_t k = 0; k < i; k++)
		same += sources[k].kind == sources[i].kind;
	return same == 1 ? sources[i].kind->name : text_format(run, "%s-%zu", sources[i].kind->name, same);
}

static bool advises(const struct feed_source *sources, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!sources[i].kind->enriches)
			return true;
	return false;
}

/* Advisories have the first turn, in the order of the words; then each kind that enriches has its own. So the place of the
 * latter among the words changes no byte of the database. */
static const struct feed_kind *turn_of(const struct feed_source *source)
{
	return source->kind->enriches ? source->kind : feed_kinds;
}

/* NULL: the first, or that there is none left. */
static const struct feed_kind *turn_next(const struct feed_kind *turn)
{
	if (!turn)
		return feed_kinds;
	do
		turn++;
	while (turn->name && !turn->enriches);
	return turn->name ? turn : NULL;
}

static enum pipgate_status feed_read(struct reading *r, struct pipgate_error *error)
{
	enum pipgate_status status = database_build_feed(r->build, span_of(r->name), span_of(r->source->kind->name), r->shown, &r->feed, error);

	if (status == PIPGATE_OK)
		status = reading_run(r, error);
	if (status != PIPGATE_OK)
		error_before(error, "%s=" SPAN_FMT, r->source->kind->name, SPAN_ARG(r->shown));
	return status;
}

enum pipgate_status feeds_read(struct database_build *build, const struct feed_source *sources, size_t n, uint32_t deadline_ms,
	struct pipgate_error *error)
{
	struct pipgate_run *kept = NULL;
	struct reading r = {.build = build, .deadline_ms = deadline_ms, .progress = isatty(STDERR_FILENO) == 1};
	enum pipgate_status status = PIPGATE_OK;

	if (pipgate_run_new(NULL, &kept) != PIPGATE_OK || pipgate_run_new(NULL, &r.run) != PIPGATE_OK)
		die_no_memory();
	if (!advises(sources, n))
		status = error_set(error, PIPGATE_INVALID,
			"no feed of advisories among them: kev and epss only add to what the others bring");
	for (const struct feed_kind *turn = NULL; status == PIPGATE_OK && (turn = turn_next(turn)) != NULL;)
		for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
			if (turn_of(&sources[i]) != turn)
				continue;
			r.source = &sources[i];
			r.name = name_make(kept, sources, i);
			r.shown = feed_place_shown(kept, sources[i].place);
			status = feed_read(&r, error);
		}
	pipgate_run_free(&r.run);
	pipgate_run_free(&kept);
	return status;
}
