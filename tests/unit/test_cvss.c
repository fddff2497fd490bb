/* SPDX-License-Identifier: Apache-2.0 */
/* CVSS scores and levels: one row a vector. The large sets are in tests/conformance/cvss.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/span.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define V31      "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
#define V40      "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"

static const struct {
	const char *vector;
	uint8_t tenths;
	enum pipgate_level level;
} good[] = {
	/* v2 has no NONE and no CRITICAL */
	{"AV:L/AC:H/Au:M/C:N/I:N/A:N", 0, PIPGATE_LEVEL_LOW},
	{"AV:N/AC:M/Au:S/C:P/I:N/A:N", 35, PIPGATE_LEVEL_LOW},
	{"AV:A/AC:H/Au:M/C:N/I:N/A:C/CDP:MH", 40, PIPGATE_LEVEL_MEDIUM},
	{"AV:A/AC:M/Au:N/C:C/I:P/A:C/RL:U/IR:L/AR:M", 76, PIPGATE_LEVEL_HIGH},
	{"AV:N/AC:L/Au:N/C:C/I:C/A:C", 100, PIPGATE_LEVEL_HIGH},
	{"A:C/I:C/C:C/Au:N/AC:L/AV:N/E:POC/TD:ND", 100, PIPGATE_LEVEL_HIGH}, /* any order */
	/* 3.0 and 3.1: base metrics alone decide */
	{"CVSS:3.0/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 46, PIPGATE_LEVEL_MEDIUM},
	{"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 99, PIPGATE_LEVEL_CRITICAL},
	{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0, PIPGATE_LEVEL_NONE},
	{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N", 0, PIPGATE_LEVEL_NONE},
	{"CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:C/C:L/I:N/A:N", 25, PIPGATE_LEVEL_LOW},
	{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 75, PIPGATE_LEVEL_HIGH},
	{"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N", 53, PIPGATE_LEVEL_MEDIUM}, /* 5.299996: the nearest to a tenth */
	{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100, PIPGATE_LEVEL_CRITICAL},
	{V31, 98, PIPGATE_LEVEL_CRITICAL},
	{V31 "/E:U/RL:O/RC:U/CR:L/MC:N/MI:N/MA:N", 98, PIPGATE_LEVEL_CRITICAL},
	/* 4.0: threat and environmental metrics count, supplemental ones do not */
	{V40, 93, PIPGATE_LEVEL_CRITICAL},
	{V40 "/U:Red/S:P/AU:Y/R:I/V:C/RE:H", 93, PIPGATE_LEVEL_CRITICAL},
	{V40 "/MSI:S/MSA:S", 100, PIPGATE_LEVEL_CRITICAL},
	{V40 "/E:X/MSI:X/CR:X", 93, PIPGATE_LEVEL_CRITICAL},
	{V40 "/MVC:N/MVI:N/MVA:N", 0, PIPGATE_LEVEL_NONE},
	{"CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:P/VC:N/VI:L/VA:H/SC:L/SI:L/SA:N", 69, PIPGATE_LEVEL_MEDIUM},
	{"CVSS:4.0/AV:A/AC:H/AT:P/PR:H/UI:N/VC:L/VI:L/VA:L/SC:L/SI:L/SA:N", 20, PIPGATE_LEVEL_LOW},
	{"CVSS:4.0/AV:P/AC:H/AT:N/PR:H/UI:A/VC:H/VI:H/VA:H/SC:L/SI:L/SA:H/E:A/IR:M/MAV:P/MVA:N/MSC:L/MSI:H/AU:Y", 70, PIPGATE_LEVEL_HIGH},
	/* every level of every part of the macrovector, the lowest one of all among them */
	{"CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N/E:U/CR:L/IR:L/AR:L", 1, PIPGATE_LEVEL_LOW},
	{"CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:L/SC:H/SI:N/SA:N/E:P/CR:M/IR:M/AR:H", 57, PIPGATE_LEVEL_MEDIUM},
	{"CVSS:4.0/AV:A/AC:L/AT:P/PR:L/UI:A/VC:H/VI:L/VA:H/SC:N/SI:N/SA:N/E:P/CR:M/IR:H/AR:M", 7, PIPGATE_LEVEL_LOW},
	{"CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:H/E:U/AR:H", 56, PIPGATE_LEVEL_MEDIUM},
	{"CVSS:4.0/AV:L/AC:H/AT:N/PR:N/UI:P/VC:N/VI:H/VA:H/SC:N/SI:N/SA:N/E:A/MSA:S", 84, PIPGATE_LEVEL_HIGH},
};

static const char *const bad[] = {
	"",
	"/",
	"7.5",
	"HIGH",
	"CVSS:3.1",
	"CVSS:3.1/",
	"CVSS:4.0/",
	"AV:N",
	/* a slash too many, a mandatory metric too few */
	V31 "/",
	V40 "/",
	"CVSS:3.1//AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
	"AV:L/AC:H/Au:M/C:N/I:N/A:N/",
	"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
	"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
	/* repeated, also with the same value and where it is optional */
	V31 "/AV:N",
	V31 "/E:X/E:X",
	V40 "/SI:S",
	"AV:L/AC:H/Au:M/C:N/I:N/A:N/AV:A",
	/* unknown or empty metric or value */
	V31 "/MSA:N",
	V31 "/E:A",
	V31 "/:",
	V31 "/E:",
	V31 "/E",
	V31 "/E:X:X",
	V31 "/E:X H",
	V40 "/MSC:S",
	V40 "/U:red",
	"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:S/SA:N",
	"AV:L/AC:H/AU:M/C:N/I:N/A:N",
	/* prefixes, case, brackets, blanks */
	"CVSS:3/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
	"CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
	"CVSS:4.1/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
	"cvss:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
	"CVSS:2.0/AV:N/AC:L/Au:N/C:C/I:C/A:C",
	"AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
	"CVSS:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:h/i:h/a:h",
	"(AV:N/AC:L/Au:N/C:C/I:C/A:C)",
	" " V31,
	V31 " ",
	V31 "\n",
};

static void vector_scores(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(good); i++) {
		struct span vector = span_of(good[i].vector);
		struct pipgate_severity got = {0};

		if (pipgate_cvss_score(vector, &got) != PIPGATE_OK)
			fail_msg("%s: refused", good[i].vector);
		if (got.tenths != good[i].tenths || got.level != good[i].level)
			fail_msg("%s: %u %s", good[i].vector, got.tenths, pipgate_level_name(got.level));
		assert_ptr_equal(got.vector.p, vector.p);
		assert_int_equal(got.vector.n, vector.n);
	}
}

static void no_vector_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(bad); i++) {
		struct pipgate_severity got = {PIPGATE_LEVEL_LOW, 77, SPAN("kept")};

		if (pipgate_cvss_score(span_of(bad[i]), &got) != PIPGATE_INVALID)
			fail_msg("\"%s\": taken", bad[i]);
		assert_int_equal(got.tenths, 77); /* results are set on success only */
	}
}

