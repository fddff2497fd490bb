/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/inline.h"

#include <errno.h>

#include "wrapper/part.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

/* argv[1] is the shim. Without the current folder on sys.path: a file lying there would run. */
#define BOOT "import sys\n" \
	"if sys.path[:1] == ['']: del sys.path[0]\n" \
	"f = sys.argv.pop(1)\n" \
	"sys.argv[0] = 'pip'\n" \
	"exec(compile(open(f, 'rb').read(), f, 'exec'), {'__name__': 'pipgate_shim', '__file__': f, 'ROAD': 'pip'})\n" \
	"from pip._internal.cli import main as m\n" \
	"sys.exit(getattr(m, 'cli', m.main)())"

int inline_become(struct pipgate_run *run, const struct pip *pip, const struct options *options, char *const *words)
{
	char shim[PATH_MAX], hook[PATH_MAX];
	char *python = pip_interpreter(run, pip);
	struct words argv = {.run = run};

	if (!part_find(hook, "pipgate-hook.so") || !part_find(shim, "pipgate_shim.py"))
		return say_error(EXIT_UNDECIDED, "--gate-mode inline: %s is missing; install pipgate anew, or use --gate-mode plan", hook);
	if (!python)
		return say_error(EXIT_UNDECIDED, "--gate-mode inline: no interpreter was found for %s; name it with --gate-python", pip->script);
	options_export(run, options);
	words_add(&argv, python);
	words_add(&argv, "-c");
	words_add(&argv, BOOT);
	words_add(&argv, shim);
	words_add_all(&argv, words);
	process_become(words_end(&argv), NULL);
	return say_error(EXIT_UNDECIDED, "%s cannot be started: %s", python, strerror(errno));
}
