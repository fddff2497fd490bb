/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements and markers: one row a case. The large sets are in tests/conformance. */
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
#define DEEP ((size_t)100000)

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

/* ---- requirements ---- */

/* text: name, extras joined by commas, specifiers, url, marker; name NULL: refused */
static const struct {
	const char *text, *name, *extras, *specifiers, *url, *marker;
} requirements[] = {
	{"foo", "foo", "", "", "", ""},
	{" \tFoo.Bar_1 ", "Foo.Bar_1", "", "", "", ""},
	{"foo[b,a , b,A]", "foo", "A,a,b", "", "", ""},
	{"foo[ ]", "foo", "", "", "", ""},
	{"foo>=1.0,<2", "foo", "", "<2,>=1.0", "", ""},
	{"foo (>=1.0 , != 1.5.*)", "foo", "", "!=1.5.*,>=1.0", "", ""},
	{"foo()", "foo", "", "", "", ""},
	{"foo>=1,", "foo", "", ">=1", "", ""},
	{"foo==\n1.0", "foo", "", "==1.0", "", ""}, /* white space behind an operator is any to Python */
	{"foo==1.0,==1.0.0,==1", "foo", "", "==1", "", ""}, /* of those that mean the same the first by its text */
	{"foo~=1.0,~=1.0.0,~=1.00", "foo", "", "~=1.0,~=1.0.0", "", ""},
	{"foo==1.*,==1.0.*,==1.*", "foo", "", "==1.*,==1.0.*", "", ""},
	{"foo===a,===A,===a", "foo", "", "===A,===a", "", ""},
	{"foo==1.0-ALPHA", "foo", "", "==1.0-ALPHA", "", ""},
	{"foo===1.0;os_name=='a'", "foo", "", "===1.0", "", "os_name == \"a\""},
	{"foo @ https://x/a;b", "foo", "", "", "https://x/a;b", ""},
	{"foo[a]@file:///x ; extra=='A_b'", "foo", "a", "", "file:///x", "extra == \"a-b\""},
	{"foo@x\t", "foo", "", "", "x", ""},
	{"foo;python_version<'3' ", "foo", "", "", "", "python_version < \"3\""},
	{"", NULL, NULL, NULL, NULL, NULL},
	{"_foo", NULL, NULL, NULL, NULL, NULL},
	{"foo-", NULL, NULL, NULL, NULL, NULL},
	{"foo\xc3\xa9", NULL, NULL, NULL, NULL, NULL},
	{"foo\xff", NULL, NULL, NULL, NULL, NULL},
	{"foo\n", NULL, NULL, NULL, NULL, NULL},
	{"foo bar", NULL, NULL, NULL, NULL, NULL},
	{"foo[a", NULL, NULL, NULL, NULL, NULL},
	{"foo[a,]", NULL, NULL, NULL, NULL, NULL},
	{"foo[a b]", NULL, NULL, NULL, NULL, NULL},
	{"foo[,a]", NULL, NULL, NULL, NULL, NULL},
	{"foo(>=1", NULL, NULL, NULL, NULL, NULL},
	{"foo>=1)", NULL, NULL, NULL, NULL, NULL},
	{"foo>=1 <2", NULL, NULL, NULL, NULL, NULL},
	{"foo>=", NULL, NULL, NULL, NULL, NULL},
	{"foo>=1.*", NULL, NULL, NULL, NULL, NULL},
	{"foo==1a1.*", NULL, NULL, NULL, NULL, NULL},
	{"foo>=1+x", NULL, NULL, NULL, NULL, NULL},
	{"foo,>=1", NULL, NULL, NULL, NULL, NULL},
	{"foo===a,b", NULL, NULL, NULL, NULL, NULL},
	{"foo@", NULL, NULL, NULL, NULL, NULL},
	{"foo @ x y", NULL, NULL, NULL, NULL, NULL},
	{"foo;", NULL, NULL, NULL, NULL, NULL},
	{"foo;os_name=='a' x", NULL, NULL, NULL, NULL, NULL},
	{"foo;os_name=='a\\x27b\"'", NULL, NULL, NULL, NULL, NULL},
	{"https://x/y.zip", NULL, NULL, NULL, NULL, NULL},
};

