/* SPDX-License-Identifier: Apache-2.0 */
/* Which names are one edit apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/policy/similar.h"

#include "matcher/base/banned.h"

static const struct {
	const char *a, *b;
	bool similar;
} rows[] = {
	{"requests", "request", true}, {"requests", "requestss", true}, {"requests", "reqvests", true}, {"requests", "reqeusts", true},
	{"requests", "requests", false}, {"requests", "rqeusets", false}, {"co1orama", "colorama", true}, {"python-dateutil", "pythondateutil", true},
	{"c0l0rama", "colorama", true}, {"six", "sax", false}, {"", "abcd", false}, {"numpy", "scipy", false}, {"abcd", "bcde", false},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(similar_names(span_of(rows[i].a), span_of(rows[i].b)), rows[i].similar);
		assert_int_equal(similar_names(span_of(rows[i].b), span_of(rows[i].a)), rows[i].similar);
	}
}

static void test_find(void **state)
{
	const struct span known = SPAN("numpy\nrequests\nrequestx\n");

	(void)state;
	assert_true(span_is(similar_find(SPAN("requestz"), known), "requests"));
	assert_int_equal(similar_find(SPAN("requestx"), known).n, 0); /* itself well-known */
	assert_int_equal(similar_find(SPAN("flask"), known).n, 0);
	assert_int_equal(similar_find(SPAN("flask"), SPAN("")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_find)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
