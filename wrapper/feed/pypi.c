/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON API of an index: which advisories affect exactly this version of a distribution. It knows no ranges, no severity and no
 * times: a record lists the versions that were asked about, and is as old as the answer. What is fixed where becomes ranges that hold
 * no version.
 */
#include "wrapper/facts/sources.h"
#include "wrapper/feed/names.h"
#include "wrapper/feed/reading.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define CLAIMS_MAX 1000000                 /* of advisories about versions; a version with many has some 100 */
#define CLAIMS_BYTES ((uint64_t)512 << 20) /* of their texts */

struct pypi {
	struct reading *reading;
	struct asking asking;
	const char *root;
	struct sources sources; /* of the word "index": how pip reaches it */
	struct list claims;     /* of struct claim */
	uint64_t bytes;         /* of their texts */
};

/* ---- where it is ---- */

static enum pipgate_status root_of_index(struct pypi *p, struct pipgate_error *error)
{
	struct pipgate_run *run = p->asking.run;
	struct pipgate_error ignored;
	struct pip pip;
	bool located = pip_locate(run, "pip", NULL, &pip, &ignored) == PIPGATE_OK;
	const struct facts_request request = {.run = run, .pip = located ? &pip : NULL};

	sources_find(&request, &p->sources);
	if (!p->sources.n)
		return error_set(error, PIPGATE_INVALID, "it asks the index that pip is configured with, and none is known: "
			"set PIP_INDEX_URL, or index-url in pip.conf, or write the address of its JSON API");
	p->root = index_json_root(run, p->sources.v[0].url);
	if (!p->root)
		return error_set(error, PIPGATE_INVALID, "the JSON API stands beside an index whose address ends in /simple, "
			"and that of '%s' does not: write the address of its JSON API", p->sources.v[0].public);
	p->asking.title = url_public(run, p->root);
	return PIPGATE_OK;
}

static bool is_index(const struct reading *r)
{
	return strcmp(r->source->place, "index") == 0;
}

static struct request request_make(const struct pypi *p, const struct release *release)
{
	struct pipgate_run *run = p->asking.run;
	const struct sources *s = &p->sources;
	const struct source_index *index = s->n ? &s->v[0] : NULL;

	return (struct request){
		.job = {
			.verb = "get",
			.place = span_of(text_format(run, "%s%s", p->root, index_json_path(run, release))),
			.authority = span_of(s->cert ? s->cert : ""),
			.client = span_of(s->client ? s->client : ""),
			.proxy = span_of(s->proxy ? s->proxy : ""),
			.netrc = index && !index->credentials,
			.trusted = index && index->trusted,
		},
		.about = text_format(run, SPAN_FMT " " SPAN_FMT, SPAN_ARG(release->name), SPAN_ARG(release->version)),
		.ctx = release,
		.may_lack = true,
	};
}

/* ---- what it says ---- */

static uint64_t claim_bytes(const struct claim *claim)
{
	const struct span *aliases = claim->aliases.items, *fixed = claim->fixed.items;
	uint64_t n = claim->id.n + claim->summary.n + claim->details.n;

	for (size_t i = 0; i < claim->aliases.n; i++)
		n += aliases[i].n + sizeof(*aliases);
	for (size_t i = 0; i < claim->fixed.n; i++)
		n += fixed[i].n + sizeof(*fixed);
	return n;
}

static enum pipgate_status answer_take(struct asking *a, const struct request *request, struct span body, struct pipgate_error *error)
{
	struct pypi *p = a->ctx;
	size_t before = p->claims.n;
	struct span modified;
	struct claim *claims;
	enum pipgate_status status = index_json_read(a, request->about, request->ctx, body, &p->claims, NULL, error);

	if (status != PIPGATE_OK || p->claims.n == before)
		return status;
	modified = feed_moment(a->run, request->date > 0 ? request->date : request->answered);
	claims = p->claims.items;
	for (size_t i = before; i < p->claims.n; i++) {
		claims[i].modified = modified;
		p->bytes += claim_bytes(&claims[i]);
	}
	if (p->claims.n > CLAIMS_MAX || p->bytes > CLAIMS_BYTES)
		return error_set(error, PIPGATE_LIMIT, "too much is said about the versions that were asked about");
	return PIPGATE_OK;
}

static enum pipgate_status releases_ask(struct pypi *p, struct pipgate_error *error)
{
	struct asking *a = &p->asking;
	struct request *requests = must(arena_array(a->run, a->n_releases + 1, sizeof(*requests)));
	size_t n = 0, lacks = 0;
	enum pipgate_status status;