static void extras_are(const struct pipgate_requirement *got, const char *wanted)
{
	struct span rest = span_of(wanted);

	for (size_t i = 0; i < got->n_extras; i++)
		assert_true(span_equal(got->extras[i], span_split(&rest, ',')));
	assert_int_equal(rest.n, 0);
}

static void requirements_are_read(void **state)
{
	for (size_t i = 0; i < N(requirements); i++) {
		struct pipgate_requirement got = {.n_extras = 0};
		struct pipgate_error error = {""};
		enum pipgate_status status = pipgate_requirement_parse(*state, span_of(requirements[i].text), &got, &error);

		if (status != (requirements[i].name ? PIPGATE_OK : PIPGATE_INVALID))
			print_error("%s: status %d, %s\n", requirements[i].text, status, error.text);
		assert_int_equal(status, requirements[i].name ? PIPGATE_OK : PIPGATE_INVALID);
		if (!requirements[i].name) {
			assert_true(error.text[0] != 0);
			continue;
		}
		assert_true(span_is(got.name, requirements[i].name));
		extras_are(&got, requirements[i].extras);
		assert_true(span_is(got.specifiers, requirements[i].specifiers));
		assert_true(span_is(got.url, requirements[i].url));
		assert_true(span_is(got.marker, requirements[i].marker));
	}
}

/* ---- markers ---- */

#define V(name, value) {SPAN(name), SPAN(value)}
static const struct pipgate_variable variables[] = {
	V("implementation_name", "cpython"),
	V("implementation_version", "3.11.7"),
	V("os_name", "posix"),
	V("platform_machine", "x86_64"),
	V("platform_python_implementation", "CPython"),
	V("platform_release", "6.1.0-18-amd64"),
	V("platform_system", "Linux"),
	V("platform_version", "#1 SMP Debian"),
	V("python_full_version", "3.11.7+"),
	V("python_version", "3.11"),
	V("sys_platform", "linux"),
};

