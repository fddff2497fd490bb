/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state state;

bool texts_add(struct texts *texts, const char *text)
{
	char **v = reallocarray(texts->v, texts->n + 1, sizeof(*v));

	if (!v)
		return false;
	texts->v = v;
	v[texts->n] = strdup(text);
	if (!v[texts->n])
		return false;
	texts->n++;
	return true;
}

bool texts_add_list(struct texts *texts, PyObject *list)
{
	Py_ssize_t n = list ? py.PyList_Size(list) : -1;
	bool good = n >= 0;

	for (Py_ssize_t i = 0; i < n && good; i++) {
		char *text = python_copy(py.PyList_GetItem(list, i));

		good = text && texts_add(texts, text);
		free(text);
	}
	py.PyErr_Clear();
	return good;
}

bool texts_have(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->v[i], text) == 0)
			return true;
	return false;
}

static void texts_free(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
}

static void object_free(PyObject *o)
{
	if (o)
		py.Py_DecRef(o);
}

void state_begin(void)
{
	struct state kept = {.pid = state.pid, .loader = state.loader, .runner = state.runner};
	char *texts[] = {state.command, state.road, state.cache, state.judged, state.subject.file, state.subject.url,
		state.subject.name};
	struct texts *lists[] = {&state.arguments, &state.closed, &state.opened, &state.asked, &state.built, &state.fresh,
		&state.bundled};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(texts[i]);
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		texts_free(lists[i]);
	for (size_t i = 0; i < state.n_seen; i++)
		free(state.seen[i].path);
	free(state.seen);
	object_free(state.sha256);
	object_free(state.metadata);
	state = kept;
}

void state_forget(void)
{
	state_begin();
	object_free(state.loader);
	free(state.runner);
	state = (struct state){.pid = getpid()};
}
