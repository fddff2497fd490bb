/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/deny.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shims/hook/log.h"

/* ---- what creates ---- */

#define NO (-1)

static const struct creating {
	const char *event;
	signed char paths[2]; /* which arguments name what is created, moved or replaced */
	signed char folder;   /* the argument that says what a relative path is relative to */
	bool always;          /* not to be told by a path */
} creating[] = {
	{"open", {0, NO}, NO, false},
	{"os.exec", {NO, NO}, NO, true},
	{"os.link", {1, NO}, 3, false},
	{"os.mkdir", {0, NO}, 2, false},
	{"os.posix_spawn", {NO, NO}, NO, true},
	{"os.rename", {0, 1}, 2, false},
	{"os.symlink", {1, NO}, 2, false},
	{"os.system", {NO, NO}, NO, true},
	{"shutil.copyfile", {1, NO}, NO, false},
	{"shutil.copytree", {1, NO}, NO, false},
	{"shutil.make_archive", {0, NO}, NO, false},
	{"shutil.move", {0, 1}, NO, false},
	{"shutil.unpack_archive", {1, NO}, NO, false},
	{"socket.connect", {NO, NO}, NO, true},
	{"subprocess.Popen", {NO, NO}, NO, true},
	{"tempfile.mkdtemp", {0, NO}, NO, false},
	{"tempfile.mkstemp", {0, NO}, NO, false},
};

static const struct creating *find(const char *event)
{
	for (size_t i = 0; i < sizeof(creating) / sizeof(*creating); i++)
		if (strcmp(creating[i].event, event) == 0)
			return &creating[i];
	return NULL;
}

static bool opens_for_writing(PyObject *args)
{
	long flags = python_number(python_argument(args, 2), 0);

	return (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC | O_APPEND);
}

/* Python keeps the bytecode of what it imports: in __pycache__, under a name of its own that only it uses. */
static bool is_bytecode(const char *event, PyObject *args)
{
	char path[PATH_MAX];
	const char *folder, *end;

	if (!python_text(python_argument(args, 0), path, sizeof(path)))
		return false;
	folder = strstr(path, "/__pycache__");
	if (!folder)
		return false;
	if (strcmp(event, "os.mkdir") == 0)
		return strcmp(folder, "/__pycache__") == 0;
	end = strstr(folder, ".pyc.");
	if (!end || end[5 + strspn(end + 5, "0123456789")])
		return false;
	return strcmp(event, "os.rename") == 0 || (strcmp(event, "open") == 0 && python_number(python_argument(args, 2), 0) & O_EXCL);
}

bool deny_creates(const char *event, PyObject *args)
{
	const struct creating *c = find(event);

	return c && (strcmp(event, "open") != 0 || opens_for_writing(args)) && (c->always || !is_bytecode(event, args));
}

/* ---- where ---- */

/* Absolute, without "." and "..", "//"; links are not followed: the closed folders are known by both of their names. */
static bool absolute(const char *path, char *out, size_t n)
{
	size_t used = 0;

	if (path[0] != '/') {
		if (!getcwd(out, n))
			return false;
		used = strcmp(out, "/") == 0 ? 0 : strlen(out);
	}
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			while (used && out[--used] != '/')
				;
		else if (length && !(length == 1 && path[0] == '.')) {
			if (used + length + 2 > n)
				return false;
			out[used++] = '/';
			memcpy(out + used, path, length);
			used += length;
		}
		path += length + (path[length] == '/');
	}
	out[used] = 0;
	return true;
}

/* The length of the longest of these folders that the path lies in, or is; -1: none. */
static long longest(const struct texts *folders, const char *path)
{
	long best = -1;

	for (size_t i = 0; i < folders->n; i++) {
		const char *folder = folders->v[i];
		size_t n = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

		if (strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0) && (long)n > best)
			best = (long)n;
	}
	return best;
}

static bool reaches(const char *event, const char *path)
{
	char whole[PATH_MAX];
	long closed;

	if (!absolute(path, whole, sizeof(whole)))
		return true;
	closed = longest(&state.closed, whole);
	if (closed < 0 || closed <= longest(&state.opened, whole))
		return false;
	/* pip makes the folder itself before it has a plan: download -d, wheel -w */
	return whole[closed] != 0 || strcmp(event, "os.mkdir") != 0;
}

bool deny_reaches(const char *event, PyObject *args)
{
	const struct creating *c = find(event);
	char path[PATH_MAX];

	for (size_t i = 0; c && i < sizeof(c->paths) / sizeof(*c->paths); i++) {
		if (c->paths[i] == NO || !python_text(python_argument(args, c->paths[i]), path, sizeof(path)))
			continue; /* a descriptor: it was judged when it was opened */
		if (path[0] != '/' && c->folder != NO && python_number(python_argument(args, c->folder), -1) >= 0)
			return true;
		if (reaches(event, path)) {
			log_line("%s reaches %s", event, path);
			return true;
		}
	}
	return false;
}

/* ---- the no ---- */

void deny_set(int status, const char *why, ...)
{
	va_list args;

	if (state.phase == PHASE_DENIED)
		return;
	state.phase = PHASE_DENIED;
	state.status = status;
	va_start(args, why);
	vsnprintf(state.why, sizeof(state.why), why, args);
	va_end(args);
	for (char *p = state.why; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	log_line("denied: %d %s", status, state.why);
}

int deny_raise(void)
{
	PyObject *type = python_module_attribute("pip._internal.exceptions", "InstallationError");

	py.PyErr_SetString(type ? type : py.SystemExit, state.why);
	if (type)
		py.Py_DecRef(type);
	return -1;
}
