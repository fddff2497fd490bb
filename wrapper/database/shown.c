/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/shown.h"

#include "matcher/advisory/osv.h"
#include "matcher/base/json.h"

#include "matcher/base/banned.h"

static void member_key(struct buf *out, const char *key)
{
	buf_text(out, out->n && out->p[out->n - 1] != '{' ? ",\"" : "\"");
	buf_text(out, key);
	buf_text(out, "\":");
}

static void member_text(struct buf *out, const char *key, struct span value)
{
	if (!value.n)
		return;
	member_key(out, key);
	json_quote(out, value);
}

static void member_texts(struct buf *out, const char *key, const struct span *values, size_t n)
{
	if (!n)
		return;
	member_key(out, key);
	for (size_t i = 0; i < n; i++) {
		buf_byte(out, i ? ',' : '[');
		json_quote(out, values[i]);
	}
	buf_byte(out, ']');
}

/* What malicious-packages puts before each of its texts for its own programs: 66 bytes of 9,000 records, and no word for a reader. */
static struct span without_marker(struct span details)
{
	static const char marker[] = "\n---\n_-= Per source details. Do not edit below this line.=-_\n\n";

	return span_starts(details, span_of(marker)) ? span_from(details, sizeof(marker) - 1) : details;
}

static const char *vector_type(struct span vector)
{
	return span_starts(vector, SPAN("CVSS:4")) ? "CVSS_V4" : span_starts(vector, SPAN("CVSS:3")) ? "CVSS_V3" : "CVSS_V2";
}

static void member_severity(struct buf *out, struct pipgate_severity severity)
{
	if (!severity.vector.n)
		return;
	member_key(out, "severity");
	buf_text(out, "[{");
	member_text(out, "type", span_of(vector_type(severity.vector)));
	member_text(out, "score", severity.vector);
	buf_text(out, "}]");
}

static void member_ranges(struct buf *out, const struct pipgate_affected *affected)
{
	static const char *const kinds[] = {
		[PIPGATE_EVENT_INTRODUCED] = "introduced",
		[PIPGATE_EVENT_FIXED] = "fixed",
		[PIPGATE_EVENT_LAST_AFFECTED] = "last_affected",
		[PIPGATE_EVENT_LIMIT] = "limit",
	};

	member_key(out, "ranges");
	for (size_t i = 0; i < affected->n_ranges; i++) {
		const struct pipgate_range *range = &affected->ranges[i];

		buf_text(out, i ? ",{\"type\":\"ECOSYSTEM\",\"events\":[" : "[{\"type\":\"ECOSYSTEM\",\"events\":[");
		for (size_t e = 0; e < range->n_events; e++) {
			buf_text(out, e ? ",{" : "{");
			member_text(out, kinds[range->events[e].kind], range->events[e].version);
			buf_byte(out, '}');
		}
		buf_text(out, "]}");
	}
	buf_byte(out, ']');
}

static void affected_write(struct buf *out, const struct pipgate_affected *affected)
{
	buf_text(out, "{\"package\":{\"ecosystem\":\"PyPI\"");
	member_text(out, "name", affected->name);
	buf_byte(out, '}');
	member_severity(out, affected->severity);
	if (affected->n_ranges)
		member_ranges(out, affected);
	else
		member_texts(out, "versions", affected->versions, affected->n_versions);
	if (affected->n_specifiers) {
		member_key(out, "database_specific");
		buf_byte(out, '{');
		member_texts(out, OSV_SPECIFIERS, affected->specifiers, affected->n_specifiers);
		buf_byte(out, '}');
	}
	buf_byte(out, '}');
}

static void references_write(struct buf *out, const struct pipgate_advisory *a)
{
	member_key(out, "references");
	for (size_t i = 0; i < a->n_references; i++) {
		buf_text(out, i ? ",{" : "[{");
		member_text(out, "type", a->references[i].type);
		member_text(out, "url", a->references[i].url);
		buf_byte(out, '}');
	}
	buf_byte(out, ']');
}

void shown_write(struct buf *out, const struct pipgate_advisory *a)
{
	buf_byte(out, '{');
	member_text(out, "id", a->id);
	member_text(out, "modified", a->modified);
	member_text(out, "published", a->published);
	member_text(out, "withdrawn", a->withdrawn);
	member_texts(out, "aliases", a->aliases, a->n_aliases);
	member_text(out, "summary", a->summary);
	member_text(out, "details", without_marker(a->details));
	member_key(out, "affected");
	buf_byte(out, '[');
	for (size_t i = 0; i < a->n_affected; i++) {
		if (i)
			buf_byte(out, ',');
		affected_write(out, &a->affected[i]);
	}
	buf_byte(out, ']');
	if (a->n_references)
		references_write(out, a);
	buf_byte(out, '}');
}