/* text: canonical; value without an extra and with "Foo_x": t, f, c (UndefinedComparison), n (UndefinedEnvironmentName) */
static const struct {
	const char *text, *canonical;
	char bare, extra;
} markers[] = {
	{"os_name=='posix'", "os_name == \"posix\"", 't', 't'},
	{"os.name == \"it's\"", "os_name == \"it's\"", 'f', 'f'},
	{"python_implementation == 'a\"b'", "platform_python_implementation == 'a\"b'", 'f', 'f'},
	{"platform.machine in 'x86_64 amd64'", "platform_machine in \"x86_64 amd64\"", 't', 't'},
	{"'86' not \t in platform.machine", "\"86\" not in platform_machine", 'f', 'f'},
	{"python_version >= '3.9'", "python_version >= \"3.9\"", 't', 't'},
	{"python_version>='3.9' ", "python_version >= \"3.9\"", 't', 't'},
	{"'3.9'<=python_version", "\"3.9\" <= python_version", 't', 't'},
	{"python_version in '3.11 3.12'", "python_version in \"3.11 3.12\"", 't', 't'},
	{"python_version == '3.*'", "python_version == \"3.*\"", 't', 't'},
	/* 3.11.7+ is read as 3.11.7+local */
	{"python_full_version > '3.11.7'", "python_full_version > \"3.11.7\"", 'f', 'f'},
	{"python_full_version == '3.11.7'", "python_full_version == \"3.11.7\"", 't', 't'},
	{"python_version < 'dog'", "python_version < \"dog\"", 'f', 'f'},
	{"python_version ~= 'dog'", "python_version ~= \"dog\"", 'c', 'c'},
	{"python_version == '=3.11'", "python_version == \"=3.11\"", 't', 't'}, /* makes "===3.11" */
	{"platform_release >= '5'", "platform_release >= \"5\"", 'f', 'f'}, /* what is no version is in no specifier */
	{"os_name < 'z'", "os_name < \"z\"", 'f', 'f'},
	{"os_name >= 'posix'", "os_name >= \"posix\"", 't', 't'},
	{"os_name === 'posix'", "os_name === \"posix\"", 'c', 'c'},
	{"os_name ~= 'posix'", "os_name ~= \"posix\"", 'c', 'c'},
	{"extra == 'foo.X'", "extra == \"foo-x\"", 'f', 't'},
	{"'FOO__x' == extra", "\"foo-x\" == extra", 'f', 't'},
	{"extra != 'x'", "extra != \"x\"", 't', 't'},
	{"'x' in extras", "\"x\" in extras", 'n', 'n'},
	{"'A_b' in dependency_groups", "\"a-b\" in dependency_groups", 'n', 'n'},
	{"'posix' == 'os_name'", "\"posix\" == \"os_name\"", 't', 't'}, /* the right value names the variable */
	{"'a' == 'b'", "\"a\" == \"b\"", 'n', 'n'},
	{"os_name == sys_platform", "os_name == sys_platform", 'f', 'f'}, /* … and the right variable is its name */
	{"os_name=='posix' or os_name~='x'", "os_name == \"posix\" or os_name ~= \"x\"", 'c', 'c'}, /* all count */
	{"os_name=='posix' or os_name=='a' and os_name=='b'",
		"os_name == \"posix\" or os_name == \"a\" and os_name == \"b\"", 't', 't'},
	{"(os_name=='posix' or os_name=='a') and os_name=='b'",
		"(os_name == \"posix\" or os_name == \"a\") and os_name == \"b\"", 'f', 'f'},
	{" ( ((os_name=='a')) ) ", "os_name == \"a\"", 'f', 'f'},
	{"((os_name=='a') and (os_name=='b'))", "os_name == \"a\" and os_name == \"b\"", 'f', 'f'},
	{"os_name=='a' or((os_name=='b'and os_name=='c'))",
		"os_name == \"a\" or (os_name == \"b\" and os_name == \"c\")", 'f', 'f'},
	{"os_name == '\\x70osi\\170'", "os_name == \"posix\"", 't', 't'},
	{"os_name == '\\u00e9\\d\\\\'", "os_name == \"\xc3\xa9\\d\\\"", 'f', 'f'},
	{"os_name == 'po\\\nsix'", "os_name == \"posix\"", 't', 't'},
	{"os_name == 'po\\\r\ns\\\rix'", "os_name == \"posix\"", 't', 't'},
	{"os_name == '\\U0001F40d'", "os_name == \"\xf0\x9f\x90\x8d\"", 'f', 'f'},
};

static const char *const no_markers[] = {
	"", " ", "os_name", "os_name ==", "os_name == 'a", "os_name = 'a'", "os_name == a", "name == 'a'", "os_namex == 'a'",
	"os_name == 'a' and", "os_name == 'a' xor os_name == 'b'", "and os_name == 'a'", "(os_name == 'a'", "os_name == 'a')",
	"os_name notin 'a'", "os_name not 'a'", "os_name not  inx", "'a'inos_name", "platform.release == 'a'", "os_name == 'a\nb'",
	"os_name == '\\x4'", "os_name == '\\u123'", "os_name == '\\U00110000'", "os_name == '\\ud800'", "os_name == '\\N{DASH}'",
	"os_name == 'a\\'", "os_name == \"a\\\"", "()", "OS_NAME == 'a'", "os_name == 'a' AND os_name == 'b'", "os_name == '\xff'",
	"os_name\n== 'a'", "os_name == 'a'\n", "os_name\xc3\xa9 == 'a'", "os_name == '\\'\\x22'",
	"os_name == 'a\\x27b\"'", /* can be asked, but not written with one kind of quotes */
};

static char outcome(enum pipgate_status status, bool value, const struct pipgate_error *error)
{
	if (status == PIPGATE_OK)
		return value ? 't' : 'f';
	if (span_starts(span_of(error->text), SPAN("UndefinedComparison")))
		return 'c';
	return span_starts(span_of(error->text), SPAN("UndefinedEnvironmentName")) ? 'n' : '!';
}

