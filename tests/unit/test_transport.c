/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side of pipgate-fetch: the frame reader against streams of bytes, and the whole against programs that
 * misbehave (small shell scripts made here). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/base/error.h"
#include "wrapper/feed/frames.h"

/* ---- streams ---- */

struct bytes {
	char p[8192];
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

static void header(struct bytes *b, const char *tag, uint32_t job, uint32_t name_n, uint32_t zero, uint64_t body_n)
{
	add(b, tag, 4);
	number(b, job, 4);
	number(b, name_n, 4);
	number(b, zero, 4);
	number(b, body_n, 8);
}

static void frame(struct bytes *b, const char *tag, const char *name, const char *body)
{
	header(b, tag, strcmp(tag, "HELO") == 0 ? 0 : 1, (uint32_t)strlen(name), 0, strlen(body));
	add(b, name, strlen(name));
	add(b, body, strlen(body));
}

static void done(struct bytes *b, uint64_t items, uint64_t bytes)
{
	header(b, "DONE", 1, 0, 0, 48);
	number(b, items, 8);
	number(b, bytes, 8);
	for (size_t i = 0; i < 32; i++)
		number(b, i, 1);
}

static void begin(struct bytes *b)
{
	b->n = 0;
	frame(b, "HELO", "1", "pipgate-fetch/0");
	frame(b, "META", "place", "");
}

struct seen {
	size_t items, skips, notes;
	char last[64];
	enum pipgate_status answer;
};

static enum pipgate_status on_an_item(void *ctx, struct span name, struct span body, struct pipgate_error *error)
{
	struct seen *seen = ctx;

	(void)body;
	seen->items++;
	assert_true(name.n < sizeof(seen->last));
	memcpy(seen->last, name.p, name.n);
	seen->last[name.n] = 0;
	return seen->answer == PIPGATE_OK ? PIPGATE_OK : error_set(error, seen->answer, "the sink says no");
}

static void on_a_skip(void *ctx, struct span name, struct span reason)
{
	(void)name;
	(void)reason;
	((struct seen *)ctx)->skips++;
}

static void on_a_note(void *ctx, struct span text)
{
	(void)text;
	((struct seen *)ctx)->notes++;
}

#define PATIENCE_MS 20000 /* for what ends at once, on a busy machine too */

static const struct transport_job usual = {.verb = "unpack", .place = {"x", 1}, .max_bytes = 100, .max_entries = 3, .deadline_ms = 1000};

static enum pipgate_status read_bytes(const struct bytes *b, const struct transport_job *job, struct seen *seen,
				      struct transport_result *result, struct pipgate_error *error)
{
	int fd[2];
	struct transport_sink sink = {seen, on_an_item, on_a_skip, on_a_note};
	enum pipgate_status status;

	*error = (struct pipgate_error){""};
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	assert_int_equal(write(fd[1], b->p, b->n), (ssize_t)b->n);
	close(fd[1]);
	status = frames_read(fd[0], clock_monotonic_ms() + PATIENCE_MS, job, &sink, result, error);
	close(fd[0]);
	return status;
}

static enum pipgate_status judge(const struct bytes *b, const char *contains)
{
	struct seen seen = {.answer = PIPGATE_OK};
	struct transport_result result;
	struct pipgate_error error;
	enum pipgate_status status = read_bytes(b, &usual, &seen, &result, &error);

