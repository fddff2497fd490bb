/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/layout.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define SMALL_FILE ((size_t)1 << 20) /* pyvenv.cfg, *.pth */
#define PTH_FILES_MAX 1000           /* in one folder */

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static struct span parent(struct span path)
{
	while (path.n && path.p[path.n - 1] != '/')
		path.n--;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

/* ---- what a .pth file adds (site.py): lines that name a folder ---- */

static void add_folder(struct words *words, const char *path)
{
	char *const *have = words->list.items;

	for (size_t i = 0; i < words->list.n; i++)
		if (strcmp(have[i], path) == 0)
			return;
	if (is_folder(path))
		words_add(words, path);
}

static void add_pth(struct pipgate_run *run, struct words *words, const char *folder, const char *name)
{
	struct span text;

	if (keep_file(run, text_format(run, "%s/%s", folder, name), SMALL_FILE, &text, NULL) != PIPGATE_OK)
		return;
	while (text.n) {
		struct span line = span_trim(span_split(&text, '\n'));

		if (!line.n || line.p[0] == '#' || span_starts(line, SPAN("import ")) || span_starts(line, SPAN("import\t")) ||
			memchr(line.p, 0, line.n))
			continue;
		add_folder(words, line.p[0] == '/' ? text_copy(run, line) : text_format(run, "%s/" SPAN_FMT, folder, SPAN_ARG(line)));
	}
}

static int is_pth(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(".pth"));
}

/* A site folder, and behind it what its .pth files add, in their order. */
static void add_site(struct pipgate_run *run, struct words *words, const char *folder)
{
	struct dirent **files;
	int n;

	if (!is_folder(folder))
		return;
	add_folder(words, folder);
	n = scandir(folder, &files, is_pth, alphasort);
	for (int i = 0; i < n; i++) {
		if (i < PTH_FILES_MAX)
			add_pth(run, words, folder, files[i]->d_name);
		free(files[i]);
	}
	if (n >= 0)
		free(files);
}

/* ---- versions ---- */

/* "3.11" of "python3.11"; n 0: it tells none */
static struct span version_in(struct span name)
{
	struct span rest = span_starts(name, SPAN("python")) ? span_from(name, 6) : (struct span){NULL, 0};
	size_t n = 0;

	while (n < rest.n && (ascii_digit(rest.p[n]) || rest.p[n] == '.'))
		n++;
	rest.n = n;
	return rest.n > 2 && memchr(rest.p, '.', rest.n) ? rest : (struct span){NULL, 0};
}

/* The only lib/python3.N of a prefix that has site-packages; NULL: none, or several. */
static const char *version_of_prefix(struct pipgate_run *run, const char *prefix)
{
	DIR *dir = opendir(text_format(run, "%s/lib", prefix));
	struct dirent *entry;
	const char *found = NULL;
	size_t n = 0;

	while (dir && (entry = readdir(dir))) {
		struct span version = version_in(span_of(entry->d_name));

		if (version.n && is_folder(text_format(run, "%s/lib/%s/site-packages", prefix, entry->d_name))) {
			found = text_copy(run, version);
			n++;
		}
	}
	if (dir)
		closedir(dir);
	return n == 1 ? found : NULL;
}

/* "key = value" of a pyvenv.cfg */
static struct span setting(struct span text, const char *key)
{
	while (text.n) {
		struct span line = span_split(&text, '\n');
		struct span name = span_trim(span_split(&line, '='));

		if (span_equal_nocase(name, span_of(key)))
			return span_trim(line);
	}
	return (struct span){NULL, 0};
}

/* "3.11" of "3.11.7" */
static const char *short_version(struct pipgate_run *run, struct span version)
{
	struct span rest = version, major = span_split(&rest, '.'), minor = span_split(&rest, '.');

	if (!major.n || !minor.n)
		return NULL;
	return text_format(run, SPAN_FMT "." SPAN_FMT, SPAN_ARG(major), SPAN_ARG(minor));
}

/* ---- folders of an interpreter ---- */

static void add_prefix(struct pipgate_run *run, struct words *words, const char *prefix, const char *version)
{
	const char *lib = text_format(run, "%s/lib/python%s/site-packages", prefix, version);
	const char *lib64 = text_format(run, "%s/lib64/python%s/site-packages", prefix, version);
	char real[PATH_MAX], other[PATH_MAX];

	add_site(run, words, lib);
	if (!realpath(lib64, other) || (realpath(lib, real) && strcmp(real, other) == 0))
		return; /* lib64 is often a link to lib */
	add_site(run, words, lib64);
}

/* Debian's own interpreter keeps them elsewhere. */
static void add_base(struct pipgate_run *run, struct words *words, const char *prefix, const char *version)
{
	if (strcmp(prefix, "/usr") == 0) {
		add_site(run, words, text_format(run, "/usr/local/lib/python%s/dist-packages", version));
		add_site(run, words, "/usr/lib/python3/dist-packages");
		add_site(run, words, text_format(run, "/usr/lib/python%s/dist-packages", version));
	}
	add_prefix(run, words, prefix, version);
}

