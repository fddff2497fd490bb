/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole way of an advisory from bytes, read as JSON and as YAML: decoded, each affected name compiled, a row made of
 * the first name's entries, and the row asked for every version that the record names. What is listed is affected.
 */
#include "tests/fuzz/matched.h"
#include "tests/fuzz/yaml_library.h"

#include "matcher/base/banned.h"

#define FEED 3
#define ENTRIES_MAX 64  /* records of one row */
#define VERSIONS_MAX 64 /* asked of one entry */

static void touch_affected(const struct pipgate_affected *a)
{
	touch(a->name);
	touch(a->severity.vector);
	touch_all(a->versions, a->n_versions);
	touch_all(a->specifiers, a->n_specifiers);
	for (size_t i = 0; i < a->n_ranges; i++)
		for (size_t k = 0; k < a->ranges[i].n_events; k++)
			touch(a->ranges[i].events[k].version);
}

static void touch_advisory(const struct pipgate_advisory *a)
{
	const struct span own[] = {a->id, a->modified, a->published, a->withdrawn, a->summary, a->details};

	require(a->id.n && a->modified.n);
	touch_all(own, sizeof(own) / sizeof(own[0]));
	touch_all(a->aliases, a->n_aliases);
	touch_all(a->notes, a->n_notes);
	for (size_t i = 0; i < a->n_references; i++) {
		touch(a->references[i].type);
		touch(a->references[i].url);
	}
	for (size_t i = 0; i < a->n_affected; i++)
		touch_affected(&a->affected[i]);
}

/* The entries of the first affected name, compiled. LIMIT is an answer for a record that is too large. */
static size_t encode(struct pipgate_run *run, const struct pipgate_advisory *advisory, struct span records[ENTRIES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < advisory->n_affected; i++) {
		struct span record;
		enum pipgate_status status = pipgate_record_encode(run, advisory, &advisory->affected[i], FEED, &record);

		require(status == PIPGATE_OK || status == PIPGATE_INVALID || status == PIPGATE_LIMIT);
		if (status == PIPGATE_OK && n < ENTRIES_MAX && span_equal(advisory->affected[i].name, advisory->affected[0].name))
			records[n++] = record;
	}
	return n;
}

static void ask(struct span row, const struct pipgate_advisory *advisory, struct span version, bool listed)
{
	struct pipgate_run *run = new_run();
	struct pipgate_match match;

	require(match_row(run, row, version, &match) == PIPGATE_OK);
	require(match.named && match.n_findings <= 1);
	require(!listed || match.n_findings == 1);
	if (match.n_findings)
		require(span_equal(match.findings[0].records[0].id, advisory->id) && match.findings[0].records[0].feed == FEED);
	pipgate_run_free(&run);
}

static void ask_entry(struct span row, const struct pipgate_advisory *advisory, const struct pipgate_affected *a)
{
	for (size_t i = 0; i < a->n_versions && i < VERSIONS_MAX; i++)
		ask(row, advisory, a->versions[i], true);
	for (size_t i = 0; i < a->n_ranges; i++)
		for (size_t k = 0; k < a->ranges[i].n_events && k < VERSIONS_MAX; k++)
			ask(row, advisory, a->ranges[i].events[k].version, false);
}

static void check(struct span bytes, enum pipgate_encoding encoding)
{
	struct pipgate_run *run = new_run();
	struct pipgate_error error = {""};
	struct pipgate_advisory advisory;
	struct span records[ENTRIES_MAX], row;
	size_t n = 0;
	enum pipgate_status status = pipgate_advisory_decode(run, encoding, bytes, &advisory, &error);

	require(status == PIPGATE_OK || (status == PIPGATE_INVALID && error.text[0]));
	if (status == PIPGATE_OK) {
		touch_advisory(&advisory);
		n = encode(run, &advisory, records);
	}
	if (n && n == advisory.n_affected) {
		require(pipgate_row_encode(run, records, n, NULL, &row) == PIPGATE_OK);
		for (size_t i = 0; i < n; i++)
			ask_entry(row, &advisory, &advisory.affected[i]);
		ask(row, &advisory, SPAN("1.0+local"), false);
	}
	pipgate_run_free(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(input_of(data, size), PIPGATE_OSV_JSON);
	check(input_of(data, size), PIPGATE_PYSEC_YAML);
	return 0;
}
