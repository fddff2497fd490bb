/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/quietly.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wrapper/keep.h"
#include "wrapper/process.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define PRINTED_MAX ((size_t)4 << 20)

extern char **environ;

struct span pip_last_word(struct span text)
{
	struct span last = {NULL, 0}, wanted = {NULL, 0};

	while (text.n) {
		struct span line = span_trim(span_split(&text, '\n'));

		if (span_starts(line, SPAN("ERROR: ")))
			wanted = span_from(line, 7);
		if (line.n)
			last = line;
	}
	return wanted.n ? wanted : last.n ? last : SPAN("it said nothing");
}

static bool names(const struct words *words, const char *setting)
{
	char *const *v = words->list.items;
	size_t n = strcspn(setting, "=");

	for (size_t i = 0; i < words->list.n; i++)
		if (strncmp(v[i], setting, n + 1) == 0)
			return true;
	return false;
}

/* A pip that is killed leaves its temporary files: in our folder they go with it. more: goes before ours. */
static char **environment_in(struct pipgate_run *run, const char *folder, char *const *more)
{
	struct words words = {.run = run};

	words_add(&words, text_format(run, "TMPDIR=%s", folder));
	for (; more && *more; more++)
		if (!names(&words, *more))
			words_add(&words, *more);
	for (char **e = environ; *e; e++)
		if (!names(&words, *e))
			words_add(&words, *e);
	return words_end(&words);
}

static enum pipgate_status run_with(struct pipgate_run *run, char *const *argv, char *const *more, int *code, struct span *printed,
	struct pipgate_error *error)
{
	const char *folder = temporary_folder(error), *path;
	int out;

	if (!folder)
		return PIPGATE_FAILED;
	process_hold_signals(); /* what is temporary is taken away first; the command ends by them afterwards */
	path = text_format(run, "%s/quietly.out", folder);
	out = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (out < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	*code = process_run(&(struct process){.argv = argv, .environment = environment_in(run, folder, more), .stdin_fd = -1, .stdout_fd = out,
		.stderr_fd = out});
	close(out);
	if (process_signal())
		return error_set(error, PIPGATE_FAILED, "stopped by a signal");
	if (keep_file(run, path, PRINTED_MAX, printed, NULL) != PIPGATE_OK)
		*printed = SPAN("");
	return PIPGATE_OK;
}

enum pipgate_status pip_run_quietly(struct pipgate_run *run, char *const *argv, int *code, struct span *printed, struct pipgate_error *error)
{
	return run_with(run, argv, NULL, code, printed, error);
}

enum pipgate_status pip_run_held(struct pipgate_run *run, char *const *argv, char *const *settings, int *code, struct span *printed,
	struct pipgate_error *error)
{
	static const char *const empty[] = {"PIP_REQUIREMENT=", "PIP_GROUP=", "PIP_REQUIREMENTS_FROM_SCRIPT=", "PIP_ONLY_DEPS=",
		"PIP_REQUIRE_HASHES="}; /* they would ask for more; pip passes over what is empty */
	struct words more = {.run = run};
	int fd = memfd_create("pipgate-held", 0); /* inherited, as gate_mark's */
	enum pipgate_status status;

	if (fd < 0)
		return error_set(error, PIPGATE_FAILED, "no file in memory: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		words_add(&more, empty[i]);
	words_add(&more, text_format(run, "PIPGATE_HELD=%d", fd));
	if (settings)
		words_add_all(&more, settings);
	status = run_with(run, argv, words_end(&more), code, printed, error);
	close(fd);
	return status;
}

static char **dry_words(struct pipgate_run *run, const struct dry_run *dry)
{
	static const char *const fixed[] = {"pip", "install", "--dry-run",
		"--disable-pip-version-check", "--no-input", "-q", "--report"};
	const char *resolve = dry->malicious ? "malice" : dry->build ? "builds" : "wheels";
	struct words argv = {.run = run};
	char self[PATH_MAX];

	words_add(&argv, text_copy(run, span_of(realpath("/proc/self/exe", self) ? self : "/proc/self/exe")));
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		words_add(&argv, fixed[i]);
	words_add(&argv, dry->report);
	words_add(&argv, "--gate-python");
	words_add(&argv, dry->python);
	if (dry->ignore_installed)
		words_add(&argv, "--ignore-installed");
	if (dry->no_deps)
		words_add(&argv, "--no-deps");
	words_add(&argv, text_format(run, "--gate-resolve=%s", resolve));
	if (dry->malicious) {
		words_add(&argv, "--only-binary");
		words_add(&argv, ":all:");
	}
	words_add_all(&argv, dry->words);
	return words_end(&argv);
}

enum pipgate_status pip_dry_run(struct pipgate_run *run, const struct dry_run *dry, int *code, struct span *printed,
	struct pipgate_error *error)
{
	unsetenv("PIPGATE_REPORT"); /* it is for whoever started us */
	return pip_run_quietly(run, dry_words(run, dry), code, printed, error);
}
