/* SPDX-License-Identifier: Apache-2.0 */
/* The member "affected" of an OSV record: packages, lists of versions and ranges. */
#include "matcher/advisory/osv.h"

#include "matcher/base/banned.h"

static const struct {
	const char *name;
	enum pipgate_event_kind kind;
} event_kinds[] = {
	{"introduced", PIPGATE_EVENT_INTRODUCED},
	{"fixed", PIPGATE_EVENT_FIXED},
	{"last_affected", PIPGATE_EVENT_LAST_AFFECTED},
	{"limit", PIPGATE_EVENT_LIMIT},
};

static enum pipgate_status no_memory(struct osv *osv)
{
	return error_set(osv->error, PIPGATE_NO_MEMORY, "out of memory");
}

static enum pipgate_status refuse(struct osv *osv, const char *what)
{
	return error_set(osv->error, PIPGATE_INVALID, "%s", what);
}

static enum pipgate_status take_versions(struct osv *osv, const cJSON *entry, struct pipgate_affected *out)
{
	const cJSON *list;
	struct list versions = {0};
	enum pipgate_status status = osv_array(osv, entry, "versions", &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next) {
		struct span *version;

		if (cJSON_IsNull(item) && osv->yaml) {
			status = osv_note(osv, "versions holds a null; it is no version");
			continue;
		}
		if (!cJSON_IsString(item))
			return refuse(osv, "versions: text expected");
		version = list_push(osv->run, &versions, sizeof(*version));
		if (!version)
			return no_memory(osv);
		*version = arena_copy(osv->run, json_string(item));
		if (!version->p)
			return no_memory(osv);
	}
	out->versions = versions.items;
	out->n_versions = versions.n;
	return status;
}

/* ---- ranges ---- */

/* How an event's version that is none is read: of "introduced", from the first on; of the others, the range stays open. */
static enum pipgate_status check_version(struct osv *osv, const char *name, const struct pipgate_event *event)
{
	struct pipgate_version ignored;
	bool special = event->kind == PIPGATE_EVENT_LIMIT ? span_is(event->version, "*")
		: event->kind == PIPGATE_EVENT_INTRODUCED && span_is(event->version, "0");
	enum pipgate_status status = special ? PIPGATE_OK : pipgate_version_parse(osv->run, event->version, &ignored);

	if (status == PIPGATE_OK)
		return status;
	if (status == PIPGATE_NO_MEMORY)
		return no_memory(osv);
	return osv_note(osv, "%s '%.100s' is no version; the range %s", name, event->version.p,
		event->kind == PIPGATE_EVENT_INTRODUCED ? "begins with the first" : "stays open");
}

static enum pipgate_status take_event(struct osv *osv, const cJSON *item, struct pipgate_event *out)
{
	const cJSON *member = cJSON_IsObject(item) ? item->child : NULL;

	if (!member || member->next)
		return refuse(osv, "an event has one member");
	for (size_t i = 0; i < sizeof(event_kinds) / sizeof(*event_kinds); i++) {
		enum pipgate_status status;

		if (strcmp(member->string, event_kinds[i].name) != 0)
			continue;
		out->kind = event_kinds[i].kind;
		status = osv_text(osv, item, member->string, true, &out->version);
		return status == PIPGATE_OK ? check_version(osv, event_kinds[i].name, out) : status;
	}
	return error_set(osv->error, PIPGATE_INVALID, "'%.40s' is no event", member->string);
}

static enum pipgate_status take_events(struct osv *osv, const cJSON *range, struct pipgate_range *out)
{
	const cJSON *list;
	struct list events = {0};
	unsigned kinds = 0;
	enum pipgate_status status = osv_array(osv, range, "events", &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next) {
		struct pipgate_event *event = list_push(osv->run, &events, sizeof(*event));

		if (!event)
			return no_memory(osv);
		status = take_event(osv, item, event);
		kinds |= 1u << event->kind;
	}
	if (status != PIPGATE_OK)
		return status;
	if (!(kinds & 1u << PIPGATE_EVENT_INTRODUCED))
		return refuse(osv, "events: none is 'introduced'");
	if ((kinds & 1u << PIPGATE_EVENT_FIXED) && (kinds & 1u << PIPGATE_EVENT_LAST_AFFECTED))
		return refuse(osv, "events: both 'fixed' and 'last_affected'");
	out->events = events.items;
	out->n_events = events.n;
	return PIPGATE_OK;
}

/* A range of commits says nothing about releases and is dropped; so is one of a type that nobody knows, with a note. */
static enum pipgate_status take_range(struct osv *osv, const cJSON *item, struct list *ranges)
{
	struct pipgate_range *range;
	struct span type;
	enum pipgate_status status;

	if (!cJSON_IsObject(item))
		return refuse(osv, "an object expected");
	status = osv_text(osv, item, "type", true, &type);
	if (status != PIPGATE_OK || span_is(type, "GIT"))
		return status;
	if (!span_is(type, "ECOSYSTEM") && !span_is(type, "SEMVER"))
		return osv_note(osv, "ranges of type '%.40s' are not understood; one is left out", type.p);
	range = list_push(osv->run, ranges, sizeof(*range));
	return range ? take_events(osv, item, range) : no_memory(osv);
}

