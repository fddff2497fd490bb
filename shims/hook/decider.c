/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/decider.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shims/hook/hook.h"
#include "shims/hook/log.h"
#include "shims/hook/protocol.h"

#ifndef PIPGATE_PROGRAM
#define PIPGATE_PROGRAM "/usr/local/bin/pipgate" /* where none lies beside the object */
#endif
#define FD_ABOVE DECIDE_FD_REST /* ours lie above what the child gets, so that no dup2 overwrites one */
#define STEP_NS 1000000 /* between two looks at a child that has answered and not yet ended */
#define ENVIRONMENT_MAX 65536

extern char **environ;
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from) __attribute__((weak)); /* glibc 2.34 */

/* ---- what the child is given ---- */

struct child {
	int keys, report, judged;   /* memfds */
	int answer, answer_end;     /* a pipe's reading and writing end */
	char program[4096];
	char **environment;
	pid_t pid;
	struct timespec deadline;
	struct sigaction before;    /* SIGCHLD's */
	bool ignored;
};

/* Sealed, so that whoever reads it reads what was written. */
static int memory_file(const char *name, const char *bytes, size_t n, bool sealed)
{
	int low = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FD_ABOVE);

	if (low >= 0)
		close(low);
	for (size_t done = 0; fd >= 0 && done < n;) {
		ssize_t put = pwrite(fd, bytes + done, n - done, (off_t)done);

		if (put <= 0 && errno != EINTR) {
			close(fd);
			fd = -1;
		} else if (put > 0)
			done += (size_t)put;
	}
	if (fd >= 0 && sealed && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

struct keys {
	char *p;
	size_t n;
	bool full;
};

static void key(struct keys *keys, const char *name, const char *value)
{
	int n;

	if (!value || !*value || keys->full)
		return;
	n = snprintf(keys->p + keys->n, DECIDE_KEYS_MAX - keys->n, "%s=%s", name, value);
	keys->full = n < 0 || (size_t)n >= DECIDE_KEYS_MAX - keys->n;
	if (!keys->full)
		keys->n += (size_t)n + 1;
}

static void key_attribute(struct keys *keys, const char *name, PyObject *text)
{
	char value[4096];

	if (text && python_text(text, value, sizeof(value)))
		key(keys, name, value);
}

static void write_keys(struct keys *keys, const struct question *q)
{
	PyObject *version = python_module_attribute("pip", "__version__");
	char quiet[24];
	size_t optional;

	key(keys, "protocol", PROTOCOL_VERSION);
	key(keys, "ask", q->ask);
	key_attribute(keys, "pip", version);
	if (version)
		py.Py_DecRef(version);
	key_attribute(keys, "python", py.PySys_GetObject("executable"));
	key(keys, "road", state.road);
	key(keys, "command", state.command);
	key(keys, "parent", q->parent);
	snprintf(quiet, sizeof(quiet), "%ld", state.quiet);
	key(keys, "quiet", quiet);
	key(keys, "dry-run", state.dry_run ? "1" : NULL);
	key(keys, "terminal", state.terminal ? "1" : NULL);
	if (q->subject) {
		key(keys, "file", q->subject->file);
		key(keys, "url", q->subject->url);
		key(keys, "name", q->subject->name);
		key(keys, "origin", q->subject->vcs ? "vcs" : q->subject->folder ? "folder" : "file");
	}
	if (q->report)
		key(keys, "judged", "6");
	for (size_t i = 0; q->report && i < state.bundled.n; i++)
		key(keys, "bundled", state.bundled.v[i]);
	optional = keys->n;
	for (size_t i = 0; i < state.arguments.n && !keys->full; i++)
		key(keys, "argument", state.arguments.v[i]);
	for (char **e = environ; e && *e && !keys->full; e++)
		if (strncmp(*e, "PIP_", 4) == 0)
			key(keys, "setting", *e);
	if (keys->full) { /* they only serve to tell a way on, and which index is asked: where they are not, both are not known */
		keys->n = optional;
		keys->full = false;
	}
}

static int keys_file(const struct question *q)
{
	struct keys keys = {.p = malloc(DECIDE_KEYS_MAX)};
	int fd = -1;

	if (!keys.p)
		return -1;
	write_keys(&keys, q);
	if (!keys.full)
		fd = memory_file("pipgate-keys", keys.p, keys.n, true);
	free(keys.p);
	return fd;
}

static bool kept(const char *variable)
{
	return strncmp(variable, "PIP_", 4) != 0 && strncmp(variable, "PYTHON", 6) != 0;
}

/* Pointers into the process's own environment, without what is pip's and Python's. */
static char **environment_make(void)
{
	size_t n = 0, out = 0;
	char **made;

	while (environ && environ[n] && n < ENVIRONMENT_MAX)
		n++;
	made = calloc(n + 1, sizeof(*made));
	for (size_t i = 0; made && i < n; i++)
		if (kept(environ[i]))
			made[out++] = environ[i];
	return made;
}

/* Beside the object, else where it was compiled to be; never by PATH or the environment. */
static bool program_find(char *out, size_t n)
{
	Dl_info info;
	const char *slash = NULL;

	if (dladdr((void *)(uintptr_t)&pipgate_hook_start, &info) && info.dli_fname && info.dli_fname[0] == '/')
		slash = strrchr(info.dli_fname, '/');
	if (slash && snprintf(out, n, "%.*s/pipgate", (int)(slash - info.dli_fname), info.dli_fname) < (int)n && access(out, X_OK) == 0)
		return true;
	return snprintf(out, n, "%s", PIPGATE_PROGRAM) < (int)n && access(out, X_OK) == 0;
}

/* ---- starting it ---- */

static const char *child_prepare(struct child *c, const struct question *q)
{
	int ends[2];

	*c = (struct child){.keys = -1, .report = -1, .judged = -1, .answer = -1, .answer_end = -1};
	if (!program_find(c->program, sizeof(c->program)))
		return "the program pipgate is not there";
	if (q->report_n > DECIDE_REPORT_MAX)
		return "pip's report is larger than 256 MiB";
	c->environment = environment_make();
	c->keys = keys_file(q);
	c->report = memory_file("pipgate-report", q->report, q->report_n, true);
	c->judged = memory_file("pipgate-judged", NULL, 0, false);
	if (pipe2(ends, O_CLOEXEC) == 0) {
		c->answer = ends[0];
		c->answer_end = fcntl(ends[1], F_DUPFD_CLOEXEC, FD_ABOVE);
		close(ends[1]);
	}
	return c->environment && c->keys >= 0 && c->report >= 0 && c->judged >= 0 && c->answer >= 0 && c->answer_end >= 0
		       ? NULL
		       : "the decider cannot be given its question (memory or descriptors have run out)";
}

static void child_release(struct child *c)
{
	int fds[] = {c->keys, c->report, c->judged, c->answer, c->answer_end};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(c->environment);
}

/* A parent that ignores SIGCHLD (inherited over exec) could not wait: ECHILD. Handlers stay, they only set a flag. */
static void child_signal(struct child *c)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};

	sigaction(SIGCHLD, NULL, &c->before);
	c->ignored = c->before.sa_handler == SIG_IGN || c->before.sa_flags & SA_NOCLDWAIT;
	if (c->ignored)
		sigaction(SIGCHLD, &usual, NULL);
}

