/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile code inside pipgate-fetch, for test_confined.py: preloaded, it stands in for the function of libarchive with which unpacking
 * begins, and tries what an intruder would. A line on stderr for each attempt: its name, and "done" or the error's name.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *what, long done)
{
	dprintf(STDERR_FILENO, "%s: %s\n", what, done < 0 ? strerrorname_np(errno) : "done");
}

static long run(void)
{
	char name[] = "/bin/true", *argv[] = {name, NULL};

	return execve(name, argv, environ);
}

static long serve(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(fd, 1) < 0 ? -1 : 0;
}

static long limit(void)
{
	const struct rlimit more = {1 << 20, 1 << 20};

	return geteuid() ? (errno = EPERM, -1) : (long)syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, &more, NULL);
}

void *archive_read_new(void);
void *archive_read_new(void)
{
	char files[4096], *rest = files, *path;

	snprintf(files, sizeof(files), "%s", getenv("INTRUDER_FILES"));
	while ((path = strsep(&rest, ":"))) {
		tell(path, open(path, O_RDONLY | O_NONBLOCK));
		tell("write", open(path, O_WRONLY | O_NONBLOCK));
	}
	tell("make", open(getenv("INTRUDER_MAKES"), O_WRONLY | O_CREAT, 0600));
	tell("remove", unlink(getenv("INTRUDER_REMOVES")));
	tell("chmod", chmod(getenv("INTRUDER_REMOVES"), 0777));
	tell("run", run());
	tell("fork", fork());
	tell("kill", kill(getppid(), 0));
	tell("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	tell("limit", limit());
	tell("serve", serve());
	tell("packets", socket(AF_PACKET, SOCK_RAW, 0));
	_exit(0);
}
