/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One OSV record (schema 1.x, https://ossf.github.io/osv-schema/), as JSON or YAML, into a struct pipgate_advisory.
 * Unknown members are ignored, wrong types refuse the record, except in severities: a record without a score is better
 * than none.
 */
#include "matcher/advisory/osv.h"

#include <stdarg.h>
#include <stdio.h>

#include "matcher/advisory/date.h"
#include "matcher/base/yaml.h"

#include "matcher/base/banned.h"

static enum pipgate_status no_memory(struct osv *osv)
{
	return error_set(osv->error, PIPGATE_NO_MEMORY, "out of memory");
}

enum pipgate_status osv_note(struct osv *osv, const char *format, ...)
{
	char text[256];
	struct span *note;
	va_list args;

	if (osv->notes.n == OSV_NOTES_MAX)
		return PIPGATE_OK;
	note = list_push(osv->run, &osv->notes, sizeof(*note));
	if (!note)
		return no_memory(osv);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	*note = arena_copy(osv->run, span_of(text));
	return note->p ? PIPGATE_OK : no_memory(osv);
}

enum pipgate_status osv_text(struct osv *osv, const cJSON *object, const char *name, bool required, struct span *out)
{
	const cJSON *item = json_member(object, name);

	*out = (struct span){"", 0};
	if (!item || cJSON_IsNull(item))
		return required ? error_set(osv->error, PIPGATE_INVALID, "%s: missing", name) : PIPGATE_OK;
	if (!cJSON_IsString(item))
		return error_set(osv->error, PIPGATE_INVALID, "%s: text expected", name);
	if (required && !item->valuestring[0])
		return error_set(osv->error, PIPGATE_INVALID, "%s: empty", name);
	*out = arena_copy(osv->run, json_string(item));
	return out->p ? PIPGATE_OK : no_memory(osv);
}

enum pipgate_status osv_array(struct osv *osv, const cJSON *object, const char *name, const cJSON **out)
{
	const cJSON *item = json_member(object, name);

	*out = NULL;
	if (!item || cJSON_IsNull(item))
		return PIPGATE_OK;
	if (!cJSON_IsArray(item))
		return error_set(osv->error, PIPGATE_INVALID, "%s: a list expected", name);
	*out = item;
	return PIPGATE_OK;
}

/* Safe as a file's name, in a line of a report and in a table: letters, digits and -_.:+, and it begins with the former. */
static bool safe_token(struct span text)
{
	if (!text.n || text.n > OSV_TOKEN_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!ascii_alpha(c) && !ascii_digit(c) && (i == 0 || !strchr("-_.:+", c) || !c))
			return false;
	}
	return true;
}

/* ---- severity ---- */

/* The better source of two: the newer standard, then the higher score. */
static int standard(struct span vector)
{
	return span_starts(vector, SPAN("CVSS:4")) ? 4 : span_starts(vector, SPAN("CVSS:3")) ? 3 : 2;
}

static bool preferred(const struct pipgate_severity *a, const struct pipgate_severity *b)
{
	if (!b->vector.n)
		return true;
	if (standard(a->vector) != standard(b->vector))
		return standard(a->vector) > standard(b->vector);
	return a->tenths > b->tenths;
}

enum pipgate_status osv_severity(struct osv *osv, const cJSON *object, struct pipgate_severity *out)
{
	const cJSON *list = json_member(object, "severity");
	enum pipgate_status status = PIPGATE_OK;

	*out = (struct pipgate_severity){.level = PIPGATE_LEVEL_UNKNOWN};
	if (!list || cJSON_IsNull(list))
		return PIPGATE_OK;
	if (!cJSON_IsArray(list))
		return osv_note(osv, "severity is no list; it stays unknown");
	for (const cJSON *item = list->child; item && status == PIPGATE_OK; item = item->next) {
		struct span score = json_string(json_member(item, "score"));
		struct pipgate_severity one;

		if (pipgate_cvss_score(score, &one) != PIPGATE_OK)
			status = osv_note(osv, "severity '%.*s' is no CVSS vector; it does not count", (int)(score.n > 100 ? 100 : score.n),
				score.n ? score.p : "");
		else if (preferred(&one, out))
			*out = one;
	}
	if (status != PIPGATE_OK || !out->vector.n)
		return status;
	out->vector = arena_copy(osv->run, out->vector); /* it pointed into the tree */
	return out->vector.p ? PIPGATE_OK : no_memory(osv);
}

/* ---- the record's own members ---- */

static enum pipgate_status take_id(struct osv *osv, const cJSON *record, struct pipgate_advisory *out)
{
	enum pipgate_status status = osv_text(osv, record, "id", true, &out->id);

	if (status == PIPGATE_OK && !safe_token(out->id))
		return error_set(osv->error, PIPGATE_INVALID, "id: '%.*s' is no id", (int)(out->id.n > 100 ? 100 : out->id.n), out->id.p);
	return status;
}

static enum pipgate_status take_version(struct osv *osv, const cJSON *record)
{
	struct span version;
	enum pipgate_status status = osv_text(osv, record, "schema_version", false, &version);

