/* SPDX-License-Identifier: Apache-2.0 */
/* What a replaced database leaves beside the new one: the last three, whatever an update that ended early left there. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/database_fixture.h"
#include "wrapper/database/history.h"

#include "matcher/base/banned.h"

static void serials(void **state)
{
	static const struct {
		const char *word;
		int64_t serial; /* -1: none */
	} table[] = {
		{"0", 0}, {"1", 1}, {"17", 17}, {"999999999999999999", 999999999999999999}, {"1000000000000000000", -1}, {"", -1}, {"01", -1},
		{"1.db", -1}, {"./1", -1}, {"-1", -1}, {" 1", -1}, {"1 ", -1}, {"٣", -1},
	};

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		int64_t serial = -1;

		assert_int_equal(history_serial(table[i].word, &serial), table[i].serial >= 0);
		assert_int_equal(serial, table[i].serial);
	}
}

static int64_t serial_of(const char *path)
{
	struct database *d = open_good(path);
	int64_t serial = database_info(d)->serial;

	database_close(&d);
	return serial;
}

static const char *kept(const struct fixture *f, const char *name, char path[256])
{
	snprintf(path, 256, "%s.history/%s", f->path, name);
	return path;
}

static ino_t inode(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void three_stay(void **state)
{
	struct fixture *f = *state;
	struct pipgate_error error = {""};
	char path[256], found[4096];
	ino_t before;

	assert_int_equal(history_newest(f->path, found, &error), PIPGATE_FAILED);
	for (int i = 1; i <= 5; i++) {
		before = inode(f->path);
		build_basic(f->path);
		assert_int_equal(serial_of(f->path), i);
	}
	assert_int_equal(inode(kept(f, "4.db", path)), before); /* the file itself, not a copy */
	assert_int_equal(access(kept(f, "1.db", path), F_OK), -1);
	for (int i = 2; i < 5; i++) {
		assert_int_equal(history_find(f->path, i, found, &error), PIPGATE_OK);
		assert_int_equal(serial_of(found), i);
	}
	assert_int_equal(history_newest(f->path, found, &error), PIPGATE_OK);
	assert_string_equal(found, kept(f, "4.db", path));
	assert_int_equal(history_find(f->path, 5, found, &error), PIPGATE_OK); /* the one in use */
	assert_string_equal(found, f->path);
	assert_int_equal(history_find(f->path, 1, found, &error), PIPGATE_FAILED);
}

/* Ended between link and rename, between rename and prune; a name that is taken; what is none of ours. */
static void left_by_others(void **state)
{
	struct fixture *f = *state;
	char path[256], other[256];
	ino_t first;

	build_basic(f->path);
	build_basic(f->path);
	assert_int_equal(link(f->path, kept(f, "2.db", path)), 0);
	first = inode(f->path);
	build_basic(f->path);
	assert_int_equal(inode(path), first);
	fixture_file_put(kept(f, "3.db", path), SPAN("something else"));
	fixture_file_put(kept(f, ".passing", other), SPAN("half done"));
	first = inode(f->path);
	build_basic(f->path);
	assert_int_equal(inode(path), first);
	assert_int_equal(access(other, F_OK), -1);
	fixture_file_put(kept(f, "note.txt", other), SPAN("mine"));
	for (int i = 0; i < 4; i++)
		build_basic(f->path);
	assert_int_equal(access(other, F_OK), 0);
	assert_int_equal(serial_of(f->path), 8);
	snprintf(path, sizeof(path), "%s.history", f->path);
	assert_int_equal(folder_entries(path, false), HISTORY_KEPT + 1);
}

/* Whatever stands in the way, the update is made; its serial still rises. */
static void nothing_stops_an_update(void **state)
{
	struct fixture *f = *state;
	char path[256];

	snprintf(path, sizeof(path), "%s.history", f->path);
	fixture_file_put(path, SPAN("no folder"));
	build_basic(f->path);
	build_basic(f->path);
	assert_int_equal(serial_of(f->path), 2);
	unlink(path);
	assert_int_equal(symlink(f->folder, path), 0);
	build_basic(f->path);
	assert_int_equal(serial_of(f->path), 3);
	unlink(path);
	fixture_file_put(f->path, SPAN("damaged"));
	build_basic(f->path);
	assert_int_equal(serial_of(f->path), 1); /* nothing tells of another one */
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serials),
		TEST(three_stay),
		TEST(left_by_others),
		TEST(nothing_stops_an_update),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