	if (status != PIPGATE_OK && !strstr(error.text, contains))
		fail_msg("\"%s\" does not hold \"%s\"", error.text, contains);
	return status;
}

static void test_good(void **state)
{
	struct bytes b;
	struct seen seen = {.answer = PIPGATE_OK};
	struct transport_result result;
	struct pipgate_error error;

	(void)state;
	b.n = 0;
	frame(&b, "HELO", "1", "x");
	header(&b, "META", 1, 5, 0, 49);
	add(&b, "place", 5);
	add(&b, "etag=\"e\"\0date=1700000000\0answered=1700000001\0len=", 49);
	frame(&b, "NOTE", "", "hello");
	frame(&b, "ITEM", "a/b.json", "{}");
	frame(&b, "SKIP", "c.txt", "not json");
	frame(&b, "ITEM", "empty.json", "");
	done(&b, 2, 2);
	assert_int_equal(read_bytes(&b, &usual, &seen, &result, &error), PIPGATE_OK);
	assert_int_equal(seen.items, 2);
	assert_int_equal(seen.skips, 1);
	assert_int_equal(seen.notes, 1);
	assert_string_equal(seen.last, "empty.json");
	assert_string_equal(result.place, "place");
	assert_string_equal(result.etag, "\"e\"");
	assert_int_equal(result.date, 1700000000);
	assert_int_equal(result.answered, 1700000001);
	assert_int_equal(result.items, 2);
	assert_int_equal(result.bytes, 2);
	assert_int_equal(result.sha256[31], 31);
	assert_false(result.unchanged);
}

/* Whatever byte a good stream is cut at: it does not count. */
static void test_every_cut(void **state)
{
	struct bytes b;

	(void)state;
	begin(&b);
	frame(&b, "ITEM", "a.json", "{}");
	done(&b, 1, 2);
	assert_int_equal(judge(&b, ""), PIPGATE_OK);
	for (size_t n = b.n; n-- > 0;) {
		b.n = n;
		assert_int_equal(judge(&b, "pipgate-fetch: ended"), PIPGATE_FAILED);
	}
}

/* Whatever bit of a good stream is turned: no crash, and if it is taken, then what DONE counts was received. */
static void test_every_bit(void **state)
{
	struct bytes good, b;

	(void)state;
	begin(&good);
	frame(&good, "ITEM", "a.json", "{}");
	done(&good, 1, 2);
	for (size_t i = 0; i < good.n * 8; i++) {
		b = good;
		b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
		(void)!judge(&b, "");
	}
}

static void bad_tag(struct bytes *b)
{
	header(b, "WHAT", 1, 0, 0, 0);
}
static void bad_garbage(struct bytes *b)
{
	add(b, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", 44);
}
static void bad_zero(struct bytes *b)
{
	header(b, "ITEM", 1, 0, 7, 0);
}
static void bad_job(struct bytes *b)
{
	header(b, "ITEM", 2, 1, 0, 0);
	add(b, "a", 1);
}
static void bad_name_length(struct bytes *b)
{
	header(b, "ITEM", 1, 4097, 0, 0);
}
static void bad_body_length(struct bytes *b)
{
	header(b, "ITEM", 1, 1, 0, ((uint64_t)16 << 20) + 1);
}
static void bad_huge_body(struct bytes *b)
{
	header(b, "NOTE", 1, 0, 0, UINT64_MAX);
}
static void bad_second_helo(struct bytes *b)
{
	frame(b, "HELO", "1", "x");
}
static void bad_second_meta(struct bytes *b)
{
	frame(b, "META", "x", "");
}
static void bad_count(struct bytes *b)
{
	frame(b, "ITEM", "a", "xx");
	done(b, 2, 2);
}
static void bad_bytes(struct bytes *b)
{
	frame(b, "ITEM", "a", "xx");
	done(b, 1, 3);
}
static void bad_done_length(struct bytes *b)
{
	header(b, "DONE", 1, 0, 0, 16);
	number(b, 0, 8);
	number(b, 0, 8);
}
static void bad_behind(struct bytes *b)
{
	done(b, 0, 0);
	add(b, "x", 1);
}
static void bad_unchanged(struct bytes *b)
{
	frame(b, "FAIL", "unchanged", "");
}
static void bad_class(struct bytes *b)
{
	frame(b, "FAIL", "ok", "all is well");
}
static void bad_traversal(struct bytes *b)
{
	frame(b, "ITEM", "../a", "x");
}
static void bad_skip_name(struct bytes *b)
{
	frame(b, "SKIP", "a\033[2J", "x");
}
static void bad_date(struct bytes *b)
{
	b->n = 0;
	frame(b, "HELO", "1", "x");
	frame(b, "META", "p", "date=soon");
}
static void bad_early_item(struct bytes *b)
{
	b->n = 0;
	frame(b, "HELO", "1", "x");
	frame(b, "ITEM", "a", "x");
}
static void bad_version(struct bytes *b)
{
	b->n = 0;
	frame(b, "HELO", "2", "x");
}
static void bad_no_helo(struct bytes *b)
{
	b->n = 0;
	frame(b, "META", "p", "");
	done(b, 0, 0);
}
static void bad_archive(struct bytes *b)
{
	frame(b, "FAIL", "archive", "\033]0;title\a");
}
static void bad_limit(struct bytes *b)
{
	frame(b, "FAIL", "limit", "too much");
}
static void bad_entries(struct bytes *b)
{
	for (int i = 0; i < 4; i++)
		frame(b, i & 1 ? "SKIP" : "ITEM", "a", "x");
}
static void bad_total(struct bytes *b)
{
	char body[52];

	memset(body, 'x', sizeof(body));
	body[51] = 0;
	frame(b, "ITEM", "a", body);
	frame(b, "ITEM", "b", body);
}

static void test_bad_streams(void **state)
{
	static const struct {
		void (*make)(struct bytes *b);
		enum pipgate_status status;
		const char *contains;
	} rows[] = {
		{bad_tag, PIPGATE_FAILED, "not a frame"},
		{bad_garbage, PIPGATE_FAILED, "not a frame"},
		{bad_zero, PIPGATE_FAILED, "not a frame"},
		{bad_job, PIPGATE_FAILED, "another job"},
		{bad_name_length, PIPGATE_FAILED, "longer than its kind"},
		{bad_body_length, PIPGATE_FAILED, "longer than its kind"},
		{bad_huge_body, PIPGATE_FAILED, "longer than its kind"},
		{bad_second_helo, PIPGATE_FAILED, "says it twice"},
		{bad_second_meta, PIPGATE_FAILED, "META twice"},
		{bad_count, PIPGATE_FAILED, "other items than DONE counts"},
		{bad_bytes, PIPGATE_FAILED, "other items than DONE counts"},
		{bad_done_length, PIPGATE_FAILED, "wrong length"},
		{bad_behind, PIPGATE_FAILED, "behind DONE"},
		{bad_unchanged, PIPGATE_FAILED, "nothing was known"},
		{bad_class, PIPGATE_FAILED, "not in the protocol"},
		{bad_traversal, PIPGATE_FAILED, "leads out"},
		{bad_skip_name, PIPGATE_FAILED, "control character"},
		{bad_date, PIPGATE_FAILED, "date"},
		{bad_early_item, PIPGATE_FAILED, "before META"},
		{bad_version, PIPGATE_FAILED, "another version"},
		{bad_no_helo, PIPGATE_FAILED, "does not begin with HELO"},
		{bad_archive, PIPGATE_INVALID, "archive: \\x1b]0;title\\x07"},
		{bad_limit, PIPGATE_LIMIT, "limit: too much"},
		{bad_entries, PIPGATE_LIMIT, "more than 3 entries"},
		{bad_total, PIPGATE_LIMIT, "more than 100 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes b;
		enum pipgate_status status;

		begin(&b);
		rows[i].make(&b);
		status = judge(&b, rows[i].contains);
		if (status != rows[i].status)
			fail_msg("row %zu (%s): status %d", i, rows[i].contains, (int)status);
	}
}

static void test_sink_ends_it(void **state)
{
	struct bytes b;
	struct seen seen = {.answer = PIPGATE_NO_MEMORY};
	struct transport_result result;
	struct pipgate_error error;

	(void)state;
	begin(&b);
	frame(&b, "ITEM", "a", "x");
	frame(&b, "ITEM", "b", "x");
	done(&b, 2, 2);
	assert_int_equal(read_bytes(&b, &usual, &seen, &result, &error), PIPGATE_NO_MEMORY);
	assert_string_equal(error.text, "the sink says no");
	assert_int_equal(seen.items, 1);
}

static void test_unchanged(void **state)
{
	struct bytes b;
	struct seen seen = {.answer = PIPGATE_OK};
	struct transport_job job = usual;
	struct transport_result result;
	struct pipgate_error error;

	(void)state;
	job.etag = SPAN("\"e\"");
	b.n = 0;
	frame(&b, "HELO", "1", "x");
	frame(&b, "FAIL", "unchanged", "");
	assert_int_equal(read_bytes(&b, &job, &seen, &result, &error), PIPGATE_OK);
	assert_true(result.unchanged);
	assert_int_equal(result.items, 0);
}

/* ---- whole programs ---- */

#define GRACE_MS 1500 /* instead of some seconds */

static char folder[] = "/tmp/pipgate-transport.XXXXXX";

static int folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/program", folder);
	unlink(path);
	return rmdir(folder);
}

static enum pipgate_status run_script(const char *script, uint32_t deadline_ms, struct pipgate_error *error)
{
	char path[128];
	struct transport_job job = usual;
	struct transport_result result;
	struct seen seen = {.answer = PIPGATE_OK};
	struct transport_sink sink = {&seen, on_an_item, on_a_skip, on_a_note};
	int fd;

	snprintf(path, sizeof(path), "%s/program", folder);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), (ssize_t)strlen(script));
	close(fd);
	job.deadline_ms = deadline_ms;
	*error = (struct pipgate_error){""};
	return transport_run_with(path, GRACE_MS, &job, &sink, &result, error);
}