	for (size_t i = 0; i < a->n_releases; i++)
		if (a->releases[i].version.n)
			requests[n++] = request_make(p, &a->releases[i]);
	if (!n)
		return error_set(error, PIPGATE_INVALID, "%s pins no version (NAME==VERSION), and the index is asked about versions alone",
			p->reading->source->names);
	a->take = answer_take;
	status = requests_run(a, requests, n, error);
	for (size_t i = 0; i < n; i++)
		lacks += requests[i].lacks;
	log_stage("feed", "%s: %zu versions asked about, %zu that the index does not have", p->reading->source->name, n, lacks);
	return status;
}

/* ---- records ---- */

static bool is_version(struct pipgate_run *run, struct span text)
{
	struct pipgate_version ignored;
	enum pipgate_status status = pipgate_version_parse(run, text, &ignored);

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK;
}

static void range_write(struct buf *out, struct span from, const char *end, struct span to)
{
	json_begin(out, '{');
	json_text(out, "type", SPAN("ECOSYSTEM"));
	json_key(out, "events");
	json_begin(out, '[');
	json_begin(out, '{');
	json_text(out, "introduced", from);
	json_end(out, '}');
	json_begin(out, '{');
	json_text(out, end, to);
	json_end(out, '}');
	json_end(out, ']');
	json_end(out, '}');
}

/* A range for each version, and one that holds none for each that is fixed: so both stand wherever the record goes. Of what is no
 * version no range can be made: it would hold all of them. */
static void affected_write(struct buf *out, struct pipgate_run *run, const struct pipgate_affected *affected)
{
	json_begin(out, '{');
	json_key(out, "package");
	json_begin(out, '{');
	json_text(out, "ecosystem", SPAN("PyPI"));
	json_text(out, "name", affected->name);
	json_end(out, '}');
	json_texts(out, "versions", affected->versions, affected->n_versions);
	json_key(out, "ranges");
	json_begin(out, '[');
	for (size_t i = 0; i < affected->n_versions; i++)
		if (is_version(run, affected->versions[i]))
			range_write(out, affected->versions[i], "last_affected", affected->versions[i]);
	for (size_t i = 0; i < affected->n_ranges; i++)
		for (size_t k = 0; k < affected->ranges[i].n_events; k++)
			if (is_version(run, affected->ranges[i].events[k].version))
				range_write(out, affected->ranges[i].events[k].version, "fixed", affected->ranges[i].events[k].version);
	json_end(out, ']');
	json_end(out, '}');
}

static void record_write(struct buf *out, struct pipgate_run *run, const struct pipgate_advisory *advisory)
{
	json_begin(out, '{');
	json_text(out, "id", advisory->id);
	json_text(out, "modified", advisory->modified);
	if (advisory->withdrawn.n)
		json_text(out, "withdrawn", advisory->withdrawn);
	json_texts(out, "aliases", advisory->aliases, advisory->n_aliases);
	json_text(out, "summary", advisory->summary);
	json_text(out, "details", advisory->details);
	json_key(out, "affected");
	json_begin(out, '[');
	for (size_t i = 0; i < advisory->n_affected; i++)
		affected_write(out, run, &advisory->affected[i]);
	json_end(out, ']');
	json_end(out, '}');
}

static enum pipgate_status records_give(struct pypi *p, struct pipgate_error *error)
{
	const struct pipgate_advisory *advisories;
	struct buf text;
	enum pipgate_status status = claims_take(&p->asking, p->claims.items, p->claims.n, error);

	advisories = p->asking.advisories.items;
	buf_init(&text, NULL, READING_ITEM_MAX);
	for (size_t i = 0; i < p->asking.advisories.n && status == PIPGATE_OK; i++) {
		buf_clear(&text);
		record_write(&text, p->asking.run, &advisories[i]);
		if (buf_status(&text) == PIPGATE_NO_MEMORY)
			die_no_memory();
		status = buf_status(&text) == PIPGATE_OK ? reading_item(p->reading, advisories[i].id, buf_view(&text), error)
			: reading_refuse(p->reading, advisories[i].id, SPAN("it is too large"), error);
	}
	buf_fini(&text);
	return status;
}

enum pipgate_status feed_read_pypi(struct reading *r, struct pipgate_error *error)
{
	struct pypi p = {.reading = r};
	enum pipgate_status status = feed_asking(r, &p.asking, error);

	p.asking.ctx = &p;
	if (status == PIPGATE_OK)
		status = is_index(r) ? root_of_index(&p, error) : feed_base(r, p.asking.run, &p.root, error);
	if (status == PIPGATE_OK)
		status = releases_ask(&p, error);
	if (status == PIPGATE_OK)
		status = feed_asked(r, &p.asking, error);
	if (status == PIPGATE_OK)
		status = records_give(&p, error);
	pipgate_run_free(&p.asking.run);
	return status;
}
