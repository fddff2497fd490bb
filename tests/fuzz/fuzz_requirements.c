/* SPDX-License-Identifier: Apache-2.0 */
/* A requirements file: every row lies in it, and is told once. */
#include "wrapper/source/requirement_file.h"

#include "tests/fuzz/fuzz.h"

#include "matcher/base/banned.h"

static void check_row(const struct requirement_row *row)
{
	require(row->line >= 1 && row->lines >= 1);
	require(row->text.n && row->logical.n);
	require(row->kind == REQUIREMENT_NAMED || !row->pin.n);
	require(row->kind != REQUIREMENT_NAMED || row->name.n);
	touch(row->text);
	touch(row->name);
	touch(row->pin);
	touch(row->logical);
	touch(row->parsed.marker);
	touch_all(row->hashes, row->n_hashes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pipgate_run *run = new_run();
	struct requirement_files files = {.run = run};
	struct pipgate_error error = {""};
	enum pipgate_status status = requirement_file_add(&files, "fuzz-of-no-file.txt", input_of(data, size), &error);
	const struct requirement_row *rows = files.rows.items;

	require(status == PIPGATE_OK || error.text[0]);
	for (size_t i = 0; i < files.rows.n; i++)
		check_row(&rows[i]);
	for (size_t i = 1; i < files.rows.n; i++)
		require(rows[i].file != rows[i - 1].file || rows[i].line > rows[i - 1].line);
	pipgate_run_free(&run);
	return 0;
}