static void add_user(struct pipgate_run *run, struct words *words, const char *version)
{
	const char *base = getenv("PYTHONUSERBASE"), *home = getenv("HOME"), *off = getenv("PYTHONNOUSERSITE");

	if (off && *off)
		return;
	if (base && *base)
		add_site(run, words, text_format(run, "%s/lib/python%s/site-packages", base, version));
	else if (home && *home)
		add_site(run, words, text_format(run, "%s/.local/lib/python%s/site-packages", home, version));
}

static void add_variable(struct pipgate_run *run, struct words *words)
{
	const char *value = getenv("PYTHONPATH");
	struct span rest = span_of(value);

	while (rest.n) {
		struct span folder = span_split(&rest, ':');

		if (folder.n)
			add_folder(words, text_copy(run, folder));
	}
}

/* Which Python it is, and whether an environment. */
static void read_kind(struct pipgate_run *run, struct layout *out, struct span cfg, const char *base_prefix, const char *base_version)
{
	struct span version = setting(cfg, "version");

	if (!out->virtual_environment) {
		out->prefix = base_prefix;
		out->version = base_version;
		out->inherits = true;
		return;
	}
	out->full_version = version.n ? text_copy(run, version) : NULL;
	out->inherits = span_equal_nocase(setting(cfg, "include-system-site-packages"), SPAN("true"));
	out->version = short_version(run, version.n ? version : setting(cfg, "version_info"));
	if (!out->version)
		out->version = version_of_prefix(run, out->prefix);
	if (!out->version)
		out->version = base_version;
}

static const char *version_of_binary(struct pipgate_run *run, const char *real, const char *prefix)
{
	struct span version = version_in(span_of(strrchr(real, '/') + 1));

	return version.n ? text_copy(run, version) : version_of_prefix(run, prefix);
}

enum pipgate_status layout_find(struct pipgate_run *run, const char *python, struct layout *out, struct pipgate_error *error)
{
	struct words own = {.run = run}, base = {.run = run}, user = {.run = run}, variable = {.run = run};
	const char *prefix = text_copy(run, parent(parent(span_of(python)))), *base_prefix;
	struct span cfg = {NULL, 0};
	char real[PATH_MAX];

	if (keep_file(run, text_format(run, "%s/pyvenv.cfg", prefix), SMALL_FILE, &cfg, NULL) != PIPGATE_OK)
		cfg = (struct span){NULL, 0};
	*out = (struct layout){.prefix = prefix, .virtual_environment = cfg.p != NULL};
	if (!realpath(python, real))
		return error_set(error, PIPGATE_FAILED, "%s: %s", python, strerror(errno));
	base_prefix = text_copy(run, parent(parent(span_of(real))));
	read_kind(run, out, cfg, base_prefix, version_of_binary(run, real, base_prefix));
	if (!out->version)
		return error_set(error, PIPGATE_FAILED, "%s: which Python it is cannot be told from the files around it", python);
	if (!out->full_version)
		out->full_version = out->version;
	add_variable(run, &variable);
	if (out->virtual_environment)
		add_prefix(run, &own, prefix, out->version);
	else
		add_base(run, &own, base_prefix, out->version);
	if (out->inherits)
		add_user(run, &user, out->version);
	if (out->inherits && out->virtual_environment)
		add_base(run, &base, base_prefix, out->version);
	out->own = words_end(&own);
	out->base = words_end(&base);
	out->user = words_end(&user);
	out->variable = words_end(&variable);
	if (!*out->own)
		return error_set(error, PIPGATE_FAILED, "%s: there is no site-packages folder in %s", python, out->prefix);
	return PIPGATE_OK;
}

void layout_markers(struct pipgate_run *run, const struct layout *layout, struct pipgate_environment *out)
{
	struct utsname machine;
	const char *table[][2] = {
		{"implementation_name", "cpython"}, {"implementation_version", layout->full_version}, {"os_name", "posix"},
		{"platform_machine", machine.machine}, {"platform_python_implementation", "CPython"}, {"platform_release", machine.release},
		{"platform_system", machine.sysname}, {"platform_version", machine.version}, {"python_full_version", layout->full_version},
		{"python_version", layout->version}, {"sys_platform", "linux"},
	};
	size_t n = sizeof(table) / sizeof(*table);
	struct pipgate_variable *v = must(arena_array(run, n, sizeof(*v)));

	if (uname(&machine))
		machine = (struct utsname){.sysname = "Linux"};
	for (size_t i = 0; i < n; i++)
		v[i] = (struct pipgate_variable){span_of(table[i][0]), must_span(arena_copy(run, span_of(table[i][1])))};
	*out = (struct pipgate_environment){v, n};
}
