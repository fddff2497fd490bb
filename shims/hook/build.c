/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shims/hook/deny.h"
#include "shims/hook/hold.h"
#include "shims/hook/log.h"

#define WORDS_MAX 16 /* of a command line that are looked at: what tells a program apart stands in front */

static void replace(char **place, PyObject *text)
{
	free(*place);
	*place = python_copy(text);
}

int build_prepare(PyObject *args)
{
	struct subject *s = &state.subject;
	struct question question = {.ask = "build", .subject = s};
	char refused[256];
	size_t n;
	int held;

	replace(&s->file, python_argument(args, 0));
	replace(&s->url, python_argument(args, 1));
	replace(&s->name, python_argument(args, 2));
	s->vcs = python_true(python_argument(args, 3));
	s->folder = python_true(python_argument(args, 4));
	if (state.phase == PHASE_DENIED)
		return deny_raise();
	n = s->file ? strlen(s->file) : 0;
	if (state.phase != PHASE_ARMED || !s->url || (!s->vcs && !s->folder && n > 4 && strcmp(s->file + n - 4, ".whl") == 0) ||
		texts_have(&state.asked, s->url))
		return 0;
	snprintf(refused, sizeof(refused), "pipgate refused to run code of %s", s->file && *s->file ? s->file : s->url);
	held = hold_ask(&question, refused);
	if (held == 0 && !texts_add(&state.asked, s->url))
		log_line("out of memory: %s is asked about again", s->url);
	return held;
}

/* ---- what pip starts ---- */

struct program {
	char words[WORDS_MAX][256]; /* the beginnings of longer ones are left out as "" */
	size_t n;
};

static void read_words(PyObject *list, struct program *p)
{
	Py_ssize_t n = list ? py.PyList_Size(list) : 0;

	p->n = 0;
	for (Py_ssize_t i = 0; i < n && p->n < WORDS_MAX; i++, p->n++)
		if (!python_text(py.PyList_GetItem(list, i), p->words[p->n], sizeof(p->words[0])))
			p->words[p->n][0] = 0;
	py.PyErr_Clear();
}

static bool has(const struct program *p, const char *word)
{
	for (size_t i = 1; i < p->n; i++)
		if (strcmp(p->words[i], word) == 0)
			return true;
	return false;
}

static bool has_end(const struct program *p, const char *end)
{
	for (size_t i = 1; i < p->n && i < 4; i++) {
		size_t n = strlen(p->words[i]), m = strlen(end);

		if (n >= m && strcmp(p->words[i] + n - m, end) == 0)
			return true;
	}
	return false;
}

/* `python -c <shim that names setup.py> command …`: the shim is longer than what is kept of a word. */
static bool is_setup(PyObject *list)
{
	char *code;
	bool is = false;

	for (Py_ssize_t i = 1; !is && i < 6 && i < py.PyList_Size(list); i++) {
		code = python_copy(py.PyList_GetItem(list, i));
		is = code && (strstr(code, "setup.py") || strstr(code, "setuptools"));
		free(code);
	}
	py.PyErr_Clear();
	return is;
}

static bool is_vcs(const struct program *p)
{
	static const char *const names[] = {"git", "hg", "svn", "bzr"};
	const char *slash = strrchr(p->words[0], '/'), *name = slash ? slash + 1 : p->words[0];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			for (size_t w = 1; w < p->n; w++)
				if (strstr(p->words[w], "://") || strcmp(p->words[w], "clone") == 0 || strcmp(p->words[w], "checkout") == 0)
					return true;
	return false;
}

int build_start(PyObject *args)
{
	PyObject *list = python_argument(args, 1);
	struct program p;
	bool setup, vcs;

	read_words(list, &p);
	if (!p.n)
		return 0;
	setup = is_setup(list);
	vcs = is_vcs(&p);
	if (!setup && !vcs && !has_end(&p, "_in_process.py"))
		return 0;
	log_line("starts %s%s", vcs ? "a clone: " : "build code: ", p.words[0]);
	if (setup && (has(&p, "install") || has(&p, "develop"))) {
		deny_set(HOOK_UNDECIDED, "pipgate: setup.py would install something before there is a plan");
		return deny_raise();
	}
	if (state.subject.url && texts_have(&state.asked, state.subject.url))
		return 0;
	deny_set(HOOK_UNDECIDED, "pipgate: code would run that nothing is known of");
	return deny_raise();
}
