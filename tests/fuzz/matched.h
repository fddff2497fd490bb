/* SPDX-License-Identifier: Apache-2.0 */
/* One row as a cursor, and what must hold of every answer that a match gives. */
#ifndef TESTS_FUZZ_MATCHED_H
#define TESTS_FUZZ_MATCHED_H

#include "tests/fuzz/fuzz.h"

static inline enum pipgate_status row_seek(void *ctx, struct span name, struct span *row, struct pipgate_error *error)
{
	(void)name;
	(void)error;
	*row = *(const struct span *)ctx;
	return PIPGATE_OK;
}

static inline void touch_record(const struct pipgate_record *record)
{
	touch(record->id);
	touch(record->severity.vector);
	touch_all(record->fixed, record->n_fixed);
}

static inline void require_finding(const struct pipgate_finding *finding, size_t component)
{
	require(finding->component == component);
	require(finding->n_ids && finding->n_records);
	require(finding->severity.level <= PIPGATE_LEVEL_CRITICAL && finding->severity.tenths <= 100);
	touch(finding->id);
	touch_all(finding->ids, finding->n_ids);
	touch_all(finding->fixed, finding->n_fixed);
	for (size_t i = 0; i < finding->n_records; i++)
		touch_record(&finding->records[i]);
	for (size_t i = 1; i < finding->n_ids; i++)
		require(span_compare(finding->ids[i - 1], finding->ids[i]) < 0);
}

/* OK or INVALID: no bytes may bring anything else. */
static inline enum pipgate_status match_row(struct pipgate_run *run, struct span row, struct span version, struct pipgate_match *out)
{
	const size_t component = 7;
	const struct pipgate_component asked = {.name = SPAN("name"), .shown_name = SPAN("Name"), .version = version};
	const struct pipgate_cursor cursor = {row_seek, &row};
	struct pipgate_error error = {""};
	enum pipgate_status status = pipgate_match(run, &asked, component, &cursor, out, &error);

	require(status == PIPGATE_OK || (status == PIPGATE_INVALID && error.text[0]));
	for (size_t i = 0; status == PIPGATE_OK && i < out->n_findings; i++)
		require_finding(&out->findings[i], component);
	return status;
}

#endif
