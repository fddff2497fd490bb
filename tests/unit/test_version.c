/* SPDX-License-Identifier: Apache-2.0 */
/* Names, versions, specifiers and file names: one row a case. The large sets are in tests/conformance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/span.h"
#include "tests/unit/faulty.h"

#include "matcher/base/banned.h"

#define N(table) (sizeof(table) / sizeof(*(table)))
#define USUAL_KEY 16 /* bytes: keys of ordinary versions are stored by the million */
#define MEGABYTE ((size_t)1 << 20)
#define NINES_40 "9999999999999999999999999999999999999999"

static int run_make(void **state)
{
	struct pipgate_run *run;

	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		return -1;
	*state = run;
	return 0;
}

static int run_drop(void **state)
{
	struct pipgate_run *run = *state;

	pipgate_run_free(&run);
	return 0;
}

static struct span key_of(struct pipgate_run *run, const char *text)
{
	struct pipgate_version version;

	assert_int_equal(pipgate_version_parse(run, span_of(text), &version), PIPGATE_OK);
	return version.key;
}

/* strictly ascending */
static const char *const ascending[] = {
	"0.dev0", "0a1", "0", "0.0.0.1", "0.1", "1.dev0", "1.dev1+a", "1.dev2", "1a0.dev1", "1a0", "1a0.post0.dev3", "1a0.post0",
	"1a1", "1a224", "1a65536", "1b0", "1rc0.dev1", "1rc0", "1rc0+x", "1", "1+a", "1+a.a", "1+a.0", "1+ab", "1+0",
	"1+0.a", "1+0.0", "1+1", "1+18446744073709551616", "1.post0.dev0", "1.post0.dev0+l", "1.post0", "1.post1", "1.post256",
	"1.0.0.0.1", "1.0.1", "1.1", "1.9", "1.10", "1.223", "1.224", "1.255", "1.256", "1.65535", "1.65536", "1.16777216",
	"1.9999999999999999999", "1.10000000000000000000", "1.18446744073709551615", "1.18446744073709551616", "1." NINES_40,
	"1." NINES_40 ".1", "1.1" NINES_40, "2", "2013.8", NINES_40, "1!0.dev0", "1!0", "2!0", "256!0", NINES_40 "!0",
};

static void keys_are_in_order(void **state)
{
	for (size_t i = 0; i < N(ascending); i++)
		for (size_t j = 0; j < N(ascending); j++)
			assert_int_equal(pipgate_key_compare(key_of(*state, ascending[i]), key_of(*state, ascending[j])),
				(i > j) - (i < j));
}

/* text, canonical text */
static const struct {
	const char *text, *canonical;
} canonical[] = {
	{"1.0", "1.0"},
	{"1", "1"},
	{"001.002", "1.2"},
	{"0!1", "1"},
	{"01!1.0", "1!1.0"},
	{"v1.0", "1.0"},
	{"V1", "1"},
	{" \t1.0\n", "1.0"},
	{"\x1c""1.0\xc2\xa0", "1.0"}, /* white space to Python */
	{"1.0ALPHA", "1.0a0"},
	{"1.0-beta_2", "1.0b2"},
	{"1.0.c1", "1.0rc1"},
	{"1.0pre", "1.0rc0"},
	{"1.0.preview-007", "1.0rc7"},
	{"1.0-1", "1.0.post1"},
	{"1.0.rev", "1.0.post0"},
	{"1.0r3", "1.0.post3"},
	{"1.0_POST_3", "1.0.post3"},
	{"1.0a-1", "1.0a1"},
	{"1.0a.-1", "1.0a0.post1"},
	{"1.0a-", "1.0a0"}, /* a separator may stand behind a word without its number */
	{"1.0.post-.dev.", "1.0.post0.dev0"},
	{"1.0rdev", "1.0.post0.dev0"},
	{"1.0dev4", "1.0.dev4"},
	{"1.0a1.post2.dev3", "1.0a1.post2.dev3"},
	{"1.0+Ubuntu-01_x", "1.0+ubuntu.1.x"},
	{"1.0+00", "1.0+0"},
	{"1.0+0a", "1.0+0a"},
	{"18446744073709551616.0", "18446744073709551616.0"},
	{"1a" NINES_40, "1a" NINES_40},
};

static void canonical_forms(void **state)
{
	for (size_t i = 0; i < N(canonical); i++) {
		struct span got;

		assert_int_equal(pipgate_version_canonical(*state, span_of(canonical[i].text), &got), PIPGATE_OK);
		assert_true(span_is(got, canonical[i].canonical));
		assert_true(span_equal(key_of(*state, canonical[i].text), key_of(*state, canonical[i].canonical)));
	}
}

