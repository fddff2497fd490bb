/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile database: the first line is a version, what follows is the row that a cursor gives for any name, and, a
 * second time, one compiled record of which a row is made.
 */
#include "tests/fuzz/matched.h"

#include "matcher/base/banned.h"

static void check_row(struct span version, struct span row)
{
	struct pipgate_run *run = new_run();
	struct pipgate_match match;

	if (match_row(run, row, version, &match) == PIPGATE_OK && !row.n)
		require(!match.named && !match.n_findings);
	pipgate_run_free(&run);
}

/* Records come from the same build: what a row of broken ones says does not matter, only that it is read safely. */
static void check_record(struct span version, struct span record)
{
	struct pipgate_run *run = new_run();
	struct pipgate_match match;
	struct span twice[2] = {record, record}, row;
	enum pipgate_status status = pipgate_row_encode(run, twice, 2, NULL, &row);

	require(status == PIPGATE_OK || status == PIPGATE_INVALID);
	if (status == PIPGATE_OK && match_row(run, row, version, &match) == PIPGATE_OK)
		require(match.named);
	pipgate_run_free(&run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = input_of(data, size), version = span_split(&rest, '\n');

	check_row(version, rest);
	check_record(version, rest);
	return 0;
}
