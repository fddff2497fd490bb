/* SPDX-License-Identifier: Apache-2.0 */
/* OpenVEX 0.2.0 and 0.0.1: statements about products, which purls of PyPI name. */
#include "matcher/policy/vex_claim.h"

#include "matcher/base/banned.h"

static const struct vex_word statuses[] = {
	{"not_affected", EXCEPTION_NOT_AFFECTED}, {"fixed", EXCEPTION_MITIGATED}, {"affected", 0}, {"under_investigation", 0}, {NULL, 0},
};

/* A text, or the first of these members that is one. */
static struct span text_of(const cJSON *item, const char *first, const char *second)
{
	struct span text = json_string(item);

	if (!text.n)
		text = json_string(json_member(item, first));
	return text.n ? text : json_string(json_member(item, second));
}

/* A product or subcomponent that PyPI knows; INVALID: it does not. */
static enum pipgate_status purl_of(struct vex *vex, const cJSON *product, struct purl *out)
{
	enum pipgate_status status = purl_parse(vex->policy->run, json_string(json_member(json_member(product, "identifiers"), "purl")), out);

	return status == PIPGATE_INVALID ? purl_parse(vex->policy->run, text_of(product, "@id", "id"), out) : status;
}

static enum pipgate_status push_product(struct vex *vex, const struct claim *claim, const cJSON *product)
{
	const cJSON *parts = json_member(product, "subcomponents"), *part;
	struct purl purl;
	enum pipgate_status status = PIPGATE_OK;

	if (!cJSON_GetArraySize(parts)) {
		status = purl_of(vex, product, &purl);
		return status == PIPGATE_OK ? vex_push_purl(vex, claim, &purl) : status == PIPGATE_INVALID ? PIPGATE_OK : status;
	}
	cJSON_ArrayForEach(part, parts) { /* what is said of the product is said of these in it */
		status = purl_of(vex, part, &purl);
		if (status == PIPGATE_OK)
			status = vex_push_purl(vex, claim, &purl);
		if (status != PIPGATE_OK && status != PIPGATE_INVALID)
			return status;
	}
	return PIPGATE_OK;
}

/* "https://…/CVE-2026-1" → its last part. */
static struct span id_of(const cJSON *vulnerability)
{
	struct span id = text_of(vulnerability, "name", "@id");

	for (size_t i = id.n; i-- > 0;)
		if (id.p[i] == '/')
			return span_from(id, i + 1);
	return id;
}

static enum pipgate_status read_statement(struct vex *vex, const cJSON *statement, size_t number)
{
	struct span status_word = json_string(json_member(statement, "status")), when = text_of(statement, "timestamp", "last_updated");
	struct span text = text_of(statement, "impact_statement", "status_notes");
	struct claim claim = {.id = id_of(json_member(statement, "vulnerability"))};
	const cJSON *product;
	enum pipgate_status status;

	if (!vex_word_find(statuses, status_word, &claim.kind))
		return error_set(vex->error, PIPGATE_INVALID, "statement %zu: '" SPAN_FMT "' is no status", number, SPAN_ARG(status_word));
	if (!claim.id.n)
		return error_set(vex->error, PIPGATE_INVALID, "statement %zu: names no vulnerability", number);
	if (!claim.kind)
		return PIPGATE_OK;
	status = vex_time(vex, when.n ? when : json_string(json_member(vex->document, "timestamp")), "timestamp", &claim.time);
	claim.reason = vex_reason(vex, json_string(json_member(statement, "justification")), text);
	if (status == PIPGATE_OK && !claim.reason.p)
		status = PIPGATE_NO_MEMORY;
	cJSON_ArrayForEach(product, json_member(statement, "products")) {
		if (status == PIPGATE_OK)
			status = push_product(vex, &claim, product);
	}
	return status;
}

enum pipgate_status vex_openvex(struct vex *vex)
{
	const cJSON *statement, *statements = json_member(vex->document, "statements");
	enum pipgate_status status = PIPGATE_OK;
	size_t number = 0;

	if (!cJSON_IsArray(statements))
		return error_set(vex->error, PIPGATE_INVALID, "it has no statements");
	vex->author = json_string(json_member(vex->document, "author"));
	cJSON_ArrayForEach(statement, statements) {
		status = read_statement(vex, statement, ++number);
		if (status != PIPGATE_OK)
			break;
	}
	return status;
}
