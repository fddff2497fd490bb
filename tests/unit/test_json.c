/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of JSON: what it takes, what it refuses and where, and the writer of strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/buf.h"
#include "matcher/base/json.h"

#include "matcher/base/banned.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* Parsed from a block of exactly its size, so that the sanitizer sees a byte too many. */
static enum pipgate_status parse(struct span text, cJSON **out, struct pipgate_error *error)
{
	char *exact = malloc(text.n + !text.n);
	enum pipgate_status status;

	assert_non_null(exact);
	memcpy(exact, text.p, text.n);
	status = json_parse((struct span){exact, text.n}, out, error);
	free(exact);
	return status;
}

static void accepted(void **state)
{
	static const struct {
		struct span text;
		const char *printed; /* by cJSON */
	} table[] = {
		{TEXT("{}"), "{}"},
		{TEXT(" [ ] \n"), "[]"},
		{TEXT("\t\r\n null"), "null"},
		{TEXT("true"), "true"},
		{TEXT("[false,0,-0,1.5,-2e3,1E+2,10]"), "[false,0,-0,1.5,-2000,100,10]"},
		{TEXT("\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\""), "\"a\\\"\\\\/\\b\\f\\n\\r\\tz\""},
		{TEXT("\"\\u00e9 \\uD83D\\uDE00 \xC3\xA9 \xF0\x9F\x98\x80 \\u001b\\u0001\""),
			"\"\xC3\xA9 \xF0\x9F\x98\x80 \xC3\xA9 \xF0\x9F\x98\x80 \\u001b\\u0001\""},
		{TEXT("{\"a\":{\"b\":[1,{\"c\":null}]},\"A\":2,\"\":3}"), "{\"a\":{\"b\":[1,{\"c\":null}]},\"A\":2,\"\":3}"},
		{TEXT("[\"\x7F\", \"0123456789abcdef0123456789\"]"), "[\"\x7F\",\"0123456789abcdef0123456789\"]"},
		{TEXT("[1e999,-1e999]"), "[null,null]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct pipgate_error error = {""};
		cJSON *tree = NULL;
		char *printed;

		if (parse(table[i].text, &tree, &error) != PIPGATE_OK)
			fail_msg("row %zu: %s", i, error.text);
		printed = cJSON_PrintUnformatted(tree);
		assert_string_equal(printed, table[i].printed);
		cJSON_free(printed);
		cJSON_Delete(tree);
	}
}

static void refused(void **state)
{
	static const struct {
		struct span text;
		const char *error;
	} table[] = {
		{TEXT(""), "byte 0: nothing here"},
		{TEXT(" \n"), "byte 2: nothing here"},
		{TEXT("\xEF\xBB\xBF{}"), "byte 0: byte order mark: JSON begins without one"},
		{TEXT("{} {}"), "byte 3: something stands behind the value"},
		{TEXT("[1]\0"), "byte 3: something stands behind the value"},
		{TEXT("[1,]"), "byte 3: value expected"},
		{TEXT("[1 2]"), "byte 3: ',' or ']' expected"},
		{TEXT("{\"a\":1,}"), "byte 7: key expected"},
		{TEXT("{a:1}"), "byte 1: key expected"},
		{TEXT("{\"a\" 1}"), "byte 5: ':' expected"},
		{TEXT("{\"a\":1]"), "byte 6: ',' or '}' expected"},
		{TEXT("{\"a\":"), "byte 5: the text ends too early"},
		{TEXT("["), "byte 1: the text ends too early"},
		{TEXT("{\"a"), "byte 3: the text ends inside a string"},
		{TEXT("NaN"), "byte 0: value expected"},
		{TEXT("-Infinity"), "byte 1: digit expected"},
		{TEXT("nul"), "byte 0: value expected"},
		{TEXT("truex"), "byte 4: something stands behind the value"},
		{TEXT("01"), "byte 1: a number does not begin with 0"},
		{TEXT("-"), "byte 1: digit expected"},
		{TEXT("+1"), "byte 0: value expected"},
		{TEXT(".5"), "byte 0: value expected"},
		{TEXT("1."), "byte 2: digit expected"},
		{TEXT("1e+"), "byte 3: digit expected"},
		{TEXT("0x10"), "byte 1: something stands behind the value"},
		{TEXT("// c\n1"), "byte 0: value expected"},
		{TEXT("'a'"), "byte 0: value expected"},
		{TEXT("[1]\f"), "byte 3: something stands behind the value"},
		{TEXT("\"\\x\""), "byte 1: no such escape"},
		{TEXT("\"\\"), "byte 1: no such escape"},
		{TEXT("\"\\u12"), "byte 1: \\u wants four hex digits"},
		{TEXT("\"\\u12g4\""), "byte 1: \\u wants four hex digits"},
		{TEXT("\"a\\u0000\""), "byte 2: \\u0000 is not allowed"},
		{TEXT("\"\\ud800\""), "byte 1: lone surrogate"},
		{TEXT("\"\\ud800\\u0041\""), "byte 1: lone surrogate"},
		{TEXT("\"\\udc00\\ud800\""), "byte 1: lone surrogate"},
		{TEXT("\"a\nb\""), "byte 2: control character in a string"},
		{TEXT("\"0123456789\x01\""), "byte 11: control character in a string"},
		{TEXT("\"\0\""), "byte 1: control character in a string"},
		{TEXT("\"\xFF\""), "byte 1: not UTF-8"},
		{TEXT("\"\xC0\xAF\""), "byte 1: not UTF-8"},
		{TEXT("\"\xED\xA0\x80\""), "byte 1: not UTF-8"},
		{TEXT("\"\xF4\x90\x80\x80\""), "byte 1: not UTF-8"},
		{TEXT("\"\xC3"), "byte 1: not UTF-8"},
		{TEXT("{\"a\":1,\"a\":1}"), "byte 0: the object repeats the key \"a\""},
		{TEXT("[{}, {\"b\":{\"a\":1,\"\\u0061\":2}}]"), "byte 10: the object repeats the key \"a\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct pipgate_error error = {""};
		cJSON *tree = NULL;

		if (parse(table[i].text, &tree, &error) != PIPGATE_INVALID || strcmp(error.text, table[i].error) != 0)
			fail_msg("row %zu: '%s' instead of '%s'", i, error.text, table[i].error);
		assert_null(tree);
	}
}

/* n times open, n times close */
static struct span nested(char open, char close, size_t n, char *room)
{
	memset(room, open, n);
	memset(room + n, close, n);
	return (struct span){room, 2 * n};
}

static void depth(void **state)
{
	char room[4 * JSON_DEPTH];
	struct pipgate_error error;
	cJSON *tree = NULL;

	(void)state;
	assert_int_equal(parse(nested('[', ']', JSON_DEPTH, room), &tree, &error), PIPGATE_OK);
	cJSON_Delete(tree);
	assert_int_equal(parse(nested('[', ']', JSON_DEPTH + 1, room), &tree, &error), PIPGATE_INVALID);
	assert_string_equal(error.text, "byte 64: nested too deeply");
}

/* cJSON's own buffer holds 63 bytes of a number. */
static void long_numbers(void **state)
{
	static const struct {
		const char *before;
		size_t zeros;
		const char *behind;
		double value;
	} table[] = {
		{"1", 70, "", 1e70},
		{"-1", 70, "", -1e70},
		{"0.", 70, "1", 1e-71},
		{"1", 70, "e-70", 1},
		{"12345678901234567890", 50, ".5e-60", 1234567890.1234567890},
		{"0.", 70, "", 0},
		{"-0.", 70, "5e+71", -5},
		{"9", 90, "e99999999999999999999999", 1.0 / 0.0},
		{"9", 90, "e-99999999999999999999999", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char text[256];
		struct pipgate_error error;
		cJSON *tree = NULL;
		int n = snprintf(text, sizeof(text), "{\"n\":[%s%0*d%s],\"s\":\"x\"}", table[i].before, (int)table[i].zeros, 0, table[i].behind);
		double got;

		assert_int_equal(parse((struct span){text, (size_t)n}, &tree, &error), PIPGATE_OK);
		got = json_member(tree, "n")->child->valuedouble;
		if (got < table[i].value || got > table[i].value)
			fail_msg("row %zu: %.17g instead of %.17g", i, got, table[i].value);
		assert_true(span_is(json_string(json_member(tree, "s")), "x"));
		cJSON_Delete(tree);
	}
}

/* Many keys: found by sorting, and no square of time for 200,000 of them. */
static void many_keys(void **state)
{
	const size_t n = 200000;
	struct buf out;
	struct pipgate_error error;
	cJSON *tree = NULL;

	(void)state;
	buf_init(&out, NULL, (size_t)16 << 20);
	buf_text(&out, "{\"x\":{");
	for (size_t i = 0; i < n; i++)
		buf_format(&out, "\"key%zu\":0,", i);
	buf_text(&out, "\"z\":0}}");
	assert_int_equal(buf_status(&out), PIPGATE_OK);
	assert_int_equal(json_parse(buf_view(&out), &tree, &error), PIPGATE_OK);
	cJSON_Delete(tree);
	out.n -= 6;
	buf_text(&out, "key777\":0}}");
	assert_int_equal(json_parse(buf_view(&out), &tree, &error), PIPGATE_INVALID);
	assert_string_equal(error.text, "byte 5: the object repeats the key \"key777\"");
	buf_fini(&out);
}

static void members(void **state)
{
	cJSON *tree = NULL;
	struct pipgate_error error;

	(void)state;
	assert_int_equal(parse(SPAN("{\"a\":\"\",\"A\":1,\"b\":[]}"), &tree, &error), PIPGATE_OK);
	assert_non_null(json_string(json_member(tree, "a")).p);
	assert_null(json_string(json_member(tree, "A")).p);
	assert_null(json_member(tree, "B"));
	assert_null(json_member(json_member(tree, "b"), "a"));
	assert_null(json_member(NULL, "a"));
	assert_null(json_string(NULL).p);
	cJSON_Delete(tree);
}

static void quoting(void **state)
{
	static const struct {
		struct span text;
		const char *quoted;
	} table[] = {
		{TEXT(""), "\"\""},
		{TEXT("plain text"), "\"plain text\""},
		{TEXT("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
		{TEXT("\b\f\n\r\t\x01\x1B\x7F\0"), "\"\\b\\f\\n\\r\\t\\u0001\\u001b\\u007f\\u0000\""},
		{TEXT("\xC3\xA9\xE2\x80\xAE\xF0\x9F\x98\x80"), "\"\\u00e9\\u202e\\ud83d\\ude00\""},
		{TEXT("a\xFFz\xC3"), "\"a\\ufffdz\\ufffd\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf out;

		buf_init(&out, NULL, 1024);
		json_quote(&out, table[i].text);
		assert_int_equal(buf_status(&out), PIPGATE_OK);
		assert_string_equal(out.p, table[i].quoted);
		buf_fini(&out);
	}
}

/* ---- memory: cJSON's, failed through its hooks ---- */

static size_t fail_at, calls;
static long live;

static void *failing_malloc(size_t n)
{
	void *p = ++calls == fail_at ? NULL : malloc(n);

	live += p != NULL;
	return p;
}

static void counting_free(void *p)
{
	live -= p != NULL;
	free(p);
}

static void no_memory(void **state)
{
	static const struct span text = TEXT("{\"a\":[1,\"two\",{\"b\":null}],\"c\":\"d\"}");
	cJSON_Hooks hooks = {failing_malloc, counting_free};
	enum pipgate_status status = PIPGATE_FAILED;

	(void)state;
	cJSON_InitHooks(&hooks);
	for (fail_at = 1; status != PIPGATE_OK && fail_at < 100; fail_at++) {
		struct pipgate_error error;
		cJSON *tree = NULL;

		calls = 0;
		status = json_parse(text, &tree, &error);
		if (status == PIPGATE_OK)
			cJSON_Delete(tree);
		else
			assert_int_equal(status, PIPGATE_NO_MEMORY);
		assert_int_equal(live, 0);
	}
	cJSON_InitHooks(NULL);
	assert_int_equal(status, PIPGATE_OK);
	assert_true(fail_at > 10);
}

/* What stands behind the key is checked, and is "" in the tree; anything else is as json_parse() reads it. */
static void left_out(void **state)
{
	static const struct {
		const char *text, *printed; /* printed NULL: refused */
	} cases[] = {
		{"{\"d\": \"long\\n\", \"e\": 1}", "{\"d\":\"\",\"e\":1}"},
		{"[{\"d\":\"a\"},{\"d\":[\"b\",{\"d\":\"c\"}]}]", "[{\"d\":\"\"},{\"d\":[\"b\",{\"d\":\"\"}]}]"},
		{"{\"d\":{\"e\":\"f\"},\"x\":\"d\"}", "{\"d\":{\"e\":\"f\"},\"x\":\"d\"}"},
		{"{\"d\":null,\"y\":\"z\"}", "{\"d\":null,\"y\":\"z\"}"},
		{"{\"d\":\"a\",\"d\":\"b\"}", NULL},
		{"{\"d\":\"\\u0000\"}", NULL},
		{"{\"d\":\"a", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *tree = NULL;
		enum pipgate_status status = json_parse_without(span_of(cases[i].text), SPAN("\"d\""), &tree, NULL);
		char *printed;

		assert_int_equal(status, cases[i].printed ? PIPGATE_OK : PIPGATE_INVALID);
		if (!cases[i].printed)
			continue;
		printed = cJSON_PrintUnformatted(tree);
		assert_string_equal(printed, cases[i].printed);
		cJSON_free(printed);
		cJSON_Delete(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted), cmocka_unit_test(refused),   cmocka_unit_test(depth),   cmocka_unit_test(long_numbers),
		cmocka_unit_test(many_keys), cmocka_unit_test(left_out), cmocka_unit_test(members), cmocka_unit_test(quoting), cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