#define FRAME_HELO "HELO\\0\\0\\0\\0\\01\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0001"
#define FRAME_META "META\\01\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0"
#define ZEROS "dd if=/dev/zero bs=48 count=1 2>/dev/null\n"
#define GOOD "cat > /dev/null; printf '" FRAME_HELO FRAME_META "DONE\\01\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\060\\0\\0\\0\\0\\0\\0\\0'; " ZEROS

static void test_programs(void **state)
{
	static const struct {
		const char *script;
		uint32_t deadline_ms;
		enum pipgate_status status;
		const char *contains;
	} rows[] = {
		{"#!/bin/sh\n" GOOD, PATIENCE_MS, PIPGATE_OK, ""},
		{"#!/bin/sh\n" GOOD "exit 3\n", PATIENCE_MS, PIPGATE_FAILED, "ended with status 3"},
		{"#!/bin/sh\n" GOOD "kill -SEGV $$\n", PATIENCE_MS, PIPGATE_FAILED, "signal 11"},
		{"#!/bin/sh\n" GOOD "exec >&-; exec sleep 60\n", 2000, PIPGATE_FAILED, "does not end"},
		{"#!/bin/sh\nexit 0\n", PATIENCE_MS, PIPGATE_FAILED, "pipgate-fetch: "},
		{"#!/bin/sh\nexec 0<&-; exec sleep 60\n", 1, PIPGATE_FAILED, "pipgate-fetch: "},
		{"#!/bin/sh\nexec sleep 60\n", 1, PIPGATE_FAILED, "in time"},
		{"#!/nowhere/sh\n", PATIENCE_MS, PIPGATE_FAILED, "cannot be started"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pipgate_error error;
		enum pipgate_status status = run_script(rows[i].script, rows[i].deadline_ms, &error);

		if (status != rows[i].status || !strstr(error.text, rows[i].contains))
			fail_msg("row %zu: status %d, \"%s\"", i, (int)status, error.text);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	}
}

/* What the child is born with: the job alone on stdin, no other descriptor, no signal ignored or blocked. */
static void test_birth(void **state)
{
	struct pipgate_error error;
	sigset_t pipe_set;
	int leak = memfd_create("leak", 0); /* without close-on-exec */

	(void)state;
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGTERM);
	sigprocmask(SIG_BLOCK, &pipe_set, NULL);
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run_script("#!/bin/sh\n"
				    "for f in /proc/$$/fd/*; do case $(readlink $f) in *leak*) exit 9;; esac; done\n"
				    "grep -q '^SigBlk:.*0000000000000000$' /proc/self/status || exit 8\n"
				    "job=$(tr '\\0' ' '); test \"${job%% max-*}\" = 'job=1 verb=unpack place=x' || exit 7\n" GOOD,
				    PATIENCE_MS, &error),
			 PIPGATE_OK);
	assert_ptr_equal(signal(SIGCHLD, SIG_DFL), SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &pipe_set, NULL);
	close(leak);
}

