/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/apply.h"

#include "wrapper/fix/confirm.h"
#include "wrapper/pip/quietly.h"

#include "matcher/base/banned.h"

static struct words pip_words(const struct fix_request *r, const char *command)
{
	struct words argv = {.run = r->run};

	words_add_all(&argv, r->pip->words);
	words_add(&argv, command);
	words_add(&argv, "--disable-pip-version-check");
	words_add(&argv, "--no-input");
	return argv;
}

enum pipgate_status apply_environment(const struct fix_request *r, const struct fix_plan *plan, struct pipgate_error *error)
{
	struct pin *pins = must(arena_array(r->run, plan->n + 1, sizeof(*pins)));
	struct words argv = pip_words(r, "install");
	struct pinned_files files;
	struct span printed;
	size_t n = 0;
	int code = -1;

	for (size_t i = 0; i < plan->n; i++)
		if (plan->moves[i].to.n)
			pins[n++] = (struct pin){plan->moves[i].name, plan->moves[i].to};
	if (confirm_files(r, pins, n, &files, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	words_add(&argv, "-r");
	words_add(&argv, files.requirements);
	words_add(&argv, "-c");
	words_add(&argv, files.constraints);
	words_add_all(&argv, r->options);
	if (pip_run_quietly(r->run, words_end(&argv), &code, &printed, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return code ? error_set(error, PIPGATE_FAILED, "pip install failed: " SPAN_FMT, SPAN_ARG(pip_last_word(printed))) : PIPGATE_OK;
}

enum pipgate_status apply_check(const struct fix_request *r, bool *sound, struct span *printed, struct pipgate_error *error)
{
	struct words argv = pip_words(r, "check");
	int code = -1;

	if (pip_run_quietly(r->run, words_end(&argv), &code, printed, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	*sound = code == 0;
	return PIPGATE_OK;
}