	if (status != PIPGATE_OK || !version.n || span_is(version, "1") || span_starts(version, SPAN("1.")))
		return status;
	return error_set(osv->error, PIPGATE_INVALID, "schema_version: '%.20s' is not understood, only 1.x is", version.p);
}

static enum pipgate_status take_date(struct osv *osv, const cJSON *record, const char *name, bool required, struct span *out)
{
	struct span text;
	const cJSON *item = json_member(record, name);
	enum pipgate_status status = osv_text(osv, record, name, required, &text);

	*out = text;
	if (status != PIPGATE_OK || !item || cJSON_IsNull(item))
		return status;
	status = date_utc(osv->run, text, out);
	if (status == PIPGATE_INVALID)
		return error_set(osv->error, status, "%s: '%.40s' is no date and time (RFC 3339)", name, text.p);
	return status == PIPGATE_OK ? status : no_memory(osv);
}

/* Aliases only join findings: one that is no id, or one too many, is left out with a note. */
static enum pipgate_status take_aliases(struct osv *osv, const cJSON *record, struct pipgate_advisory *out)
{
	const cJSON *list;
	struct list aliases = {0};
	enum pipgate_status status = osv_array(osv, record, "aliases", &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next) {
		struct span *alias, text = json_string(item);

		if (!text.p)
			return error_set(osv->error, PIPGATE_INVALID, "aliases: text expected");
		if (aliases.n == OSV_ALIASES_MAX) {
			status = osv_note(osv, "more than %d aliases; the others are left out", OSV_ALIASES_MAX);
			break;
		}
		if (!safe_token(text)) {
			status = osv_note(osv, "alias '%.100s' is no id; it is left out", text.p);
			continue;
		}
		alias = list_push(osv->run, &aliases, sizeof(*alias));
		if (!alias)
			return no_memory(osv);
		*alias = arena_copy(osv->run, text);
		if (!alias->p)
			return no_memory(osv);
	}
	out->aliases = aliases.items;
	out->n_aliases = aliases.n;
	return status;
}

static enum pipgate_status take_references(struct osv *osv, const cJSON *record, struct pipgate_advisory *out)
{
	const cJSON *list;
	struct list references = {0};
	enum pipgate_status status = osv_array(osv, record, "references", &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next) {
		struct pipgate_reference *reference = list_push(osv->run, &references, sizeof(*reference));

		if (!reference)
			return no_memory(osv);
		if (!cJSON_IsObject(item))
			return error_set(osv->error, PIPGATE_INVALID, "references: an object expected");
		status = osv_text(osv, item, "type", false, &reference->type);
		if (status == PIPGATE_OK)
			status = osv_text(osv, item, "url", false, &reference->url);
		if (status == PIPGATE_INVALID)
			error_before(osv->error, "references");
	}
	out->references = references.items;
	out->n_references = references.n;
	return status;
}

static enum pipgate_status take_record(struct osv *osv, const cJSON *record, struct pipgate_advisory *out)
{
	struct pipgate_severity severity;
	enum pipgate_status status;

	if (!cJSON_IsObject(record))
		return error_set(osv->error, PIPGATE_INVALID, "a record is an object");
	if ((status = take_version(osv, record)) != PIPGATE_OK || (status = take_id(osv, record, out)) != PIPGATE_OK ||
	    (status = take_date(osv, record, "modified", true, &out->modified)) != PIPGATE_OK ||
	    (status = take_date(osv, record, "published", false, &out->published)) != PIPGATE_OK ||
	    (status = take_date(osv, record, "withdrawn", false, &out->withdrawn)) != PIPGATE_OK ||
	    (status = osv_text(osv, record, "summary", false, &out->summary)) != PIPGATE_OK ||
	    (status = osv_text(osv, record, "details", false, &out->details)) != PIPGATE_OK ||
	    (status = take_aliases(osv, record, out)) != PIPGATE_OK ||
	    (status = take_references(osv, record, out)) != PIPGATE_OK ||
	    (status = osv_severity(osv, record, &severity)) != PIPGATE_OK ||
	    (status = osv_affected(osv, record, &severity, out)) != PIPGATE_OK)
		return status;
	out->notes = osv->notes.items;
	out->n_notes = osv->notes.n;
	return PIPGATE_OK;
}

enum pipgate_status pipgate_advisory_decode(struct pipgate_run *run, enum pipgate_encoding encoding, struct span bytes,
	struct pipgate_advisory *out, struct pipgate_error *error)
{
	struct osv osv = {.run = run, .error = error, .yaml = encoding == PIPGATE_PYSEC_YAML};
	struct pipgate_advisory advisory = {.id = {"", 0}};
	cJSON *tree = NULL;
	enum pipgate_status status = osv.yaml ? yaml_parse(bytes, &tree, error) : json_parse(bytes, &tree, error);

	if (status != PIPGATE_OK)
		return status;
	status = take_record(&osv, tree, &advisory);
	cJSON_Delete(tree);
	if (status == PIPGATE_OK)
		*out = advisory;
	return status;
}
