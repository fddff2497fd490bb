/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is done to a database file: an error or the right answer, never "no advisory". */
#include "tests/unit/database_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#define CORRUPT_STEP 97

/* Every answer is the right one or an error; says how many errors there were. */
static int check_answers(struct fixture *f, const char *path, const struct span rows[2], const struct span texts[N_BASIC])
{
	static const char *const names[] = {"demo", "other"};
	struct pipgate_error error = {""};
	struct database *d = NULL;
	struct span got;
	int errors = 0;

	if (database_open(path, &d, &error) != PIPGATE_OK) {
		assert_true(error.text[0] != 0);
		return 1;
	}
	assert_int_equal(database_info(d)->built, BUILT);
	assert_int_equal(database_info(d)->records, 3);
	for (size_t i = 0; i < N(names); i++) {
		struct pipgate_cursor cursor = database_cursor(d);

		if (cursor.seek(cursor.ctx, span_of(names[i]), &got, &error) != PIPGATE_OK)
			errors++;
		else if (!span_equal(got, rows[i]))
			fail_msg("%s: another row than the one that was written", names[i]);
	}
	for (size_t i = 0; i < N_BASIC; i++) { /* a text may be missing, but never be another one */
		if (database_text(d, span_of(basic[i].id), &got, &error) != PIPGATE_OK)
			errors++;
		else if (got.n && !span_equal(got, texts[i]))
			fail_msg("%s: another text than the one that was written", basic[i].id);
	}
	assert_int_equal(row_of(f, d, "unheard-of").n, 0);
	database_close(&d);
	return errors;
}

static void damage_is_no_clean_answer(void **state)
{
	static const unsigned char masks[] = {0x01, 0x80, 0xFF};
	struct fixture *f = *state;
	struct span rows[2], texts[N_BASIC], bytes;
	struct database *d;
	char bad[128];
	int errors = 0;

	build_basic(f->path);
	bytes = file_bytes(f, f->path);
	d = open_good(f->path);
	rows[0] = row_of(f, d, "demo");
	rows[1] = row_of(f, d, "other");
	for (size_t i = 0; i < N_BASIC; i++)
		texts[i] = text_of(f, d, basic[i].id);
	database_close(&d);
	snprintf(bad, sizeof(bad), "%s/bad.db", f->folder);
	fixture_file_put(bad, bytes);
	assert_int_equal(check_answers(f, bad, rows, texts), 0);
	for (size_t at = 0; at < bytes.n; at += at < 512 ? 1 : CORRUPT_STEP) {
		int fd = open(bad, O_WRONLY | O_CLOEXEC);

		for (size_t m = 0; m < N(masks); m++) {
			unsigned char byte = (unsigned char)bytes.p[at] ^ masks[m];

			assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
			errors += check_answers(f, bad, rows, texts);
		}
		assert_int_equal(pwrite(fd, bytes.p + at, 1, (off_t)at), 1);
		close(fd);
	}
	assert_true(errors > 100); /* the header alone has as many bytes that matter */
	for (size_t n = 0; n < bytes.n; n += n < 200 ? 1 : CORRUPT_STEP * 11) {
		fixture_file_put(bad, (struct span){bytes.p, n});
		assert_int_equal(check_answers(f, bad, rows, texts), 1);
	}
}

static void rows_changed_by_others(void **state)
{
	static const struct {
		const char *sql;
		bool opens; /* and then the look-up of demo fails */
	} cases[] = {
		{"UPDATE row SET bytes = zeroblob(length(bytes)) WHERE name = 'demo'", true},
		{"UPDATE row SET bytes = (SELECT bytes FROM row WHERE name = 'other') WHERE name = 'demo'", true},
		{"DELETE FROM row WHERE name = 'demo'", true},
		{"UPDATE row SET bytes = NULL WHERE name = 'demo'", true},
		{"UPDATE row SET bytes = '' WHERE name = 'demo'", true},
		{"DELETE FROM row", true},
		{"DROP TABLE row", false},
		{"DROP TABLE row; CREATE VIEW row AS SELECT '' AS name, '' AS bytes, 0 AS sum", false},
		{"DROP TABLE meta", false},
		{"DROP TABLE feed", false},
		{"UPDATE meta SET value = x'' WHERE key = 'set'", false},
		{"UPDATE meta SET value = x'', key = 'zet' WHERE key = 'set'", false},
		{"DELETE FROM meta WHERE key = 'set'", false},
		{"UPDATE meta SET value = zeroblob(16) WHERE key = 'set'", false},
		{"UPDATE meta SET value = value + 86400 WHERE key = 'built'", false},
		{"UPDATE meta SET value = 'pipgate/advisories/1' WHERE key = 'schema'", false},
		{"DELETE FROM meta WHERE key = 'schema'", false},
		{"DELETE FROM meta WHERE key = 'check'", false},
		{"UPDATE feed SET accepted = 5", false},
		{"DELETE FROM feed", false},
		{"PRAGMA user_version = 1", false},
		{"PRAGMA application_id = 7", false},
		{"PRAGMA journal_mode = WAL", false},
	};
	struct fixture *f = *state;
	struct span good;

	build_basic(f->path);
	good = file_bytes(f, f->path);
	for (size_t i = 0; i < N(cases); i++) {
		struct pipgate_error error = {""};
		struct database *d = NULL;
		sqlite3 *db = NULL;

		fixture_file_put(f->path, good);
		assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		if ((database_open(f->path, &d, &error) == PIPGATE_OK) != cases[i].opens)
			fail_msg("%s: opens %d: %s", cases[i].sql, !cases[i].opens, error.text);
		if (d) {
			struct pipgate_cursor cursor = database_cursor(d);
			struct span row;

			if (cursor.seek(cursor.ctx, SPAN("demo"), &row, &error) != PIPGATE_INVALID)
				fail_msg("%s: not seen", cases[i].sql);
		}
		database_close(&d);
	}
}

static void other_files_are_refused(void **state)
{
	struct fixture *f = *state;
	struct pipgate_error error = {""};
	struct database *d = NULL;
	char name[128];
	sqlite3 *db = NULL;

	assert_int_equal(database_open(f->path, &d, &error), PIPGATE_FAILED); /* none */
	assert_int_equal(database_open(f->folder, &d, &error), PIPGATE_INVALID);
	fixture_file_put(f->path, SPAN(""));
	assert_int_equal(database_open(f->path, &d, &error), PIPGATE_INVALID);
	fixture_file_put(f->path, SPAN("{\"not\": \"a database\"}"));
	assert_int_equal(database_open(f->path, &d, &error), PIPGATE_INVALID);
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(database_open(f->path, &d, &error), PIPGATE_INVALID);
	unlink(f->path);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE row(name, bytes, sum)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(database_open(f->path, &d, &error), PIPGATE_INVALID);
	unlink(f->path);
	build_basic(f->path);
	snprintf(name, sizeof(name), "%s-wal", f->path);
	fixture_file_put(name, SPAN("somebody else's"));
	assert_int_equal(database_open(f->path, &d, &error), PIPGATE_INVALID);
	build_basic(f->path); /* takes it away */
	d = open_good(f->path);
	database_close(&d);
	assert_int_equal(folder_entries(f->folder, false), 3); /* the file, its lock and its history: a reader leaves nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(damage_is_no_clean_answer),
		TEST(rows_changed_by_others),
		TEST(other_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
