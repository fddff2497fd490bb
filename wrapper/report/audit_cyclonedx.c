/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/audit_cyclonedx.h"

#include <stdio.h>
#include <stdlib.h>

#include "wrapper/database/moment.h"
#include "wrapper/memory.h"
#include "wrapper/report/audit_words.h"
#include "wrapper/report/report.h"

#include "matcher/base/banned.h"

#define REF_MAX ((size_t)1 << 20) /* a name and a version as %XX; metadata of a megabyte is refused before */

static struct span kept(const struct audit_report *r, struct buf *text)
{
	struct span copy = must_span(arena_copy(r->inventory->run, text->n ? buf_view(text) : SPAN("")));

	buf_fini(text);
	return copy;
}

/* ---- references ---- */

static struct span purl_of(const struct audit_report *r, const struct pipgate_component *c)
{
	struct buf text;

	buf_init(&text, NULL, REF_MAX);
	buf_text(&text, "pkg:pypi/");
	audit_url_part(&text, c->name);
	buf_byte(&text, '@');
	audit_url_part(&text, c->version);
	return kept(r, &text);
}

static struct span numbered(const struct audit_report *r, struct span purl, size_t number)
{
	struct buf text;

	buf_init(&text, NULL, REF_MAX);
	buf_span(&text, purl);
	buf_format(&text, "#%zu", number);
	return kept(r, &text);
}

struct place {
	struct span purl;
	size_t index;
};

static int place_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = span_compare(x->purl, y->purl);

	return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Several inputs, or several folders of one, may hold the same release. */
static void make_refs(struct cyclonedx *out, const struct audit_report *r)
{
	size_t n = r->audit->n_components, before = 0;
	struct place *places = must(arena_array(r->inventory->run, n + 1, sizeof(*places)));

	out->purls = must(arena_array(r->inventory->run, n + 1, sizeof(*out->purls)));
	out->refs = must(arena_array(r->inventory->run, n + 1, sizeof(*out->refs)));
	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){out->purls[i] = purl_of(r, &r->audit->components[i]), i};
	qsort(places, n, sizeof(*places), place_order);
	for (size_t i = 0; i < n; i++) {
		before = i && span_equal(places[i].purl, places[i - 1].purl) ? before + 1 : 0;
		out->refs[places[i].index] = before ? numbered(r, places[i].purl, before + 1) : places[i].purl;
	}
}

struct span cyclonedx_finding_ref(const struct audit_report *r, const struct cyclonedx *made, size_t finding)
{
	struct buf text;

	buf_init(&text, NULL, REF_MAX);
	buf_span(&text, made->refs[r->audit->findings[finding].component]);
	buf_byte(&text, '/');
	audit_url_part(&text, r->findings[finding].id);
	return kept(r, &text);
}

/* ---- the serial number ---- */

__extension__ typedef unsigned __int128 digest;

/* FNV-1a of 128 bits: a name for a content, not a seal. Each text is followed by a byte that ends it. */
static void digest_add(digest *d, struct span text)
{
	const digest prime = ((digest)1 << 88) + 0x13B;

	for (size_t i = 0; i <= text.n; i++)
		*d = (*d ^ (i < text.n ? (unsigned char)text.p[i] : 0u)) * prime;
}

static void digest_finding(digest *d, const struct audit_report *r, size_t index)
{
	const struct pipgate_severity *severity = &r->audit->findings[index].severity;

	digest_add(d, r->findings[index].id);
	digest_add(d, span_of(pipgate_level_name(severity->level)));
	digest_add(d, (struct span){(const char *)&severity->tenths, 1});
	digest_add(d, span_of(report_action_word(r->audit->verdict.judgements[index].action)));
	digest_add(d, span_of(audit_pardon_word(r->audit->verdict.judgements[index].pardon)));
	digest_add(d, r->audit->verdict.risks[index].sum);
}

