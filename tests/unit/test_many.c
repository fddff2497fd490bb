/* SPDX-License-Identifier: Apache-2.0 */
/* Many jobs in one pipgate-fetch, the parent's side: frames that belong together, ends in any order, children that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/base/error.h"
#include "wrapper/feed/frames.h"

#define JOBS 3

/* ---- streams ---- */

struct bytes {
	char p[4096];
	size_t n;
};

static void add(struct bytes *b, const void *p, size_t n)
{
	assert_true(n <= sizeof(b->p) - b->n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void number(struct bytes *b, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++, value >>= 8)
		add(b, &(unsigned char){(unsigned char)value}, 1);
}

static void frame(struct bytes *b, const char *tag, uint32_t job, const char *name, const char *body)
{
	add(b, tag, 4);
	number(b, job, 4);
	number(b, strlen(name), 4);
	number(b, 0, 4);
	number(b, strlen(body), 8);
	add(b, name, strlen(name));
	add(b, body, strlen(body));
}

static void done(struct bytes *b, uint32_t job, uint64_t items, uint64_t bytes)
{
	add(b, "DONE", 4);
	number(b, job, 4);
	number(b, 0, 8);
	number(b, 48, 8);
	number(b, items, 8);
	number(b, bytes, 8);
	for (size_t i = 0; i < 32; i++)
		number(b, i, 1);
}

static void good(struct bytes *b, uint32_t job, const char *body)
{
	frame(b, "META", job, "place", "");
	frame(b, "ITEM", job, "name", body);
	done(b, job, 1, strlen(body));
}

static void begin(struct bytes *b)
{
	b->n = 0;
	frame(b, "HELO", 0, "1", "pipgate-fetch/0");
}

/* ---- who listens ---- */

struct seen {
	char bodies[JOBS][64];
	enum pipgate_status ends[JOBS];
	char why[JOBS][PIPGATE_ERROR_BYTES];
	bool unchanged[JOBS];
	char order[32];
	size_t n;
	enum pipgate_status item_says, done_says;
};

static enum pipgate_status on_item(void *ctx, size_t index, struct span body, struct pipgate_error *error)
{
	struct seen *seen = ctx;

	assert_true(index < JOBS);
	assert_true(body.n < sizeof(seen->bodies[0]) - strlen(seen->bodies[index]));
	strncat(seen->bodies[index], body.n ? body.p : "", body.n);
	return seen->item_says == PIPGATE_OK ? PIPGATE_OK : error_set(error, seen->item_says, "the sink says no");
}

static enum pipgate_status on_done(void *ctx, size_t index, enum pipgate_status status, const struct transport_result *result,
	struct pipgate_error *error)
{
	struct seen *seen = ctx;

	assert_true(index < JOBS && !seen->ends[index]);
	seen->ends[index] = status + 10;
	snprintf(seen->why[index], sizeof(seen->why[index]), "%s", status == PIPGATE_OK ? "" : error->text);
	seen->unchanged[index] = result->unchanged;
	seen->order[seen->n++] = (char)('1' + index);
	return seen->done_says == PIPGATE_OK ? PIPGATE_OK : error_set(error, seen->done_says, "enough");
}

static const struct transport_job jobs[JOBS] = {
	{.verb = "get", .place = {"http://a/", 9}, .max_bytes = 20, .max_entries = 3, .deadline_ms = 500},
	{.verb = "get", .place = {"http://b/", 9}, .etag = {"\"e\"", 3}, .max_bytes = 20, .deadline_ms = 500},
	{.verb = "query", .place = {"http://c/", 9}, .body = {"q", 1}, .deadline_ms = 500},
};

static enum pipgate_status read_bytes(const struct bytes *b, struct seen *seen, struct pipgate_error *error)
{
	const struct transport_many_sink sink = {seen, on_item, on_done};
	struct frames_many many = {.jobs = jobs, .n = JOBS, .sink = &sink, .to = -1, .idle_ms = 20000};
	enum pipgate_status status;
	int fd = memfd_create("frames", MFD_CLOEXEC);

	*error = (struct pipgate_error){""};
	assert_int_equal(write(fd, b->p, b->n), (ssize_t)b->n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	status = frames_read_many(fd, clock_monotonic_ms() + 20000, &many, error);
	close(fd);
	return status;
}

static struct seen fresh(void)
{
	return (struct seen){.item_says = PIPGATE_OK, .done_says = PIPGATE_OK};
}

static void test_any_order(void **state)
{
	struct bytes b;
	struct seen seen = fresh();
	struct pipgate_error error;

	(void)state;
	begin(&b);
	frame(&b, "FAIL", 3, "http", "the server answered 404");
	good(&b, 1, "one");
	frame(&b, "FAIL", 2, "unchanged", "");
	if (read_bytes(&b, &seen, &error) != PIPGATE_OK)
		fail_msg("%s", error.text);
	assert_string_equal(seen.order, "312");
	assert_string_equal(seen.bodies[0], "one");
	assert_int_equal(seen.ends[0], PIPGATE_OK + 10);
	assert_int_equal(seen.ends[1], PIPGATE_OK + 10);
	assert_true(seen.unchanged[1] && !seen.unchanged[0]);
	assert_int_equal(seen.ends[2], PIPGATE_FAILED + 10);
	assert_string_equal(seen.why[2], "http: the server answered 404");
}

/* What a job counts begins anew with the next one. */
static void test_counts(void **state)
{
	struct bytes b;
	struct seen seen = fresh();
	struct pipgate_error error;

	(void)state;
	begin(&b);
	good(&b, 2, "fifteen bytes..");
	good(&b, 1, "fifteen bytes..");
	good(&b, 3, "fifteen bytes..");
	assert_int_equal(read_bytes(&b, &seen, &error), PIPGATE_OK);
	begin(&b);
	seen = fresh();
	good(&b, 2, "more than twenty bytes");
	assert_int_equal(read_bytes(&b, &seen, &error), PIPGATE_LIMIT);
	assert_non_null(strstr(error.text, "more than 20 bytes"));
}

static void test_bad_streams(void **state)
{
	static const struct {
		const char *what, *contains;
	} rows[] = {
		{"mixed", "another job"}, {"twice", "another job"}, {"unknown", "another job"},  {"zero", "another job"},
		{"missing", "ended"},     {"more", "behind"},       {"no meta", "before META"}, {"unchanged", "nothing was known"},
		{"class", "not in the protocol"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = fresh();
		struct pipgate_error error;
		struct bytes b;

		begin(&b);
		if (i == 0) {
			frame(&b, "META", 1, "", "");
			frame(&b, "META", 2, "", "");
		} else if (i == 7 || i == 8) {
			frame(&b, "FAIL", 1, i == 7 ? "unchanged" : "fashion", "");
		} else if (i == 6) {
			frame(&b, "ITEM", 1, "name", "");
		} else {
			good(&b, 1, "a");
			good(&b, i == 1 ? 1 : i == 2 ? JOBS + 1 : i == 3 ? 0 : 2, "b");
			if (i == 5) {
				good(&b, 3, "c");
				frame(&b, "NOTE", 3, "", "");
			}
		}
		assert_int_equal(read_bytes(&b, &seen, &error), PIPGATE_FAILED);
		if (!strstr(error.text, rows[i].contains))
			fail_msg("%s: %s", rows[i].what, error.text);
	}
}

/* Whatever of a good stream comes, what is not all of it is a failure, and no job is told twice. */
static void test_every_cut(void **state)
{
	struct bytes b;

	(void)state;
	begin(&b);
	good(&b, 2, "two");
	good(&b, 3, "three");
	good(&b, 1, "one");
	for (size_t n = 0; n < b.n; n++) {
		struct bytes part = b;
		struct seen seen = fresh();
		struct pipgate_error error;

		part.n = n;
		assert_int_equal(read_bytes(&part, &seen, &error), PIPGATE_FAILED);
		assert_true(error.text[0] && seen.n < JOBS);
	}
}

static void test_sink_ends_it(void **state)
{
	struct bytes b;
	struct pipgate_error error;

	(void)state;
	begin(&b);
	good(&b, 2, "two");
	good(&b, 1, "one");
	for (int i = 0; i < 2; i++) {
		struct seen seen = fresh();

		*(i ? &seen.item_says : &seen.done_says) = PIPGATE_INVALID;
		assert_int_equal(read_bytes(&b, &seen, &error), PIPGATE_INVALID);
		assert_string_equal(error.text, i ? "the sink says no" : "enough");
		assert_int_equal(seen.n, i ? 0 : 1);
	}
}

/* ---- programs ---- */

static char folder[] = "/tmp/pipgate-many.XXXXXX";

static enum pipgate_status run_program(const char *path, const struct transport_job *asked, size_t n, struct pipgate_error *error)
{
	struct seen seen = fresh();
	const struct transport_many_sink sink = {&seen, on_item, on_done};

	*error = (struct pipgate_error){""};
	return transport_many_with(path, 300, asked, n, 1000, &sink, error);
}

static void test_programs(void **state)
{
	static const struct {
		const char *script, *contains;
	} rows[] = {
		{"exit 0\n", "ended before it was done"},
		{"exec 0<&-; exec sleep 60\n", "in time"},
		{"exec sleep 60\n", "in time"},
		{"echo noise; cat >/dev/null\n", "pipgate-fetch: "},
	};
	static char big[1 << 20];
	struct transport_job large[JOBS] = {jobs[2], jobs[2], jobs[2]};
	struct pipgate_error error;
	char path[64];

	(void)state;
	memset(big, 'x', sizeof(big));
	for (size_t i = 0; i < JOBS; i++)
		large[i].body = (struct span){big, sizeof(big)};
	snprintf(path, sizeof(path), "%s/program", folder);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fprintf(f, "#!/bin/sh\n%s", rows[i].script);
		assert_int_equal(fchmod(fileno(f), 0700), 0);
		fclose(f);
		for (int k = 0; k < 2; k++) { /* jobs that fit into the socket, and jobs that nobody takes */
			if (run_program(path, k ? large : jobs, JOBS, &error) != PIPGATE_FAILED || !strstr(error.text, rows[i].contains))
				fail_msg("row %zu: \"%s\"", i, error.text);
			assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		}
	}
	unlink(path);
	assert_int_equal(run_program(path, jobs, JOBS, &error), PIPGATE_FAILED);
	assert_non_null(strstr(error.text, "cannot be started"));
	assert_int_equal(run_program(path, jobs, 0, &error), PIPGATE_OK); /* nothing to do: nothing is started */
}

/* The real program, where it has been built: places that cannot be reached each have their own end. */
static void test_real(void **state)
{
	const char *b = getenv("B");
	const struct transport_job wrong = {.verb = "get", .place = SPAN("/a/path"), .deadline_ms = 500};
	struct transport_job asked[JOBS] = {jobs[0], jobs[1], jobs[2]};
	struct seen seen = fresh();
	const struct transport_many_sink sink = {&seen, on_item, on_done};
	struct pipgate_error error = {""};
	char program[512];

	(void)state;
	snprintf(program, sizeof(program), "%s/pipgate-fetch", b ? b : "build");
	if (access(program, X_OK) != 0)
		skip();
	for (size_t i = 0; i < JOBS; i++)
		asked[i].place = SPAN("http://127.0.0.1:1/");
	if (transport_many_with(program, 3000, asked, JOBS, 10000, &sink, &error) != PIPGATE_OK)
		fail_msg("%s", error.text);
	assert_int_equal(seen.n, JOBS);
	for (size_t i = 0; i < JOBS; i++)
		assert_non_null(strstr(seen.why[i], "network: "));
	seen = fresh();
	assert_int_equal(transport_many_with(program, 3000, &wrong, 1, 10000, &sink, &error), PIPGATE_FAILED);
}

static int folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order), cmocka_unit_test(test_counts),       cmocka_unit_test(test_bad_streams),
		cmocka_unit_test(test_every_cut), cmocka_unit_test(test_sink_ends_it), cmocka_unit_test(test_programs),
		cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
