/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files edited in place: what comes before and after, a row each; what cannot be edited safely is refused and stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "matcher/base/buf.h"
#include "wrapper/pardon/pardon_file.h"

#include "matcher/base/banned.h"

enum edit { APPEND, REMOVE, SET };

struct row {
	const char *what, *before, *after; /* after NULL: refused */
	enum edit edit;
	size_t index;
};

#define NEW "id: X-1\nreason: \"a: b\"\n" /* what is appended */
#define HEAD "schema: pipgate/policy/1\n"
#define ONE "exceptions:\n  - id: A-1\n    expires: 2027-01-01\n"
#define TWO ONE "  - id: B-1\n    expires: 2027-01-01\n"
#define ADDED "  - id: X-1\n    reason: \"a: b\"\n"

static const struct row rows[] = {
	{"nothing there", "", HEAD "exceptions:\n" ADDED, APPEND, 0},
	{"no list", HEAD "fail-on: low # why\n", HEAD "fail-on: low # why\nexceptions:\n" ADDED, APPEND, 0},
	{"no list, no end of line", HEAD "fail-on: low", HEAD "fail-on: low\nexceptions:\n" ADDED, APPEND, 0},
	{"a list", HEAD ONE, HEAD ONE ADDED, APPEND, 0},
	{"a list in the middle", HEAD ONE "\n# next\nfail-on: low\n", HEAD ONE ADDED "\n# next\nfail-on: low\n", APPEND, 0},
	{"dashes below the key", "exceptions: # mine\n- id: A-1\nmode: warn\n", "exceptions: # mine\n- id: A-1\n- id: X-1\n  reason: \"a: b\"\nmode: warn\n", APPEND, 0},
	{"deep dashes", "exceptions:\n\n    # a comment\n    - id: A-1", "exceptions:\n\n    # a comment\n    - id: A-1\n    - id: X-1\n      reason: \"a: b\"\n", APPEND, 0},
	{"comments of an item stay with it", "exceptions:\n  - id: A-1\n    # of A\n  # of none\n", "exceptions:\n  - id: A-1\n    # of A\n" ADDED "  # of none\n", APPEND, 0},
	{"an empty list", "exceptions: [] # none\nmode: warn\n", "exceptions: # none\n" ADDED "mode: warn\n", APPEND, 0},
	{"nothing behind the key", "exceptions:\nmode: warn\n", "exceptions:\n" ADDED "mode: warn\n", APPEND, 0},
	{"null", "exceptions: ~\n", NULL, APPEND, 0},
	{"line ends of Windows", "mode: warn\r\n", "mode: warn\r\nexceptions:\r\n  - id: X-1\r\n    reason: \"a: b\"\r\n", APPEND, 0},
	{"a document's end", "---\nmode: warn\n...\n", "---\nmode: warn\nexceptions:\n" ADDED "...\n", APPEND, 0},
	{"a text that looks like a list", "mode: |\n  exceptions:\n    - id: A-1\nfail-on: low\n", "mode: |\n  exceptions:\n    - id: A-1\nfail-on: low\nexceptions:\n" ADDED, APPEND, 0},
	{"items in braces", "exceptions:\n  - {id: A-1}\n", "exceptions:\n  - {id: A-1}\n" ADDED, APPEND, 0},
	{"a text with dashes in an item", "exceptions:\n  - id: A-1\n    reason: |\n      - one\n\n      # two\n", "exceptions:\n  - id: A-1\n    reason: |\n      - one\n\n      # two\n" ADDED, APPEND, 0},
	{"a text that keeps its blank lines", "exceptions:\n  - id: A-1\n    reason: |+\n      one\n\n", NULL, APPEND, 0},
	{"brackets", "exceptions: [{id: A-1}]\n", NULL, APPEND, 0},
	{"brackets over lines", "exceptions: [\n  {id: A-1}\n]\n", NULL, APPEND, 0},
	{"braces around all", "{schema: pipgate/policy/1}\n", NULL, APPEND, 0},
	{"a key in quotes", "\"exceptions\":\n  - id: A-1\n", NULL, APPEND, 0},
	{"no list of items", "exceptions:\n  id: A-1\n", NULL, APPEND, 0},
	{"a list as the document", "- id: A-1\n", NULL, APPEND, 0},
	{"a repeated key", "exceptions:\n  - id: A-1\nexceptions:\n  - id: A-1\n", NULL, APPEND, 0},
	{"two documents", "mode: warn\n---\nmode: warn\n", NULL, APPEND, 0},
	{"a key in a text in quotes", "mode: \"a\nexceptions:\n  - id: A-1\n\"\n", NULL, REMOVE, 0},
	{"the first of two", HEAD TWO "mode: warn\n", HEAD "exceptions:\n  - id: B-1\n    expires: 2027-01-01\nmode: warn\n", REMOVE, 0},
	{"the second of two", HEAD TWO "mode: warn\n", HEAD ONE "mode: warn\n", REMOVE, 1},
	{"the only one", "exceptions: # why\n  # of A\n  - id: A-1\n    # in A\n    expires: 2027-01-01\n  # behind\nmode: warn\n",
		"exceptions: [] # why\n  # of A\n  # behind\nmode: warn\n", REMOVE, 0},
	{"one in braces", "exceptions:\n  - {id: A-1,\n     kind: accepted}\n  - id: B-1\n", "exceptions:\n  - id: B-1\n", REMOVE, 0},
	{"none of that number", HEAD ONE, NULL, REMOVE, 1},
	{"a value", "exceptions:\n  - id: A-1\n    expires:  2027-01-01   # soon\n    ticket: T\n", "exceptions:\n  - id: A-1\n    expires:  2030-02-28   # soon\n    ticket: T\n", SET, 0},
	{"a value in quotes", "exceptions:\n  - expires: \"2027-01-01\" # '\n    id: A-1\n", "exceptions:\n  - expires: 2030-02-28 # '\n    id: A-1\n", SET, 0},
	{"of the second", TWO, ONE "  - id: B-1\n    expires: 2030-02-28\n", SET, 1},
	{"no value", "exceptions:\n  - id: A-1\n    expires:\n", "exceptions:\n  - id: A-1\n    expires: 2030-02-28\n", SET, 0},
	{"no such key", "exceptions:\n  -\n    id: A-1\n", "exceptions:\n  -\n    id: A-1\n    expires: 2030-02-28\n", SET, 0},
	{"no such key, no end of line", "exceptions:\n- id: A-1", "exceptions:\n- id: A-1\n  expires: 2030-02-28\n", SET, 0},
	{"the word in a text", "exceptions:\n  - reason: |\n      expires: never\n    expires: 2027-01-01\n", "exceptions:\n  - reason: |\n      expires: never\n    expires: 2030-02-28\n", SET, 0},
	{"a value over lines", "exceptions:\n  - id: A-1\n    expires: 2027-\n      01-01\n", NULL, SET, 0},
	{"in braces", "exceptions:\n  - {id: A-1, expires: 2027-01-01}\n", NULL, SET, 0},
};

