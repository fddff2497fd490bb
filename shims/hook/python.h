/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPython as far as the hook needs it: functions found by name in the running process, so that one object serves 3.8 to the
 * newest. No Python.h, and nothing is assumed about how an object lies in memory.
 */
#ifndef SHIMS_HOOK_PYTHON_H
#define SHIMS_HOOK_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct _object PyObject;
typedef ssize_t Py_ssize_t;
typedef int (*audit_hook)(const char *event, PyObject *args, void *data);

#define PYTHON_FUNCTIONS(X) \
	X(int, PySys_AddAuditHook, (audit_hook hook, void *data)) \
	X(PyObject *, PySys_GetObject, (const char *name)) /* borrowed */ \
	X(void, Py_IncRef, (PyObject * o)) \
	X(void, Py_DecRef, (PyObject * o)) \
	X(PyObject *, PyOS_FSPath, (PyObject * o)) \
	X(PyObject *, PyObject_GetAttrString, (PyObject * o, const char *name)) \
	X(PyObject *, PyObject_CallFunctionObjArgs, (PyObject * callable, ...)) \
	X(int, PyObject_IsTrue, (PyObject * o)) \
	X(PyObject *, PyDict_GetItemString, (PyObject * o, const char *name)) /* borrowed */ \
	X(Py_ssize_t, PyTuple_Size, (PyObject * o)) \
	X(PyObject *, PyTuple_GetItem, (PyObject * o, Py_ssize_t i)) /* borrowed */ \
	X(Py_ssize_t, PyList_Size, (PyObject * o)) \
	X(PyObject *, PyList_GetItem, (PyObject * o, Py_ssize_t i)) /* borrowed */ \
	X(int, PyList_SetItem, (PyObject * o, Py_ssize_t i, PyObject * stolen)) \
	X(int, PyList_Insert, (PyObject * o, Py_ssize_t i, PyObject * item)) \
	X(int, PyList_Append, (PyObject * o, PyObject * item)) \
	X(PyObject *, PyUnicode_DecodeFSDefault, (const char *s)) \
	X(PyObject *, PyUnicode_EncodeFSDefault, (PyObject * o)) \
	X(int, PyBytes_AsStringAndSize, (PyObject * o, char **s, Py_ssize_t *n)) \
	X(PyObject *, PyLong_FromLong, (long n)) \
	X(long, PyLong_AsLong, (PyObject * o)) \
	X(void, PyErr_SetString, (PyObject * type, const char *text)) \
	X(void, PyErr_Clear, (void)) \
	X(PyObject *, PyErr_Occurred, (void)) \
	X(int, PyErr_CheckSignals, (void)) \
	X(void *, PyEval_SaveThread, (void)) \
	X(void, PyEval_RestoreThread, (void *thread))

struct python {
#define X(type, name, arguments) type(*name) arguments;
	PYTHON_FUNCTIONS(X)
#undef X
	PyObject *ImportError, *SystemExit;
};
extern struct python py;

/* false: this process has no Python, or one that lacks something of the above. */
bool python_load(void);

/* All of these leave no exception behind. */
PyObject *python_argument(PyObject *args, Py_ssize_t i);              /* borrowed; NULL: there is none */
bool python_text(PyObject *o, char *out, size_t n);                   /* str, bytes or PathLike without NUL that fits */
char *python_copy(PyObject *o);                                       /* the same as a new string; NULL: it is no text */
long python_number(PyObject *o, long otherwise);
bool python_true(PyObject *o);
PyObject *python_module_attribute(const char *module, const char *name); /* of one that is imported; owned, or NULL */

#endif
