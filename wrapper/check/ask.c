/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/check/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "matcher/base/text.h"
#include "wrapper/feed/frames.h"
#include "wrapper/keep.h"
#include "wrapper/process.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define AT_ONCE_MAX 64      /* children, however many processors there are */
#define TICK_MS 10          /* between two looks at whether a child has ended: a descendant may hold its stdout open */
#define STDERR_SHOWN ((size_t)512)

extern char **environ;

struct child {
	struct ask *ask;
	pid_t pid;      /* 0: this place is free */
	int to, from;   /* -1: closed */
	int errors;     /* a nameless file */
	struct span left;
	struct buf answer;
	int64_t deadline;
};

/* ---- starting ---- */

/* Credentials, and what steers us, pip or Python, are in variables: a few that are neither are passed on. In a folder of its own there
 * may be anything: a Python shall not take its modules from there. */
static char **harmless(struct pipgate_run *run, const struct ask *ask)
{
	static const char *const names[] = {"PATH=", "HOME=", "LANG=", "LANGUAGE=", "LC_ALL=", "LC_CTYPE=", "LC_MESSAGES=", "TZ=", "TMPDIR="};
	struct words words = {.run = run};

	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strncmp(*e, names[i], strlen(names[i])) == 0)
				words_add(&words, *e);
	if (ask->folder)
		words_add(&words, "PYTHONSAFEPATH=1");
	return words_end(&words);
}

static int spawn(struct pipgate_run *run, const struct ask *ask, const int ends[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int failed = 0;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int i = 0; i < 3 && !failed; i++)
		failed = posix_spawn_file_actions_adddup2(&actions, ends[i], i);
	if (!failed && ask->folder)
		failed = posix_spawn_file_actions_addchdir_np(&actions, ask->folder);
	if (!failed)
		failed = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!failed)
		failed = posix_spawn(pid, ask->argv[0], &actions, &attributes, ask->argv, harmless(run, ask));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return failed;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Sockets and no pipes: a program that does not read its stdin is an error to us, and no SIGPIPE. Above 2, of which the child's are
 * made. */
static bool channel(int ours_theirs[2])
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return false;
	for (int i = 0; i < 2; i++) {
		ours_theirs[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(pair[i]);
	}
	return ours_theirs[0] >= 0 && ours_theirs[1] >= 0 && fcntl(ours_theirs[0], F_SETFL, O_NONBLOCK) == 0;
}

static void start(struct pipgate_run *run, struct child *c, struct ask *ask)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, failed;
	struct pipgate_error error;

	*c = (struct child){.ask = ask, .to = -1, .from = -1, .left = ask->question, .deadline = clock_monotonic_ms() + ask->timeout_ms};
	c->errors = temporary_file(&error);
	failed = c->errors < 0 || !channel(in) || !channel(out) ? errno : spawn(run, ask, (int[]){in[1], out[1], c->errors}, &c->pid);
	c->to = in[0];
	c->from = out[0];
	shut(&in[1]);
	shut(&out[1]);
	if (!failed) {
		buf_init(&c->answer, NULL, ask->limit);
		return;
	}
	c->pid = 0;
	shut(&c->to);
	shut(&c->from);
	shut(&c->errors);
	ask->fault = text_format(run, "it cannot be started: %s", strerror(failed));
}

/* ---- talking ---- */

static void put(struct child *c)
{
	ssize_t n = c->left.n ? send(c->to, c->left.p, c->left.n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

	if (n > 0)
		c->left = span_from(c->left, (size_t)n);
	if (!c->left.n || (n < 0 && errno != EINTR && errno != EAGAIN))
		shut(&c->to); /* one that answers without having read all is content with what it read */
}

static void take(struct pipgate_run *run, struct child *c)
{
	char bytes[16384];
	ssize_t n;

	while (c->from >= 0 && !c->ask->fault) {
		n = recv(c->from, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			shut(&c->from);
			return;
		}
		buf_add(&c->answer, bytes, (size_t)n);
		if (buf_status(&c->answer) == PIPGATE_LIMIT)
			c->ask->fault = text_format(run, "it printed more than %zu bytes", c->ask->limit);
		else if (buf_status(&c->answer) != PIPGATE_OK)
			die_no_memory();
	}
}

static bool has_ended(const struct child *c)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == c->pid;
}

/* ---- ending ---- */

static void log_errors(const struct child *c)
{
	char bytes[STDERR_SHOWN];
	ssize_t n = pread(c->errors, bytes, sizeof(bytes), 0);
	struct buf shown;

	if (n <= 0)
		return;
	buf_init(&shown, NULL, 8 * STDERR_SHOWN);
	text_escape(&shown, span_trim((struct span){bytes, (size_t)n}));
	log_stage("check", "%s: %.*s", c->ask->argv[0], (int)shown.n, shown.p ? shown.p : "");
	buf_fini(&shown);
}

/* Its session goes with it; before it is waited for, the number is surely its own. */
static void finish(struct pipgate_run *run, struct child *c)
{
	kill(-c->pid, SIGKILL);
	kill(c->pid, SIGKILL);
	if (!c->ask->fault)
		take(run, c);
	c->ask->status = process_wait(c->pid);
	c->ask->answer = keep_buf(run, &c->answer);
	buf_fini(&c->answer);
	log_errors(c);
	shut(&c->to);
	shut(&c->from);
	shut(&c->errors);
	c->pid = 0;
}

static void step(struct pipgate_run *run, struct child *c)
{
	if (c->to >= 0)
		put(c);
	if (has_ended(c)) { /* what it wrote is in the socket; what still holds it has nothing to say */
		finish(run, c);
		return;
	}
	take(run, c);
	if (!c->ask->fault && clock_monotonic_ms() >= c->deadline)
		c->ask->fault = text_format(run, "it took longer than %lld ms", (long long)c->ask->timeout_ms);
	if (c->ask->fault)
		finish(run, c);
}

static void wait_a_tick(const struct child *children, size_t n)
{
	struct pollfd fds[2 * AT_ONCE_MAX];
	nfds_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (children[i].pid && children[i].from >= 0)
			fds[used++] = (struct pollfd){.fd = children[i].from, .events = POLLIN};
		if (children[i].pid && children[i].to >= 0)
			fds[used++] = (struct pollfd){.fd = children[i].to, .events = POLLOUT};
	}
	poll(fds, used, TICK_MS);
}

enum pipgate_status asks_run(struct pipgate_run *run, struct ask *asks, size_t n, struct pipgate_error *error)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t places = processors < 1 ? 1 : processors > AT_ONCE_MAX ? AT_ONCE_MAX : (size_t)processors, begun = 0, busy;
	struct child children[AT_ONCE_MAX] = {{0}};

	process_hold_signals();
	do {
		busy = 0;
		for (size_t i = 0; i < places; i++) {
			while (begun < n && asks[begun].fault) /* there is no program */
				begun++;
			if (!children[i].pid && begun < n && !process_signal())
				start(run, &children[i], &asks[begun++]);
			if (children[i].pid && process_signal())
				children[i].ask->fault = "stopped by a signal";
			if (children[i].pid)
				step(run, &children[i]);
			busy += children[i].pid != 0;
		}
		if (busy)
			wait_a_tick(children, places);
	} while (!process_signal() ? busy || begun < n : busy != 0);
	return process_signal() ? error_set(error, PIPGATE_FAILED, "stopped by a signal") : PIPGATE_OK;
}