static const char *const equal[][2] = {
	{"1", "1.0.0"}, {"0", "0.0"}, {"1!1", "1!1.0"}, {"1a", "1.0a0"}, {"1+A.1", "1.0+a_01"}, {"1-0", "1.post"}, {"1.00", "1"},
};

static const char *const refused[] = {
	"", " ", ".", "a", "v", "1.", ".1", "1..0", "1 .0", "1. 0", "vv1", "v 1", "1!", "!1", "1!!1", "1!2!3", "-1", "+1", "1.0+",
	"1.0+.", "1.0+a.", "1.0+a+b", "1.0+a..b", "1.0+_", "1.0-", "1.0--1", "1.0a1b1", "1.0.dev1.post1", "1.0.dev1a1", "1.0x",
	"1.0final", "1.0-SNAPSHOT", "1.*", "==1.0", "1,0", "1.0\xc3\xa4", "1.0+\xc3\xa4", "1.0po\xc5\xbft1", "\xd9\xa1.0", "1\xff",
};

static void what_is_equal_and_what_is_none(void **state)
{
	struct pipgate_version version;
	struct span text;

	for (size_t i = 0; i < N(equal); i++)
		assert_true(span_equal(key_of(*state, equal[i][0]), key_of(*state, equal[i][1])));
	for (size_t i = 0; i < N(refused); i++) {
		assert_int_equal(pipgate_version_parse(*state, span_of(refused[i]), &version), PIPGATE_INVALID);
		assert_int_equal(pipgate_version_canonical(*state, span_of(refused[i]), &text), PIPGATE_INVALID);
	}
	assert_int_equal(pipgate_version_parse(*state, SPAN("1.0\0"), &version), PIPGATE_INVALID);
	assert_int_equal(pipgate_version_parse(*state, SPAN("1\0.0"), &version), PIPGATE_INVALID);
	assert_int_equal(pipgate_version_parse(*state, (struct span){NULL, 0}, &version), PIPGATE_INVALID);
}

/* text, its public version, pre-release, local */
static const struct {
	const char *text, *public;
	bool prerelease, local;
} flags[] = {
	{"1.2.3", "1.2.3", false, false},    {"1.2.3+a.1", "1.2.3", false, true}, {"1a1", "1a1", true, false},
	{"1rc1+x", "1rc1", true, true},      {"1.dev1", "1.dev1", true, false},   {"1.post1", "1.post1", false, false},
	{"1.post1.dev1+0", "1.post1.dev1", true, true}, {"2022.12.0b4", "2022.12.0b4", true, false},
};

static void public_key_is_a_prefix(void **state)
{
	for (size_t i = 0; i < N(flags); i++) {
		struct pipgate_version version;

		assert_int_equal(pipgate_version_parse(*state, span_of(flags[i].text), &version), PIPGATE_OK);
		assert_true(span_equal((struct span){version.key.p, version.public_n}, key_of(*state, flags[i].public)));
		assert_int_equal(version.prerelease, flags[i].prerelease);
		assert_int_equal(version.local, flags[i].local);
		assert_true(version.key.n <= USUAL_KEY);
	}
}

static char *repeated(const char *first, const char *again, size_t bytes)
{
	size_t n = strlen(first), m = strlen(again);
	char *text = malloc(n + bytes + m + 1);

	assert_non_null(text);
	memcpy(text, first, n);
	for (; n < bytes; n += m)
		memcpy(text + n, again, m);
	text[n] = 0;
	return text;
}

