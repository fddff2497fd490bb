/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/feed.h"

#include <unistd.h>

#include "wrapper/feed/reading.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

const struct feed_kind feed_kinds[] = {
	{"osv", PIPGATE_OSV_JSON, feed_read_osv, "a zip or tar.gz of OSV records, a folder of *.json, one .json file, or the address of one"},
	{"pypa", PIPGATE_PYSEC_YAML, feed_read_pypa, "a checkout of the PyPA advisory database, its tar.gz, or the address of one"},
	{"pipgate", 0, NULL, "a folder that pipgate db export made, or the address of one"}, /* bundle.h */
	{NULL, 0, NULL, NULL},
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
	return error_set(error, PIPGATE_INVALID, "'%.60s' is no feed; write KIND=PLACE with the kind osv or pypa", word);
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
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++) {
		r.source = &sources[i];
		r.name = name_make(kept, sources, i);
		r.shown = feed_place_shown(kept, sources[i].place);
		status = feed_read(&r, error);
	}
	pipgate_run_free(&r.run);
	pipgate_run_free(&kept);
	return status;
}
