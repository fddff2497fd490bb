/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/locate.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matcher/base/json.h"
#include "wrapper/pip/report.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define PROBE_MAX ((size_t)64 << 10) /* a sys.path of hundreds of folders */

/* Without the current folder on sys.path: `python -c` and `-m` put it first, and a file lying there would run. */
#define RUN_PIP "import sys; sys.path[:1] = []; sys.argv[0] = 'pip'; " \
	"from pip._internal.cli.main import main; sys.exit(main())"
#define PROBE "import os; w = sys.stdout.buffer.write; p = sys.path\n" \
	"for s in [sys.executable, '%d.%d.%d' % sys.version_info[:3], os.path.dirname(os.__file__), " \
	"str(int(sys.prefix != sys.base_prefix))] + p: w(os.fsencode(s) + b'\\0')"
#define MARKERS "import sys, os, platform, json; v = sys.implementation.version; print(json.dumps({" \
	"'implementation_name': sys.implementation.name, 'implementation_version': '%d.%d.%d' % v[:3], 'os_name': os.name, " \
	"'platform_machine': platform.machine(), 'platform_release': platform.release(), 'platform_system': platform.system(), " \
	"'platform_version': platform.version(), 'python_full_version': platform.python_version(), " \
	"'platform_python_implementation': platform.python_implementation(), " \
	"'python_version': '.'.join(platform.python_version_tuple()[:2]), 'sys_platform': sys.platform}))"

/* ---- files ---- */

static bool is_this(const struct stat *st)
{
	static struct stat self;

	if (!self.st_ino && stat("/proc/self/exe", &self))
		return false;
	return st->st_dev == self.st_dev && st->st_ino == self.st_ino;
}

/* Another copy of the program is no real pip either: two of them would call each other without end. pips are scripts, so only
 * binaries are looked into, for words that the program carries (`pipgate help`). */
static bool is_copy(const char *path, const struct stat *st)
{
	static const char words[] = PIPGATE_IS;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	bool found;

	if (fd >= 0)
		close(fd);
	if (bytes == MAP_FAILED)
		return false;
	found = st->st_size > 4 && memcmp(bytes, "\177ELF", 4) == 0 && memmem(bytes, (size_t)st->st_size, words, sizeof(words) - 1);
	munmap(bytes, (size_t)st->st_size);
	return found;
}

bool pip_is_ours(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (is_this(&st) || is_copy(path, &st));
}

/* folder/name where it is a program and not ourselves. */
static char *program_in(struct pipgate_run *run, struct span folder, const char *name)
{
	char path[4096];
	struct stat st;
	int n = snprintf(path, sizeof(path), SPAN_FMT "%s%s", SPAN_ARG(folder), folder.n ? "/" : "", name);

	if (n <= 0 || (size_t)n >= sizeof(path) || stat(path, &st) || !S_ISREG(st.st_mode) || access(path, X_OK) || is_this(&st) ||
		is_copy(path, &st))
		return NULL;
	return text_copy(run, ((struct span){path, (size_t)n}));
}

char *program_on_path(struct pipgate_run *run, const char *name)
{
	struct span rest = span_of(getenv("PATH"));

	if (strchr(name, '/'))
		return program_in(run, SPAN(""), name);
	while (rest.n) {
		struct span folder = span_split(&rest, ':');
		char *found = folder.n && folder.p[0] == '/' ? program_in(run, folder, name) : NULL;

		if (found)
			return found;
	}
	return NULL;
}

static char *folder_of(struct pipgate_run *run, const char *path)
{
	const char *slash = strrchr(path, '/');

	return text_copy(run, ((struct span){path, slash ? (size_t)(slash - path) : 0}));
}

/* ---- the interpreter of a script, by its first lines ---- */

static bool looks_like_python(struct span path)
{
	const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
	struct span base = slash ? span_from(path, (size_t)(slash - path.p) + 1) : path;

	return span_starts(base, SPAN("python")) || span_starts(base, SPAN("pypy"));
}

