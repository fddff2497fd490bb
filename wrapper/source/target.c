/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/source/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "wrapper/source/layout.h"

#include "matcher/base/banned.h"

#define MINOR_MAX 99 /* of a Python 3 */

struct platform {
	const char *names;   /* by which --target names it, with a space between */
	const char *os_name, *sys_platform, *family; /* marker variables */
	const char *wheels;  /* beginnings of a wheel's platform tag, with a space between; what is behind is the machine */
	const char *pip;     /* platforms that pip is told, the machine for %s */
};

static const struct platform platforms[] = {
	{"linux manylinux", "posix", "linux", "Linux", "manylinux linux",
		"manylinux_2_39_%s manylinux_2_35_%s manylinux_2_34_%s manylinux_2_31_%s manylinux_2_28_%s manylinux_2_24_%s manylinux_2_17_%s "
		"manylinux2014_%s manylinux2010_%s manylinux1_%s linux_%s"},
	{"musllinux alpine", "posix", "linux", "Linux", "musllinux linux", "musllinux_1_2_%s musllinux_1_1_%s linux_%s"},
	{"macos darwin macosx", "posix", "darwin", "Darwin", "macosx", "macosx_14_0_%s macosx_13_0_%s macosx_12_0_%s macosx_11_0_%s macosx_10_9_%s"},
	{"windows win32", "nt", "win32", "Windows", "win", "win_%s"},
};
#define N_PLATFORMS (sizeof(platforms) / sizeof(*platforms))

/* A machine has other names elsewhere. */
static const struct {
	const char *names;  /* by which --target names it */
	const char *marker; /* platform_machine, but where the row below says otherwise */
	const char *darwin, *windows; /* and as wheels name it there; windows' platform_machine in capitals */
} machines[] = {
	{"x86_64 amd64", "x86_64", "x86_64", "amd64"}, {"aarch64 arm64", "aarch64", "arm64", "arm64"}, {"armv7l armv7", "armv7l", NULL, NULL},
	{"i686 i386 x86", "i686", NULL, "32"}, {"ppc64le", "ppc64le", NULL, NULL}, {"s390x", "s390x", NULL, NULL}, {"riscv64", "riscv64", NULL, NULL},
};
#define N_MACHINES (sizeof(machines) / sizeof(*machines))

static bool among(const char *words, struct span word)
{
	struct span rest = span_of(words);

	while (rest.n)
		if (span_equal_nocase(span_split(&rest, ' '), word))
			return true;
	return false;
}

/* ---- what was asked for ---- */

static enum pipgate_status unknown_platform(const char *text, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID, "--target %s: no such platform; it is one of linux, musllinux, macos, windows, then a slash and "
		"one of x86_64, aarch64, armv7l, i686, ppc64le, s390x, riscv64 (macos: x86_64, arm64; windows: amd64, arm64, x86)", text);
}

static enum pipgate_status parse_platform(const char *text, struct target *out, struct pipgate_error *error)
{
	struct span rest = span_of(text), family = span_split(&rest, '/');
	const struct platform *p = platforms;
	size_t m = 0;

	while (p < platforms + N_PLATFORMS && !among(p->names, family))
		p++;
	while (m < N_MACHINES && !among(machines[m].names, rest))
		m++;
	if (p == platforms + N_PLATFORMS || m == N_MACHINES)
		return unknown_platform(text, error);
	out->platform = p;
	out->machine = strcmp(p->sys_platform, "darwin") == 0 ? machines[m].darwin : strcmp(p->sys_platform, "win32") == 0 ? machines[m].windows
															     : machines[m].marker;
	return out->machine ? PIPGATE_OK : unknown_platform(text, error);
}

/* The minor version of "3.12" or "3.12.4"; 0: none */
static unsigned minor_of(struct span version)
{
	struct span major = span_split(&version, '.'), minor = span_split(&version, '.');
	unsigned n = 0;

	if (!span_is(major, "3") || !minor.n)
		return 0;
	for (size_t i = 0; i < minor.n; i++) {
		if (!ascii_digit(minor.p[i]) || n > MINOR_MAX)
			return 0;
		n = n * 10 + (unsigned)(minor.p[i] - '0');
	}
	return n > MINOR_MAX ? 0 : n;
}

static bool version_is_good(const char *text)
{
	struct span rest = span_of(text);

	if (!minor_of(rest) || rest.p[rest.n - 1] == '.')
		return false;
	span_split(&rest, '.');
	span_split(&rest, '.');
	for (size_t i = 0; i < rest.n; i++)
		if (!ascii_digit(rest.p[i]))
			return false;
	return true;
}