static void markers_are_read(void **state)
{
	const struct pipgate_environment environment = {variables, N(variables)};

	for (size_t i = 0; i < N(markers); i++) {
		struct span text = span_of(markers[i].text), got;
		struct pipgate_error error = {""};
		bool value = false;
		enum pipgate_status status;

		assert_int_equal(pipgate_marker_canonical(*state, text, &got, &error), PIPGATE_OK);
		if (!span_is(got, markers[i].canonical))
			print_error("%s became " SPAN_FMT "\n", markers[i].text, SPAN_ARG(got));
		assert_true(span_is(got, markers[i].canonical));
		status = pipgate_marker_evaluate(*state, text, &environment, SPAN(""), &value, &error);
		assert_int_equal(outcome(status, value, &error), markers[i].bare);
		status = pipgate_marker_evaluate(*state, text, &environment, SPAN("Foo_x"), &value, &error);
		assert_int_equal(outcome(status, value, &error), markers[i].extra);
	}
}

static void no_markers_are_refused(void **state)
{
	struct pipgate_error error;
	struct span got;

	for (size_t i = 0; i < N(no_markers); i++) {
		enum pipgate_status status = pipgate_marker_canonical(*state, span_of(no_markers[i]), &got, &error);

		if (status != PIPGATE_INVALID)
			print_error("%s: status %d\n", no_markers[i], status);
		assert_int_equal(status, PIPGATE_INVALID);
	}
	assert_int_equal(pipgate_marker_canonical(*state, SPAN("os_name == 'a\0'"), &got, &error), PIPGATE_INVALID);
	assert_int_equal(pipgate_marker_canonical(*state, SPAN("os_name == '\\\0'"), &got, &error), PIPGATE_INVALID);
	assert_int_equal(pipgate_marker_canonical(*state, (struct span){NULL, 0}, &got, &error), PIPGATE_INVALID);
}

/* A variable that the environment lacks, and an error nobody asked for. */
static void environment_lacks_a_variable(void **state)
{
	const struct pipgate_environment none = {NULL, 0};
	const struct span marker = SPAN("os_name == 'a'");
	struct pipgate_error error;
	bool value;

	assert_int_equal(pipgate_marker_evaluate(*state, marker, &none, SPAN(""), &value, &error), PIPGATE_INVALID);
	assert_string_equal(error.text, "UndefinedEnvironmentName: os_name");
	assert_int_equal(pipgate_marker_evaluate(*state, marker, &none, SPAN(""), &value, NULL), PIPGATE_INVALID);
	assert_int_equal(pipgate_marker_evaluate(*state, SPAN("extra == 'a'"), &none, SPAN("a"), &value, NULL), PIPGATE_OK);
	assert_true(value);
}

/* Python cannot read the number, so neither side of the comparison is text. */
static void numbers_are_bounded(void **state)
{
	static const struct span before = SPAN("python_version >= '"), after = SPAN("'");
	const struct pipgate_environment environment = {variables, N(variables)};
	char text[5000];
	bool value;

	memcpy(text, before.p, before.n);
	memset(text + before.n, '1', sizeof(text) - before.n - after.n);
	memcpy(text + sizeof(text) - after.n, after.p, after.n);
	assert_int_equal(pipgate_marker_evaluate(*state, (struct span){text, sizeof(text)}, &environment, SPAN(""), &value, NULL),
		PIPGATE_INVALID);
}

static char *nested(size_t depth)
{
	static const struct span inside = SPAN("os_name=='a'");
	char *text = malloc(2 * depth + inside.n + 1);

	assert_non_null(text);
	memset(text, '(', depth);
	memcpy(text + depth, inside.p, inside.n);
	memset(text + depth + inside.n, ')', depth);
	text[2 * depth + inside.n] = 0;
	return text;
}

