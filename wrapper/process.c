/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/process.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matcher/base/banned.h"

extern char **environ;

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define N_HELD (sizeof(held) / sizeof(*held))

static volatile sig_atomic_t came;
static volatile sig_atomic_t child;
static struct sigaction before[N_HELD];
static bool holding;

static void on_signal(int number)
{
	if (!came)
		came = number;
	if (child > 0 && number != SIGINT && number != SIGQUIT)
		kill((pid_t)child, number);
}

void process_hold_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (holding)
		return;
	holding = true;
	signal(SIGCHLD, SIG_DFL); /* ignored, as it may be inherited, the status of a child would be lost */
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < N_HELD; i++) {
		sigaction(held[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN) /* nohup, and `cmd &` in a script, stay as they are */
			sigaction(held[i], &action, NULL);
	}
}

int process_signal(void)
{
	return (int)came;
}

void process_release_signals(void)
{
	for (size_t i = 0; holding && i < N_HELD; i++)
		sigaction(held[i], &before[i], NULL);
	holding = false;
}

static int start(const struct process *p, pid_t *pid)
{
	const int from[] = {p->stdin_fd, p->stdout_fd, p->stderr_fd};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int i = 0; i < 3; i++)
		if (from[i] >= 0)
			posix_spawn_file_actions_adddup2(&actions, from[i], i);
	sigemptyset(&set);
	for (size_t i = 0; i < N_HELD; i++)
		if (!holding || before[i].sa_handler != SIG_IGN)
			sigaddset(&set, held[i]);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawn(pid, p->argv[0], &actions, &attributes, p->argv, p->environment ? p->environment : environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	errno = failed;
	return failed ? -1 : 0;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	child = 0;
	return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_start(const struct process *process, pid_t *pid)
{
	process_hold_signals();
	if (start(process, pid))
		return -1;
	child = *pid;
	return 0;
}

int process_wait(pid_t pid)
{
	return wait_for(pid);
}

int process_run(const struct process *process)
{
	pid_t pid;

	return process_start(process, &pid) ? -1 : wait_for(pid);
}

enum pipgate_status process_read(struct pipgate_run *run, const struct process *process, size_t limit, struct span *out, int *status,
	struct pipgate_error *error)
{
	struct process p = *process;
	char *bytes = must(arena_alloc(run, limit + 1));
	size_t n = 0;
	int pipe_fd[2];
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return error_set(error, PIPGATE_FAILED, "cannot make a pipe: %s", strerror(errno));
	p.stdout_fd = pipe_fd[1];
	if (process_start(&p, &pid)) {
		int why = errno;

		close(pipe_fd[0]);
		close(pipe_fd[1]);
		return error_set(error, PIPGATE_FAILED, "%s cannot be started: %s", p.argv[0], strerror(why));
	}
	close(pipe_fd[1]);
	while (n <= limit) {
		ssize_t got = read(pipe_fd[0], bytes + n, limit + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(pipe_fd[0]); /* a child that still writes ends by SIGPIPE */
	*status = wait_for(pid);
	if (n > limit)
		return error_set(error, PIPGATE_FAILED, "%s printed more than %zu bytes", p.argv[0], limit);
	*out = (struct span){bytes, n};
	return PIPGATE_OK;
}

int process_mirror(int status)
{
	int number = status - 256;

	if (number <= 0)
		return status;
	signal(number, SIG_DFL);
	raise(number);
	return 128 + number; /* a signal that does not end a process */
}

static int drop_clean_pages(struct dl_phdr_info *object, size_t size, void *data)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)data;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t first = (object->dlpi_addr + p->p_vaddr) & ~(uintptr_t)(page - 1);
		uintptr_t end = (object->dlpi_addr + p->p_vaddr + p->p_filesz) & ~(uintptr_t)(page - 1);

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W) && end > first)
			madvise((void *)first, end - first, MADV_DONTNEED); /* never written: nothing is lost */
	}
	return 0;
}

void process_shrink(void)
{
	malloc_trim(0);
	dl_iterate_phdr(drop_clean_pages, NULL);
}

void process_become(char *const *argv, char *const *environment)
{
	process_release_signals();
	execve(argv[0], argv, environment ? environment : environ);
}
