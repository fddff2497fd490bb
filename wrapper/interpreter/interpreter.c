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

#define ANSWER_MAX ((size_t)16 << 10)

/* Python 2 understands it, too, so that it can be told what it is. The marker is for programs that print something before. */
#define QUESTION "import os, sys\n" \
	"e = os.path.realpath(sys.executable or '/')\n" \
	"b = os.path.dirname(os.path.abspath(sys.executable or '/'))\n" \
	"v = [d for d in (b, os.path.dirname(b)) if os.path.exists(os.path.join(d, 'pyvenv.cfg'))]\n" \
	"i = getattr(sys, 'implementation', None)\n" \
	"w = ['pipgate', i.name if i else 'python', '%d.%d.%d' % sys.version_info[:3], e, os.path.dirname(os.__file__), '1' if v else '0', '']\n" \
	"getattr(sys.stdout, 'buffer', sys.stdout).write(b'\\0'.join(getattr(os, 'fsencode', str)(s) for s in w))"

static bool read_answer(struct pipgate_run *run, struct span text, struct interpreter *out)
{
	char **const fields[] = {&out->implementation, &out->version, &out->executable, &out->stdlib};
	char *end;

	if (!span_is(span_split(&text, 0), "pipgate"))
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		*fields[i] = text_copy(run, span_split(&text, 0));
	out->virtual_environment = span_is(span_split(&text, 0), "1");
	out->major = (unsigned)strtoul(out->version, &end, 10);
	out->minor = *end == '.' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
	return out->stdlib[0] == '/';
}

enum pipgate_status interpreter_ask(struct pipgate_run *run, const char *program, struct interpreter *out, struct pipgate_error *error)
{
	char *argv[] = {text_copy(run, span_of(program)), text_format(run, "-I"), text_format(run, "-S"), text_format(run, "-c"),
		text_copy(run, SPAN(QUESTION)), NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), code;
	const struct process process = {.argv = argv, .stdin_fd = null, .stdout_fd = -1, .stderr_fd = null};
	struct span text;
	enum pipgate_status status = process_read(run, &process, ANSWER_MAX, &text, &code, error);

	if (null >= 0)
		close(null);
	*out = (struct interpreter){.program = argv[0]};
	if (status != PIPGATE_OK)
		return status;
	if (code || !read_answer(run, text, out))
		return error_set(error, PIPGATE_FAILED, "%s is no Python: it did not say what it is (status %d)", program, code);
	if (out->major != 3 || out->minor < 8)
		return error_set(error, PIPGATE_FAILED, "%s is Python %s: 3.8 and later can be enabled", program, out->version);
	return PIPGATE_OK;
}

/* "python3.11", "python3.13t" → 11, 13; -1: another name. */
static int minor_of(const char *name)
{
	char *end;
	long minor;

	if (strncmp(name, "python3.", 8) != 0 || !ascii_digit(name[8]))
		return -1;
	minor = strtol(name + 8, &end, 10);
	return (end[0] && strcmp(end, "t") != 0) || minor > 99 ? -1 : (int)minor;
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
