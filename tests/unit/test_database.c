/* SPDX-License-Identifier: Apache-2.0 */
/* The advisory database: what is built is read back, and the file is replaced whole or not at all. */
#include "tests/unit/database_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/base/banned.h"

static void reads_back(void **state)
{
	struct fixture *f = *state;
	struct pipgate_error error = {""};
	struct database_build *b = build_new(f->path);
	const struct database_info *info;
	struct database *d;

	add_all(b, "osv", basic, N_BASIC, false);
	assert_ok(database_build_refuse(b, 0, SPAN("x\n.json"), SPAN("byte 0: no"), &error), &error);
	finish(b);
	d = open_good(f->path);
	info = database_info(d);
	assert_int_equal(info->built, BUILT);
	assert_int_equal(info->names, 2);
	assert_int_equal(info->records, 3);
	assert_int_equal(info->n_feeds, 1);
	assert_int_equal(info->feeds[0].accepted, 4);
	assert_int_equal(info->feeds[0].withdrawn, 1);
	assert_int_equal(info->feeds[0].refused, 1);
	assert_int_equal(info->feeds[0].time, 1709251200);
	assert_true(span_is(info->feeds[0].name, "osv") && span_is(info->feeds[0].place, "/a/place"));
	assert_true(span_is(info->feeds[0].sha256, "abcd"));
	assert_int_equal(findings_of(f, d, "demo", "0.5"), 2);
	assert_int_equal(findings_of(f, d, "demo", "1.5"), 1);
	assert_int_equal(findings_of(f, d, "demo", "2.0"), 0);
	assert_int_equal(row_of(f, d, "gone").n, 0);
	assert_int_equal(row_of(f, d, "").n, 0);
	assert_int_equal(row_of(f, d, "dem").n, 0);
	assert_int_equal(text_of(f, d, "DEMO-9").n, 0);
	assert_true(span_is(text_of(f, d, "DEMO-3"),
		"{\"id\":\"DEMO-3\",\"modified\":\"2024-02-01T00:00:00Z\",\"withdrawn\":\"2024-02-02T00:00:00Z\","
		"\"summary\":\"it \\\"breaks\\\"\\n\",\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"gone\"},"
		"\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"3.0\"}]}]}]}"));
	database_close(&d);
	database_close(&d);
}

static void text_decodes_again(void **state)
{
	struct fixture *f = *state;
	struct pipgate_error error = {""};
	struct pipgate_advisory advisory;
	struct database *d;

	build_basic(f->path);
	d = open_good(f->path);
	assert_ok(pipgate_advisory_decode(f->run, PIPGATE_OSV_JSON, text_of(f, d, "DEMO-2"), &advisory, &error), &error);
	assert_true(span_is(advisory.id, "DEMO-2") && span_is(advisory.affected[0].ranges[0].events[1].version, "2.0"));
	database_close(&d);
}

