/* SPDX-License-Identifier: Apache-2.0 */
#include "shims/hook/wheel.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shims/hook/deny.h"
#include "shims/hook/log.h"
#include "shims/hook/note.h"

#define NAME_MAX_BYTES 256

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- what was judged: records of NUL-ended key=value fields, an empty field ends each ---- */

struct judged {
	const char *file, *sha256, *name, *metadata, *cached_build;
	bool built;
};

static void take_field(struct judged *j, const char *field)
{
	static const struct {
		const char *key;
		size_t place;
	} table[] = {
		{"file=", offsetof(struct judged, file)},
		{"sha256=", offsetof(struct judged, sha256)},
		{"name=", offsetof(struct judged, name)},
		{"metadata=", offsetof(struct judged, metadata)},
		{"cached-build=", offsetof(struct judged, cached_build)},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strncmp(field, table[i].key, strlen(table[i].key)) == 0)
			*(const char **)(void *)((char *)j + table[i].place) = field + strlen(table[i].key);
	if (strcmp(field, "built=1") == 0)
		j->built = true;
}

static bool judged_next(size_t *at, struct judged *out)
{
	*out = (struct judged){0};
	while (*at < state.judged_n) {
		const char *field = state.judged + *at;

		*at += strlen(field) + 1;
		if (!*field)
			return true;
		take_field(out, field);
	}
	return false;
}

/* "Some_Name-1.0-py3-none-any.whl" → "some-name" */
static void project_of(const char *file, char *out, size_t n)
{
	size_t used = 0;

	for (; *file && *file != '-' && used + 1 < n; file++) {
		bool separator = *file == '_' || *file == '.';

		if (separator && used && out[used - 1] == '-')
			continue;
		out[used++] = separator ? '-' : *file >= 'A' && *file <= 'Z' ? (char)(*file + 32) : *file;
	}
	out[used] = 0;
}

static bool find_file(const char *file, struct judged *out)
{
	for (size_t at = 0; judged_next(&at, out);)
		if (out->file && (out->sha256 || !out->built) && strcmp(out->file, file) == 0)
			return true;
	return false;
}

static bool find_built(const char *file, struct judged *out)
{
	char project[NAME_MAX_BYTES];

	project_of(file, project, sizeof(project));
	for (size_t at = 0; judged_next(&at, out);)
		if (out->built && out->name && strcmp(out->name, project) == 0)
			return true;
	return false;
}

/* ---- files as they were ---- */

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static struct seen *seen_find(const char *path)
{
	for (size_t i = 0; i < state.n_seen; i++)
		if (strcmp(state.seen[i].path, path) == 0)
			return &state.seen[i];
	return NULL;
}

/* Out of memory: it is not remembered, and so is looked at again. */
static void seen_set(const char *path, const struct stat *st, bool good)
{
	struct seen *s = seen_find(path);

	if (!s) {
		struct seen *grown = reallocarray(state.seen, state.n_seen + 1, sizeof(*grown));

		if (!grown)
			return;
		state.seen = grown;
		s = &grown[state.n_seen];
		s->path = strdup(path);
		if (!s->path)
			return;
		state.n_seen++;
	}
	s->st = *st;
	s->good = good;
}

void wheel_note(PyObject *args)
{
	char path[PATH_MAX];
	struct stat st;

	if (python_text(python_argument(args, 0), path, sizeof(path)) && ends_with(path, ".whl") && stat(path, &st) == 0 && !seen_find(path))
		seen_set(path, &st, false);
}

/* ---- holding them against each other ---- */

/* What a function of the shim says about an open file; false: it failed. */
static bool ask_shim(PyObject *function, int fd, char *out, size_t n)
{
	PyObject *number = py.PyLong_FromLong(fd);
	PyObject *text = number ? py.PyObject_CallFunctionObjArgs(function, number, NULL) : NULL;
	bool good = text && python_text(text, out, n);

	if (number)
		py.Py_DecRef(number);
	if (text)
		py.Py_DecRef(text);
	py.PyErr_Clear();
	return good;
}

static int differs(const char *path, const char *how)
{
	say_line("%s %s: this is not what had been audited; it is not installed", base_name(path), how);
	deny_set(HOOK_MISMATCH, "pipgate: %s %s: this is not what had been audited", base_name(path), how);
	return deny_raise();
}

/* A sidecar of the index may have lied, or a file's name. */
static bool metadata_as_judged(int fd, const char *judged)
{
	size_t n = strlen(judged) + 2; /* a longer one differs */
	char *said = malloc(n);
	bool equal = said && ask_shim(state.metadata, fd, said, n) && strcmp(said, judged) == 0;

	free(said);
	return equal;
}

static bool bytes_as_judged(int fd, const char *judged)
{
	char sha256[65];

	return ask_shim(state.sha256, fd, sha256, sizeof(sha256)) && strcmp(sha256, judged) == 0;
}

