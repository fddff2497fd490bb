/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "wrapper/file.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define SAID_MAX ((size_t)256 << 10) /* of one; what is more is cut off */
#define DRAW_MS 100
#define LOOK_MS 1000 /* whether a signal has come: one just before poll() would be waited through */

struct running {
	pid_t pid;   /* 0: none */
	int said_fd; /* what it writes on stderr; -1: none */
	struct buf said;
};

static size_t bytes_of(size_t n)
{
	return (n ? n : 1) * sizeof(struct worker);
}

struct worker *workers_new(size_t n)
{
	void *p = mmap(NULL, bytes_of(n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void workers_free(struct worker *workers, size_t n)
{
	if (workers)
		munmap(workers, bytes_of(n));
}

static void start(struct running *running, struct worker *worker, size_t i, void (*task)(void *ctx, size_t i, struct worker *worker), void *ctx)
{
	int ends[2] = {-1, -1};
	pid_t parent = getpid();

	buf_init(&running->said, NULL, SAID_MAX);
	running->said_fd = -1;
	if (pipe2(ends, O_CLOEXEC) != 0 || (running->pid = fork()) < 0) {
		running->pid = 0;
		worker->done = true;
		worker->status = error_set(&worker->error, PIPGATE_FAILED, "no process for it: %s", strerror(errno));
	} else if (running->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		process_release_signals();
		if (getppid() != parent || dup2(ends[1], STDERR_FILENO) < 0)
			_exit(1);
		task(ctx, i, worker);
		worker->done = true;
		_exit(0);
	} else {
		running->said_fd = ends[0];
		ends[0] = -1;
	}
	for (int k = 0; k < 2; k++)
		if (ends[k] >= 0)
			close(ends[k]);
}

static void line_clear(bool terminal)
{
	if (terminal)
		file_put(STDERR_FILENO, SPAN("\r\033[K"));
}

static void end(struct running *running, struct worker *worker, bool terminal)
{
	int status;

	close(running->said_fd);
	running->said_fd = -1;
	while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
		;
	running->pid = 0;
	if (!worker->done)
		worker->status = error_set(&worker->error, PIPGATE_FAILED, "its process was ended before it had done its work");
	line_clear(terminal);
	file_put(STDERR_FILENO, buf_view(&running->said));
	buf_fini(&running->said);
}

/* Reads what is there; false: it has said its last word. */
static bool listen_to(struct running *running)
{
	char bytes[4096];
	ssize_t n = read(running->said_fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_span(&running->said, (struct span){bytes, (size_t)n});
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

static void draw(const struct worker *workers, const struct running *running, size_t n)
{
	struct buf line;

	buf_init(&line, NULL, 1024);
	buf_text(&line, "\r\033[Kpipgate:");
	for (size_t i = 0; i < n && line.n < 160; i++)
		if (running[i].pid) {
			buf_format(&line, " %s ", workers[i].name);
			text_escape(&line, (struct span){workers[i].note, strnlen(workers[i].note, WORKER_NOTE)});
			buf_text(&line, " ·");
		}
	file_put(STDERR_FILENO, buf_view(&line));
	buf_fini(&line);
}

static size_t start_more(struct running *running, struct worker *workers, size_t n, size_t *next,
	void (*task)(void *ctx, size_t i, struct worker *worker), void *ctx)
{
	size_t busy = 0;

	for (size_t i = 0; i < *next; i++)
		busy += running[i].pid != 0;
	for (; *next < n && busy < WORKERS_AT_ONCE; ++*next) {
		if (workers[*next].idle)
			continue;
		start(&running[*next], &workers[*next], *next, task, ctx);
		busy += running[*next].pid != 0;
	}
	return busy;
}

/* A signal to this process alone, too, is meant for all. */
static void pass_on(const struct running *running, size_t n)
{
	for (size_t i = 0; i < n && process_signal(); i++)
		if (running[i].pid)
			kill(running[i].pid, SIGTERM);
}

static void wait_some(struct running *running, struct worker *workers, struct pollfd *polled, size_t n, bool terminal)
{
	for (size_t i = 0; i < n; i++)
		polled[i] = (struct pollfd){.fd = running[i].pid ? running[i].said_fd : -1, .events = POLLIN};
	if (poll(polled, n, terminal ? DRAW_MS : LOOK_MS) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (polled[i].revents && !listen_to(&running[i]))
			end(&running[i], &workers[i], terminal);
}

void workers_run(struct worker *workers, size_t n, void (*task)(void *ctx, size_t i, struct worker *worker), void *ctx)
{
	struct running *running = must(calloc(n + 1, sizeof(*running)));
	struct pollfd *polled = must(calloc(n + 1, sizeof(*polled)));
	bool terminal = isatty(STDERR_FILENO) == 1;
	size_t next = 0;

	while (start_more(running, workers, process_signal() ? next : n, &next, task, ctx)) {
		if (terminal)
			draw(workers, running, n);
		pass_on(running, n);
		wait_some(running, workers, polled, n, terminal);
	}
	line_clear(terminal);
	free(polled);
	free(running);
}
