/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: what a program that moves and unpacks bytes never asks the kernel for is refused for good (EPERM): other programs,
 * other processes, the machine itself, names and modes of files, waiting for connections. What is on no list goes through: libcurl and
 * the resolver differ from system to system, and a call that one of them needs must not fail where nobody has seen it.
 */
#include "wrapper/fetch/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "matcher/base/banned.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

#if defined(ARCHITECTURE) && !defined(__SANITIZE_ADDRESS__) /* whose search for leaks is a process of its own */
#define X32 0x40000000u /* x86_64's other numbers for the same calls */
#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n])) /* its low half: all three are little endian */
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip) /* what follows is for the value; else `skip` over it */
#define NEVER(name) UNLESS(SYS_##name, 1), REFUSE

static bool install(const struct sock_filter *filter, size_t n)
{
	const struct sock_fprog program = {(unsigned short)n, (struct sock_filter *)(void *)(size_t)filter};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return true;
	return errno == EINVAL || errno == ENOSYS; /* a kernel that has none */
}

bool confine_calls(void)
{
	const struct sock_filter filter[] = {
		LOAD(arch), UNLESS(ARCHITECTURE, 1), BPF_STMT(BPF_JMP | BPF_JA, 1), REFUSE,
		LOAD(nr),
#ifdef __x86_64__
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1), REFUSE,
		NEVER(fork), NEVER(vfork), NEVER(rename), NEVER(link), NEVER(symlink), NEVER(mknod), NEVER(mkdir), NEVER(rmdir), NEVER(chmod),
		NEVER(chown), NEVER(lchown), NEVER(iopl), NEVER(ioperm), NEVER(modify_ldt),
#endif
#ifdef SYS_renameat
		NEVER(renameat),
#endif
		/* other programs; a thread (clone, below) is none, and glibc asks for one that way where clone3 is unknown */
		NEVER(execve), NEVER(execveat),
#ifdef SYS_clone3
		UNLESS(SYS_clone3, 1), RETURN(SECCOMP_RET_ERRNO | ENOSYS),
#endif
		/* other processes */
		NEVER(ptrace), NEVER(process_vm_readv), NEVER(process_vm_writev), NEVER(kcmp), NEVER(kill), NEVER(tkill), NEVER(rt_sigqueueinfo),
		NEVER(rt_tgsigqueueinfo), NEVER(setpriority), NEVER(sched_setaffinity), NEVER(sched_setscheduler),
#ifdef SYS_pidfd_open
		NEVER(pidfd_open), NEVER(pidfd_send_signal),
#endif
#ifdef SYS_pidfd_getfd
		NEVER(pidfd_getfd),
#endif
		/* who it is */
		NEVER(setuid), NEVER(setgid), NEVER(setreuid), NEVER(setregid), NEVER(setresuid), NEVER(setresgid), NEVER(setgroups), NEVER(capset),
		NEVER(unshare), NEVER(setns), NEVER(personality), NEVER(add_key), NEVER(request_key), NEVER(keyctl),
		/* names and modes of files */
		NEVER(renameat2), NEVER(linkat), NEVER(symlinkat), NEVER(mknodat), NEVER(mkdirat), NEVER(fchmod), NEVER(fchmodat), NEVER(fchown),
		NEVER(fchownat), NEVER(truncate), NEVER(utimensat), NEVER(setxattr), NEVER(lsetxattr), NEVER(fsetxattr), NEVER(open_by_handle_at),
		/* the machine */
		NEVER(mount), NEVER(umount2), NEVER(pivot_root), NEVER(chroot), NEVER(swapon), NEVER(swapoff), NEVER(reboot), NEVER(acct),
		NEVER(syslog), NEVER(quotactl), NEVER(sethostname), NEVER(setdomainname), NEVER(settimeofday), NEVER(clock_settime), NEVER(adjtimex),
		NEVER(clock_adjtime), NEVER(init_module), NEVER(finit_module), NEVER(delete_module), NEVER(kexec_load), NEVER(bpf),
		NEVER(perf_event_open), NEVER(userfaultfd), NEVER(fanotify_init),
#ifdef SYS_open_tree
		NEVER(open_tree), NEVER(move_mount), NEVER(fsopen), NEVER(fsmount),
#endif
#ifdef SYS_io_uring_setup
		NEVER(io_uring_setup), NEVER(io_uring_enter), NEVER(io_uring_register),
#endif
		/* to be called by others */
		NEVER(listen), NEVER(accept), NEVER(accept4),
		UNLESS(SYS_clone, 4), ARGUMENT(0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0), REFUSE, RETURN(SECCOMP_RET_ALLOW),
		UNLESS(SYS_prlimit64, 4), ARGUMENT(0), UNLESS(0, 1), RETURN(SECCOMP_RET_ALLOW), REFUSE, /* its own */
		UNLESS(SYS_tgkill, 4), ARGUMENT(0), UNLESS((unsigned)getpid(), 1), RETURN(SECCOMP_RET_ALLOW), REFUSE, /* abort() */
		UNLESS(SYS_socket, 7), ARGUMENT(0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 2, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0), UNLESS(AF_UNIX, 1),
		RETURN(SECCOMP_RET_ALLOW), REFUSE,
		RETURN(SECCOMP_RET_ALLOW),
	};

	return install(filter, sizeof(filter) / sizeof(*filter));
}
#else
bool confine_calls(void)
{
	return true;
}
#endif