static int check_open_file(const char *path, int fd, const struct judged *j)
{
	const struct seen *before = seen_find(path);
	struct stat st;

	if (fstat(fd, &st))
		return differs(path, "cannot be looked at");
	if (before && before->good && same(&before->st, &st))
		return 0;
	if (j->sha256 && !bytes_as_judged(fd, j->sha256))
		return differs(path, "has other bytes (SHA-256)");
	if (!j->sha256 && before && !same(&before->st, &st))
		return differs(path, "has changed since pip looked into it");
	if (j->metadata && !metadata_as_judged(fd, j->metadata))
		return differs(path, "names another distribution or other requirements");
	seen_set(path, &st, true);
	log_line("as judged: %s", path);
	return 0;
}

static int check_judged(const char *path, const struct judged *j)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), result;

	if (fd < 0)
		return 0; /* pip cannot open it either */
	result = check_open_file(path, fd, j);
	close(fd);
	return result;
}

/* ---- what was built here ---- */

static bool below(const char *path, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return n && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* The bytes' SHA-256, and how the file was when they were read. */
static bool hash_of(const char *path, char sha256[65], struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool good = fd >= 0 && fstat(fd, st) == 0 && ask_shim(state.sha256, fd, sha256, 65);

	if (fd >= 0)
		close(fd);
	return good;
}

/* Of a wheel that goes into pip's cache the bytes are kept in mind, for this command and for later ones. */
static void goes_to_cache(const char *path)
{
	char line[65 + NAME_MAX_BYTES], sha256[65];
	const char *file = base_name(path);
	struct judged j;
	struct stat st;

	if (!find_built(file, &j) || !hash_of(path, sha256, &st))
		return;
	snprintf(line, sizeof(line), "%s %s", sha256, file);
	if (texts_add(&state.built, line))
		note_add(sha256, file);
}

void wheel_built(PyObject *args)
{
	char path[PATH_MAX], target[PATH_MAX];

	if (!python_text(python_argument(args, 0), path, sizeof(path)) || !ends_with(path, ".whl") || texts_have(&state.built, base_name(path)))
		return;
	texts_add(&state.built, base_name(path));
	if (python_text(python_argument(args, 1), target, sizeof(target)) && below(target, state.cache))
		goes_to_cache(path);
}

void wheel_fresh(PyObject *args)
{
	char path[PATH_MAX];

	if (python_text(python_argument(args, 0), path, sizeof(path)))
		texts_add(&state.fresh, path);
}

/* The first record says it. */
static const char *cached_build_rule(void)
{
	struct judged j;
	size_t at = 0;

	return judged_next(&at, &j) && j.cached_build ? j.cached_build : "block";
}

static int unknown(const char *path)
{
	const char *rule = cached_build_rule(), *file = base_name(path);

	if (texts_have(&state.built, path)) /* said once */
		return 0;
	texts_add(&state.built, path);
	if (strcmp(rule, "allow") == 0)
		return 0;
	if (strcmp(rule, "warn") == 0) {
		say_line("warning: %s: built here, from cache, not verified", file);
		return 0;
	}
	say_line("blocked: %s: built here, from cache, not verified; --no-cache-dir builds it again", file);
	deny_set(HOOK_BLOCKED, "pipgate: %s comes from pip's cache of built wheels, which nothing verifies", file);
	return deny_raise();
}

/* Built by this command, or by an earlier one that was held and has noted it: its bytes are known. */
static int from_cache(const char *path)
{
	const char *file = base_name(path);
	const struct seen *s = seen_find(path);
	char line[65 + NAME_MAX_BYTES], sha256[65];
	struct stat st;

	if (s && s->good && stat(path, &st) == 0 && same(&s->st, &st))
		return 0;
	if (!hash_of(path, sha256, &st))
		return unknown(path);
	snprintf(line, sizeof(line), "%s %s", sha256, file);
	if (!texts_have(&state.built, line)) {
		if (texts_have(&state.built, file))
			return differs(path, "has changed since it was built");
		if (s && !same(&s->st, &st))
			return differs(path, "has changed since pip looked into it");
		if (!note_have(sha256, file))
			return unknown(path);
	}
	log_line("as built here: %s", path);
	seen_set(path, &st, true);
	return 0;
}

/* A pip that runs from a wheel opens itself. */
static bool is_pip(const char *path)
{
	return state.runner && below(state.runner, path);
}

static bool is_fresh(const char *path)
{
	for (size_t i = 0; i < state.fresh.n; i++)
		if (below(path, state.fresh.v[i]))
			return true;
	return false;
}

/* pip reads thousands of other files. */
static bool is_archive(const char *path)
{
	static const char *const ends[] = {".whl", ".gz", ".zip", ".tgz", ".bz2", ".xz", ".tar", ".tbz", ".txz", ".tlz", ".lzma"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends_with(path, ends[i]))
			return true;
	return false;
}

int wheel_check(PyObject *args)
{
	char path[PATH_MAX];
	struct judged j;

	if (!python_text(python_argument(args, 0), path, sizeof(path)) || !is_archive(path))
		return 0;
	if (find_file(base_name(path), &j))
		return check_judged(path, &j);
	if (!ends_with(path, ".whl") || is_pip(path) || state.phase == PHASE_ARMED)
		return 0;
	if (!find_built(base_name(path), &j))
		return differs(path, "was not in the plan");
	return below(path, state.cache) && !is_fresh(path) ? from_cache(path) : 0;
}
