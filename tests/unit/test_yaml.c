/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of YAML: every scalar is text, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "matcher/base/yaml.h"

#include "matcher/base/banned.h"

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* From a block of exactly its size, so that the sanitizer sees a byte too many. */
static enum pipgate_status parse(struct span text, cJSON **out, struct pipgate_error *error)
{
	char *exact = malloc(text.n + !text.n);
	enum pipgate_status status;

	assert_non_null(exact);
	memcpy(exact, text.p, text.n);
	status = yaml_parse((struct span){exact, text.n}, out, error);
	free(exact);
	return status;
}

static void accepted(void **state)
{
	static const struct {
		struct span text;
		const char *printed; /* as JSON */
	} table[] = {
		{TEXT("a: 1.10\nb: [1e3, 0x10, 010, no, 2013-01-21, 1:30, true]\n"),
			"{\"a\":\"1.10\",\"b\":[\"1e3\",\"0x10\",\"010\",\"no\",\"2013-01-21\",\"1:30\",\"true\"]}"},
		{TEXT("a:\nb: ~\nc: null\nd: 'null'\ne: \"\"\nf: Null\n"),
			"{\"a\":null,\"b\":null,\"c\":null,\"d\":\"null\",\"e\":\"\",\"f\":\"Null\"}"},
		{TEXT("a: >-\n  folded\n  text # not a comment\nb: |+\n  keep: this\n    - as is\n\nc: 1 # comment\n"),
			"{\"a\":\"folded text # not a comment\",\"b\":\"keep: this\\n  - as is\\n\\n\",\"c\":\"1\"}"},
		{TEXT("a: 1.0\r\nb:\r\n- x\r\n"), "{\"a\":\"1.0\",\"b\":[\"x\"]}"},
		{TEXT("---\n- {a: [], b: {}}\n- 'it''s'\n...\n"), "[{\"a\":[],\"b\":{}},\"it's\"]"},
		{TEXT("a: \"\\x41\\u00e9\\e\\n\"\n"), "{\"a\":\"A\xC3\xA9\\u001b\\n\"}"},
		{TEXT("\"<<\": 1\n~: 2\n"), "{\"<<\":\"1\",\"~\":\"2\"}"},
		{TEXT("%YAML 1.1\n---\na: no\n"), "{\"a\":\"no\"}"},
		{TEXT("plain"), "\"plain\""},
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
		const char *error; /* how it begins */
	} table[] = {
		{TEXT(""), "line 1, column 1: nothing here"},
		{TEXT("# only a comment\n"), "line 1, column 1: nothing here"},
		{TEXT("\xEF\xBB\xBF" "a: 1\n"), "line 1, column 1: byte order mark"},
		{TEXT("a: 1\nb: \xC3(\n"), "line 2, column 4: not UTF-8"},
		{TEXT("a: 1\nb: \x1B[0m\n"), "line 2, column 4: control character"},
		{TEXT("a: \x7F\n"), "line 1, column 4: control character"},
		{TEXT("a: b\xC2\x85" "c: d\n"), "line 1, column 5: control character"},
		{TEXT("a: b\0\n"), "line 1, column 5: control character"},
		{TEXT("a: \"x\\0y\"\n"), "line 1, column 5: NUL or not UTF-8 in a value"},
		{TEXT("a: \"\\ud800\"\n"), "line 1, column "},
		{TEXT("a: &x 1\n"), "line 1, column 7: anchors and tags are not allowed"},
		{TEXT("a: &x [1]\nb: *x\n"), "line 1, column 7: anchors and tags are not allowed"},
		{TEXT("a: *x\n"), "line 1, column 5: aliases are not allowed"},
		{TEXT("a: !!python/object:os.system [x]\n"), "line 1, column "},
		{TEXT("a: ! b\n"), "line 1, column 6: anchors and tags are not allowed"},
		{TEXT("<<: {a: 1}\n"), "line 1, column 1: merge keys are not allowed"},
		{TEXT("[a]: 1\n"), "line 1, column 1: a key is plain text"},
		{TEXT("? {a: 1}\n: 2\n"), "line 1, column 3: a key is plain text"},
		{TEXT("a: 1\nb: 2\na: 3\n"), "line 4, column 1: the mapping that ends here repeats the key \"a\""},
		{TEXT("a: {b: 1, \"b\": 2}\n"), "line 1, column 17: the mapping that ends here repeats the key \"b\""},
		{TEXT("---\na: 1\n---\nb: 2\n"), "line 3, column 1: a second document"},
		{TEXT("a: 1\n...\nb: 2\n"), "line 1, column 1: a second document"},
		{TEXT("a: 1\n\tb: 2\n"), "line 1, column "},
		{TEXT("a: \"open"), "line 1, column "},
		{TEXT("a: [1, 2\n"), "line "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct pipgate_error error = {""};
		cJSON *tree = NULL;

		if (parse(table[i].text, &tree, &error) != PIPGATE_INVALID || strncmp(error.text, table[i].error, strlen(table[i].error)) != 0)
			fail_msg("row %zu: '%s' instead of '%s'", i, error.text, table[i].error);
		assert_null(tree);
	}
}

/* Depth is refused at once, however it is written. */
static void depth(void **state)
{
	static const char *const units[] = {"[", "{a: ", "- ", "? "};
	static char text[YAML_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		size_t n = 0, unit = strlen(units[i]);
		struct pipgate_error error;
		cJSON *tree = NULL;

		while (n + unit <= YAML_BYTES) {
			memcpy(text + n, units[i], unit);
			n += unit;
		}
		assert_int_equal(yaml_parse((struct span){text, n}, &tree, &error), PIPGATE_INVALID);
		assert_null(tree);
	}
}

/* Up to the limit it is read, one byte more is refused before libfyaml sees it. */
static void length(void **state)
{
	static char text[YAML_BYTES + 1];
	struct pipgate_error error;
	cJSON *tree = NULL;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(yaml_parse((struct span){text, YAML_BYTES}, &tree, &error), PIPGATE_OK);
	cJSON_Delete(tree);
	tree = NULL;
	assert_int_equal(yaml_parse((struct span){text, YAML_BYTES + 1}, &tree, &error), PIPGATE_LIMIT);
	assert_null(tree);
}

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

/* The tree's memory; libfyaml's is failed from outside. */
static void no_memory(void **state)
{
	cJSON_Hooks hooks = {failing_malloc, counting_free};
	enum pipgate_status status = PIPGATE_FAILED;

	(void)state;
	cJSON_InitHooks(&hooks);
	for (fail_at = 1; status != PIPGATE_OK && fail_at < 100; fail_at++) {
		struct pipgate_error error;
		cJSON *tree = NULL;

		calls = 0;
		status = yaml_parse(SPAN("a: [1, two, {b: ~}]\nc: d\n"), &tree, &error);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(depth), cmocka_unit_test(length),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
