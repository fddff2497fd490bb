/* SPDX-License-Identifier: Apache-2.0 */
/* VEX in CycloneDX 1.4 and later: vulnerabilities with an analysis, and the components that they affect. */
#include "matcher/base/buf.h"
#include "matcher/policy/vex_claim.h"

#include "matcher/base/banned.h"

static const struct vex_word states[] = {
	{"not_affected", EXCEPTION_NOT_AFFECTED}, {"false_positive", EXCEPTION_FALSE_POSITIVE},
	{"resolved", EXCEPTION_MITIGATED},        {"resolved_with_pedigree", EXCEPTION_MITIGATED},
	{"exploitable", 0},                              {"in_triage", 0}, {NULL, 0},
};

/* ---- what a ref means ---- */

/* The purl of the component with that bom-ref, among these and those in them. */
static struct span find_component(const cJSON *components, struct span ref)
{
	const cJSON *component;
	struct span found = {NULL, 0};

	cJSON_ArrayForEach(component, components) {
		if (span_equal(json_string(json_member(component, "bom-ref")), ref))
			return json_string(json_member(component, "purl"));
		found = find_component(json_member(component, "components"), ref); /* as deep as the reader of JSON lets it be */
		if (found.n)
			return found;
	}
	return found;
}

/* A bom-ref, a BOM-Link (urn:cdx:serial/version#bom-ref), or a purl. INVALID: nothing of PyPI. */
static enum pipgate_status purl_of_ref(struct vex *vex, struct span ref, struct purl *out)
{
	const cJSON *self = json_member(json_member(vex->document, "metadata"), "component");
	struct span purl;

	if (span_starts(ref, SPAN("urn:cdx:"))) {
		span_split(&ref, '#');
		ref = purl_decode(vex->policy->run, ref);
		if (!ref.p)
			return PIPGATE_NO_MEMORY;
	}
	purl = ref.n ? find_component(json_member(vex->document, "components"), ref) : ref;
	if (!purl.n && span_equal(json_string(json_member(self, "bom-ref")), ref))
		purl = json_string(json_member(self, "purl"));
	return purl_parse(vex->policy->run, purl.n ? purl : ref, out);
}

/* ---- ranges (vers: univers) ---- */

struct range { /* while it is read: constraints in rising order, an interval a time */
	struct vex *vex;
	const struct claim *claim;
	struct span name;
	struct buf interval;
};

static enum pipgate_status end_interval(struct range *r)
{
	struct span text = arena_copy(r->vex->policy->run, buf_view(&r->interval));

	if (buf_status(&r->interval) != PIPGATE_OK || !text.p)
		return PIPGATE_NO_MEMORY;
	buf_clear(&r->interval);
	return vex_push(r->vex, r->claim, r->name, text);
}

/* "<2", ">=1", "1.5" */
static enum pipgate_status take_constraint(struct range *r, struct span constraint)
{
	bool upper = constraint.p[0] == '<', lower = constraint.p[0] == '>';
	struct span number = constraint;
	enum pipgate_status status = PIPGATE_OK;

	while (number.n && memchr("<>=", number.p[0], 3))
		number = span_from(number, 1);
	if (constraint.p[0] == '!' || !number.n)
		return error_set(r->vex->error, PIPGATE_INVALID, "the range '" SPAN_FMT "' is none that is read here", SPAN_ARG(constraint));
	if (!upper && r->interval.n)
		status = end_interval(r);
	if (upper || lower)
		buf_format(&r->interval, "%s" SPAN_FMT, r->interval.n ? "," : "", SPAN_ARG(constraint));
	else
		buf_format(&r->interval, "==" SPAN_FMT, SPAN_ARG(number));
	return status == PIPGATE_OK && !lower ? end_interval(r) : status;
}

static enum pipgate_status push_range(struct vex *vex, const struct claim *claim, struct span name, struct span range)
{
	struct range r = {.vex = vex, .claim = claim, .name = name};
	enum pipgate_status status = PIPGATE_OK;

