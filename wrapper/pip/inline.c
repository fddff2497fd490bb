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

const char *inline_find(struct pipgate_run *run, const struct pip *pip, struct inline_parts *out)
{
	char hook[PATH_MAX];

	if (!part_find(hook, "pipgate-hook.so"))
		return text_format(run, "%s is missing; install pipgate anew", hook);
	if (!part_find(out->shim, "pipgate_shim.py"))
		return text_format(run, "%s is missing; install pipgate anew", out->shim);
	out->python = pip_interpreter(run, pip);
	return out->python ? NULL : text_format(run, "no interpreter was found for %s; name it with --gate-python", pip->script);
}

int inline_become(struct pipgate_run *run, const struct pip *pip, const struct inline_parts *parts, bool only_binary, char *const *words)
{
	struct words argv = {.run = run};

	if (only_binary)
		setenv("PIP_ONLY_BINARY", ":all:", 1); /* pip chooses a wheel where there is one; what it builds nevertheless is refused */
	words_add(&argv, parts->python);
	words_add(&argv, "-c");
	words_add(&argv, BOOT);
	words_add(&argv, parts->shim);
	words_add(&argv, pip->script ? pip->script : pip->name);
	words_add_all(&argv, words);
	process_become(words_end(&argv), NULL);
	return say_error(EXIT_UNDECIDED, "%s cannot be started: %s", parts->python, strerror(errno));
}
