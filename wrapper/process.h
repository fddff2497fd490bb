/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running another program. The terminal stays pip's: Ctrl-C reaches the whole process group and is pip's own cancel,
 * while we wait and clean up; SIGTERM and SIGHUP sent to us alone are passed on.
 */
#ifndef WRAPPER_PROCESS_H
#define WRAPPER_PROCESS_H

#include <sys/types.h>

#include "wrapper/memory.h"

struct process {
	char *const *argv;        /* argv[0] is the absolute path of the program */
	char *const *environment; /* NULL: ours */
	int stdin_fd, stdout_fd, stderr_fd; /* -1: ours */
};

/* An exit status (0..255), or 256 + the number of the signal that ended it. -1: could not be started, errno tells. */
int process_run(const struct process *process);
/* The same in two halves, for a program that is talked with meanwhile. -1: could not be started, errno tells. */
int process_start(const struct process *process, pid_t *pid);
int process_wait(pid_t pid);
/* The same, keeping stdout up to limit bytes in the run; more than that is FAILED. */
enum pipgate_status process_read(struct pipgate_run *run, const struct process *process, size_t limit, struct span *out, int *status,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Ends as the other program did: the same status, or by the same signal. */
int process_mirror(int status);
/* Gives back what memory it can before a long wait for another program: free heap, and pages of programs and libraries, which are
 * read again from their files when they are needed. */
void process_shrink(void);
/* Becomes the other program. Returns only on failure, errno tells. */
void process_become(char *const *argv, char *const *environment);
/* From here on SIGINT, SIGTERM and SIGHUP only set a flag, so that temporaries can be removed. */
void process_hold_signals(void);
/* They act again as before: for a process of our own. */
void process_release_signals(void);
int process_signal(void); /* the first signal that came, 0: none */

#endif