static enum pipgate_status take_ranges(struct osv *osv, const cJSON *entry, struct pipgate_affected *out)
{
	const cJSON *list;
	struct list ranges = {0};
	size_t i = 0;
	enum pipgate_status status = osv_array(osv, entry, "ranges", &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next, i++) {
		status = take_range(osv, item, &ranges);
		if (status == PIPGATE_INVALID)
			error_before(osv->error, "ranges[%zu]", i);
	}
	out->ranges = ranges.items;
	out->n_ranges = ranges.n;
	return status;
}

/* ---- specifier sets ---- */

/* What pipgate's own texts of safety-db's records carry (docs/feeds.md), in a member that the schema leaves to each database. */
static enum pipgate_status take_specifiers(struct osv *osv, const cJSON *entry, struct pipgate_affected *out)
{
	const cJSON *list;
	struct list sets = {0};
	enum pipgate_status status = osv_array(osv, json_member(entry, "database_specific"), OSV_SPECIFIERS, &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next) {
		struct span text = json_string(item), *set;
		bool ignored;

		status = !text.p ? PIPGATE_INVALID
			: pipgate_specifier_contains(osv->run, text, SPAN("0"), PIPGATE_PRERELEASES_YES, &ignored);
		if (status == PIPGATE_NO_MEMORY)
			return no_memory(osv);
		if (status != PIPGATE_OK) {
			status = osv_note(osv, "'%.100s' is no specifier; it is left out", text.p ? text.p : "");
			continue;
		}
		set = list_push(osv->run, &sets, sizeof(*set));
		if (!set)
			return no_memory(osv);
		*set = arena_copy(osv->run, text);
		if (!set->p)
			return no_memory(osv);
	}
	out->specifiers = sets.items;
	out->n_specifiers = sets.n;
	return status;
}

/* ---- entries ---- */

/* "PyPI" in this case, as the schema wants it; what stands behind a colon names an index and does not count. *name stays
 * empty for an entry that is not about a Python distribution. */
static enum pipgate_status take_package(struct osv *osv, const cJSON *package, struct span *name)
{
	struct span ecosystem, base, written;
	enum pipgate_status status;

	if (!cJSON_IsObject(package))
		return refuse(osv, "package: an object expected");
	status = osv_text(osv, package, "ecosystem", true, &ecosystem);
	if (status != PIPGATE_OK)
		return status;
	base = ecosystem;
	base = span_split(&base, ':');
	if (!span_is(base, "PyPI"))
		return span_equal_nocase(base, SPAN("PyPI")) ? osv_note(osv, "ecosystem '%.40s' is not 'PyPI'; its entry is left out", ecosystem.p)
			: PIPGATE_OK;
	status = osv_text(osv, package, "name", true, &written);
	if (status != PIPGATE_OK)
		return status;
	return pipgate_name_normalize(osv->run, written, name) == PIPGATE_OK ? PIPGATE_OK : no_memory(osv);
}

static enum pipgate_status take_entry(struct osv *osv, const cJSON *entry, const struct pipgate_severity *fallback,
	struct list *affected)
{
	const cJSON *package = json_member(entry, "package");
	struct pipgate_affected one = {.name = {"", 0}}, *place;
	enum pipgate_status status;

	if (!cJSON_IsObject(entry))
		return refuse(osv, "an object expected");
	if (!package || cJSON_IsNull(package)) /* commits of a repository */
		return PIPGATE_OK;
	status = take_package(osv, package, &one.name);
	if (status != PIPGATE_OK || !one.name.n)
		return status;
	if ((status = take_versions(osv, entry, &one)) != PIPGATE_OK || (status = take_ranges(osv, entry, &one)) != PIPGATE_OK ||
	    (status = take_specifiers(osv, entry, &one)) != PIPGATE_OK || (status = osv_severity(osv, entry, &one.severity)) != PIPGATE_OK)
		return status;
	if (one.severity.vector.n && fallback->vector.n)
		status = osv_note(osv, "severity stands at the record and at an entry; the entry's counts for the entry");
	if (status != PIPGATE_OK)
		return status;
	if (!one.severity.vector.n)
		one.severity = *fallback;
	place = list_push(osv->run, affected, sizeof(*place));
	if (!place)
		return no_memory(osv);
	*place = one;
	return PIPGATE_OK;
}

enum pipgate_status osv_affected(struct osv *osv, const cJSON *record, const struct pipgate_severity *fallback,
	struct pipgate_advisory *out)
{
	const cJSON *list;
	struct list affected = {0};
	size_t i = 0;
	enum pipgate_status status = osv_array(osv, record, "affected", &list);

	for (const cJSON *item = list ? list->child : NULL; item && status == PIPGATE_OK; item = item->next, i++) {
		status = take_entry(osv, item, fallback, &affected);
		if (status == PIPGATE_INVALID)
			error_before(osv->error, "affected[%zu]", i);
	}
	out->affected = affected.items;
	out->n_affected = affected.n;
	return status;
}