/* Which of two feeds' records of one id counts: the version that is still affected tells. */
static void newer_record_stays(void **state)
{
	static const struct {
		const char *first, *second;
		size_t findings_of_9;
	} cases[] = {
		{"2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", 1}, /* the second has fixed 10.0 */
		{"2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z", 1},
		{"2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", 0},
		{"2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.25Z", 0},
		{"2024-01-01T00:00:01Z", "2024-01-01T00:00:00.999Z", 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N(cases); i++) {
		const struct made a = {"DEMO-1", cases[i].first, NULL, "demo", "1.0"};
		const struct made z = {"DEMO-1", cases[i].second, NULL, "demo", "10.0"};
		struct database_build *b = build_new(f->path);
		struct database *d;

		add_all(b, "one", &a, 1, false);
		add_all(b, "two", &z, 1, false);
		finish(b);
		d = open_good(f->path);
		assert_int_equal(findings_of(f, d, "demo", "9"), cases[i].findings_of_9);
		assert_int_equal(findings_of(f, d, "demo", "0.5"), 1);
		assert_int_equal(database_info(d)->records, 1);
		assert_int_equal(database_info(d)->feeds[1].accepted, 1);
		database_close(&d);
	}
}

static void withdrawn_later_joins_nothing(void **state)
{
	static const struct made withdrawn = {"DEMO-4", "2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "other", "4.0"};
	struct fixture *f = *state;
	struct database_build *b = build_new(f->path);
	struct database *d;

	add_all(b, "one", basic, N_BASIC, false);
	add_all(b, "two", &withdrawn, 1, false);
	finish(b);
	d = open_good(f->path);
	assert_int_equal(row_of(f, d, "other").n, 0);
	assert_int_equal(database_info(d)->names, 1);
	assert_int_equal(database_info(d)->records, 2);
	database_close(&d);
}

static void bad_time_is_refused(void **state)
{
	static const char *const bad[] = {"", "2024-02-30T00:00:00Z", "2024-01-01", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00.Z", "x"};
	struct fixture *f = *state;
	struct pipgate_error error = {""};
	struct database_build *b = build_new(f->path);
	uint32_t feed = feed_new(b, "one");

	for (size_t i = 0; i < N(bad); i++) {
		const struct made m = {"DEMO-1", bad[i], NULL, "demo", "1.0"};

		assert_int_equal(fixture_add(b, feed, &m, &error), PIPGATE_INVALID);
	}
	database_build_free(&b);
}

static void same_records_same_bytes(void **state)
{
	struct fixture *f = *state;
	struct database_build *b;
	struct span first;
	mode_t mask = umask(077);
	struct stat st;
	char second[sizeof(f->path) + 8];

	build_basic(f->path);
	umask(mask);
	assert_true(stat(f->path, &st) == 0 && (st.st_mode & 07777) == 0644);
	first = file_bytes(f, f->path);
	snprintf(second, sizeof(second), "%s.second", f->path); /* it replaces nothing either: of the same serial */
	b = build_new(second);
	add_all(b, "osv", basic, N_BASIC, true);
	finish(b);
	assert_true(span_equal(first, file_bytes(f, second)));
}

/* ---- replacing ---- */

static void leftovers_are_swept(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = {{".a.db.12345.tmp", false}, {".a.db.1.tmp", false}, {".a.db.x1.tmp", true}, {".a.db.b.12.tmp", true}, {"a.db.1.tmp", true}};
	struct fixture *f = *state;
	char path[160];

	for (size_t i = 0; i < N(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->folder, files[i].name);
		fixture_file_put(path, SPAN("old"));
	}
	build_basic(f->path);
	for (size_t i = 0; i < N(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->folder, files[i].name);
		if ((access(path, F_OK) == 0) != files[i].stays)
			fail_msg("%s", files[i].name);
	}
}

static void abandoned_build_leaves_the_old(void **state)
{
	struct fixture *f = *state;
	struct database_build *b;
	struct span before;

	build_basic(f->path);
	before = file_bytes(f, f->path);
	b = build_new(f->path);
	add_all(b, "one", basic, 1, false);
	database_build_free(&b);
	assert_true(span_equal(before, file_bytes(f, f->path)));
	assert_int_equal(folder_entries(f->folder, false), 2);
}

/* The second waits until the first is done; both succeed. */
static void two_builders_take_turns(void **state)
{
	struct fixture *f = *state;
	struct database_build *b;
	struct database *d;
	int ready[2], status;
	pid_t child;
	char c;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		b = build_new(f->path);
		if (write(ready[1], "x", 1) != 1)
			_exit(2);
		usleep(150000);
		add_all(b, "osv", basic, N_BASIC, false);
		finish(b);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	b = build_new(f->path);
	d = open_good(f->path); /* the child's, finished */
	assert_int_equal(database_info(d)->records, 3);
	add_all(b, "osv", basic, 1, false);
	finish(b);
	assert_int_equal(database_info(d)->records, 3); /* a reader keeps what it opened */
	assert_int_equal(findings_of(f, d, "other", "1"), 1);
	database_close(&d);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	d = open_good(f->path);
	assert_int_equal(database_info(d)->records, 1);
	database_close(&d);
	close(ready[0]);
	close(ready[1]);
}

static void places(void **state)
{
	struct fixture *f = *state;
	struct pipgate_error error = {""};
	struct database_place place;
	char path[4096];

	unsetenv("PIPGATE_DB");
	assert_int_equal(database_find(f->path, &place, &error), PIPGATE_FAILED);
	setenv("PIPGATE_DB", f->path, 1);
	assert_int_equal(database_find(NULL, &place, &error), PIPGATE_FAILED);
	build_basic(f->path);
	assert_ok(database_find(NULL, &place, &error), &error);
	assert_int_equal(place.kind, DATABASE_NAMED);
	assert_string_equal(place.path, f->path);
	unsetenv("PIPGATE_DB");
	if (geteuid() != 0) {
		setenv("XDG_DATA_HOME", f->folder, 1);
		assert_ok(database_default_path(path, &error), &error);
		assert_true(span_starts(span_of(path), span_of(f->folder)));
		path[strlen(path) - strlen("/advisories.db")] = 0;
		rmdir(path);
	}
	assert_int_equal(database_build_new("/nowhere/at/all.db", &(struct database_build *){NULL}, &error), PIPGATE_FAILED);
	assert_int_equal(database_build_new("/", &(struct database_build *){NULL}, &error), PIPGATE_FAILED);
	assert_int_equal(database_build_new(f->folder, &(struct database_build *){NULL}, &error), PIPGATE_FAILED);
	setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
	assert_int_equal(database_build_new(f->path, &(struct database_build *){NULL}, &error), PIPGATE_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_back),
		TEST(text_decodes_again),
		TEST(newer_record_stays),
		TEST(withdrawn_later_joins_nothing),
		TEST(bad_time_is_refused),
		TEST(same_records_same_bytes),
		TEST(leftovers_are_swept),
		TEST(abandoned_build_leaves_the_old),
		TEST(two_builders_take_turns),
		TEST(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
