/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/interpreter/interpreter.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define MARK "\0pipgate" /* code of an environment may print something before */

/* Python 2 understands LIVE and ANSWER, too, so that it can be told what it is. */
#define IMPORT "import os, sys\n"
#define ANSWER "\ngetattr(sys.stdout, 'buffer', sys.stdout).write(b'\\0'.join(getattr(os, 'fsencode', str)(s) for s in ['', 'pipgate'] + w + ['']))"
#define WHAT "e = os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable or '/')\n" \
	"b = os.path.dirname(os.path.abspath(sys.executable or '/'))\n" \
	"v = [d for d in (b, os.path.dirname(b)) if os.path.exists(os.path.join(d, 'pyvenv.cfg'))]\n" \
	"w = [sys.implementation.name, '%d.%d.%d' % sys.version_info[:3], e, os.path.dirname(os.__file__), '1' if v else '']"
#define LIVE "e, p, b = sys.executable, sys.prefix, getattr(sys, 'base_prefix', sys.prefix)\n" \
	"r = os.path.realpath(e)\n" \
	"if p != b and r.startswith(os.path.realpath(p) + os.sep): r = os.path.join(b, 'bin', 'python%d.%d' % sys.version_info[:2])\n" \
	"s = [f.pipgate for f in sys.meta_path if isinstance(getattr(f, 'pipgate', None), bytes)]\n" \
	"c = getattr(sys.modules.get('sitecustomize'), '__file__', None) or ''\n" \
	"i, n = '1', ''\n" \
	"if sys.version_info[0] > 2:\n" \
	" sys.path = [d for d in sys.path if d]\n" \
	" from _frozen_importlib_external import PathFinder\n" \
	" i = '1' if PathFinder.find_spec('pip', sys.path) else ''\n" \
	" import sysconfig\n" \
	" n = sysconfig.get_path('purelib')\n" \
	"w = [os.fsdecode(s[0]) if s else '', c, '%d.%d.%d' % sys.version_info[:3], p, e if p == b else r, n, '1' if p != b else '', i]"

/* The program's answer, split into n words. */
static bool split_answer(struct pipgate_run *run, struct span text, char **words, size_t n)
{
	char *at = memmem(text.p, text.n, MARK, sizeof(MARK));

	if (!at)
		return false;
	text = span_from(text, (size_t)(at - text.p) + sizeof(MARK));
	for (size_t i = 0; i < n; i++) {
		if (!text.n)
			return false;
		words[i] = text_copy(run, span_split(&text, 0));
	}
	return true;
}

static enum pipgate_status ask(struct pipgate_run *run, const char *program, char **words, size_t n, char *const *argv, char *const *environment,
	struct pipgate_error *error)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), code;
	const struct process process = {.argv = argv, .environment = environment, .stdin_fd = null, .stdout_fd = -1, .stderr_fd = null};
	struct span text;
	enum pipgate_status status = process_read(run, &process, ANSWER_MAX, &text, &code, error);

	if (null >= 0)
		close(null);
	if (status == PIPGATE_OK && (code || !split_answer(run, text, words, n)))
		return error_set(error, PIPGATE_FAILED, "%s does not answer as Python 3.8 or later does (status %d)", program, code);
	return status;
}

/* Words for exec, from constants. */
static char **words_of(struct pipgate_run *run, const char *program, const char *const *more)
{
	struct words words = {.run = run};

	words_add(&words, program);
	for (; *more; more++)
		words_add(&words, *more);
	return words_end(&words);
}

enum pipgate_status interpreter_ask(struct pipgate_run *run, const char *program, struct interpreter *out, struct pipgate_error *error)
{
	char *words[5], *end;
	char **argv = words_of(run, program, (const char *const[]){"-I", "-S", "-c", IMPORT WHAT ANSWER, NULL});
	enum pipgate_status status = ask(run, program, words, 5, argv, NULL, error);

	if (status != PIPGATE_OK)
		return status;
	*out = (struct interpreter){.program = text_copy(run, span_of(program)), .implementation = words[0], .version = words[1],
		.executable = words[2], .stdlib = words[3], .virtual_environment = words[4][0]};
	out->major = (unsigned)strtoul(out->version, &end, 10);
	out->minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
	if (out->major != 3 || out->minor < 8)
		return error_set(error, PIPGATE_FAILED, "%s is Python %s: 3.8 and later can be enabled", program, out->version);
	return out->stdlib[0] == '/' ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s has its standard library nowhere", program);
}

static char *or_null(char *word)
{
	return word[0] ? word : NULL;
}

enum pipgate_status interpreter_look(struct pipgate_run *run, const char *program, bool isolated, char *const *environment,
	struct interpreter_live *out, struct pipgate_error *error)
{
	char *words[8];
	char **argv = words_of(run, program, (const char *const[]){isolated ? "-Ic" : "-c", IMPORT LIVE ANSWER, NULL});
	enum pipgate_status status = ask(run, program, words, 8, argv, environment, error);

	if (status == PIPGATE_OK)
		*out = (struct interpreter_live){.shim = or_null(words[0]), .sitecustomize = or_null(words[1]), .version = words[2],
			.prefix = words[3], .base = words[4], .site_packages = or_null(words[5]), .virtual_environment = words[6][0],
			.has_pip = words[7][0]};
	return status;
}

/* ---- which there are ---- */

/* "python3.11", "python3.13t" → 11, 13; -1: another name. */
static int minor_of(const char *name)
{
	char *end;
	long minor;

	if (strncmp(name, "python3.", 8) != 0 || !ascii_digit(name[8]))
		return -1;
	minor = strtol(name + 8, &end, 10);
	return (end[0] && strcmp(end, "t") != 0) || minor >= INTERPRETER_MINORS ? -1 : (int)minor;
}

static void each_in(struct span folder, void (*each)(void *ctx, struct span folder, const char *name, unsigned minor), void *ctx)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	if (snprintf(path, sizeof(path), SPAN_FMT, SPAN_ARG(folder)) >= (int)sizeof(path))
		return;
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (minor_of(entry->d_name) >= 0)
			each(ctx, folder, entry->d_name, (unsigned)minor_of(entry->d_name));
	if (dir)
		closedir(dir);
}

void interpreters_each(const char *more, void (*each)(void *ctx, struct span folder, const char *name, unsigned minor), void *ctx)
{
	struct span lists[] = {span_of(getenv("PATH")), span_of(more)};

	for (size_t i = 0; i < 2; i++)
		while (lists[i].n) {
			struct span folder = span_split(&lists[i], ':');

			if (folder.n && folder.p[0] == '/')
				each_in(folder, each, ctx);
		}
}
