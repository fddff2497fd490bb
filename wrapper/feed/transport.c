/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "matcher/base/error.h"
#include "shims/hook/protocol.h"
#include "wrapper/feed/frames.h"
#include "wrapper/part.h"

#include "matcher/base/banned.h"

#define PROGRAM "pipgate-fetch"
#define GRACE_MS 3000 /* behind the job's deadline, time for the child to say that it has passed; and from DONE to its end */

/* ---- the program ---- */

static enum pipgate_status program_find(char path[PATH_MAX], struct pipgate_error *error)
{
	if (part_find(path, PROGRAM))
		return PIPGATE_OK;
	return error_set(error, PIPGATE_FAILED, PROGRAM ": is neither beside this program nor in " PIPGATE_LIBEXEC);
}

/* ---- the job as the protocol writes it ---- */

static void field(struct buf *out, const char *key, struct span value)
{
	buf_text(out, key);
	buf_byte(out, '=');
	buf_span(out, value);
	buf_byte(out, 0);
}

static void field_number(struct buf *out, const char *key, uint64_t value)
{
	buf_format(out, "%s=%" PRIu64, key, value);
	buf_byte(out, 0);
}

static bool text_fits(struct span text, size_t most)
{
	return text.n <= most && (text.n == 0 || !memchr(text.p, 0, text.n));
}

static enum pipgate_status job_write(const struct transport_job *job, uint32_t number, bool together, struct buf *out,
				     struct pipgate_error *error)
{
	const uint64_t most = together ? TRANSPORT_TOGETHER_BYTES : TRANSPORT_BYTES;
	const struct {
		const char *key;
		struct span value;
		size_t most;
	} texts[] = {
		{"place", job->place, FETCH_NAME_MAX},           {"etag", job->etag, FETCH_NAME_MAX},
		{"suffix", job->suffix, FETCH_NAME_MAX},         {"prefix", job->prefix, FETCH_NAME_MAX},
		{"accept", job->accept, FETCH_NAME_MAX}, {"authority", job->authority, FETCH_NAME_MAX},
		{"client", job->client, FETCH_NAME_MAX}, {"proxy", job->proxy, FETCH_NAME_MAX},
		{"signature", job->signature, FETCH_SIGNATURE_MAX}, {"public-key", job->public_key, FETCH_KEY_MAX},
		{"secret-key", job->secret_key, FETCH_KEY_MAX},  {"comment", job->comment, FETCH_COMMENT_MAX},
	};

	field_number(out, "job", number);
	field(out, "verb", span_of(job->verb));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!text_fits(texts[i].value, texts[i].most))
			return error_set(error, PIPGATE_INVALID, "job: %s is too long or holds a NUL", texts[i].key);
		if (texts[i].value.n)
			field(out, texts[i].key, texts[i].value);
	}
	field_number(out, "max-bytes", job->max_bytes ? job->max_bytes : most);
	field_number(out, "max-entries", job->max_entries ? job->max_entries : TRANSPORT_ENTRIES);
	field_number(out, "max-ratio", job->max_ratio ? job->max_ratio : TRANSPORT_RATIO);
	field_number(out, "deadline-ms", job->deadline_ms ? job->deadline_ms : TRANSPORT_DEADLINE_MS);
	if (job->body.n > FETCH_BODY_MAX)
		return error_set(error, PIPGATE_LIMIT, "job: a body of more than %" PRIu64 " bytes", FETCH_BODY_MAX);
	field_number(out, "body-bytes", job->body.n);
	if (job->netrc)
		field_number(out, "netrc", 1);
	if (job->trusted)
		field_number(out, "trusted", 1);
	if (together)
		field_number(out, "together", 1);
	if (job->pieces)
		field_number(out, "pieces", 1);
	buf_byte(out, 0);
	buf_span(out, job->body);
	if (buf_status(out) != PIPGATE_OK)
		return error_set(error, buf_status(out), "job: no memory");
	return PIPGATE_OK;
}

/* A socket and not a pipe: a child that is gone is an error here, and no SIGPIPE. */
static enum pipgate_status job_send(int fd, struct span bytes, int64_t deadline, struct pipgate_error *error)
{
	while (bytes.n) {
		ssize_t n;

		if (wait_for(fd, POLLOUT, deadline, error) != PIPGATE_OK)
			return PIPGATE_FAILED;
		n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			bytes = span_from(bytes, (size_t)n);
		else if (errno != EINTR && errno != EAGAIN)
			return error_set(error, PIPGATE_FAILED, PROGRAM ": does not take its job: %s", strerror(errno));
	}
	if (shutdown(fd, SHUT_WR) != 0)
		return error_set(error, PIPGATE_FAILED, PROGRAM ": %s", strerror(errno));
	return PIPGATE_OK;
}

