/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the roads: one row of the table a kind of road. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/command/status.h"
#include "wrapper/interpreter/hook.h"
#include "wrapper/pip/hint.h"
#include "wrapper/pip/locate.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define LINKS "pipgate shims ~/.pipgate && export PATH=~/.pipgate:$PATH"

struct looked { /* each interpreter is started once */
	const char *program;
	char *const *environment;
	bool isolated, answered;
	struct interpreter_live live;
};

struct walk {
	struct pipgate_run *run;
	struct list *roads, looked;
	const char *path;         /* PATH, or sudo's */
	char *const *environment; /* NULL: ours */
	const char *before;       /* "sudo " */
};

struct kind {
	const char *name; /* of the program; N: every number that there is */
	void (*walk)(struct walk *w, const struct kind *kind, const char *name);
	const char *more;     /* words behind it that make the road */
	const char *variable; /* names another interpreter than the tool's own */
	const char *why;      /* not coverable */
};

/* ---- programs ---- */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *first_on_path(struct walk *w, const char *name)
{
	struct span rest = span_of(w->path);

	while (rest.n) {
		struct span folder = span_split(&rest, ':');
		char *path = text_format(w->run, SPAN_FMT "/%s", SPAN_ARG(folder), name);

		if (path[0] == '/' && folder.n && is_program(path))
			return path;
	}
	return NULL;
}

static struct interpreter_live *look(struct walk *w, const char *program, bool isolated)
{
	struct looked *l;

	for (size_t i = 0; i < w->looked.n; i++) {
		l = (struct looked *)w->looked.items + i;
		if (strcmp(l->program, program) == 0 && l->environment == w->environment && l->isolated == isolated)
			return l->answered ? &l->live : NULL;
	}
	l = must(list_push(w->run, &w->looked, sizeof(*l)));
	*l = (struct looked){.program = program, .environment = w->environment, .isolated = isolated};
	l->answered = interpreter_look(w->run, program, isolated, w->environment, &l->live, NULL) == PIPGATE_OK;
	return l->answered ? &l->live : NULL;
}

/* ---- roads ---- */

static struct road *add(struct walk *w, const char *road, enum road_state state, const char *how, const char *program)
{
	struct road *r = must(list_push(w->run, w->roads, sizeof(*r)));

	*r = (struct road){.road = text_format(w->run, "%s%s", w->before, road), .state = state, .how = how, .program = program};
	return r;
}

static char *command_for(struct walk *w, const struct hook_place *place, const char *option, const char *value)
{
	return text_format(w->run, "%spipgate enable %s %s", hook_needs_root(place) ? "sudo " : "", option, hint_quoted(w->run, value));
}

/* No hook is in place in this interpreter: why, and what helps. */
static void add_open(struct walk *w, const char *road, const char *program, const char *python, const struct interpreter_live *live)
{
	struct road *r = add(w, road, ROAD_OPEN, NULL, program);
	struct interpreter interpreter;
	struct hook_place place;
	struct pipgate_error error;

	if (interpreter_ask(w->run, python, &interpreter, &error) != PIPGATE_OK) {
		*r = (struct road){.road = r->road, .state = ROAD_NOT_COVERABLE, .program = program, .how = text_format(w->run, "%s", error.text)};
		return;
	}
	if (hook_of_interpreter(w->run, &interpreter, &place, &error) != PIPGATE_OK) {
		r->how = text_format(w->run, "%s", error.text);
	} else if (!hook_there(&place)) {
		r->how = text_format(w->run, "Python %s (%s) is not enabled", live->version, interpreter.executable);
		r->close = command_for(w, &place, "--python", interpreter.executable);
		return;
	} else if (live->sitecustomize && strcmp(live->sitecustomize, place.path) != 0) {
		r->how = text_format(w->run, "%s is loaded in place of %s", live->sitecustomize, place.path);
	} else {
		r->how = text_format(w->run, "Python %s (%s) does not come to the hook in %s", live->version, python, place.path);
	}
	hook_of_environment(w->run, live->site_packages, &place);
	r->close = command_for(w, &place, "--venv", live->prefix);
}

static void add_covered(struct walk *w, const char *road, const char *program, const struct interpreter_live *live)
{
	const char *how = text_format(w->run, "hook in Python %s", live->version);

	if (access(live->shim, R_OK))
		how = text_format(w->run, "%s; %s is missing, so what installs is refused: install pipgate anew", how, live->shim);
	add(w, road, ROAD_COVERED, how, program);
}

