/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define NAME "pip/pip.conf"

/* What the files say so far; a later file and [install] win, as in pip. */
struct settings {
	struct pipgate_run *run;
	struct span global, install;       /* index-url of these sections; p NULL: not given */
	struct span no_global, no_install; /* no-index */
	const char *other; /* the key of pip_setting(), NULL: none */
	struct span other_global, other_install;
};

/* ---- a file, as Python's RawConfigParser and pip read it ---- */

static bool key_is(struct span key, const char *name)
{
	while (span_starts(key, SPAN("--")))
		key = span_from(key, 2);
	if (key.n != strlen(name))
		return false;
	for (size_t i = 0; i < key.n; i++)
		if ((key.p[i] == '_' ? '-' : ascii_lower(key.p[i])) != name[i])
			return false;
	return true;
}

static void setting_take(struct settings *s, struct span section, struct span key, struct span value)
{
	bool install = span_is(section, "install");
	bool url = key_is(key, "index-url") || key_is(key, "pypi-url");

	if (!value.n || (!install && !span_is(section, "global"))) /* pip passes over empty ones */
		return;
	if (s->other && key_is(key, s->other))
		*(install ? &s->other_install : &s->other_global) = must_span(arena_copy(s->run, value));
	else if (url)
		*(install ? &s->install : &s->global) = must_span(arena_copy(s->run, value));
	else if (key_is(key, "no-index"))
		*(install ? &s->no_install : &s->no_global) = must_span(arena_copy(s->run, value));
}

static void line_take(struct settings *s, struct span *section, struct span line)
{
	size_t at = 0;

	line = span_trim(line);
	if (line.n > 1 && line.p[0] == '[' && memchr(line.p, ']', line.n)) {
		*section = span_from(line, 1);
		section->n = (size_t)((const char *)memchr(section->p, ']', section->n) - section->p);
		return;
	}
	while (at < line.n && line.p[at] != '=' && line.p[at] != ':')
		at++;
	if (at < line.n)
		setting_take(s, *section, span_trim((struct span){line.p, at}), span_trim(span_from(line, at + 1)));
}

/* A value may stand on the lines behind its key, indented. */
static void config_take(struct settings *s, struct span text)
{
	struct span section = {"", 0};

	while (text.n) {
		const char *begin = text.p;
		struct span line = span_split(&text, '\n');

		if (!span_trim(line).n || line.p[0] == '#' || line.p[0] == ';' || ascii_space(line.p[0]))
			continue;
		while (text.n && (text.p[0] == ' ' || text.p[0] == '\t'))
			line.n = (size_t)(text.p - begin) + span_split(&text, '\n').n;
		line_take(s, &section, line);
	}
}

static void file_take(struct settings *s, const char *path)
{
	struct span text;

	if (keep_file(s->run, path, PIP_CONFIG_MAX, &text, NULL) == PIPGATE_OK) /* pip tells of a broken one itself */
		config_take(s, text);
}

/* ---- which files ---- */

/* Set and not empty: pip passes over empty variables. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* A variable among given settings, NULL: of our own environment. */
static const char *variable_of(char *const *settings, const char *name)
{
	size_t n = strlen(name);
	const char *value = NULL;

	if (!settings)
		return variable(name);
	for (; *settings; settings++)
		if (strncmp(*settings, name, n) == 0 && (*settings)[n] == '=')
			value = *settings + n + 1;
	return value && *value ? value : NULL;
}

static void add_system(struct words *files)
{
	const char *folders = getenv("XDG_CONFIG_DIRS");
	struct span rest = span_of(folders && *folders ? folders : "/etc/xdg");

	while (rest.n) {
		struct span folder = span_split(&rest, ':');

		if (folder.n)
			words_add(files, text_format(files->run, SPAN_FMT "/" NAME, SPAN_ARG(folder)));
	}
	words_add(files, "/etc/pip.conf");
}

static void add_user(struct words *files)
{
	const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");

	if (home && *home)
		words_add(files, text_format(files->run, "%s/.pip/pip.conf", home));
	if (config && *config)
		words_add(files, text_format(files->run, "%s/" NAME, config));
	else if (home && *home)
		words_add(files, text_format(files->run, "%s/.config/" NAME, home));
}

/* The folder above bin; n 0: there is none. */
static struct span above_bin(const char *python)
{
	struct span folder = span_of(python);

	for (int i = 0; i < 2; i++)
		while (folder.n && folder.p[--folder.n] != '/')
			;
	return folder;
}