/* ---- the child ---- */

struct child {
	pid_t pid;
	int to, from;
};

/* Away from 0, 1 and 2, which the child's own are made of. */
static bool fd_move(int *fd)
{
	int high;

	if (*fd > STDERR_FILENO)
		return true;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(*fd);
	*fd = high;
	return high >= 0;
}

static int spawn(const char *program, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char name[] = PROGRAM, option[] = PROTOCOL_OPTION;
	char *argv[] = {name, option, NULL};
	sigset_t none, usual;
	int failed;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGCHLD);
	sigaddset(&usual, SIGALRM);
	failed = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	if (!failed)
		failed = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
	if (!failed)
		failed = posix_spawnattr_setsigmask(&attributes, &none);
	if (!failed)
		failed = posix_spawnattr_setsigdefault(&attributes, &usual);
	if (!failed)
		failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!failed)
		failed = posix_spawn(pid, program, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static enum pipgate_status child_start(const char *program, struct child *child, struct pipgate_error *error)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	int failed = 0;

	*child = (struct child){.pid = -1, .to = -1, .from = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || pipe2(out, O_CLOEXEC) != 0)
		failed = errno;
	for (size_t i = 0; i < 2 && !failed; i++)
		if (!fd_move(&in[i]) || !fd_move(&out[i]))
			failed = errno;
	if (!failed)
		failed = spawn(program, in[0], out[1], &child->pid);
	fd_close(&in[0]);
	fd_close(&out[1]);
	if (failed) {
		fd_close(&in[1]);
		fd_close(&out[0]);
		child->pid = -1;
		return error_set(error, PIPGATE_FAILED, PROGRAM ": cannot be started: %s", strerror(failed));
	}
	child->to = in[1];
	child->from = out[0];
	return PIPGATE_OK;
}