/* Linear time, and the bound of numbers that Python has, too. */
static void long_versions(void **state)
{
	static const struct {
		const char *first, *again;
		size_t bytes;
		enum pipgate_status status;
	} cases[] = {
		{"1", ".1", MEGABYTE, PIPGATE_OK},      {"1", ".0", MEGABYTE, PIPGATE_OK},
		{"1+a", ".1", MEGABYTE, PIPGATE_OK},    {"1+", "a", MEGABYTE, PIPGATE_OK},
		{"", " ", MEGABYTE, PIPGATE_INVALID},   {"1", "\xe2\x80\x83", MEGABYTE, PIPGATE_OK},
		{"1", "0", 4300, PIPGATE_OK},           {"1", "0", 4301, PIPGATE_INVALID},
		{"1.", "0", 4302, PIPGATE_OK},          {"1.", "0", 4303, PIPGATE_INVALID},
		{"1+", "1", 4302, PIPGATE_OK},          {"1+", "1", 4303, PIPGATE_INVALID},
		{"1", "1", MEGABYTE, PIPGATE_INVALID},  {"1", "a", MEGABYTE, PIPGATE_INVALID},
		{"1", ".dev", MEGABYTE, PIPGATE_INVALID},
	};

	for (size_t i = 0; i < N(cases); i++) {
		char *text = repeated(cases[i].first, cases[i].again, cases[i].bytes);
		struct pipgate_version version;
		struct span again;
		bool within;

		assert_int_equal(pipgate_version_parse(*state, span_of(text), &version), cases[i].status);
		assert_int_equal(pipgate_version_canonical(*state, span_of(text), &again), cases[i].status);
		if (cases[i].status == PIPGATE_OK)
			assert_int_equal(pipgate_specifier_contains(*state, SPAN(">=1,!=2.*"), span_of(text),
				PIPGATE_PRERELEASES_AUTO, &within), PIPGATE_OK);
		free(text);
		pipgate_run_reset(*state);
	}
}

/* specifiers, version, '-' (auto), 'y' or 'n': true, false, or ! where it is refused */
static const struct {
	const char *specifiers, *version;
	char prereleases, answer;
} specifiers[] = {
	{"", "1.0", '-', 't'},
	{"", "foo", '-', 't'},
	{"", "1.0a1", 'n', 'f'},
	{" , ,", "1.0a1", '-', 't'},
	{"==1.0", "1", '-', 't'},
	{"==1.0", "1.0+local", '-', 't'},
	{"==1.0+local", "1.0", '-', 'f'},
	{"==1.0+LOCAL", "1+local", '-', 't'},
	{"!=1.0", "1.0+local", '-', 'f'},
	{"!=1.0+local", "1.0", '-', 't'},
	{"== 1.0.*", "1.0.5+x", '-', 't'},
	{"==1.0.*", "1", '-', 't'},
	{"==1.0.*", "1.dev1", '-', 't'},
	{"==1.*", "1!1.0", '-', 'f'},
	{"==1.1.*", "1", '-', 'f'},
	{"!=1.*", "2", '-', 't'},
	{"~=1.4.5", "1.4.9", '-', 't'},
	{"~=1.4.5", "1.5", '-', 'f'},
	{"~=1.4.5", "1.4.4", '-', 'f'},
	{"~=2.2.post3", "2.9", '-', 't'},
	{"~=1!2.2", "2.3", '-', 'f'},
	{"<=1.0", "1.0+local", '-', 't'},
	{"<=1.0", "1.0.post1", '-', 'f'},
	{">=1.0", "1.0+local", '-', 't'},
	{">=1.0", "1.0rc1", '-', 'f'},
	{">1.0", "1.0+local", '-', 'f'},
	{">1.0", "1.0.post1", '-', 'f'},
	{">1.0", "1.0.1.dev0", '-', 't'},
	{">1.0a1", "1.0a1.post1", '-', 'f'},
	{">1.0a1", "1.0a2.dev0", '-', 't'},
	{">1.0.post1", "1.0.post1+x", '-', 'f'},
	{">1.0.post1", "1.0.post2.dev0", '-', 't'},
	{">1.0.dev1", "1.0.dev2", '-', 't'},
	{">1.0", "1!0", '-', 't'},
	{"<1.0", "1.0rc1", '-', 'f'},
	{"<1.0", "1.0.dev0", '-', 'f'},
	{"<1.0", "0.9.post1", '-', 't'},
	{"<1.0rc1", "1.0b9", '-', 't'},
	{"<1.0.post1", "1.0.post1.dev0", '-', 'f'},
	{"<1.0.post1", "1.0.post0", '-', 't'},
	{"<0.dev0", "0.dev0", 'y', 'f'},
	{"===1.0", "1.0", '-', 't'},
	{"===1.0", "1.0.0", '-', 'f'},
	{"===FOObar", "fooBAR", '-', 't'},
	{"===1.0a1", "1.0a1", 'n', 'f'},
	{"===", "", '-', 't'},
	{"~=1.4.5", "1!1.4.6", '-', 'f'},
	{">=1,<2,!=1.5", "1.4", '-', 't'},
	{">=1,<2,!=1.5", "1.5", '-', 'f'},
	{">=1.0", "2.0a1", '-', 't'}, /* nothing else is there to choose, since packaging 26 */
	{">=1.0", "2.0a1", 'n', 'f'},
	{">=1.0", "2.0a1", 'y', 't'},
	{">=1.0", "foo", '-', 'f'},
	{"!=1.0", "foo", '-', 'f'},
	{"1.0", "1.0", '-', '!'},
	{"=1.0", "1.0", '-', '!'},
	{">=1.0.*", "1.0", '-', '!'},
	{">=1.0+x", "1.0", '-', '!'},
	{"~=1", "1.0", '-', '!'},
	{"==1.0a1.*", "1.0", '-', '!'},
	{"==1.0.*+x", "1.0", '-', '!'},
	{"==", "1.0", '-', '!'},
	{"<2,x", "3", '-', '!'}, /* also behind one that does not match */
	{"== =1.0", "1.0", '-', '!'},
	{"===1 0", "1.0", '-', '!'},
	{"===1;0", "1.0", '-', '!'},
};