/* sys.prefix: the environment's folder, or the one above the real interpreter's bin. */
static void add_prefix(struct words *files, const struct pip *pip)
{
	char *python = pip ? pip_interpreter(files->run, pip) : NULL, *real = NULL;
	struct span folder = above_bin(python);

	if (folder.n && access(text_format(files->run, SPAN_FMT "/pyvenv.cfg", SPAN_ARG(folder)), F_OK) != 0) {
		real = realpath(python, NULL);
		folder = above_bin(real);
	}
	if (folder.n)
		words_add(files, text_format(files->run, SPAN_FMT "/pip.conf", SPAN_ARG(folder)));
	free(real);
}

char **pip_config_files(struct pipgate_run *run, const struct pip *pip, char *const *settings)
{
	const char *named = variable_of(settings, "PIP_CONFIG_FILE");
	struct words files = {.run = run};

	if (named && strcmp(named, "/dev/null") == 0) /* os.devnull: no file at all */
		return words_end(&files);
	add_system(&files);
	if (!named || access(named, F_OK) != 0)
		add_user(&files);
	add_prefix(&files, pip);
	if (named)
		words_add(&files, named);
	return words_end(&files);
}

/* ---- the answer ---- */

bool pip_true(struct span value)
{
	static const char *const words[] = {"1", "y", "yes", "t", "true", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equal_nocase(value, span_of(words[i])))
			return true;
	return false;
}

/* false: pip is told to use none. *out NULL: nothing is configured. */
static bool configured(struct pipgate_run *run, const struct pip *pip, const char **out)
{
	struct settings s = {.run = run};
	const char *no_index = variable("PIP_NO_INDEX"), *url = variable("PIP_INDEX_URL");

	*out = NULL;
	for (char **file = pip_config_files(run, pip, NULL); *file; file++)
		file_take(&s, *file);
	if (pip_true(no_index ? span_of(no_index) : s.no_install.p ? s.no_install : s.no_global))
		return false;
	if (!url)
		url = variable("PIP_PYPI_URL");
	if (url)
		*out = text_copy(run, span_trim(span_of(url)));
	else if (s.install.p || s.global.p)
		*out = text_copy(run, s.install.p ? s.install : s.global);
	return true;
}

const char *pip_setting(struct pipgate_run *run, const struct pip *pip, char *const *settings, const char *key)
{
	struct settings s = {.run = run, .other = key};
	char *name = text_format(run, "PIP_%s", key);
	const char *value;

	for (char *p = name; *p; p++)
		*p = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	value = variable_of(settings, name);
	if (value)
		return value;
	for (char **file = pip_config_files(run, pip, settings); *file; file++)
		file_take(&s, *file);
	if (s.other_install.p)
		return text_copy(run, s.other_install);
	return s.other_global.p ? text_copy(run, s.other_global) : NULL;
}

const char *index_simple(struct pipgate_run *run, const struct pip *pip, const char *given)
{
	const char *url;

	if (given && *given)
		return given;
	return configured(run, pip, &url) ? url : NULL;
}

const char *index_ask(struct pipgate_run *run, const struct pip *pip, const char *given)
{
	const char *url;

	if (given && *given)
		return given;
	if (!configured(run, pip, &url))
		return NULL;
	return url ? url : index_default(run, pip);
}

const char *index_default(struct pipgate_run *run, const struct pip *pip)
{
	char *python = pip ? pip_interpreter(run, pip) : NULL;
	struct span text;

	if (!python || python_ask(run, python, "from pip._internal.models.index import PyPI; print(PyPI.simple_url)", &text, NULL) != PIPGATE_OK)
		return NULL;
	text = span_trim(text);
	return text.n ? text_copy(run, text) : NULL;
}

const char *index_project_page(struct pipgate_run *run, const char *simple)
{
	struct span url = span_of(simple), rest, host, scheme;
	const char *at;

	if (!simple || !strstr(simple, "://"))
		return NULL;
	url.n = strcspn(simple, "?#");
	while (span_ends(url, SPAN("/")))
		url.n--;
	if (!span_ends(url, SPAN("/simple")))
		return NULL;
	url.n -= sizeof("/simple") - 1;
	scheme = (struct span){url.p, (size_t)(strstr(simple, "://") - simple) + 3};
	if (scheme.n > url.n)
		return NULL;
	rest = span_from(url, scheme.n);
	host = rest;
	host = span_split(&host, '/');
	at = memrchr(host.p, '@', host.n); /* user and password are not for a report */
	if (at)
		rest = span_from(rest, (size_t)(at - rest.p) + 1);
	return text_format(run, SPAN_FMT SPAN_FMT "/project/", SPAN_ARG(scheme), SPAN_ARG(rest));
}
