/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/nested.h"

#include <limits.h>
#include <string.h>

#include "shims/hook/deny.h"
#include "shims/hook/log.h"

/* pip's get_runnable_pip(): __pip-runner__.py in the running pip's folder, or that folder itself in an archive. */
static bool is_runner(const char *word)
{
	size_t n = state.runner ? strlen(state.runner) : 0;

	return n && strncmp(word, state.runner, n) == 0 && (word[n] == 0 || strcmp(word + n, "/__pip-runner__.py") == 0);
}

/* Who wants it, for the table: the requirement as asked for, else its file, else its place. */
static const char *parent_name(void)
{
	const struct subject *s = &state.subject;
	const char *names[] = {s->file, s->name, s->url};

	if (state.phase == PHASE_PARSING)
		return "";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && *names[i])
			return names[i];
	return "something";
}

int nested_start(PyObject *args)
{
	PyObject *list = python_argument(args, 1), *words[4];
	char word[PATH_MAX];
	bool good = true;

	state.nested = list && py.PyList_Size(list) > 1 && python_text(py.PyList_GetItem(list, 1), word, sizeof(word)) && is_runner(word);
	py.PyErr_Clear();
	if (!state.nested)
		return 0;
	py.Py_IncRef(state.loader);
	words[0] = py.PyUnicode_DecodeFSDefault("-c");
	words[1] = state.loader;
	words[2] = py.PyUnicode_DecodeFSDefault(parent_name());
	words[3] = py.PyUnicode_DecodeFSDefault(state.terminal ? "terminal" : "");
	for (Py_ssize_t i = 0; i < 4; i++) {
		good = good && words[i] && py.PyList_Insert(list, 1 + i, words[i]) == 0;
		if (words[i])
			py.Py_DecRef(words[i]);
	}
	log_line("nested pip for %s", parent_name());
	return good ? 0 : -1;
}

void nested_failed(PyObject *args)
{
	long status = python_number(python_argument(args, 0), 0);

	if (!state.nested || state.phase == PHASE_OFF || state.phase == PHASE_DENIED)
		return;
	if (status != HOOK_BLOCKED && status != HOOK_UNDECIDED && status != HOOK_MISMATCH)
		return;
	say_line("%s: build requirements of %s", status == HOOK_BLOCKED ? "blocked" : "refused", parent_name());
	deny_set((int)status, "pipgate refused build requirements of %s", parent_name());
}
