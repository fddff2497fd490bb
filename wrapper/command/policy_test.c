/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate policy test FILE…`: a policy has tests, as a program has (wrapper/case/suite.h). */
#include <time.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "wrapper/case/suite.h"
#include "wrapper/command/policy.h"
#include "wrapper/file.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define OUTPUT_MAX ((size_t)64 << 20)

static void put_result(struct buf *out, const struct suite_result *result)
{
	buf_text(out, result->passed ? "ok   " : "FAIL ");
	text_escape(out, result->title.n ? result->title : SPAN("(without a title)"));
	if (!result->passed) {
		buf_text(out, ": expected ");
		text_escape(out, result->expected);
		buf_text(out, "; came ");
		text_escape(out, result->came);
	}
	buf_byte(out, '\n');
}

static enum pipgate_status test_file(struct pipgate_run *run, const char *path, struct buf *out, struct suite *total)
{
	struct pipgate_error error = {""};
	struct span text;
	struct suite suite;
	enum pipgate_status status = keep_file(run, path, FILE_BYTES_MAX, &text, &error);

	if (status == PIPGATE_OK)
		status = suite_run(run, path, text, time(NULL), &suite, &error);
	if (status != PIPGATE_OK) {
		say_error(EXIT_USAGE, "%s", error.text);
		return status;
	}
	for (size_t i = 0; i < suite.results.n; i++)
		put_result(out, (const struct suite_result *)suite.results.items + i);
	total->passed += suite.passed;
	total->failed += suite.failed;
	return PIPGATE_OK;
}

int policy_test(int argc, char **argv)
{
	struct suite total = {.passed = 0};
	struct pipgate_run *run;
	struct buf out;
	int status = EXIT_OK;

	if (argc < 2 || argv[1][0] == '-')
		return say_error(EXIT_USAGE, "usage: pipgate policy test FILE…");
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	buf_init(&out, NULL, OUTPUT_MAX);
	for (int i = 1; i < argc; i++)
		if (test_file(run, argv[i], &out, &total) != PIPGATE_OK)
			status = EXIT_USAGE;
	buf_format(&out, "%zu passed, %zu failed\n", total.passed, total.failed);
	if (buf_status(&out) == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (!file_put(STDOUT_FILENO, buf_view(&out)))
		status = say_error(EXIT_UNDECIDED, "stdout cannot be written");
	buf_fini(&out);
	pipgate_run_free(&run);
	return status == EXIT_OK && total.failed ? EXIT_NO : status;
}
