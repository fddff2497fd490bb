/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/hold.h"

#include <stdlib.h>

#include "shims/hook/deny.h"
#include "shims/hook/log.h"

int hold_ask(const struct question *question, const char *refused)
{
	char error[256]; /* or the reason of a block */

	switch (decider_ask(question, error, sizeof(error))) {
	case ANSWER_ALLOW:
		return 0;
	case ANSWER_BLOCK:
		deny_set(HOOK_BLOCKED, "%s%s%s", refused, error[0] ? ": " : "", error);
		return deny_raise();
	case ANSWER_CANCELLED: /* pip says so itself; what it may do on its way out creates nothing */
		deny_set(HOOK_PIPS_OWN, "cancelled while pipgate was deciding");
		return -1;
	case ANSWER_ERROR:
		break;
	}
	if (error[0])
		say_line("%s; nothing was installed", error);
	deny_set(HOOK_UNDECIDED, "pipgate could not decide%s%s", error[0] ? ": " : "", error);
	return deny_raise();
}

int hold_plan(PyObject *args)
{
	bool nested = python_true(python_argument(args, 1));
	char *report, *parent = python_copy(python_argument(args, 2));
	struct question question = {.ask = nested || (parent && *parent) ? "nested" : "plan", .parent = parent};
	Py_ssize_t n;
	int held;

	if (py.PyBytes_AsStringAndSize(py.PyTuple_GetItem(args, 0), &report, &n) != 0) {
		held = -1; /* a TypeError, and no plan was judged */
	} else if (state.phase == PHASE_DENIED) {
		held = deny_raise();
	} else {
		question.report = report;
		question.report_n = (size_t)n;
		held = hold_ask(&question, "pipgate refused this plan");
	}
	free(parent);
	if (held == 0 && !nested && state.phase == PHASE_ARMED)
		state.phase = PHASE_ALLOWED;
	log_line("plan: %s", held == 0 ? "allowed" : "refused");
	return held;
}

static void put_status(PyObject *box, int status)
{
	PyObject *number = py.PyLong_FromLong(status);

	if (number && py.PyList_SetItem(box, 0, number) == 0)
		return;
	py.PyErr_Clear();
}

void hold_end(PyObject *args)
{
	PyObject *box = python_argument(args, 0);
	long pips = box ? python_number(py.PyList_GetItem(box, 0), -1) : -1; /* -1: it ended by an exception */

	py.PyErr_Clear();
	log_line("end: pip's %ld, phase %d, ours %d", pips, (int)state.phase, state.status);
	if (state.phase == PHASE_DENIED && state.status != HOOK_PIPS_OWN) {
		put_status(box, state.status);
	} else if (pips == 0 && state.phase != PHASE_ALLOWED) {
		if (state.phase == PHASE_ARMED)
			say_line("pip ended without a plan that could be judged");
		put_status(box, HOOK_UNDECIDED);
	}
}
