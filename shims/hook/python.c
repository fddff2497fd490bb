/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/python.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

struct python py;

static bool find(void *place, const char *name)
{
	void *found = dlsym(RTLD_DEFAULT, name);

	memcpy(place, &found, sizeof(found)); /* a data pointer and a function pointer: POSIX says they are alike */
	return found != NULL;
}

static bool find_object(PyObject **place, const char *name)
{
	PyObject **found = dlsym(RTLD_DEFAULT, name);

	if (found)
		*place = *found;
	return found != NULL;
}

bool python_load(void)
{
#define X(type, name, arguments) &&find(&py.name, #name)
	return true PYTHON_FUNCTIONS(X) && find_object(&py.ImportError, "PyExc_ImportError") && find_object(&py.SystemExit, "PyExc_SystemExit");
#undef X
}

PyObject *python_argument(PyObject *args, Py_ssize_t i)
{
	PyObject *o = i >= 0 && i < py.PyTuple_Size(args) ? py.PyTuple_GetItem(args, i) : NULL;

	py.PyErr_Clear();
	return o;
}

/* The bytes of a text, in an object of its own; NULL: it is none (a descriptor's number, None). */
static PyObject *text_bytes(PyObject *o, char **text, Py_ssize_t *n)
{
	PyObject *path = o ? py.PyOS_FSPath(o) : NULL; /* str or bytes */
	PyObject *bytes = path ? py.PyUnicode_EncodeFSDefault(path) : NULL;

	if (path && !bytes) {
		py.PyErr_Clear();
		bytes = path;
		py.Py_IncRef(bytes);
	}
	if (bytes && py.PyBytes_AsStringAndSize(bytes, text, n) != 0) {
		py.Py_DecRef(bytes);
		bytes = NULL;
	}
	if (path)
		py.Py_DecRef(path);
	py.PyErr_Clear();
	if (bytes && memchr(*text, 0, (size_t)*n)) {
		py.Py_DecRef(bytes);
		bytes = NULL;
	}
	return bytes;
}

bool python_text(PyObject *o, char *out, size_t n)
{
	char *text;
	Py_ssize_t length;
	PyObject *bytes = text_bytes(o, &text, &length);
	bool fits = bytes && (size_t)length < n;

	if (fits)
		memcpy(out, text, (size_t)length + 1);
	if (bytes)
		py.Py_DecRef(bytes);
	return fits;
}

char *python_copy(PyObject *o)
{
	char *text, *copy;
	Py_ssize_t length;
	PyObject *bytes = text_bytes(o, &text, &length);

	if (!bytes)
		return NULL;
	copy = strdup(text);
	py.Py_DecRef(bytes);
	return copy;
}

long python_number(PyObject *o, long otherwise)
{
	long n = o ? py.PyLong_AsLong(o) : otherwise;

	if (py.PyErr_Occurred()) {
		py.PyErr_Clear();
		return otherwise;
	}
	return n;
}

bool python_true(PyObject *o)
{
	bool is = o && py.PyObject_IsTrue(o) == 1;

	py.PyErr_Clear();
	return is;
}

PyObject *python_module_attribute(const char *module, const char *name)
{
	PyObject *modules = py.PySys_GetObject("modules");
	PyObject *m = modules ? py.PyDict_GetItemString(modules, module) : NULL;
	PyObject *o = m ? py.PyObject_GetAttrString(m, name) : NULL;

	py.PyErr_Clear();
	return o;
}
