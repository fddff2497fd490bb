/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy files are read: modes, links, what is no file, what is too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/policy/place.h"

#include "matcher/base/banned.h"

static void read_or_refused(void **state)
{
	char folder[] = "/tmp/pipgate-place-XXXXXX", *large = calloc(1, PLACE_BYTES + 1);
	struct pipgate_error error;
	struct pipgate_run *run;
	struct place place;

	(void)state;
	assert_non_null(large);
	assert_int_equal(pipgate_run_new(NULL, &run), PIPGATE_OK);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(place_read(run, "none", PLACE_OF_PROJECT, &place, &error), PIPGATE_OK);
	assert_false(place.there);
	assert_int_equal(file_write("p", SPAN("a: b\n"), &error), PIPGATE_OK);
	assert_int_equal(place_read(run, "p", PLACE_OF_PROJECT, &place, &error), PIPGATE_OK);
	assert_true(place.there && !place.fixed && span_is(place.text, "a: b\n"));
	assert_int_equal(symlink("p", "link"), 0);
	assert_int_equal(place_read(run, "link", PLACE_OF_PROJECT, &place, &error), PIPGATE_INVALID);
	assert_int_equal(place_read(run, "link", PLACE_OF_SYSTEM, &place, &error), PIPGATE_INVALID);
	assert_int_equal(place_read(run, "link", PLACE_OF_USER, &place, &error), PIPGATE_OK);
	assert_int_equal(chmod("p", 0664), 0);
	assert_int_equal(place_read(run, "p", PLACE_OF_USER, &place, &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "chmod go-w"));
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(place_read(run, "fifo", PLACE_OF_PROJECT, &place, &error), PIPGATE_INVALID);
	assert_int_equal(place_read(run, folder, PLACE_OF_PROJECT, &place, &error), PIPGATE_INVALID);
	assert_int_equal(file_write("large", (struct span){large, PLACE_BYTES + 1}, &error), PIPGATE_OK);
	assert_int_equal(place_read(run, "large", PLACE_OF_PROJECT, &place, &error), PIPGATE_LIMIT);
	for (const char *const *p = (const char *const[]){"p", "link", "fifo", "large", NULL}; *p; p++)
		unlink(*p);
	assert_int_equal(chdir("/"), 0);
	rmdir(folder);
	pipgate_run_free(&run);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(read_or_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