/* Understands "#!/path/python", "#!/usr/bin/env python3" and the two-line form for long paths:
 * #!/bin/sh / '''exec' "/long path/python" "$0" "$@". */
char *script_interpreter(struct pipgate_run *run, const char *script)
{
	char head[4096];
	int fd = open(script, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, head, sizeof(head)) : -1;
	struct span text = {head, n > 0 ? (size_t)n : 0}, line, word;

	if (fd >= 0)
		close(fd);
	if (!span_starts(text, SPAN("#!")))
		return NULL;
	text = span_from(text, 2);
	line = span_trim(span_split(&text, '\n'));
	word = span_split(&line, ' ');
	if (span_ends(word, SPAN("/env"))) {
		word = span_split(&line, ' ');
		return looks_like_python(word) ? program_on_path(run, text_copy(run, word)) : NULL;
	}
	if (span_ends(word, SPAN("/sh")) && span_starts(text, SPAN("'''exec' "))) {
		text = span_from(text, sizeof("'''exec' ") - 1);
		if (text.n && text.p[0] == '"') {
			text = span_from(text, 1);
			word = span_split(&text, '"');
		} else {
			word = span_split(&text, ' ');
		}
	}
	return looks_like_python(word) ? text_copy(run, word) : NULL;
}

/* "pip3.11" → "python3.11" */
static char *python_name(struct pipgate_run *run, const char *name)
{
	return text_format(run, "python%s", strncmp(name, "pip", 3) == 0 ? name + 3 : "3");
}

static char *sibling_python(struct pipgate_run *run, const char *script, const char *name)
{
	const char *folder = folder_of(run, script);
	const char *names[] = {python_name(run, name), "python3", "python"};
	char *found = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !found; i++)
		found = program_in(run, span_of(folder), names[i]);
	return found ? found : program_on_path(run, names[0]);
}

/* ---- locating ---- */

static void set_words(struct pipgate_run *run, struct pip *pip, const char *const *words)
{
	struct words list = {.run = run};

	for (; *words; words++)
		words_add(&list, *words);
	pip->n_words = list.list.n;
	pip->words = words_end(&list);
}

static void use_script(struct pipgate_run *run, struct pip *pip, char *script)
{
	pip->script = script;
	pip->python = script_interpreter(run, script);
	set_words(run, pip, (const char *const[]){script, NULL});
}

static void use_python(struct pipgate_run *run, struct pip *pip, char *python)
{
	pip->python = python;
	set_words(run, pip, (const char *const[]){python, "-c", RUN_PIP, NULL});
}

static char *find_script(struct pipgate_run *run, const char *name)
{
	const char *environment = getenv("VIRTUAL_ENV");
	char *found = NULL;

	if (environment && environment[0] == '/')
		found = program_in(run, span_of(text_format(run, "%s/bin", environment)), name);
	return found ? found : program_on_path(run, name);
}

enum pipgate_status pip_locate(struct pipgate_run *run, const char *name, const char *python, struct pip *out,
	struct pipgate_error *error)
{
	char *found;

	*out = (struct pip){.name = text_copy(run, span_of(name))};
	if (python) {
		found = program_on_path(run, python);
		if (!found)
			return error_set(error, PIPGATE_FAILED, "--gate-python %s: no such program", python);
		use_python(run, out, found);
		return PIPGATE_OK;
	}
	found = find_script(run, name);
	if (found) {
		use_script(run, out, found);
		return PIPGATE_OK;
	}
	found = find_script(run, python_name(run, name));
	if (!found && strcmp(name, "pip") == 0)
		found = find_script(run, "python3");
	if (!found)
		return error_set(error, PIPGATE_FAILED,
			"no %s was found: neither in VIRTUAL_ENV nor on PATH (links to pipgate are passed over); "
			"activate an environment or name its interpreter with --gate-python",
			name);
	use_python(run, out, found);
	return PIPGATE_OK;
}

/* ---- probing ---- */

