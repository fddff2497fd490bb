/* SPDX-License-Identifier: Apache-2.0 */
/* A feed's store: whole, by changes, dropped; what is not its own or is damaged counts as none. */
#include "tests/unit/database_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "wrapper/database/store.h"

#include "matcher/base/banned.h"

#define NOW 1720000000

static struct store *opened(const char *path, const char *identity)
{
	struct pipgate_error error = {""};
	struct store *s = NULL;

	assert_ok(store_open(path, span_of(identity), &s, &error), &error);
	return s;
}

static enum pipgate_status take(void *ctx, const struct pipgate_advisory *advisory, struct pipgate_error *error)
{
	return store_add(ctx, advisory, error);
}

static void fill(struct store *s, enum store_writing how, const struct made *m, size_t n)
{
	struct pipgate_error error = {""};

	assert_ok(store_begin(s, how, &error), &error);
	for (size_t i = 0; i < n; i++)
		assert_ok(made_advisory(&m[i], take, s, &error), &error);
}

static void commit(struct store *s)
{
	struct pipgate_error error = {""};
	struct store_state state;

	assert_ok(store_settle(s, NOW, &state, &error), &error);
	assert_ok(store_commit(s, &state, &error), &error);
}

static size_t count(struct fixture *f, const char *identity)
{
	struct store *s = opened(f->path, identity);
	size_t n = (size_t)store_state(s)->accepted;

	assert_true(store_state(s)->there || n == 0);
	store_close(&s);
	return n;
}

static void whole_then_changes(void **state)
{
	static const struct made changes[] = {{"DEMO-1", "2024-05-01T00:00:00Z", NULL, "demo", "9.0"}, {"DEMO-9", "2024-05-02T00:00:00Z", NULL, "new", "1"}};
	struct fixture *f = *state;
	struct store *s = opened(f->path, "a");
	struct pipgate_error error = {""};
	struct moment modified;

	assert_false(store_state(s)->there);
	fill(s, STORE_WHOLE, basic, N_BASIC);
	commit(s);
	assert_int_equal(store_state(s)->accepted, N_BASIC);
	assert_int_equal(store_state(s)->withdrawn, 1);
	fill(s, STORE_CHANGES, changes, N(changes));
	assert_ok(store_remove(s, SPAN("DEMO-4"), &error), &error);
	commit(s);
	store_close(&s);
	s = opened(f->path, "a");
	assert_int_equal(store_state(s)->accepted, N_BASIC);
	assert_int_equal(store_state(s)->time, 1714608000);
	assert_true(store_modified(s, SPAN("DEMO-1"), &modified) && modified.seconds == 1714521600);
	assert_false(store_modified(s, SPAN("DEMO-4"), &modified));
	store_close(&s);
}

/* Neither half of a whole nor half of changes is ever seen. */
static void what_is_dropped_was_never_there(void **state)
{
	static const struct made more = {"DEMO-7", "2024-05-01T00:00:00Z", NULL, "demo", "9.0"};
	struct fixture *f = *state;

	for (enum store_writing how = STORE_WHOLE; how <= STORE_CHANGES; how++) {
		struct store *s = opened(f->path, "a");

		fill(s, STORE_WHOLE, basic, N_BASIC);
		commit(s);
		fill(s, how, &more, 1);
		store_drop(s);
		assert_int_equal(store_state(s)->accepted, N_BASIC);
		fill(s, how, &more, 1);
		store_close(&s); /* without a word */
		assert_int_equal(count(f, "a"), N_BASIC);
	}
}

static void an_id_comes_once(void **state)
{
	struct fixture *f = *state;
	struct store *s = opened(f->path, "a");
	struct pipgate_error error = {""};

	fill(s, STORE_WHOLE, basic, N_BASIC);
	assert_int_equal(made_advisory(&basic[0], take, s, &error), PIPGATE_FAILED);
	assert_string_equal(error.text, "DEMO-1 is there twice");
	store_close(&s);
}

static void strangers_count_as_none(void **state)
{
	struct fixture *f = *state;
	struct store *s = opened(f->path, "a");
	int fd;

	fill(s, STORE_WHOLE, basic, N_BASIC);
	commit(s);
	store_close(&s);
	assert_int_equal(count(f, "b"), 0);
	assert_int_equal(count(f, "a"), N_BASIC);
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0 && pwrite(fd, "nonsense", 8, 0) == 8);
	close(fd);
	assert_int_equal(count(f, "a"), 0);
	s = opened(f->path, "a");
	fill(s, STORE_WHOLE, basic, 1);
	commit(s);
	store_close(&s);
	assert_int_equal(count(f, "a"), 1);
}

/* A flipped bit of a record is found before it is in a database. */
static void damage_is_found(void **state)
{
	struct fixture *f = *state;
	struct store *s = opened(f->path, "a");
	struct pipgate_error error = {""};
	const struct database_feed feed = {.name = SPAN("a"), .kind = SPAN("osv"), .place = SPAN("x")};
	struct database_build *b;
	char path[sizeof(f->path) + 8], bytes[65536];
	ssize_t n;
	char *at;
	int fd;

	fill(s, STORE_WHOLE, basic, N_BASIC);
	commit(s);
	store_close(&s);
	fd = open(f->path, O_RDWR | O_CLOEXEC);
	n = pread(fd, bytes, sizeof(bytes), 0);
	at = memmem(bytes, (size_t)n, "breaks", 6);
	assert_true(at && pwrite(fd, "B", 1, at - bytes) == 1);
	close(fd);
	snprintf(path, sizeof(path), "%s.out", f->path);
	s = opened(f->path, "a");
	b = build_new(path);
	assert_int_equal(store_merge(s, b, &feed, &error), PIPGATE_INVALID);
	database_build_free(&b);
	store_close(&s);
}

/* What says to be from the future makes no feed young. */
static void the_future_does_not_count(void **state)
{
	static const struct made future[] = {{"DEMO-1", "2999-01-01T00:00:00Z", NULL, "demo", "1.0"}, {"DEMO-2", "2024-03-01T00:00:00Z", NULL, "demo", "2.0"}};
	struct fixture *f = *state;
	struct store *s = opened(f->path, "a");

	fill(s, STORE_WHOLE, future, N(future));
	commit(s);
	assert_int_equal(store_state(s)->time, FIXTURE_TIME);
	store_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_then_changes),
		TEST(what_is_dropped_was_never_there),
		TEST(an_id_comes_once),
		TEST(strangers_count_as_none),
		TEST(damage_is_found),
		TEST(the_future_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
