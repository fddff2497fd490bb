/* SPDX-License-Identifier: Apache-2.0 */
/* Another machine: what --target takes, its marker variables, which wheels fit it, what pip is told; and what a lock's markers ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "wrapper/source/lock.h"
#include "wrapper/source/target.h"

#include "matcher/base/banned.h"

static struct pipgate_run *new_run(void)
{
	struct pipgate_run *run;

	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	return run;
}

static struct span value_of(const struct pipgate_environment *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (span_is(e->v[i].name, name))
			return e->v[i].value;
	fail_msg("no variable %s", name);
	return (struct span){NULL, 0};
}

static void what_is_taken(void **state)
{
	static const struct {
		const char *target, *python;
		enum pipgate_status status;
	} table[] = {
		{"linux/aarch64", "3.12", PIPGATE_OK}, {"linux/arm64", NULL, PIPGATE_OK},
		{"Linux/AMD64", "3.12.4", PIPGATE_OK}, {NULL, "3.8", PIPGATE_OK},
		{"macos/arm64", NULL, PIPGATE_OK}, {"windows/x86", NULL, PIPGATE_OK}, {NULL, NULL, PIPGATE_OK}, {"linux", NULL, PIPGATE_INVALID},
		{"macos/s390x", NULL, PIPGATE_INVALID}, {"linux/", NULL, PIPGATE_INVALID}, {"", NULL, PIPGATE_INVALID},
		{NULL, "2.7", PIPGATE_INVALID},
		{NULL, "3", PIPGATE_INVALID}, {NULL, "3.", PIPGATE_INVALID}, {NULL, "3.12.", PIPGATE_INVALID}, {NULL, "3.12.x", PIPGATE_INVALID},
		{NULL, "3.120", PIPGATE_INVALID}, {NULL, "", PIPGATE_INVALID}, {NULL, "3.12 ", PIPGATE_INVALID},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct source_settings settings = {.target = table[i].target, .target_python = table[i].python};
		struct pipgate_error error;
		enum pipgate_status status = target_check(&settings, &error);

		if (status != table[i].status)
			fail_msg("%s %s: status %d", table[i].target ? table[i].target : "-", table[i].python ? table[i].python : "-", status);
	}
}

static void variables(void **state)
{
	static const struct {
		const char *target, *sys_platform, *os_name, *family, *machine;
	} table[] = {
		{"linux/arm64", "linux", "posix", "Linux", "aarch64"}, {"macos/aarch64", "darwin", "posix", "Darwin", "arm64"},
		{"windows/x86_64", "win32", "nt", "Windows", "AMD64"}, {"windows/x86", "win32", "nt", "Windows", "x86"},
		{"musllinux/x86_64", "linux", "posix", "Linux", "x86_64"},
	};
	struct pipgate_run *run = new_run();
	(void)state;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct source_settings settings = {.target = table[i].target, .target_python = "3.12"};
		struct inventory inventory = {.run = run};
		struct gathering g = {.run = run, .settings = &settings, .inventory = &inventory};
		struct pipgate_environment e;

		assert_int_equal(target_markers(&g, &e, NULL), PIPGATE_OK);
		assert_true(span_is(value_of(&e, "sys_platform"), table[i].sys_platform));
		assert_true(span_is(value_of(&e, "os_name"), table[i].os_name));
		assert_true(span_is(value_of(&e, "platform_system"), table[i].family));
		assert_true(span_is(value_of(&e, "platform_machine"), table[i].machine));
		assert_true(span_is(value_of(&e, "python_version"), "3.12"));
		assert_true(span_is(value_of(&e, "python_full_version"), "3.12.0"));
	}
	pipgate_run_free(&run);
}

static void wheels(void **state)
{
	static const struct {
		const char *target, *wheel;
		bool fits;
	} table[] = {
		{"linux/x86_64", "a-1-py3-none-any.whl", true}, {"linux/x86_64", "a-1-py2.py3-none-any.whl", true},
		{"linux/x86_64", "a-1-py2-none-any.whl", false},
		{"linux/x86_64", "a-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", true},
		{"linux/x86_64", "a-1-1build-cp312-cp312-linux_x86_64.whl", true}, {"linux/x86_64", "a-1-cp311-cp311-linux_x86_64.whl", false},
		{"linux/x86_64", "a-1-cp38-abi3-manylinux1_x86_64.whl", true}, {"linux/x86_64", "a-1-cp313-abi3-manylinux1_x86_64.whl", false},
		{"linux/x86_64", "a-1-cp312-cp312t-linux_x86_64.whl", false}, {"linux/x86_64", "a-1-cp312-none-any.whl", true},
		{"linux/x86_64", "a-1-cp312-cp312-musllinux_1_2_x86_64.whl", false},
		{"musllinux/x86_64", "a-1-cp312-cp312-musllinux_1_2_x86_64.whl", true},
		{"linux/aarch64", "a-1-cp312-cp312-manylinux_2_17_x86_64.whl", false},
		{"linux/aarch64", "a-1-cp312-cp312-manylinux2014_aarch64.whl", true},
		{"macos/arm64", "a-1-cp312-cp312-macosx_11_0_arm64.whl", true}, {"macos/arm64", "a-1-cp312-cp312-macosx_10_9_universal2.whl", true},
		{"macos/arm64", "a-1-cp312-cp312-macosx_10_9_x86_64.whl", false}, {"windows/amd64", "a-1-cp312-cp312-win_amd64.whl", true},
		{"windows/amd64", "a-1-cp312-cp312-win32.whl", false}, {"windows/x86", "a-1-cp312-cp312-win32.whl", true},
		{"windows/x86", "a-1-cp312-cp312-win_amd64.whl", false}, {"linux/x86_64", "a-1.tar.gz", false}, {"linux/x86_64", ".whl", false},
		{"linux/x86_64", "", false}, {"linux/x86_64", "a-1-pp310-pypy310_pp73-linux_x86_64.whl", false}, {"linux/x86_64", "---.whl", false},
	};
	struct pipgate_run *run = new_run();
	(void)state;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct source_settings settings = {.target = table[i].target, .target_python = "3.12"};
		struct inventory inventory = {.run = run};
		struct gathering g = {.run = run, .settings = &settings, .inventory = &inventory};
		struct pipgate_environment e;
		struct target target;

		assert_int_equal(target_markers(&g, &e, NULL), PIPGATE_OK);
		assert_true(target_is_other(&g, &e, &target));
		if (target_fits(&target, span_of(table[i].wheel)) != table[i].fits)
			fail_msg("%s on %s", table[i].wheel, table[i].target);
	}
	pipgate_run_free(&run);
}

static void as_pip_is_told(void **state)
{
	struct pipgate_run *run = new_run();
	struct words words = {.run = run}, none = {.run = run};
	const struct source_settings settings = {.target = "linux/arm64", .target_python = "3.12"}, usual = {0};
	bool platform = false;
	char **argv;
	(void)state;

	assert_int_equal(target_pip_words(&settings, &words, NULL), PIPGATE_OK);
	argv = words_end(&words);
	for (char **a = argv; *a; a++)
		platform = platform || strcmp(*a, "manylinux2014_aarch64") == 0;
	assert_true(platform);
	assert_int_equal(target_pip_words(&usual, &none, NULL), PIPGATE_OK);
	assert_int_equal(none.list.n, 0);
	pipgate_run_free(&run);
}

/* Markers that ask what was chosen, with --extra cpu --group docs. */
static void choices(void **state)
{
	static const struct {
		const char *marker;
		bool chosen, all;
	} table[] = {
		{"extra == 'cpu'", true, true}, {"extra == 'gpu'", false, true}, {"'CPU' == extra", true, true}, {"extra != 'cpu'", false, true},
		{"extra == 'gpu' or sys_platform == 'linux'", true, true}, {"extra == 'cpu' and sys_platform == 'win32'", false, false},
		{"'docs' in dependency_groups", true, true}, {"'dev' in dependency_groups", false, true},
		{"'dev' not in dependency_groups", true, true},
		{"'cpu' in extras and ('dev' in dependency_groups or python_version >= '3')", true, true},
		{"extra == 'extra-4-shop-cpu'", true, true},
		{"extra == 'extra-4-shop-gpu'", false, true}, {"extra == 'group-4-shop-docs'", true, true},
		{"extra == 'group-4-shop-dev'", false, true},
		{"extra == 'extra-9-shop-cpu'", false, true}, {"platform_release == 'extra'", false, false}, {"", true, true},
		{"'linux' in sys_platform and extra == 'cpu'", true, true}, {"'win' not in sys_platform and extra == 'cpu'", true, true},
	};
	static const char *const extras[] = {"cpu"}, *const groups[] = {"docs"};
	const struct source_settings all = {.target = "linux/x86_64", .target_python = "3.12"};
	struct source_settings chosen = all;
	struct pipgate_run *run = new_run();
	(void)state;

	chosen.extras = (struct list){(void *)(uintptr_t)extras, 1, 1};
	chosen.groups = (struct list){(void *)(uintptr_t)groups, 1, 1};
	for (size_t i = 0; i < 2 * sizeof(table) / sizeof(*table); i++) {
		struct inventory inventory = {.run = run};
		struct gathering g = {.run = run, .settings = i % 2 ? &all : &chosen, .inventory = &inventory};
		const struct source_file file = {.path = "a.lock", .name = "a.lock"};
		struct pipgate_error error;
		struct lock lock = {.gathering = &g, .file = &file, .error = &error};
		bool holds;

		assert_int_equal(target_markers(&g, &inventory.environment, &error), PIPGATE_OK);
		if (lock_marker(&lock, span_of(table[i / 2].marker), &holds) != PIPGATE_OK)
			fail_msg("%s", error.text);
		if (holds != (i % 2 ? table[i / 2].all : table[i / 2].chosen))
			fail_msg("%s with %s chosen", table[i / 2].marker, i % 2 ? "all" : "some");
	}
	pipgate_run_free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken), cmocka_unit_test(variables), cmocka_unit_test(wheels), cmocka_unit_test(as_pip_is_told),
		cmocka_unit_test(choices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