static void spawn_signals(posix_spawnattr_t *attributes)
{
	static const int usual[] = {SIGCHLD, SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM};
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attributes, &set);
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		sigaddset(&set, usual[i]);
	posix_spawnattr_setsigdefault(attributes, &set);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int child_start(struct child *c)
{
	char name[] = "pipgate", command[] = "decide", protocol[] = PROTOCOL_OPTION;
	char *argv[] = {name, command, protocol, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	spawn_signals(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, c->keys, DECIDE_FD_KEYS);
	posix_spawn_file_actions_adddup2(&actions, c->report, DECIDE_FD_REPORT);
	posix_spawn_file_actions_adddup2(&actions, c->answer_end, DECIDE_FD_ANSWER);
	posix_spawn_file_actions_adddup2(&actions, c->judged, DECIDE_FD_JUDGED);
	if (posix_spawn_file_actions_addclosefrom_np)
		posix_spawn_file_actions_addclosefrom_np(&actions, DECIDE_FD_REST);
	failed = posix_spawn(&c->pid, c->program, &actions, &attributes, argv, c->environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(c->answer_end);
	c->answer_end = -1;
	return failed;
}

/* ---- waiting for it ---- */

static int left_ms(const struct child *c)
{
	struct timespec now;
	long long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (c->deadline.tv_sec - now.tv_sec) * 1000LL + (c->deadline.tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? (int)ms : 0;
}

/* Reads to the end of the pipe. 1: it ended; 0: a signal came; -1: too long, too many bytes, an error. */
static int read_answer(struct child *c, char *line, size_t *n)
{
	for (;;) {
		struct pollfd poll_fd = {.fd = c->answer, .events = POLLIN};
		int ready = poll(&poll_fd, 1, left_ms(c));
		ssize_t got;

		if (ready < 0 && errno == EINTR)
			return 0;
		if (ready <= 0)
			return -1;
		got = read(c->answer, line + *n, DECIDE_ANSWER_MAX + 1 - *n);
		if (got == 0)
			return 1;
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			*n += (size_t)got;
		if (*n > DECIDE_ANSWER_MAX)
			return -1;
	}
}

/* The exit status, -1 for any other end. */
static int wait_end(struct child *c, bool patient)
{
	const struct timespec step = {.tv_nsec = STEP_NS};
	int status;

	if (!patient)
		kill(c->pid, SIGKILL);
	for (;;) {
		pid_t got = waitpid(c->pid, &status, patient ? WNOHANG : 0);

		if (got == c->pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if (got < 0 && errno != EINTR)
			return -1;
		if (patient && got == 0) {
			if (left_ms(c) == 0)
				return wait_end(c, false);
			nanosleep(&step, NULL);
		}
	}
}

/* With the GIL free but for a look at signals. */
static enum answer converse(struct child *c, const char **error)
{
	char line[DECIDE_ANSWER_MAX + 1];
	size_t n = 0;
	int ended = 0, status = -1; /* as read_answer gives it; 0: not yet */
	bool cancelled = false;

	while (ended == 0 && !cancelled) {
		void *thread = py.PyEval_SaveThread();

		ended = read_answer(c, line, &n);
		if (ended)
			status = wait_end(c, ended > 0);
		py.PyEval_RestoreThread(thread);
		cancelled = py.PyErr_CheckSignals() != 0;
	}
	if (ended == 0)
		wait_end(c, false);
	if (cancelled)
		return ANSWER_CANCELLED;
	log_line("decider: %zu bytes, status %d", n, status);
	if (n == sizeof(DECIDE_ALLOW) - 1 && memcmp(line, DECIDE_ALLOW, n) == 0 && status == 0 && ended == 1)
		return ANSWER_ALLOW;
	if (n == sizeof(DECIDE_BLOCK) - 1 && memcmp(line, DECIDE_BLOCK, n) == 0 && status == HOOK_BLOCKED)
		return ANSWER_BLOCK;
	if (n != sizeof(DECIDE_ERROR) - 1 || memcmp(line, DECIDE_ERROR, n) != 0)
		*error = ended < 0 ? "the decider did not answer as it should" : "the decider ended without an answer";
	return ANSWER_ERROR;
}

/* ---- what was judged ---- */

static bool keep_judged(const struct child *c)
{
	struct stat st;
	char *grown;
	ssize_t got;

	if (fstat(c->judged, &st) || st.st_size < 0 || (size_t)st.st_size > DECIDE_JUDGED_MAX)
		return false;
	grown = realloc(state.judged, state.judged_n + (size_t)st.st_size + 2);
	if (!grown)
		return false;
	state.judged = grown;
	got = pread(c->judged, grown + state.judged_n, (size_t)st.st_size, 0);
	if (got != st.st_size)
		return false;
	state.judged_n += (size_t)got;
	grown[state.judged_n] = grown[state.judged_n + 1] = 0;
	return true;
}

static void read_why(const struct child *c, char *out, size_t n)
{
	ssize_t got = pread(c->judged, out, n - 1, 0);

	out[got > 0 ? got : 0] = 0;
}

enum answer decider_ask(const struct question *question, char *error, size_t error_n)
{
	struct child c;
	enum answer answer = ANSWER_ERROR;
	const char *wrong = child_prepare(&c, question);

	log_line("ask=%s", question->ask);
	if (!wrong) {
		clock_gettime(CLOCK_MONOTONIC, &c.deadline);
		c.deadline.tv_sec += DECIDE_DEADLINE_SECONDS;
		child_signal(&c);
		if (child_start(&c))
			wrong = "the decider cannot be started";
		else
			answer = converse(&c, &wrong);
		if (c.ignored)
			sigaction(SIGCHLD, &c.before, NULL);
	}
	if (answer == ANSWER_ALLOW && question->report && !keep_judged(&c)) {
		answer = ANSWER_ERROR;
		wrong = "what the decider judged cannot be read";
	}
	snprintf(error, error_n, "%s", wrong ? wrong : "");
	if (answer == ANSWER_BLOCK)
		read_why(&c, error, error_n);
	child_release(&c);
	return answer;
}
