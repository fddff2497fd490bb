/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of the simple API: what is told, what is absent, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wrapper/facts/page.h"

#include "matcher/base/banned.h"

static const struct {
	const char *text;
	size_t files;
	enum pipgate_answer yanked, attested; /* of the first file */
	enum pipgate_project_status status;
	int64_t uploaded;
} good[] = {
	{"{\"meta\":{},\"files\":[]}", 0, 0, 0, 0, 0},
	{"{\"meta\":{},\"files\":[{\"filename\":\"a-1.tar.gz\"}]}", 1, PIPGATE_NO, PIPGATE_NOT_KNOWN, 0, 0},
	{"{\"meta\":{},\"files\":[{\"filename\":\"a-1.tar.gz\",\"yanked\":\"x\",\"provenance\":null,\"upload-time\":\"1970-01-01T00:00:09Z\"}]}", 1,
		PIPGATE_YES, PIPGATE_NO, 0, 9},
	{"{\"meta\":{},\"project-status\":{\"status\":\"quarantined\"},\"files\":[{\"filename\":\"a\",\"yanked\":7,\"provenance\":\"u\",\"upload-time\":\"x\"}]}",
		1, PIPGATE_NOT_KNOWN, PIPGATE_YES, PIPGATE_PROJECT_QUARANTINED, 0},
	{"{\"meta\":{\"project-status\":{\"status\":\"odd\"}},\"files\":[]}", 0, 0, 0, PIPGATE_PROJECT_UNKNOWN, 0},
	{"<html><meta name='pypi:project-status' content=\"archived\"><a href=\"../a-1.whl#sha256=00\" data-yanked=\"a&gt;b\">a</a>", 1, PIPGATE_YES, 0,
		PIPGATE_PROJECT_ARCHIVED, 0},
	{"<html><!-- <a href=x> --><A HREF=b-1.zip data-provenance='u'>b", 1, PIPGATE_NO, PIPGATE_YES, 0, 0},
};
static const char *const bad[] = {"", "nothing", "{", "{}", "[]", "{\"meta\":{},\"files\":{}}", "{\"meta\":{},\"files\":[{}]}", "{\"meta\":{},\"files\":[",
	"<html><a href='x", "<html><!-- ", "{\"files\":[],\"meta\":{},\"meta\":{}}"};

static void test_good(void **state)
{
	struct pipgate_error error;
	struct pipgate_run *run;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct page page;

		assert_int_equal(page_read(run, span_of(good[i].text), &page, &error), PIPGATE_OK);
		assert_int_equal(page.n, good[i].files);
		assert_int_equal(page.status, good[i].status);
		if (!page.n)
			continue;
		assert_int_equal(page.files[0].yanked, good[i].yanked);
		assert_int_equal(page.files[0].attested, good[i].attested);
		assert_int_equal(page.files[0].uploaded, good[i].uploaded);
	}
	pipgate_run_free(&run);
}

static void test_bad(void **state)
{
	struct pipgate_error error;
	struct pipgate_run *run;
	struct page page;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_not_equal(page_read(run, span_of(bad[i]), &page, &error), PIPGATE_OK);
	pipgate_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