	if (span_is(range, "vers:pypi/*"))
		return vex_push(vex, claim, name, (struct span){"", 0});
	if (!span_starts(range, SPAN("vers:pypi/")))
		return error_set(vex->error, PIPGATE_INVALID, "the range '" SPAN_FMT "' is none of PyPI", SPAN_ARG(range));
	range = span_from(range, sizeof("vers:pypi/") - 1);
	range = purl_decode(vex->policy->run, range);
	if (!range.p)
		return PIPGATE_NO_MEMORY;
	buf_init(&r.interval, arena_allocator(vex->policy->run), 2 * range.n + 16);
	while (range.n && status == PIPGATE_OK) {
		struct span constraint = span_trim(span_split(&range, '|'));

		if (constraint.n)
			status = take_constraint(&r, constraint);
	}
	if (status == PIPGATE_OK && r.interval.n)
		status = end_interval(&r);
	buf_fini(&r.interval);
	return status;
}

/* ---- affects ---- */

static bool says_unaffected(const cJSON *versions)
{
	const cJSON *version;

	cJSON_ArrayForEach(version, versions)
		if (span_is(json_string(json_member(version, "status")), "unaffected"))
			return true;
	return false;
}

static enum pipgate_status push_version(struct vex *vex, const struct claim *claim, struct span name, const cJSON *version)
{
	struct span one = json_string(json_member(version, "version")), range = json_string(json_member(version, "range"));

	if (range.n)
		return push_range(vex, claim, name, range);
	if (!one.n)
		return error_set(vex->error, PIPGATE_INVALID, "affects: an element of versions has neither version nor range");
	return vex_push_version(vex, claim, name, one);
}

/* Where versions are listed, those: where some are said to be unaffected those alone, and none of which nothing is known. */
static enum pipgate_status push_affected(struct vex *vex, const struct claim *claim, const cJSON *affected)
{
	const cJSON *versions = json_member(affected, "versions"), *version;
	bool marked = says_unaffected(versions);
	struct purl purl;
	enum pipgate_status status = purl_of_ref(vex, json_string(json_member(affected, "ref")), &purl);

	if (status != PIPGATE_OK)
		return status == PIPGATE_INVALID ? PIPGATE_OK : status;
	if (!cJSON_GetArraySize(versions))
		return vex_push_purl(vex, claim, &purl);
	cJSON_ArrayForEach(version, versions) {
		struct span said = json_string(json_member(version, "status"));

		if (span_is(said, "unknown") || (marked && !span_is(said, "unaffected")))
			continue;
		status = push_version(vex, claim, purl.name, version);
		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}

static enum pipgate_status read_vulnerability(struct vex *vex, const cJSON *vulnerability, size_t number)
{
	const cJSON *analysis = json_member(vulnerability, "analysis"), *affected;
	struct span word = json_string(json_member(analysis, "state"));
	struct claim claim = {.id = json_string(json_member(vulnerability, "id"))};
	enum pipgate_status status;

	if (!word.n)
		return PIPGATE_OK; /* an SBOM's finding that nobody has looked into */
	if (!vex_word_find(states, word, &claim.kind))
		return error_set(vex->error, PIPGATE_INVALID, "vulnerability %zu: '" SPAN_FMT "' is no state", number, SPAN_ARG(word));
	if (!claim.id.n)
		return error_set(vex->error, PIPGATE_INVALID, "vulnerability %zu: has no id", number);
	if (!claim.kind)
		return PIPGATE_OK;
	status = vex_time(vex, json_string(json_member(json_member(vex->document, "metadata"), "timestamp")), "metadata.timestamp", &claim.time);
	claim.reason = vex_reason(vex, json_string(json_member(analysis, "justification")), json_string(json_member(analysis, "detail")));
	if (status == PIPGATE_OK && !claim.reason.p)
		status = PIPGATE_NO_MEMORY;
	cJSON_ArrayForEach(affected, json_member(vulnerability, "affects")) {
		if (status == PIPGATE_OK)
			status = push_affected(vex, &claim, affected);
	}
	return status;
}

enum pipgate_status vex_cyclonedx(struct vex *vex)
{
	const cJSON *vulnerability;
	enum pipgate_status status = PIPGATE_OK;
	size_t number = 0;

	cJSON_ArrayForEach(vulnerability, json_member(vex->document, "vulnerabilities")) {
		status = read_vulnerability(vex, vulnerability, ++number);
		if (status != PIPGATE_OK)
			break;
	}
	return status;
}
