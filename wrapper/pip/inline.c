/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/inline.h"

#include <errno.h>
#include <stdlib.h>

#include "wrapper/part.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

/* argv[1] is the shim, argv[2] what pip is to be called. Without the current folder on sys.path: a file lying there would run. */
#define BOOT "import sys\n" \
	"if sys.path[:1] == ['']: del sys.path[0]\n" \
	"f = sys.argv.pop(1)\n" \
	"sys.argv[0] = sys.argv.pop(1)\n" \
	"exec(compile(open(f, 'rb').read(), f, 'exec'), {'__name__': 'pipgate_shim', '__file__': f, 'ROAD': 'pip'})\n" \
	"sys.exit(sys.modules['pipgate_shim'].words['run']())"

static const char *const parts[] = {"pipgate-hook.so", "pipgate_shim.py"};

const char *inline_lacks(struct pipgate_run *run, const struct pip *pip)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!part_find(path, parts[i]))
			return text_format(run, "%s is missing; install pipgate anew", path);
	return pip_interpreter(run, pip) ? NULL : text_format(run, "no interpreter was found for %s; name it with --gate-python", pip->script);
}

int inline_become(struct pipgate_run *run, const struct pip *pip, bool only_binary, char *const *words)
{
	char shim[PATH_MAX];
	char *python = pip_interpreter(run, pip);
	struct words argv = {.run = run};

	if (!part_find(shim, "pipgate_shim.py") || !python)
		return say_error(EXIT_UNDECIDED, "%s", inline_lacks(run, pip));
	if (only_binary)
		setenv("PIP_ONLY_BINARY", ":all:", 1); /* pip chooses a wheel where there is one; what it builds nevertheless is refused */
	words_add(&argv, python);
	words_add(&argv, "-c");
	words_add(&argv, BOOT);
	words_add(&argv, shim);
	words_add(&argv, pip->script ? pip->script : pip->name);
	words_add_all(&argv, words);
	process_become(words_end(&argv), NULL);
	return say_error(EXIT_UNDECIDED, "%s cannot be started: %s", python, strerror(errno));
}
