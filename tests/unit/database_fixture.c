/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/database_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/arena.h"
#include "wrapper/database/compile.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

int fixture_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || pipgate_run_new(NULL, &f->run) != PIPGATE_OK)
		return -1;
	snprintf(f->folder, sizeof(f->folder), "/tmp/pipgate-database.XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/a.db", f->folder);
	setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
	say_quiet(true);
	*state = f;
	return 0;
}

int folder_entries(const char *path, bool remove)
{
	DIR *dir = opendir(path);
	int n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (remove)
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	return n;
}

int fixture_down(void **state)
{
	struct fixture *f = *state;
	char history[sizeof(f->path) + 16];

	snprintf(history, sizeof(history), "%s.history", f->path);
	folder_entries(history, true);
	rmdir(history);
	folder_entries(f->folder, true);
	rmdir(f->folder);
	pipgate_run_free(&f->run);
	free(f);
	return 0;
}

void assert_ok(enum pipgate_status status, const struct pipgate_error *error)
{
	if (status != PIPGATE_OK)
		fail_msg("status %d: %s", status, error->text);
}

/* ---- making ---- */

struct database_build *build_new(const char *path)
{
	struct pipgate_error error = {""};
	struct database_build *b = NULL;

	assert_ok(database_build_new(path, &b, &error), &error);
	return b;
}

uint32_t feed_new(struct database_build *b, const char *name)
{
	const struct database_feed made = {.name = span_of(name), .kind = SPAN("osv"), .place = SPAN("/a/place"), .time = FIXTURE_TIME,
		.sha256 = SPAN("abcd")};
	struct pipgate_error error = {""};
	uint32_t feed;

	assert_ok(database_build_feed(b, &made, &feed, &error), &error);
	return feed;
}

enum pipgate_status made_advisory(const struct made *m, enum pipgate_status (*take)(void *ctx, const struct pipgate_advisory *advisory,
	struct pipgate_error *error), void *ctx, struct pipgate_error *error)
{
	const struct pipgate_event events[] = {{PIPGATE_EVENT_INTRODUCED, SPAN("0")}, {PIPGATE_EVENT_FIXED, span_of(m->fixed)}};
	const struct pipgate_range range = {.events = events, .n_events = 2};
	const struct pipgate_affected affected = {.name = span_of(m->name), .ranges = &range, .n_ranges = 1};
	const struct pipgate_advisory advisory = {
		.id = span_of(m->id),
		.modified = span_of(m->modified),
		.withdrawn = span_of(m->withdrawn),
		.summary = SPAN("it \"breaks\"\n"),
		.affected = &affected,
		.n_affected = 1,
	};

	return take(ctx, &advisory, error);
}

struct adding {
	struct database_build *build;
	uint32_t feed;
};

static enum pipgate_status compile_and_add(void *ctx, const struct pipgate_advisory *advisory, struct pipgate_error *error)
{
	const struct adding *to = ctx;
	struct compiler compiler;
	struct compiled record;
	enum pipgate_status status;

	assert_int_equal(compiler_init(&compiler), PIPGATE_OK);
	status = compile(&compiler, advisory, &record, error);
	if (status == PIPGATE_OK)
		status = database_build_add(to->build, to->feed, &record, error);
	compiler_fini(&compiler);
	return status;
}

enum pipgate_status fixture_add(struct database_build *b, uint32_t feed, const struct made *m, struct pipgate_error *error)
{
	return made_advisory(m, compile_and_add, &(struct adding){b, feed}, error);
}

void add_all(struct database_build *b, const char *feed_name, const struct made *m, size_t n, bool backwards)
{
	struct pipgate_error error = {""};
	uint32_t feed = feed_new(b, feed_name);

	for (size_t i = 0; i < n; i++)
		assert_ok(fixture_add(b, feed, &m[backwards ? n - 1 - i : i], &error), &error);
}

void finish(struct database_build *b)
{
	struct pipgate_error error = {""};

	assert_ok(database_build_finish(b, NULL, &error), &error);
	database_build_free(&b);
}

const struct made basic[N_BASIC] = {
	{"DEMO-1", "2024-01-01T00:00:00Z", NULL, "demo", "1.0"},
	{"DEMO-2", "2024-03-01T00:00:00.5Z", NULL, "demo", "2.0"},
	{"DEMO-3", "2024-02-01T00:00:00Z", "2024-02-02T00:00:00Z", "gone", "3.0"},
	{"DEMO-4", "2024-02-01T00:00:00Z", NULL, "other", "4.0"},
};

void build_basic(const char *path)
{
	struct database_build *b = build_new(path);

	add_all(b, "osv", basic, N_BASIC, false);
	finish(b);
}

/* ---- asking ---- */

struct database *open_good(const char *path)
{
	struct pipgate_error error = {""};
	struct database *d = NULL;

	assert_ok(database_open(path, &d, &error), &error);
	return d;
}

struct span row_of(struct fixture *f, struct database *d, const char *name)
{
	struct pipgate_cursor cursor = database_cursor(d);
	struct pipgate_error error = {""};
	struct span row = {"?", 1};

	assert_ok(cursor.seek(cursor.ctx, span_of(name), &row, &error), &error);
	return row.n ? arena_copy(f->run, row) : row;
}

struct span text_of(struct fixture *f, struct database *d, const char *id)
{
	struct pipgate_error error = {""};
	struct span text = {"?", 1};

	assert_ok(database_text(d, span_of(id), &text, &error), &error);
	return text.n ? arena_copy(f->run, text) : text;
}

size_t findings_of(struct fixture *f, struct database *d, const char *name, const char *version)
{
	const struct pipgate_component c = {.name = span_of(name), .version = span_of(version)};
	struct pipgate_cursor cursor = database_cursor(d);
	struct pipgate_error error = {""};
	struct pipgate_match match;

	assert_ok(pipgate_match(f->run, &c, 0, &cursor, &match, &error), &error);
	return match.n_findings;
}

struct span file_bytes(struct fixture *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *p;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	p = arena_alloc(f->run, (size_t)st.st_size);
	assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
	close(fd);
	return (struct span){p, (size_t)st.st_size};
}

void fixture_file_put(const char *path, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
	close(fd);
}