static void make_serial(struct cyclonedx *out, const struct audit_report *r)
{
	digest d = ((digest)0x6C62272E07BB0142 << 64) + 0x62B821756295C58D;
	uint64_t high, low;

	for (size_t i = 0; i < r->audit->n_components; i++)
		digest_add(&d, out->refs[i]);
	for (size_t i = 0; i < r->audit->n_findings; i++)
		if (!r->findings[i].ignored) {
			digest_add(&d, out->refs[r->audit->findings[i].component]);
			digest_finding(&d, r, i);
		}
	high = (uint64_t)(d >> 64);
	low = (uint64_t)d;
	high = (high & ~(uint64_t)0xF000) | 0x8000;                 /* version 8: of one's own making */
	low = (low & ~((uint64_t)3 << 62)) | (uint64_t)2 << 62;     /* the variant of RFC 9562 */
	snprintf(out->serial, sizeof(out->serial), "urn:uuid:%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32), (unsigned)(high >> 16 & 0xFFFF),
		(unsigned)(high & 0xFFFF), (unsigned)(low >> 48), (unsigned long long)(low & 0xFFFFFFFFFFFF));
}

/* ---- the timestamp ---- */

#define YEAR_10000 253402300800 /* no date-time has five digits */

static int64_t timestamp_of(const struct audit_report *r)
{
	const char *wish = getenv("SOURCE_DATE_EPOCH"); /* reproducible-builds.org */
	char *end = NULL;
	long long seconds = wish && ascii_digit(wish[0]) ? strtoll(wish, &end, 10) : 0;

	if (end && !*end && seconds < YEAR_10000)
		return seconds;
	seconds = r->context->database ? r->context->database->built : -1;
	return seconds >= 0 && seconds < YEAR_10000 ? seconds : r->context->now;
}

void cyclonedx_prepare(struct cyclonedx *out, const struct audit_report *report)
{
	make_refs(out, report);
	make_serial(out, report);
	out->timestamp = timestamp_of(report);
}

/* ---- words of the format ---- */

const char *cyclonedx_severity(const struct pipgate_severity *severity)
{
	static const char *const words[] = {
		[PIPGATE_LEVEL_UNKNOWN] = "unknown", [PIPGATE_LEVEL_NONE] = "none", [PIPGATE_LEVEL_LOW] = "low", [PIPGATE_LEVEL_MEDIUM] = "medium",
		[PIPGATE_LEVEL_HIGH] = "high", [PIPGATE_LEVEL_CRITICAL] = "critical",
	};

	return words[severity->level];
}

const char *cyclonedx_method(const struct pipgate_severity *severity)
{
	if (span_starts(severity->vector, SPAN("CVSS:3.1/")))
		return "CVSSv31";
	if (span_starts(severity->vector, SPAN("CVSS:3.0/")))
		return "CVSSv3";
	if (span_starts(severity->vector, SPAN("AV:")))
		return "CVSSv2";
	return "other"; /* 1.4 has no word for CVSS 4.0 */
}

struct cyclonedx_analysis cyclonedx_analysis(const struct pipgate_judgement *j)
{
	static const struct {
		const char *kind;
		struct cyclonedx_analysis analysis;
	} table[] = {
		{"accepted", {"exploitable", "will_not_fix"}},
		{"mitigated", {"exploitable", "workaround_available"}},
		{"not-affected", {"not_affected", NULL}},
		{"false-positive", {"false_positive", NULL}},
	};

	for (size_t i = 0; j->pardon_kind && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].kind, j->pardon_kind) == 0)
			return table[i].analysis;
	return (struct cyclonedx_analysis){"in_triage", NULL};
}

bool cyclonedx_published(const struct finding_shown *shown)
{
	struct moment ignored;

	/* XML's dateTime knows no leap second */
	return moment_parse(shown->published, &ignored) && !span_starts(span_from(shown->published, 17), SPAN("60"));
}

/* ---- properties ---- */

static void put_count(struct buf *out, const char *name, size_t n, cyclonedx_property *put)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", n);
	put(out, name, span_of(text));
}

static void put_joined(struct buf *out, const char *name, const struct span *values, size_t n, cyclonedx_property *put)
{
	for (size_t i = 0; i < n; i++)
		put(out, name, values[i]);
}

static void put_optional(struct buf *out, const char *name, struct span value, cyclonedx_property *put)
{
	if (value.n)
		put(out, name, value);
}