static void depth_is_bounded(void **state)
{
	static const struct {
		size_t depth;
		enum pipgate_status status;
	} cases[] = {{1, PIPGATE_OK}, {100, PIPGATE_OK}, {101, PIPGATE_LIMIT}, {DEEP, PIPGATE_LIMIT}};

	for (size_t i = 0; i < N(cases); i++) {
		char *text = nested(cases[i].depth);
		struct pipgate_error error;
		struct span got;

		assert_int_equal(pipgate_marker_canonical(*state, span_of(text), &got, &error), cases[i].status);
		free(text);
	}
}

/* ---- every beginning, every failing allocation ---- */

static enum pipgate_status everything(struct pipgate_run *run, struct span requirement, struct span marker)
{
	const struct pipgate_environment environment = {variables, N(variables)};
	struct pipgate_requirement parsed;
	struct pipgate_error error;
	bool value;
	enum pipgate_status status = pipgate_requirement_parse(run, requirement, &parsed, &error);

	if (status == PIPGATE_OK)
		status = pipgate_marker_evaluate(run, marker, &environment, SPAN("A"), &value, &error);
	return status;
}

static void texts_are_slices(void **state)
{
	static const struct span texts[] = {
		SPAN("foo.bar[a,b_c] (>=1.0,==2.*,===x) ; (os.name == '\\x41\\u00e9' and extra not in \"x\")"),
		SPAN("foo[a] @ https://x/y ; python_version ~= '3.8' or 'a' === extra"),
	};

	for (size_t t = 0; t < N(texts); t++) {
		for (size_t n = 0; n <= texts[t].n; n++) {
			char *copy = malloc(n + !n);

			assert_non_null(copy);
			if (n)
				memcpy(copy, texts[t].p, n);
			assert_int_not_equal(everything(*state, (struct span){copy, n}, SPAN("os_name=='a'")), PIPGATE_FAILED);
			free(copy);
		}
	}
}

#define TIMES ((size_t)4000)

/* first, TIMES again, last */
static char *repeated(const char *first, const char *again, const char *last)
{
	size_t n = strlen(first), m = strlen(again), l = strlen(last);
	char *text = malloc(n + TIMES * m + l + 1), *p = text;

	assert_non_null(text);
	memcpy(p, first, n);
	p += n;
	for (size_t i = 0; i < TIMES; i++, p += m)
		memcpy(p, again, m);
	memcpy(p, last, l + 1);
	return text;
}

/* Long texts, so that an allocation of the arena is one of the allocator. */
static void every_allocation_may_fail(void **state)
{
	char *specifiers = repeated("foo[a,b,c]==1", ",!=1.2.3.4", "; os_name == 'a'");
	char *extras = repeated("foo[a", ",b", "] @ https://x ; extra == 'A'");
	char *marker = repeated("extra == 'A'", " and python_version < '4'", " or os_name == 'a'");
	enum pipgate_status status = PIPGATE_FAILED;
	size_t failures = 0;

	(void)state;
	while (status != PIPGATE_OK) {
		struct faulty faulty = {.fail_at = failures + 1};
		struct pipgate_allocator allocator = faulty_allocator(&faulty);
		struct pipgate_run *run = NULL;

		status = pipgate_run_new(&allocator, &run);
		if (status == PIPGATE_OK)
			status = everything(run, span_of(specifiers), span_of(marker));
		if (status == PIPGATE_OK)
			status = everything(run, span_of(extras), span_of(marker));
		assert_int_equal(status, faulty.calls < faulty.fail_at ? PIPGATE_OK : PIPGATE_NO_MEMORY);
		pipgate_run_free(&run);
		assert_int_equal(faulty.live, 0);
		failures += status != PIPGATE_OK;
	}
	assert_true(failures > 10);
	free(specifiers);
	free(extras);
	free(marker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requirements_are_read),
		cmocka_unit_test(markers_are_read),
		cmocka_unit_test(no_markers_are_refused),
		cmocka_unit_test(environment_lacks_a_variable),
		cmocka_unit_test(numbers_are_bounded),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(texts_are_slices),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, run_make, run_drop);
}