static void specifier_sets(void **state)
{
	for (size_t i = 0; i < N(specifiers); i++) {
		enum pipgate_prereleases prereleases = specifiers[i].prereleases == 'y' ? PIPGATE_PRERELEASES_YES
			: specifiers[i].prereleases == 'n' ? PIPGATE_PRERELEASES_NO : PIPGATE_PRERELEASES_AUTO;
		bool within = false;
		enum pipgate_status status = pipgate_specifier_contains(*state, span_of(specifiers[i].specifiers),
			span_of(specifiers[i].version), prereleases, &within);
		char answer = status == PIPGATE_INVALID ? '!' : within ? 't' : 'f';

		if (answer != specifiers[i].answer)
			print_error("%s has %s: %c\n", specifiers[i].specifiers, specifiers[i].version, answer);
		assert_int_equal(answer, specifiers[i].answer);
	}
}

static const struct {
	const char *name, *normal;
} names[] = {
	{"", ""},           {"Foo", "foo"},           {"Foo.-_bar", "foo-bar"}, {"--", "-"}, {".a_", "-a-"},
	{"\xc3\x9cn", "\xc3\xbcn"}, {"flas\xe2\x84\xaa", "flask"}, /* a Kelvin sign is a k to Python */
	{"\xc4\xb0", "i\xcc\x87"}, {"A\xff_\xc3", "a\xff-\xc3"}, {"\xc8\xba\xc8\xba", "\xe2\xb1\xa5\xe2\xb1\xa5"},
	{"\xf0\x90\x90\x80", "\xf0\x90\x90\xa8"},
};

static void normal_names(void **state)
{
	for (size_t i = 0; i < N(names); i++) {
		struct span got;

		assert_int_equal(pipgate_name_normalize(*state, span_of(names[i].name), &got), PIPGATE_OK);
		assert_true(span_is(got, names[i].normal));
	}
}

/* file name, normal name (NULL: refused), version, wheel */
static const struct {
	const char *filename, *name, *version;
	bool wheel;
} filenames[] = {
	{"Foo_Bar-1.0-py3-none-any.whl", "foo-bar", "1.0", true},
	{"foo-1.0+l.1-12abc-py2.py3-none-a.b.whl", "foo", "1.0+l.1", true},
	{"f\xc3\xb6-1-py3-none-any.whl", "f\xc3\xb6", "1", true},
	{"foo-bar-1.0.tar.gz", "foo-bar", "1.0", false},
	{"foo-1.0.zip", "foo", "1.0", false},
	{"foo--1.0.zip", "foo-", "1.0", false},
	{"", NULL, NULL, false},
	{".whl", NULL, NULL, false},
	{".zip", NULL, NULL, false},
	{"-1.0.zip", NULL, NULL, false},
	{"foo-.zip", NULL, NULL, false},
	{"foo-x.tar.gz", NULL, NULL, false},
	{"foo-1.0.tgz", NULL, NULL, false},
	{"foo-1.0-py3-none-any.WHL", NULL, NULL, false},
	{"foo-1.0-py3-none.whl", NULL, NULL, false},
	{"foo-1.0-1-2-py3-none-any.whl", NULL, NULL, false},
	{"foo-1.0-a1-py3-none-any.whl", NULL, NULL, false},
	{"foo-1.0-3-none-any.whl", NULL, NULL, false},
	{"foo-1.0-py3.-none-any.whl", NULL, NULL, false},
	{"foo-1.0-py3-none-.whl", NULL, NULL, false},
	{"foo-1.0--none-any.whl", NULL, NULL, false},
	{"foo-1.0-py+-none-any.whl", NULL, NULL, false},
	{"foo__bar-1.0-py3-none-any.whl", NULL, NULL, false},
	{"f#-1.0-py3-none-any.whl", NULL, NULL, false},
	{"f\xff-1.0-py3-none-any.whl", NULL, NULL, false},
	{"-1.0-py3-none-any.whl", NULL, NULL, false},
	{"foo-1.x-py3-none-any.whl", NULL, NULL, false},
};

