/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/confine.h"

#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "matcher/base/banned.h"

#define MEMORY ((rlim_t)768 << 20)    /* address space: libraries, a resolver thread's stack and arena, one body */
#define DESCRIPTORS ((rlim_t)64)
#define FILE_BYTES ((rlim_t)4 << 30)  /* a job's largest max-bytes */
#define CPU_SECONDS ((rlim_t)600)     /* a gigabyte takes some 10 s to unpack */
#define GRACE_MS 1500                 /* behind the deadline, which the program observes itself */

static bool limit(int what, rlim_t most)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return false;
	if (now.rlim_max == RLIM_INFINITY || now.rlim_max > most)
		now.rlim_max = most;
	now.rlim_cur = now.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &now) == 0;
}

static bool signals(void)
{
	static const int to_default[] = {SIGPIPE, SIGALRM, SIGXCPU};
	sigset_t none;

	for (size_t i = 0; i < sizeof(to_default) / sizeof(to_default[0]); i++)
		if (signal(to_default[i], SIG_DFL) == SIG_ERR)
			return false;
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) /* a limit of the user's is an error of the write, like a full disk */
		return false;
	return sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

bool confine(void)
{
	/* a parent that died before the first line closes stdin: there is no job then */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
		return false;
#ifndef __SANITIZE_ADDRESS__ /* its shadow is larger than any bound */
	if (!limit(RLIMIT_AS, MEMORY))
		return false;
#endif
	return signals() && limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, DESCRIPTORS) && limit(RLIMIT_FSIZE, FILE_BYTES) &&
	       limit(RLIMIT_CPU, CPU_SECONDS) && confine_calls();
}

void confine_deadline(uint64_t ms)
{
	struct itimerval when = {.it_value = {0, 0}};

	if (ms) {
		ms += GRACE_MS;
		when.it_value = (struct timeval){(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000};
	}
	setitimer(ITIMER_REAL, &when, NULL);
}