enum pipgate_status target_check(const struct source_settings *s, struct pipgate_error *error)
{
	struct target target;

	if (s->target_python && !version_is_good(s->target_python))
		return error_set(error, PIPGATE_INVALID, "--target-python %s: no version of Python 3 such as 3.12 or 3.12.4", s->target_python);
	return s->target ? parse_platform(s->target, &target, error) : PIPGATE_OK;
}

/* ---- marker variables ---- */

static enum pipgate_status of_interpreter(struct gathering *g, struct pipgate_environment *out, struct pipgate_error *error)
{
	enum pipgate_status status = gathering_pip(g, false, error);
	struct layout layout;
	const char *python;

	if (status != PIPGATE_OK)
		return status;
	python = pip_interpreter(g->run, &g->pip);
	if (python && layout_find(g->run, python, &layout, NULL) == PIPGATE_OK && layout.full_version != layout.version &&
		strcmp(layout.full_version, layout.version) != 0) {
		layout_markers(g->run, &layout, out);
		return PIPGATE_OK;
	}
	status = gathering_pip(g, true, error);
	return status == PIPGATE_OK ? pip_environment(g->run, &g->pip, out, error) : status;
}

static struct pipgate_variable *variable(struct pipgate_environment *environment, const char *name)
{
	struct pipgate_variable *v = (struct pipgate_variable *)(uintptr_t)environment->v;

	for (size_t i = 0; i < environment->n; i++)
		if (span_is(v[i].name, name))
			return &v[i];
	return NULL;
}

static void set(struct pipgate_environment *environment, const char *name, struct span value)
{
	struct pipgate_variable *v = variable(environment, name);

	if (v)
		v->value = value;
}

static void set_python(struct pipgate_run *run, const char *version, struct pipgate_environment *out)
{
	struct span rest = span_of(version), major = span_split(&rest, '.'), minor = span_split(&rest, '.');
	struct span full = rest.n ? span_of(version) : must_span(arena_format(run, "%s.0", version));

	set(out, "python_version", must_span(arena_format(run, SPAN_FMT "." SPAN_FMT, SPAN_ARG(major), SPAN_ARG(minor))));
	set(out, "python_full_version", full);
	set(out, "implementation_version", full);
	set(out, "implementation_name", SPAN("cpython"));
	set(out, "platform_python_implementation", SPAN("CPython"));
}

static void set_platform(struct pipgate_run *run, const struct target *t, struct pipgate_environment *out)
{
	char *machine = text_format(run, "%s", t->machine);

	if (strcmp(t->platform->sys_platform, "win32") == 0 && strcmp(machine, "32") == 0)
		machine = text_format(run, "x86");
	else if (strcmp(t->platform->sys_platform, "win32") == 0)
		for (char *p = machine; *p; p++)
			*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
	set(out, "os_name", span_of(t->platform->os_name));
	set(out, "sys_platform", span_of(t->platform->sys_platform));
	set(out, "platform_system", span_of(t->platform->family));
	set(out, "platform_machine", span_of(machine));
	set(out, "platform_release", SPAN("")); /* of no one machine */
	set(out, "platform_version", SPAN(""));
}

/* Names with empty values: for a target that is wholly described, no interpreter is needed. */
static void blank(struct pipgate_run *run, struct pipgate_environment *out)
{
	const struct layout none = {.version = "", .full_version = ""};

	layout_markers(run, &none, out);
}

enum pipgate_status target_markers(struct gathering *g, struct pipgate_environment *out, struct pipgate_error *error)
{
	const struct source_settings *s = g->settings;
	enum pipgate_status status = target_check(s, error);
	struct target target;

	if (status != PIPGATE_OK)
		return status;
	if (s->target_python)
		blank(g->run, out);
	else
		status = of_interpreter(g, out, error);
	if (status == PIPGATE_OK && s->target_python)
		set_python(g->run, s->target_python, out);
	if (status == PIPGATE_OK && s->target)
		status = parse_platform(s->target, &target, error);
	if (status == PIPGATE_OK && s->target)
		set_platform(g->run, &target, out);
	return status;
}

/* ---- wheels ---- */