/* The real program, where it has been built. */
static void test_real(void **state)
{
	const char *b = getenv("B");
	char program[512], place[128];
	struct transport_job job = {.verb = "get", .deadline_ms = PATIENCE_MS};
	struct seen seen = {.answer = PIPGATE_OK};
	struct transport_sink sink = {&seen, on_an_item, on_a_skip, on_a_note};
	struct transport_result result;
	struct pipgate_error error = {""};

	(void)state;
	snprintf(program, sizeof(program), "%s/pipgate-fetch", b ? b : "build");
	if (access(program, X_OK) != 0)
		skip();
	snprintf(place, sizeof(place), "%s/program", folder); /* the last script */
	job.place = span_of(place);
	if (transport_run_with(program, PATIENCE_MS, &job, &sink, &result, &error) != PIPGATE_OK)
		fail_msg("%s", error.text);
	assert_string_equal(seen.last, "program");
	assert_string_equal(result.place, place);
	assert_true(result.bytes > 100 && result.items == 1 && result.date > 1700000000);
	job.verb = "unpack";
	assert_int_equal(transport_run_with(program, PATIENCE_MS, &job, &sink, &result, &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "archive: "));
	job.place = SPAN("/nowhere");
	assert_int_equal(transport_run_with(program, PATIENCE_MS, &job, &sink, &result, &error), PIPGATE_FAILED);
	assert_non_null(strstr(error.text, "file: "));
	job.max_bytes = UINT64_MAX; /* beyond what the child takes */
	assert_int_equal(transport_run_with(program, PATIENCE_MS, &job, &sink, &result, &error), PIPGATE_INVALID);
	assert_non_null(strstr(error.text, "job: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),     cmocka_unit_test(test_every_cut),    cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_bad_streams), cmocka_unit_test(test_sink_ends_it), cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_programs), cmocka_unit_test(test_birth),       cmocka_unit_test(test_real),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
