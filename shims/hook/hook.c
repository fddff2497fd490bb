/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook: an audit hook (PEP 578) in pip's own process. It is told by the shim what pip is about to do, sees every event
 * that Python raises, and lets a command that installs write nothing before `pipgate decide` has said yes to its plan.
 * It knows nothing of advisories.
 *
 * Events of the shim (shims/pipgate_shim.py), in the order of a command:
 *   pipgate.hello(box)                                   puts the protocol's number into the empty list
 *   pipgate.setup(loader, folder of pip)                 what a nested pip is given, and how it is known
 *   pipgate.parse(), pipgate.parsed()                    around pip's parsing, which may start another pip
 *   pipgate.begin(command, arguments, road, terminal, sha256(fd), metadata(fd))
 *   pipgate.options([closed], [opened], dry run, quiet, cache folder, [sha256 of the wheels that this Python carries])
 *   pipgate.prepare(file, url, name, vcs, folder)        before pip fetches or unpacks something
 *   pipgate.failed(status)                               a program that pip started failed
 *   pipgate.plan(report, nested, parent)                 before anything of the plan is done
 *   pipgate.end([status])                                changes the status
 */
#include "shims/hook/hook.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shims/hook/build.h"
#include "shims/hook/deny.h"
#include "shims/hook/hold.h"
#include "shims/hook/log.h"
#include "shims/hook/nested.h"
#include "shims/hook/protocol.h"
#include "shims/hook/wheel.h"

/* Events that our own calls raise. The model is named so that libc alone is needed. */
static _Thread_local bool busy __attribute__((tls_model("initial-exec")));

static int no_memory(void)
{
	deny_set(HOOK_UNDECIDED, "pipgate: out of memory");
	return deny_raise();
}

/* ---- what the shim says ---- */

static int on_hello(PyObject *args)
{
	PyObject *number = py.PyLong_FromLong(DECIDE_PROTOCOL);
	PyObject *box = python_argument(args, 0);

	if (number && box)
		py.PyList_Append(box, number);
	if (number)
		py.Py_DecRef(number);
	py.PyErr_Clear();
	return 0;
}

static int on_setup(PyObject *args)
{
	PyObject *loader = python_argument(args, 0);

	if (loader)
		py.Py_IncRef(loader);
	if (state.loader)
		py.Py_DecRef(state.loader);
	free(state.runner);
	state.loader = loader;
	state.runner = python_copy(python_argument(args, 1));
	return loader && state.runner ? 0 : no_memory();
}

static int on_parse(PyObject *args)
{
	(void)args;
	if (state.phase == PHASE_OFF && state.runner)
		state.phase = PHASE_PARSING;
	return 0;
}

static int on_parsed(PyObject *args)
{
	(void)args;
	if (state.phase == PHASE_PARSING)
		state.phase = PHASE_OFF;
	return 0;
}

static int on_begin(PyObject *args)
{
	PyObject **functions[] = {&state.sha256, &state.metadata};

	if (state.phase != PHASE_OFF) { /* two commands at once in one process: neither may go on */
		deny_set(HOOK_UNDECIDED, "pipgate: another pip command runs in this process");
		return deny_raise();
	}
	state_begin();
	state.phase = PHASE_ARMED;
	state.command = python_copy(python_argument(args, 0));
	state.road = python_copy(python_argument(args, 2));
	state.terminal = python_true(python_argument(args, 3));
	for (size_t i = 0; i < 2; i++) {
		*functions[i] = python_argument(args, (Py_ssize_t)(4 + i));
		if (*functions[i])
			py.Py_IncRef(*functions[i]);
	}
	log_line("begin: %s", state.command ? state.command : "?");
	texts_add_list(&state.arguments, python_argument(args, 1)); /* one that is no text ends them: they only serve a hint */
	return state.command && state.road && state.sha256 && state.metadata ? 0 : no_memory();
}

static int on_options(PyObject *args)
{
	free(state.cache);
	state.cache = python_copy(python_argument(args, 4)); /* None: pip keeps none */
	state.dry_run = python_true(python_argument(args, 2));
	state.quiet = python_number(python_argument(args, 3), 0);
	if (texts_add_list(&state.closed, python_argument(args, 0)) && texts_add_list(&state.opened, python_argument(args, 1)) &&
		texts_add_list(&state.bundled, python_argument(args, 5)))
		return 0;
	return no_memory();
}

static int on_failed(PyObject *args)
{
	nested_failed(args);
	return 0;
}

static int on_end(PyObject *args)
{
	hold_end(args);
	state_begin();
	return 0;
}

static const struct word {
	const char *event; /* behind "pipgate." */
	int (*on)(PyObject *args);
	bool always; /* else only while a command is under way */
} words[] = {
	{"hello", on_hello, true},
	{"setup", on_setup, true},
	{"parse", on_parse, true},
	{"parsed", on_parsed, true},
	{"begin", on_begin, true},
	{"options", on_options, false},
	{"prepare", build_prepare, false},
	{"failed", on_failed, false},
	{"plan", hold_plan, false},
	{"end", on_end, false},
};

static int on_word(const char *event, PyObject *args)
{
	if (state.pid != getpid()) /* a child of a fork that runs pip itself: a process of its own */
		state_forget();
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(words[i].event, event) == 0)
			return words[i].always || state.phase >= PHASE_ARMED ? words[i].on(args) : 0;
	return 0;
}

/* ---- what Python says ---- */

static int on_popen(PyObject *args)
{
	int result;

	if (state.phase == PHASE_DENIED)
		return deny_raise();
	result = nested_start(args);
	if (result == 0 && !state.nested && state.phase == PHASE_ARMED)
		result = build_start(args);
	return result;
}

static int on_event(const char *event, PyObject *args)
{
	bool creates;

	if (strcmp(event, "subprocess.Popen") == 0)
		return on_popen(args);
	if (state.phase == PHASE_PARSING)
		return 0;
	creates = deny_creates(event, args);
	if (state.phase == PHASE_DENIED)
		return creates ? deny_raise() : 0;
	if (strcmp(event, "shutil.move") == 0 || strcmp(event, "os.rename") == 0)
		wheel_built(args);
	else if (strcmp(event, "tempfile.mkdtemp") == 0)
		wheel_fresh(args);
	if (state.phase == PHASE_ARMED && creates && deny_reaches(event, args)) {
		deny_set(HOOK_UNDECIDED, "pipgate: pip would write before its plan was judged");
		return deny_raise();
	}
	if (creates || strcmp(event, "open") != 0)
		return 0;
	if (state.phase == PHASE_ARMED)
		wheel_note(args);
	return wheel_check(args);
}

static int hook(const char *event, PyObject *args, void *data)
{
	static const char ours[] = "pipgate.";
	bool word = strncmp(event, ours, sizeof(ours) - 1) == 0;
	int result = 0;

	(void)data;
	if (busy || (!word && (state.phase == PHASE_OFF || state.pid != getpid())))
		return 0;
	busy = true;
	result = word ? on_word(event + sizeof(ours) - 1, args) : on_event(event, args);
	busy = false;
	return result;
}

int pipgate_hook_start(void)
{
	static bool started;

	if (started)
		return 0;
	if (!python_load() || py.PySys_AddAuditHook(hook, NULL) != 0)
		return -1;
	started = true;
	state.pid = getpid();
	log_line("loaded");
	return 0;
}

PyObject *PyInit_pipgate_hook(void)
{
	if (pipgate_hook_start() == 0)
		py.PyErr_SetString(py.ImportError, "pipgate: the hook listens; it is no module");
	return NULL;
}