/* A road that ends in this interpreter. */
static void by_interpreter(struct walk *w, const char *road, const char *program, const char *python)
{
	struct interpreter_live *live = look(w, python, false);

	if (!live || !live->has_pip)
		return; /* a shim of a version manager without a version, an interpreter without pip: no road */
	if (live->shim)
		add_covered(w, road, program, live);
	else
		add_open(w, road, program, python, live);
}

/* ---- kinds ---- */

/* Of a shell shim ("pip3.11"): a Python that lies beside it, or on PATH, and answers. */
static char *python_beside(struct walk *w, const char *program, const char *name)
{
	bool is_pip = strncmp(name, "pip", 3) == 0 && (!name[3] || ascii_digit(name[3]));
	const char *names[] = {text_format(w->run, "python%s", is_pip ? name + 3 : "3"), "python3", "python"};
	int folder = (int)(strrchr(program, '/') - program);
	char *path;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		path = text_format(w->run, "%.*s/%s", folder, program, names[i]);
		if (is_program(path) && look(w, path, false))
			return path;
	}
	path = first_on_path(w, names[0]);
	return path && look(w, path, false) ? path : NULL;
}

/* A version manager's shim is there for versions that are not. */
static bool answers(struct walk *w, char *program)
{
	char *argv[] = {program, text_format(w->run, "--version"), NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	const struct process process = {.argv = argv, .environment = w->environment, .stdin_fd = null, .stdout_fd = null, .stderr_fd = null};

	status = process_run(&process);
	if (null >= 0)
		close(null);
	return status == 0;
}

static void script(struct walk *w, const char *road, char *program, const char *name)
{
	char *python;

	if (pip_is_ours(program)) {
		add(w, road, ROAD_COVERED, "link to pipgate", program);
		return;
	}
	python = script_interpreter(w->run, program);
	if (!python && !answers(w, program))
		return;
	if (!python)
		python = python_beside(w, program, name);
	if (python)
		by_interpreter(w, road, program, python);
	else
		add(w, road, ROAD_OPEN, text_format(w->run, "%s is no Python script: which Python it starts cannot be told", program),
			program)->close = LINKS;
}

static void by_script(struct walk *w, const struct kind *kind, const char *name)
{
	char *program = first_on_path(w, name);

	(void)kind;
	if (program)
		script(w, name, program, name);
}

static void by_module(struct walk *w, const struct kind *kind, const char *name)
{
	char *program = first_on_path(w, name);

	if (program)
		by_interpreter(w, text_format(w->run, "%s %s", name, kind->more), program, program);
}

/* The activated environment's own, where another comes first on PATH. */
static void in_environment(struct walk *w, const struct kind *kind, const char *name)
{
	const char *root = getenv("VIRTUAL_ENV");
	char *program = root && root[0] == '/' ? text_format(w->run, "%s/bin/%s", root, name) : NULL, *first = first_on_path(w, name);
	const char *road;

	if (!program || !is_program(program) || (first && strcmp(first, program) == 0))
		return;
	road = hint_quoted(w->run, program);
	if (kind->more)
		by_interpreter(w, text_format(w->run, "%s %s", road, kind->more), program, program);
	else
		script(w, road, program, name);
}

/* A tool that makes environments and runs their pip: it is their base interpreter that counts. By -I: PYTHONPATH is kept from
 * that pip (pipx, tox, build). */
static void makes_environments(struct walk *w, const struct kind *kind, const char *name)
{
	char *program = first_on_path(w, name), *python = program ? script_interpreter(w->run, program) : NULL;
	const char *other = kind->variable ? getenv(kind->variable) : NULL;
	struct interpreter_live *live;

	if (!program)
		return;
	if (other && other[0])
		python = strchr(other, '/') ? text_format(w->run, "%s", other) : first_on_path(w, other);
	else if (!python)
		python = python_beside(w, program, name);
	live = python ? look(w, python, false) : NULL;
	if (!live) {
		add(w, name, ROAD_NOT_COVERABLE, "its interpreter cannot be told", program);
		return;
	}
	python = live->base;
	live = look(w, python, true);
	if (live && live->shim)
		add_covered(w, name, program, live);
	else if (live)
		add_open(w, name, program, python, live);
}

static void not_coverable(struct walk *w, const struct kind *kind, const char *name)
{
	char *program = first_on_path(w, name);

	if (program)
		add(w, kind->more ? text_format(w->run, "%s %s", name, kind->more) : name, ROAD_NOT_COVERABLE, kind->why, program);
}

static void by_sudo(struct walk *w, const struct kind *kind, const char *name);

#define BY_ITSELF "it does not go through pip: it downloads and installs by itself"

static const struct kind kinds[] = {
	{"pip", .walk = by_script},
	{"pip3", .walk = by_script},
	{"pip3.N", .walk = by_script},
	{"python", .walk = by_module, .more = "-m pip"},
	{"python3", .walk = by_module, .more = "-m pip"},
	{"python3.N", .walk = by_module, .more = "-m pip"},
	{"pip", .walk = in_environment},
	{"python", .walk = in_environment, .more = "-m pip"},
	{"pipx", .walk = makes_environments, .variable = "PIPX_DEFAULT_PYTHON"},
	{"tox", .walk = makes_environments},
	{"virtualenv", .walk = makes_environments, .variable = "VIRTUALENV_PYTHON"},
	{"pyproject-build", .walk = makes_environments},
	{"pip-compile", .walk = by_script},
	{"pip-sync", .walk = by_script},
	{"sudo", .walk = by_sudo},
	{"python3", .walk = not_coverable, .more = "-S -m pip", .why = "-S starts Python without its site, and so without any hook"},
	{"uv", .walk = not_coverable, .why = BY_ITSELF},
	{"poetry", .walk = not_coverable, .why = BY_ITSELF},
	{"pdm", .walk = not_coverable, .why = BY_ITSELF},
	{"conda", .walk = not_coverable, .why = BY_ITSELF},
	{"mamba", .walk = not_coverable, .why = BY_ITSELF},
	{"micromamba", .walk = not_coverable, .why = BY_ITSELF},
};
#define N_KINDS (sizeof(kinds) / sizeof(*kinds))

/* ---- numbers ---- */

/* "pip3.11" by "pip3." → 11; -1: another name. */
static int number_of(const char *name, struct span stem)
{
	char *end;
	long n;

	if (!span_starts(span_of(name), stem) || !ascii_digit(name[stem.n]))
		return -1;
	n = strtol(name + stem.n, &end, 10);
	return *end || n >= INTERPRETER_MINORS ? -1 : (int)n;
}

static void find_numbers(struct walk *w, struct span stem, bool there[INTERPRETER_MINORS])
{
	struct span rest = span_of(w->path);

	while (rest.n) {
		struct span folder = span_split(&rest, ':');
		DIR *dir = folder.n ? opendir(text_copy(w->run, folder)) : NULL;
		struct dirent *entry;

		while (dir && (entry = readdir(dir)))
			if (number_of(entry->d_name, stem) >= 0)
				there[number_of(entry->d_name, stem)] = true;
		if (dir)
			closedir(dir);
	}
}

static void walk_kind(struct walk *w, const struct kind *kind)
{
	struct span stem = span_of(kind->name);
	bool there[INTERPRETER_MINORS] = {false};

	if (!span_ends(stem, SPAN(".N"))) {
		kind->walk(w, kind, kind->name);
		return;
	}
	stem.n--;
	find_numbers(w, stem, there);
	for (int n = 0; n < INTERPRETER_MINORS; n++)
		if (there[n])
			kind->walk(w, kind, text_format(w->run, SPAN_FMT "%d", SPAN_ARG(stem), n));
}

/* The first kinds again, as sudo would have them: its own PATH, and none of our variables. */
static void by_sudo(struct walk *w, const struct kind *kind, const char *name)
{
	char *program = first_on_path(w, name), *path;
	const char *why = NULL;
	struct walk inner = *w;

	if (!program)
		return;
	path = sudo_path(w->run, &why);
	if (!path) {
		add(w, "sudo pip", ROAD_NOT_COVERABLE, why, program);
		return;
	}
	inner.before = "sudo ";
	inner.path = path[0] ? path : w->path;
	inner.environment = must(arena_array(w->run, 3, sizeof(char *)));
	((char **)(uintptr_t)inner.environment)[0] = text_format(w->run, "PATH=%s", inner.path);
	((char **)(uintptr_t)inner.environment)[1] = text_format(w->run, "HOME=/root");
	for (const struct kind *k = kinds; k->walk == by_script || k->walk == by_module; k++)
		walk_kind(&inner, k);
	w->looked = inner.looked;
	(void)kind;
}

void roads_walk(struct pipgate_run *run, struct list *roads)
{
	const char *path = getenv("PATH");
	struct walk w = {.run = run, .roads = roads, .path = path ? path : "", .before = ""};

	for (size_t i = 0; i < N_KINDS; i++)
		walk_kind(&w, &kinds[i]);
}
