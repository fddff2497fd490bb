/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define STEP_MS 10
#define SAID_MAX ((size_t)64 << 10)

static char **words_make(struct pipgate_run *run, const struct pipgate_policy *policy)
{
	const char *named = policy->values[POLICY_DATABASE].word;
	struct words words = {.run = run};

	words_add(&words, "/proc/self/exe");
	words_add(&words, "db");
	words_add(&words, "update");
	words_add(&words, "--if-older-than");
	words_add(&words, text_format(run, "%" PRId64 "m", (policy->values[POLICY_AUTO_UPDATE].value + 59) / 60));
	words_add(&words, "--timeout");
	words_add(&words, text_format(run, "%d", REFRESH_SECONDS));
	if (*named) {
		words_add(&words, "-o");
		words_add(&words, named);
	}
	return words_end(&words);
}

/* The exit status, or -1: it took too long, and was ended; its own processes end with it. */
static int wait_bounded(pid_t pid)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
	int status;

	for (int ms = 0; ms < REFRESH_SECONDS * 1000 && !process_signal(); ms += STEP_MS) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
		if (ended < 0 && errno != EINTR)
			return 256;
		nanosleep(&step, NULL);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

/* What it said is only told where it failed: an update that went well is no news. */
static void said_tell(int fd)
{
	struct pipgate_error error;
	struct buf said;

	buf_init(&said, NULL, SAID_MAX);
	if (lseek(fd, 0, SEEK_SET) == 0 && file_read_fd(fd, "what the update said", &said, &error) == PIPGATE_OK)
		file_put(STDERR_FILENO, buf_view(&said));
	buf_fini(&said);
}

void refresh_before_verdict(struct pipgate_run *run, const struct pipgate_policy *policy)
{
	struct process update;
	int said, status;
	pid_t pid;

	if (policy->values[POLICY_AUTO_UPDATE].value <= 0)
		return;
	said = memfd_create("pipgate-update", MFD_CLOEXEC);
	update = (struct process){.argv = words_make(run, policy), .stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .stdout_fd = said,
		.stderr_fd = said};
	if (said < 0 || update.stdin_fd < 0 || process_start(&update, &pid) < 0) {
		say("auto-update: cannot be started: %s", strerror(errno));
	} else {
		status = wait_bounded(pid);
		log_stage("update", "status %d", status);
		if (status)
			said_tell(said);
		if (status < 0)
			say("auto-update: not done within %d seconds; going on with the advisories that are here", REFRESH_SECONDS);
		else if (status)
			say("auto-update: failed; going on with the advisories that are here");
	}
	if (update.stdin_fd >= 0)
		close(update.stdin_fd);
	if (said >= 0)
		close(said);
}
