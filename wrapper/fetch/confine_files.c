/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: of all files only those of the first job, of the system's resolver and certificates, and libraries can be opened from here
 * on, for reading; none can be made, changed or removed, and no port is listened at. The rules hold on what a path leads to now: a
 * symbolic link that is turned afterwards leads to a refusal. A kernel without it leaves that out.
 */
#include "wrapper/fetch/confine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wrapper/fetch/address.h"

#include "matcher/base/banned.h"

#if defined(SYS_landlock_create_ruleset) && !defined(__SANITIZE_ADDRESS__) && !defined(PIPGATE_COVERAGE) /* both open files at the end */
/* The kernel's numbers (linux/landlock.h), which an older system's header has not all of. */
#define READ_FILE ((uint64_t)1 << 2)
#define READ_DIR ((uint64_t)1 << 3)
#define ASK_VERSION 1u
#define PATH_BENEATH 1
#define BIND_TCP 1u
#define ABSTRACT_SOCKETS_AND_SIGNALS 3u

struct ruleset {
	uint64_t files, net, scoped;
};
struct __attribute__((packed)) beneath {
	uint64_t access;
	int32_t parent;
};

/* What it governs and how much of the struct is known, by the version (ABI) that a kernel tells. */
static size_t ruleset_of(long version, struct ruleset *out)
{
	unsigned n = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13; /* rights on files */

	*out = (struct ruleset){.files = ((uint64_t)1 << n) - 1, .net = version >= 4 ? BIND_TCP : 0,
		.scoped = version >= 6 ? ABSTRACT_SOCKETS_AND_SIGNALS : 0};
	return version >= 6 ? sizeof(*out) : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

/* All below a folder; below: false: its list alone. What is not there needs no rule. */
static bool allow(int rules, const char *path, bool below)
{
	struct beneath rule = {.access = READ_FILE, .parent = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;
	bool done = true;

	if (rule.parent < 0)
		return true;
	if (fstat(rule.parent, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			rule.access = below ? READ_FILE | READ_DIR : READ_DIR;
		done = syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule, 0) == 0;
	}
	close(rule.parent);
	return done;
}

/* Names with a colon between. */
static bool allow_each(int rules, const char *names)
{
	char path[FETCH_NAME_MAX + 1];

	for (struct span rest = span_of(names); rest.n;) {
		struct span one = span_split(&rest, ':');

		if (one.n && one.n < sizeof(path)) {
			snprintf(path, sizeof(path), SPAN_FMT, SPAN_ARG(one));
			if (!allow(rules, path, true))
				return false;
		}
	}
	return true;
}

static bool allow_system(int rules)
{
	static const char *const paths[] = {
		"/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/ld.so.preload", "/dev/urandom", "/dev/null",
		"/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/crypto-policies", "/var/lib/ca-certificates",
		"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
		"/run/systemd/resolve", "/run/nscd", "/run/resolvconf",
	};
	static const char *const variables[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF", "OPENSSL_MODULES"};
	bool done = true;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths) && done; i++)
		done = allow(rules, paths[i], true);
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables) && done; i++) {
		const char *value = getenv(variables[i]);

		done = !value || allow_each(rules, value);
	}
	return done;
}

static bool allow_netrc(int rules)
{
	const char *named = getenv("NETRC"), *home = getenv("HOME");
	char path[FETCH_NAME_MAX + 1];

	if (named && *named)
		return allow(rules, named, false);
	return !home || snprintf(path, sizeof(path), "%s/.netrc", home) >= (int)sizeof(path) || allow(rules, path, false);
}

static bool allow_job(int rules, const struct job *job)
{
	const char *const files[] = {address_looks_so(job->place) ? "" : job->place, job->authority, job->client};
	bool done = !job->netrc || allow_netrc(rules);

	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && done; i++)
		done = allow(rules, files[i], false);
	return done;
}

bool confine_files(const struct job *job)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
	struct ruleset ruleset;
	size_t size;
	bool done;
	int rules;

	if (version < 1)
		return true;
	size = ruleset_of(version, &ruleset);
	rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (rules < 0)
		return false;
	done = allow_system(rules) && allow_job(rules, job) && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return done;
}
#else
bool confine_files(const struct job *job)
{
	(void)job;
	return true;
}
#endif