static void child_kill(struct child *child)
{
	if (child->pid > 0) {
		kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	child->pid = -1;
}

/* Its frames are over: it must end by itself, soon, with 0. */
static enum pipgate_status child_wait(struct child *child, uint32_t grace_ms, struct pipgate_error *error)
{
	int64_t deadline = clock_monotonic_ms() + grace_ms;
	const struct timespec nap = {.tv_nsec = 500000};
	int status = 0;

	for (;;) {
		pid_t pid = waitpid(child->pid, &status, WNOHANG);

		if (pid == child->pid)
			break;
		if (pid < 0 && errno != EINTR)
			return error_set(error, PIPGATE_FAILED, PROGRAM ": its end cannot be seen: %s", strerror(errno));
		if (clock_monotonic_ms() >= deadline)
			return error_set(error, PIPGATE_FAILED, PROGRAM ": does not end");
		nanosleep(&nap, NULL);
	}
	child->pid = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return PIPGATE_OK;
	if (WIFSIGNALED(status))
		return error_set(error, PIPGATE_FAILED, PROGRAM ": was ended by signal %d", WTERMSIG(status));
	return error_set(error, PIPGATE_FAILED, PROGRAM ": ended with status %d", WEXITSTATUS(status));
}

/* ---- one child, from its start to its end ---- */

/* What is said to it and heard of it, by its kind of job. */
typedef enum pipgate_status exchanges(struct child *child, struct span text, void *ctx, struct pipgate_error *error);

static enum pipgate_status child_talk(const char *program, uint32_t grace_ms, struct span text, exchanges *exchange, void *ctx,
	struct pipgate_error *error)
{
	const struct sigaction chld = {.sa_handler = SIG_DFL}; /* were it ignored, no end could be waited for */
	enum pipgate_status status;
	struct sigaction old;
	struct child child;

	if (sigaction(SIGCHLD, &chld, &old) != 0)
		return error_set(error, PIPGATE_FAILED, PROGRAM ": %s", strerror(errno));
	status = child_start(program, &child, error);
	if (status == PIPGATE_OK) {
		status = exchange(&child, text, ctx, error);
		if (status == PIPGATE_OK)
			status = child_wait(&child, grace_ms, error);
		child_kill(&child);
		fd_close(&child.to);
		fd_close(&child.from);
	}
	sigaction(SIGCHLD, &old, NULL);
	return status;
}

/* A place may hold a password, and a secret key is a secret. */
static void wipe(struct buf *text)
{
	if (text->p)
		explicit_bzero(text->p, text->n);
	buf_fini(text);
}

/* ---- one job ---- */

struct one_job {
	const struct transport_job *job;
	const struct transport_sink *sink;
	struct transport_result *result;
	int64_t deadline;
};

static enum pipgate_status exchange_one(struct child *child, struct span text, void *ctx, struct pipgate_error *error)
{
	const struct one_job *one = ctx;
	enum pipgate_status status = job_send(child->to, text, one->deadline, error);

	return status == PIPGATE_OK ? frames_read(child->from, one->deadline, one->job, one->sink, one->result, error) : status;
}

enum pipgate_status transport_run_with(const char *program, uint32_t grace_ms, const struct transport_job *job,
				       const struct transport_sink *sink, struct transport_result *result, struct pipgate_error *error)
{
	struct one_job one = {.job = job, .sink = sink,
		.deadline = clock_monotonic_ms() + grace_ms + (job->deadline_ms ? job->deadline_ms : TRANSPORT_DEADLINE_MS)};
	enum pipgate_status status;
	struct buf text;

	*result = (struct transport_result){.date = -1, .answered = -1};
	one.result = result;
	buf_init(&text, NULL, FETCH_JOB_MAX + FETCH_BODY_MAX);
	status = job_write(job, FRAMES_JOB, false, &text, error);
	if (status == PIPGATE_OK)
		status = child_talk(program, grace_ms, buf_view(&text), exchange_one, &one, error);
	wipe(&text);
	return status;
}

/* ---- many ---- */

/* The jobs' fields and bodies. */
#define JOBS_BYTES ((size_t)256 << 20)

static enum pipgate_status jobs_write(const struct transport_job *jobs, size_t n, struct buf *out, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	if (n >= UINT32_MAX)
		return error_set(error, PIPGATE_LIMIT, PROGRAM ": too many jobs");
	for (size_t i = 0; i < n && status == PIPGATE_OK; i++)
		status = job_write(&jobs[i], (uint32_t)i + 1, true, out, error);
	return status;
}

/* No frame for longer than any of them may take: the child has lost its way. */
static uint32_t jobs_patience(const struct transport_job *jobs, size_t n, uint32_t grace_ms)
{
	uint32_t most = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t one = jobs[i].deadline_ms ? jobs[i].deadline_ms : TRANSPORT_DEADLINE_MS;

		most = one > most ? one : most;
	}
	return most + grace_ms;
}

struct many_jobs {
	struct frames_many frames;
	int64_t patience_ms; /* for all of them */
};

static enum pipgate_status exchange_many(struct child *child, struct span text, void *ctx, struct pipgate_error *error)
{
	struct many_jobs *many = ctx;

	many->frames.to = child->to;
	many->frames.jobs_text = text;
	return frames_read_many(child->from, clock_monotonic_ms() + many->patience_ms, &many->frames, error);
}

enum pipgate_status transport_many_with(const char *program, uint32_t grace_ms, const struct transport_job *jobs, size_t n,
					uint32_t deadline_ms, const struct transport_many_sink *sink, struct pipgate_error *error)
{
	struct many_jobs many = {{.jobs = jobs, .n = n, .sink = sink, .idle_ms = jobs_patience(jobs, n, grace_ms)},
		(int64_t)deadline_ms + grace_ms};
	enum pipgate_status status;
	struct buf text;

	if (!n)
		return PIPGATE_OK;
	buf_init(&text, NULL, JOBS_BYTES);
	status = jobs_write(jobs, n, &text, error);
	if (status == PIPGATE_OK)
		status = child_talk(program, grace_ms, buf_view(&text), exchange_many, &many, error);
	wipe(&text);
	return status;
}

enum pipgate_status transport_many(const struct transport_job *jobs, size_t n, uint32_t deadline_ms, const struct transport_many_sink *sink,
				   struct pipgate_error *error)
{
	char program[PATH_MAX];

	if (program_find(program, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return transport_many_with(program, GRACE_MS, jobs, n, deadline_ms, sink, error);
}

const char *transport_hex(const unsigned char sha256[32], char out[TRANSPORT_HEX])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", sha256[i]);
	return out;
}

enum pipgate_status transport_run(const struct transport_job *job, const struct transport_sink *sink, struct transport_result *result,
				  struct pipgate_error *error)
{
	char program[PATH_MAX];

	if (program_find(program, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return transport_run_with(program, GRACE_MS, job, sink, result, error);
}