static void put_share(struct buf *out, const char *name, unsigned share, cyclonedx_property *put)
{
	char text[24];

	snprintf(text, sizeof(text), "%u.%04u", share / 10000, share % 10000);
	put(out, name, span_of(text));
}

/* No rating: a reader that knows scores from 0 to 10 would take a probability for one. */
static void put_exploitation(struct buf *out, const struct pipgate_finding *f, cyclonedx_property *put)
{
	if (f->exploited)
		put(out, "pipgate:exploited", SPAN("true"));
	if (f->exploit_public)
		put(out, "pipgate:exploit-public", SPAN("true"));
	if (f->has_epss) {
		put_share(out, "pipgate:epss", f->epss, put);
		put_share(out, "pipgate:epss-percentile", f->epss_percentile, put);
	}
}

static void put_skipped(struct buf *out, const struct audit_report *r, cyclonedx_property *put)
{
	const struct skipped *skipped = r->inventory->skipped.items;
	struct buf text;

	buf_init(&text, NULL, REF_MAX);
	for (size_t i = 0; i < r->inventory->skipped.n; i++) {
		buf_clear(&text);
		buf_span(&text, skipped[i].name);
		buf_text(&text, ": ");
		buf_text(&text, skipped[i].reason);
		put(out, "pipgate:skipped", buf_view(&text));
	}
	buf_fini(&text);
}

void cyclonedx_document_properties(struct buf *out, const struct audit_report *r, cyclonedx_property *put)
{
	const struct input *inputs = r->inventory->inputs.items;
	char time[MOMENT_TEXT];
	size_t broken = 0;

	for (size_t i = 0; i < r->inventory->inputs.n; i++) {
		put(out, "pipgate:input", span_of(inputs[i].title));
		broken += inputs[i].broken;
	}
	if (r->context->database) {
		put(out, "pipgate:database-built", span_of(moment_text(r->context->database->built, time)));
		put(out, "pipgate:database-time", span_of(moment_text(r->context->database->time, time)));
	}
	put(out, "pipgate:verdict", span_of(report_action_word(r->audit->verdict.action)));
	put_count(out, "pipgate:unknown", audit_unknown(r), put);
	put_count(out, "pipgate:broken", broken, put);
	put_count(out, "pipgate:ignored", r->n_ignored, put);
	put_count(out, "pipgate:pardoned", r->n_pardoned, put);
	put_skipped(out, r, put);
}

void cyclonedx_component_properties(struct buf *out, const struct audit_report *r, size_t index, cyclonedx_property *put)
{
	const struct found *found = audit_found(r, index);

	if (found->file)
		put(out, "pipgate:file", span_of(found->file));
	if (found->line)
		put_count(out, "pipgate:line", found->line, put);
	put_count(out, "pipgate:input-number", found->input, put);
	if (r->audit->unknown[index])
		put(out, "pipgate:unknown", SPAN("true"));
}

void cyclonedx_finding_properties(struct buf *out, const struct audit_report *r, size_t index, cyclonedx_property *put)
{
	const struct pipgate_finding *f = &r->audit->findings[index];
	const struct pipgate_judgement *j = &r->audit->verdict.judgements[index];
	char moment[MOMENT_TEXT];

	put(out, "pipgate:verdict", span_of(report_action_word(j->action)));
	put(out, "pipgate:reason", j->reason);
	if (f->malicious)
		put(out, "pipgate:malicious", SPAN("true"));
	put_exploitation(out, f, put);
	put_count(out, "pipgate:priority", r->audit->verdict.risks[index].priority, put);
	put(out, "pipgate:risk", r->audit->verdict.risks[index].sum);
	put_optional(out, "pipgate:where", j->where, put);
	put_optional(out, "pipgate:message", j->message, put);
	put_optional(out, "pipgate:owner", j->owner, put);
	if (j->blocks_from)
		put(out, "pipgate:blocks-from", span_of(moment_text(j->blocks_from, moment)));
	if (j->pardon != PIPGATE_PARDON_NONE)
		put(out, "pipgate:pardon", span_of(audit_pardon_word(j->pardon)));
	if (r->since)
		put(out, "pipgate:since", span_of(since_word(r->findings[index].since.kind)));
	put_joined(out, "pipgate:fixed", f->fixed, f->n_fixed, put);
}