static enum pipgate_status edit(struct pardon_file *d, const struct row *row, struct pipgate_error *error)
{
	switch (row->edit) {
	case APPEND:
		return pardon_file_append(d, "exceptions", SPAN(NEW), error);
	case REMOVE:
		return pardon_file_remove(d, "exceptions", row->index, error);
	case SET:
		return pardon_file_set(d, "exceptions", row->index, "expires", SPAN("2030-02-28"), error);
	}
	return PIPGATE_FAILED;
}

static char path[] = "/tmp/pardon-XXXXXX";

static void put(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void edited_in_place(void **state)
{
	struct pipgate_run *run;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pipgate_error error = {""};
		enum pipgate_status status;
		struct pardon_file d;

		put(rows[i].before);
		status = pardon_file_read(run, path, "pipgate/policy/1", &d, &error);
		if (status == PIPGATE_OK)
			status = edit(&d, &rows[i], &error);
		if ((status == PIPGATE_OK) != (rows[i].after != NULL))
			fail_msg("%s: status %d: %s%.*s", rows[i].what, status, error.text, SPAN_ARG(d.text));
		if (rows[i].after && !span_is(d.text, rows[i].after))
			fail_msg("%s:\n%.*s", rows[i].what, SPAN_ARG(d.text));
		if (rows[i].after)
			assert_int_equal(pardon_file_write(&d, &error), PIPGATE_OK);
		else
			assert_true(error.text[0]);
	}
	pipgate_run_free(&run);
}

static void written_with_mode(void **state)
{
	struct pipgate_run *run;
	struct pipgate_error error;
	struct pardon_file d;
	struct stat st;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	put(ONE);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(pardon_file_read(run, path, "pipgate/policy/1", &d, &error), PIPGATE_OK);
	assert_int_equal(pardon_file_append(&d, "exceptions", SPAN(NEW), &error), PIPGATE_OK);
	put(TWO);
	assert_int_equal(pardon_file_write(&d, &error), PIPGATE_FAILED); /* somebody was quicker */
	put(ONE);
	assert_int_equal(pardon_file_write(&d, &error), PIPGATE_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	pipgate_run_free(&run);
}

static void values(void **state)
{
	static const struct {
		const char *value, *written;
	} table[] = {
		{"CVE-2026-1", "CVE-2026-1"}, {"not used here", "not used here"}, {"no", "\"no\""}, {"a: b", "\"a: b\""}, {"a #b", "\"a #b\""},
		{"<3.1.6", "\"<3.1.6\""}, {"", "\"\""}, {"say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""}, {"- x", "\"- x\""}, {"x ", "\"x \""},
		{"{x}", "\"{x}\""}, {"müde", "müde"}, {"jane@example.org", "jane@example.org"}, {"*x", "\"*x\""}, {"a, b", "a, b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf out;

		buf_init(&out, NULL, 1000);
		pardon_file_value(&out, span_of(table[i].value));
		assert_string_equal(out.p, table[i].written);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edited_in_place), cmocka_unit_test(written_with_mode), cmocka_unit_test(values),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
