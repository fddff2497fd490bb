/* SPDX-License-Identifier: Apache-2.0 */
/* Which index pip is configured with: its files and variables in pip's order; the pages of projects beside an index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/pip/index.h"
#include "wrapper/temporary.h"

static char root[] = "/tmp/pipgate-index.XXXXXX";

static const char *const variables[] = {"PIP_INDEX_URL", "PIP_PYPI_URL", "PIP_NO_INDEX", "PIP_CONFIG_FILE", "XDG_CONFIG_DIRS",
	"XDG_CONFIG_HOME", "HOME"};

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		mkdir(path, 0700);
	}
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void set(const char *name, const char *value)
{
	char path[256];

	if (value[0] != '@') {
		setenv(name, value, 1);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", root, value + 1);
	setenv(name, path, 1);
}

/* A row: files and variables, then what comes out; "" is NULL. */
struct row {
	const char *given, *expected;
	const char *pairs[12]; /* "NAME=", value for a variable, else a file's name and its text */
};

#define CONF(url) "[global]\nindex-url = " url "\n"
static const struct row rows[] = {
	{NULL, "", {NULL}},
	{"http://g/simple", "http://g/simple", {"PIP_INDEX_URL=", "http://e/simple"}},
	{NULL, "http://e/simple", {"PIP_INDEX_URL=", "http://e/simple", "user/pip/pip.conf", CONF("http://u")}},
	{NULL, "http://u", {"PIP_INDEX_URL=", "", "user/pip/pip.conf", CONF("http://u")}},
	{NULL, "http://p", {"PIP_PYPI_URL=", "http://p"}},
	{NULL, "http://u", {"system/pip/pip.conf", CONF("http://s"), "user/pip/pip.conf", CONF("http://u")}},
	{NULL, "http://l", {"system/pip/pip.conf", CONF("http://s"), "home/.pip/pip.conf", CONF("http://l")}},
	{NULL, "http://s", {"system/pip/pip.conf", CONF("http://s"), "user/pip/pip.conf", "[install]\nindex-url =\n[other]\nindex-url=http://o\n"}},
	{NULL, "http://i", {"system/pip/pip.conf", "[install]\nindex-url: http://i", "user/pip/pip.conf", CONF("http://u")}},
	{NULL, "http://c", {"own.conf", CONF("http://c"), "user/pip/pip.conf", CONF("http://u"), "PIP_CONFIG_FILE=", "@own.conf"}},
	{NULL, "http://s", {"own.conf", "", "user/pip/pip.conf", CONF("http://u"), "PIP_CONFIG_FILE=", "@own.conf", "system/pip/pip.conf",
		CONF("http://s")}},
	{NULL, "http://u", {"user/pip/pip.conf", CONF("http://u"), "PIP_CONFIG_FILE=", "@missing.conf"}},
	{NULL, "", {"user/pip/pip.conf", CONF("http://u"), "PIP_CONFIG_FILE=", "/dev/null"}},
	{NULL, "http://v", {"env/pip.conf", CONF("http://v"), "user/pip/pip.conf", CONF("http://u")}},
	{NULL, "", {"user/pip/pip.conf", CONF("http://u") "no-index = Yes"}},
	{NULL, "http://u", {"user/pip/pip.conf", CONF("http://u") "no-index = true", "PIP_NO_INDEX=", "0"}},
	{NULL, "", {"PIP_INDEX_URL=", "http://e", "PIP_NO_INDEX=", "1"}},
	{NULL, "http://u", {"user/pip/pip.conf", "; x\n# y\n  indented = 1\n[Global]\nindex-url=http://w\n[global] \n--Index_URL\t=  http://u  \nz"}},
	{NULL, "http://u", {"user/pip/pip.conf", "[global]\nindex-url =\n\thttp://u\nfind-links =\n  http://a\n  http://b\n"}},
	{NULL, "http://u", {"user/pip/pip.conf", "[global]\r\nindex-url = http://u\r\n"}},
	{NULL, "", {"user/pip/pip.conf", "index-url = http://nosection\n[global\nindex-url"}},
};

static void test_configured(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char python[256];
		struct pip pip = {.python = python};
		struct pipgate_run *run;
		const char *got;

		assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
		tree_remove(root);
		mkdir(root, 0700);
		put("env/pyvenv.cfg", "");
		snprintf(python, sizeof(python), "%s/env/bin/python", root);
		for (size_t k = 0; k < sizeof(variables) / sizeof(variables[0]); k++)
			unsetenv(variables[k]);
		set("XDG_CONFIG_DIRS", "@system");
		set("HOME", "@home");
		set("XDG_CONFIG_HOME", "@user");
		for (const char *const *p = rows[i].pairs; *p; p += 2) {
			char name[64];

			snprintf(name, sizeof(name), "%.*s", (int)strcspn(*p, "="), *p);
			if (strchr(*p, '='))
				set(name, p[1]);
			else
				put(*p, p[1]);
		}
		got = index_simple(run, &pip, rows[i].given);
		if (i == 0 && got) { /* this machine's own /etc/pip.conf, which no variable leads away from */
			pipgate_run_free(&run);
			skip();
		}
		if (strcmp(got ? got : "", rows[i].expected) != 0)
			fail_msg("row %zu: %s, not %s", i, got ? got : "NULL", rows[i].expected);
		pipgate_run_free(&run);
	}
}

static void test_pages(void **state)
{
	static const struct {
		const char *simple, *page;
	} table[] = {
		{"https://index.example/simple", "https://index.example/project/"},
		{"https://index.example/simple/", "https://index.example/project/"},
		{"https://index.example/our/pypi/+simple", ""},
		{"https://index.example/our/simple//?x=/simple", "https://index.example/our/project/"},
		{"https://user:pass@word@index.example:8080/simple", "https://index.example:8080/project/"},
		{"https://index.example/simple/more", ""},
		{"https://index.example", ""},
		{"https:///simple", "https:///project/"},
		{"https://simple", ""},
		{"/simple", ""},
		{"", ""},
	};
	struct pipgate_run *run;

	(void)state;
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	assert_null(index_project_page(run, NULL));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *got = index_project_page(run, table[i].simple);

		if (strcmp(got ? got : "", table[i].page) != 0)
			fail_msg("%s: %s", table[i].simple, got ? got : "NULL");
	}
	pipgate_run_free(&run);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	tree_remove(root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_configured), cmocka_unit_test(test_pages)};

	return cmocka_run_group_tests(tests, begin, end);
}