static void file_names(void **state)
{
	for (size_t i = 0; i < N(filenames); i++) {
		struct pipgate_filename got;
		enum pipgate_status status = pipgate_filename_parse(*state, span_of(filenames[i].filename), &got);

		assert_int_equal(status, filenames[i].name ? PIPGATE_OK : PIPGATE_INVALID);
		if (status != PIPGATE_OK)
			continue;
		assert_true(span_is(got.name, filenames[i].name));
		assert_true(span_is(got.version, filenames[i].version));
		assert_int_equal(got.wheel, filenames[i].wheel);
	}
}

/* Nothing is read behind a slice's end: every beginning of a text, in memory of its own. */
static void texts_are_slices(void **state)
{
	static const struct span texts[] = {
		SPAN("v1!1.0.preview-1.post-2.dev_3+abc.1"),
		SPAN("==1.0.*,~=1!1.0a1.post1, ===foo"),
		SPAN("foo_bar-1.0-1b-py3.py2-none-any.whl"),
	};

	for (size_t t = 0; t < N(texts); t++) {
		for (size_t n = 0; n <= texts[t].n; n++) {
			char *copy = malloc(n + !n);
			struct span text = {copy, n};
			struct pipgate_version version;
			struct pipgate_filename filename;
			bool within;

			assert_non_null(copy);
			if (n)
				memcpy(copy, texts[t].p, n);
			assert_int_not_equal(pipgate_version_parse(*state, text, &version), PIPGATE_FAILED);
			assert_int_not_equal(pipgate_filename_parse(*state, text, &filename), PIPGATE_FAILED);
			assert_int_not_equal(pipgate_specifier_contains(*state, text, text, PIPGATE_PRERELEASES_AUTO, &within),
				PIPGATE_FAILED);
			free(copy);
		}
	}
}

static enum pipgate_status everything(struct pipgate_run *run, struct span version, struct span name)
{
	struct pipgate_version parsed;
	struct pipgate_filename filename;
	struct span text;
	bool within;
	enum pipgate_status status = pipgate_version_parse(run, version, &parsed);

	if (status == PIPGATE_OK)
		status = pipgate_version_canonical(run, version, &text);
	if (status == PIPGATE_OK)
		status = pipgate_name_normalize(run, name, &text);
	if (status == PIPGATE_OK)
		status = pipgate_filename_parse(run, SPAN("foo-1.0.zip"), &filename);
	if (status == PIPGATE_OK)
		status = pipgate_specifier_contains(run, SPAN("<2,>1,==1.5,===X"), version, PIPGATE_PRERELEASES_AUTO, &within);
	return status;
}

/* Long texts, so that an allocation of the arena is one of the allocator. */
static void every_allocation_may_fail(void **state)
{
	char *version = repeated("1", ".1", MEGABYTE / 8), *name = repeated("\xc3\x9c", "A.", MEGABYTE / 8);
	enum pipgate_status status = PIPGATE_FAILED;
	size_t failures = 0;

	(void)state;
	while (status != PIPGATE_OK) {
		struct faulty faulty = {.fail_at = failures + 1};
		struct pipgate_allocator allocator = faulty_allocator(&faulty);
		struct pipgate_run *run = NULL;

		status = pipgate_run_new(&allocator, &run);
		if (status == PIPGATE_OK)
			status = everything(run, span_of(version), span_of(name));
		assert_int_equal(status, faulty.calls < faulty.fail_at ? PIPGATE_OK : PIPGATE_NO_MEMORY);
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
		failures += status != PIPGATE_OK;
	}
	assert_true(failures > 6);
	free(version);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_in_order),
		cmocka_unit_test(canonical_forms),
		cmocka_unit_test(what_is_equal_and_what_is_none),
		cmocka_unit_test(public_key_is_a_prefix),
		cmocka_unit_test(long_versions),
		cmocka_unit_test(specifier_sets),
		cmocka_unit_test(normal_names),
		cmocka_unit_test(file_names),
		cmocka_unit_test(texts_are_slices),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, run_make, run_drop);
}