/* pip's version by the name of its dist-info folder in the first folder of sys.path that has one. */
static char *pip_version_in(struct pipgate_run *run, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char *version = NULL;

	while (dir && !version && (entry = readdir(dir))) {
		struct span name = span_of(entry->d_name);
		struct span end = span_ends(name, SPAN(".dist-info")) ? SPAN(".dist-info") : SPAN(".egg-info");

		if (span_starts(name, SPAN("pip-")) && span_ends(name, end)) {
			struct span rest = {name.p + 4, name.n - 4 - end.n};

			version = text_copy(run, span_split(&rest, '-'));
		}
	}
	if (dir)
		closedir(dir);
	return version;
}

static void read_version(struct pip *pip)
{
	char *end;

	pip->major = (unsigned)strtoul(pip->version, &end, 10);
	pip->minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
}

static void read_probe(struct pipgate_run *run, struct pip *pip, struct span text)
{
	struct words path = {.run = run};
	char **fixed[] = {&pip->python, &pip->python_version, &pip->stdlib};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		*fixed[i] = text_copy(run, span_split(&text, 0));
	pip->virtual_environment = span_is(span_split(&text, 0), "1");
	while (text.n)
		words_add(&path, text_copy(run, span_split(&text, 0)));
	pip->path = words_end(&path);
	pip->probed = true;
}

/* What a few lines print, run by an interpreter that does not look into the current folder. */
enum pipgate_status python_ask(struct pipgate_run *run, char *python, const char *lines, struct span *out, struct pipgate_error *error)
{
	char *argv[] = {python, text_format(run, "-c"), text_format(run, "import sys; sys.path[:1] = []\n%s", lines), NULL};
	const struct process process = {.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
	int code;
	enum pipgate_status status = process_read(run, &process, PROBE_MAX, out, &code, error);

	if (status == PIPGATE_OK && code)
		return error_set(error, PIPGATE_FAILED, "%s ended with status %d when asked for its folders", python, code);
	return status;
}

static enum pipgate_status probe(struct pipgate_run *run, struct pip *pip, char *python, struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = python_ask(run, python, PROBE, &text, error);

	if (status == PIPGATE_OK)
		read_probe(run, pip, text);
	return status;
}

char *pip_interpreter(struct pipgate_run *run, const struct pip *pip)
{
	return pip->python ? pip->python : sibling_python(run, pip->script, pip->name);
}

enum pipgate_status pip_probe(struct pipgate_run *run, struct pip *pip, struct pipgate_error *error)
{
	char *python = pip_interpreter(run, pip);
	enum pipgate_status status;

	if (!python)
		return error_set(error, PIPGATE_FAILED, "no interpreter was found for %s; name it with --gate-python", pip->script);
	status = probe(run, pip, python, error);
	if (status != PIPGATE_OK)
		return status;
	for (char **p = pip->path; *p && !pip->version; p++)
		pip->version = pip_version_in(run, *p);
	if (!pip->version)
		return error_set(error, PIPGATE_FAILED, "%s has no pip; install it with `%s -m ensurepip`", pip->python, pip->python);
	read_version(pip);
	return PIPGATE_OK;
}

enum pipgate_status pip_retarget(struct pipgate_run *run, struct pip *pip, const char *target, struct pipgate_error *error)
{
	char *python = program_in(run, span_of(text_format(run, "%s/bin", target)), "python");

	if (!python)
		python = program_on_path(run, target);
	if (!python)
		return error_set(error, PIPGATE_FAILED, "--python %s: no such interpreter or environment", target);
	return probe(run, pip, python, error);
}

enum pipgate_status pip_environment(struct pipgate_run *run, const struct pip *pip, struct pipgate_environment *out,
	struct pipgate_error *error)
{
	cJSON *root = NULL;
	struct span text;
	enum pipgate_status status = python_ask(run, pip->python, MARKERS, &text, error);

	if (status == PIPGATE_OK)
		status = json_parse(text, &root, error);
	if (status == PIPGATE_OK)
		status = environment_from_json(run, root, out, error);
	cJSON_Delete(root);
	return status;
}