static void vector_is_a_slice(void **state)
{
	struct span whole = SPAN(V31 "/E:X\0/E:X");
	struct pipgate_severity got;
	struct span none = {NULL, 0};

	(void)state;
	assert_int_equal(pipgate_cvss_score(whole, &got), PIPGATE_INVALID);
	assert_int_equal(pipgate_cvss_score(none, &got), PIPGATE_INVALID);
	whole.n = sizeof(V31) - 1;
	assert_int_equal(pipgate_cvss_score(whole, &got), PIPGATE_OK);
	assert_int_equal(got.tenths, 98);
	/* on the heap, so that a sanitizer sees a byte read too many; every proper beginning lacks something */
	for (size_t n = 0; n < sizeof(V40); n++) {
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, V40, n);
		copy = realloc(copy, n ? n : 1);
		assert_int_equal(pipgate_cvss_score((struct span){copy, n}, &got), n == sizeof(V40) - 1 ? PIPGATE_OK : PIPGATE_INVALID);
		free(copy);
	}
}

static void levels_have_names(void **state)
{
	static const char *const names[] = {"UNKNOWN", "NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"};
	static const char *const none[] = {"", "HIGHER", "HIG", "MODERATE", " HIGH", "5", "high\n"};
	enum pipgate_level level = PIPGATE_LEVEL_LOW;

	(void)state;
	for (size_t i = 0; i < N(names); i++) {
		assert_string_equal(pipgate_level_name((enum pipgate_level)i), names[i]);
		assert_true(pipgate_level_parse(span_of(names[i]), &level));
		assert_int_equal(level, i);
	}
	assert_string_equal(pipgate_level_name((enum pipgate_level)99), "UNKNOWN");
	assert_true(pipgate_level_parse(SPAN("hIgH"), &level));
	assert_int_equal(level, PIPGATE_LEVEL_HIGH);
	for (size_t i = 0; i < N(none); i++)
		assert_false(pipgate_level_parse(span_of(none[i]), &level));
	assert_int_equal(level, PIPGATE_LEVEL_HIGH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vector_scores),
		cmocka_unit_test(no_vector_is_refused),
		cmocka_unit_test(vector_is_a_slice),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
