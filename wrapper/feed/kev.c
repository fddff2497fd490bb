/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CISA's catalogue of known exploited vulnerabilities: one JSON object with all entries. It says how many they are, so a
 * copy that lost some is seen and refused. Of an entry its CVE id counts; the others add what the catalogue is read for.
 */
#include <stdio.h>

#include "matcher/base/json.h"
#include "wrapper/feed/reading.h"

#include "matcher/base/banned.h"

/* RFC 3339 in UTC. */
static enum pipgate_status time_take(struct reading *r, const cJSON *catalogue, struct pipgate_error *error)
{
	struct span text = json_string(json_member(catalogue, "dateReleased"));

	if (!text.p)
		return error_set(error, PIPGATE_INVALID, "dateReleased is missing: it is no KEV catalogue");
	return reading_time(r, "dateReleased", text, error);
}

static enum pipgate_status count_check(const cJSON *catalogue, const cJSON *entries, struct pipgate_error *error)
{
	const cJSON *count = json_member(catalogue, "count");
	int n = cJSON_GetArraySize(entries);

	if (!cJSON_IsNumber(count))
		return error_set(error, PIPGATE_INVALID, "count is missing: whether the catalogue is whole cannot be told");
	if (count->valuedouble != (double)n)
		return error_set(error, PIPGATE_INVALID, "the catalogue is not whole: it says %.0f entries and has %d", count->valuedouble, n);
	return PIPGATE_OK;
}

static enum pipgate_status entries_take(struct reading *r, const cJSON *entries, struct pipgate_error *error)
{
	const struct pipgate_exploitation exploited = {.exploited = true};
	enum pipgate_status status = PIPGATE_OK;
	size_t i = 0;

	for (const cJSON *entry = entries->child; entry && status == PIPGATE_OK; entry = entry->next) {
		char name[32];

		snprintf(name, sizeof(name), "entry %zu", ++i);
		status = reading_exploitation(r, span_of(name), json_string(json_member(entry, "cveID")), &exploited, error);
	}
	return status;
}

static enum pipgate_status catalogue_take(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct reading *r = ctx;
	const cJSON *entries;
	cJSON *tree = NULL;
	enum pipgate_status status = json_parse(bytes, &tree, error);

	if (status != PIPGATE_OK) {
		error_before(error, SPAN_FMT, SPAN_ARG(name));
		return status;
	}
	entries = json_member(tree, "vulnerabilities");
	if (!cJSON_IsArray(entries))
		status = error_set(error, PIPGATE_INVALID, "vulnerabilities is missing: it is no KEV catalogue");
	if (status == PIPGATE_OK)
		status = count_check(tree, entries, error);
	if (status == PIPGATE_OK)
		status = time_take(r, tree, error);
	if (status == PIPGATE_OK)
		status = entries_take(r, entries, error);
	cJSON_Delete(tree);
	return status;
}

enum pipgate_status feed_read_kev(struct reading *r, struct pipgate_error *error)
{
	return reading_transport(r, "get", SPAN(""), catalogue_take, error);
}