bool target_is_other(const struct gathering *g, const struct pipgate_environment *environment, struct target *out)
{
	const struct source_settings *s = g->settings;
	struct pipgate_environment e = *environment;
	struct utsname machine;

	if (!s->target && !s->target_python)
		return false;
	*out = (struct target){.platform = platforms};
	if (!variable(&e, "python_version"))
		return false;
	out->minor = minor_of(variable(&e, "python_version")->value);
	if (s->target)
		return parse_platform(s->target, out, NULL) == PIPGATE_OK;
	if (uname(&machine))
		return false;
	if (strncmp(machine.machine, "arm", 3) == 0)
		return parse_platform("linux/armv7l", out, NULL) == PIPGATE_OK;
	return parse_platform(text_format(g->run, "linux/%s", machine.machine), out, NULL) == PIPGATE_OK;
}

/* One python tag with one ABI tag. */
static bool fits_python(const struct target *t, struct span python, struct span abi)
{
	struct span rest = span_from(python, 2);
	char own[16];
	unsigned minor = 0;

	snprintf(own, sizeof(own), "cp3%u", t->minor);
	if (span_starts(python, SPAN("py")))
		return span_is(abi, "none") && rest.n && rest.p[0] == '3';
	if (!span_starts(python, SPAN("cp3")))
		return false;
	rest = span_from(rest, 1);
	for (size_t i = 0; i < rest.n && i < 3 && ascii_digit(rest.p[i]); i++)
		minor = minor * 10 + (unsigned)(rest.p[i] - '0');
	if (span_is(abi, "abi3"))
		return minor <= t->minor;
	return minor == t->minor && (span_is(abi, "none") || span_is(abi, own) || (span_starts(abi, span_of(own)) && span_ends(abi, SPAN("m"))));
}

static bool fits_platform(const struct target *t, struct span tag)
{
	struct span starts = span_of(t->platform->wheels), machine = span_of(t->machine);

	if (span_is(tag, "any"))
		return true;
	while (starts.n) {
		struct span start = span_split(&starts, ' ');

		if (!span_starts(tag, start))
			continue;
		if (span_is(machine, "32"))
			return span_is(tag, "win32");
		if (span_ends(tag, machine) && tag.n > machine.n && tag.p[tag.n - machine.n - 1] == '_')
			return true;
		if (span_is(start, "macosx"))
			return span_ends(tag, SPAN("_universal2")) || (span_is(machine, "x86_64") && span_ends(tag, SPAN("_intel")));
	}
	return false;
}

/* The last part behind a dash, which is taken away. */
static struct span last_part(struct span *rest)
{
	size_t n = rest->n;
	struct span part;

	while (n && rest->p[n - 1] != '-')
		n--;
	part = span_from(*rest, n);
	rest->n = n ? n - 1 : 0;
	return part;
}

bool target_fits(const struct target *t, struct span wheel)
{
	struct span platforms_of, abis, pythons;

	if (!span_ends(wheel, SPAN(".whl")))
		return false;
	wheel.n -= 4;
	platforms_of = last_part(&wheel);
	abis = last_part(&wheel);
	pythons = last_part(&wheel);
	while (platforms_of.n) {
		if (!fits_platform(t, span_split(&platforms_of, '.')))
			continue;
		for (struct span p = pythons; p.n;) {
			struct span python = span_split(&p, '.');

			for (struct span a = abis; a.n;)
				if (fits_python(t, python, span_split(&a, '.')))
					return true;
		}
	}
	return false;
}

/* ---- as pip is told ---- */

static void add_platform_words(struct words *words, const struct target *t)
{
	struct span rest = span_of(t->platform->pip);

	while (rest.n) {
		struct span pattern = span_split(&rest, ' '), head = span_split(&pattern, '%');

		words_add(words, "--platform");
		words_add(words, span_is(span_of(t->machine), "32") ? "win32" : text_format(words->run, SPAN_FMT "%s", SPAN_ARG(head), t->machine));
	}
}

enum pipgate_status target_pip_words(const struct source_settings *s, struct words *words, struct pipgate_error *error)
{
	enum pipgate_status status = target_check(s, error);
	struct target target;

	if (status != PIPGATE_OK || (!s->target && !s->target_python))
		return status;
	if (s->target)
		status = parse_platform(s->target, &target, error);
	if (status == PIPGATE_OK && s->target)
		add_platform_words(words, &target);
	if (s->target_python) {
		words_add(words, "--python-version");
		words_add(words, s->target_python);
	}
	words_add(words, "--only-binary"); /* pip wants it with these: a source distribution would be built for this machine */
	words_add(words, ":all:");
	return status;
}
