/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/invocation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/source/requirement_file.h"
#include "wrapper/source/requirements.h"

#include "matcher/base/banned.h"

#define INPUT_MAX ((size_t)64 << 20)

static const struct gated {
	const char *name;
	unsigned bit;
} gated_commands[] = {
	{"install", PIP_INSTALL},
	{"download", PIP_DOWNLOAD},
	{"wheel", PIP_WHEEL},
	{"lock", PIP_LOCK},
};

extern char **environ;

static unsigned command_bit(const char *name)
{
	for (size_t i = 0; i < sizeof(gated_commands) / sizeof(*gated_commands); i++)
		if (strcmp(gated_commands[i].name, name) == 0)
			return gated_commands[i].bit;
	return 0;
}

/* PIP_REPORT and PIP_DRY_RUN would reach the nested pips of builds and break them: they are honoured here. */
static char **environment_without(struct pipgate_run *run)
{
	static const char *const ours[] = {"PIP_REPORT=", "PIP_DRY_RUN="};
	struct words kept = {.run = run};

	for (char **e = environ; *e; e++)
		if (strncmp(*e, ours[0], strlen(ours[0])) != 0 && strncmp(*e, ours[1], strlen(ours[1])) != 0)
			words_add(&kept, *e);
	return words_end(&kept);
}

/* pip's notion of a true variable. */
static bool variable_true(const char *name)
{
	static const char *const values[] = {"1", "true", "yes", "on", "y", "t"};
	struct span value = span_of(getenv(name));

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (span_equal_nocase(value, span_of(values[i])))
			return true;
	return false;
}

static void read_wishes(struct gate *gate)
{
	const struct argument *report = arguments_last(&gate->arguments, ROLE_REPORT);
	const char *variable = getenv("PIP_REPORT");

	gate->user_report = report ? report->value : variable && *variable ? variable : NULL;
	gate->quiet = arguments_last(&gate->arguments, ROLE_QUIET) || arguments_last(&gate->general, ROLE_QUIET) || variable_true("PIP_QUIET");
	gate->dry_run = arguments_last(&gate->arguments, ROLE_DRY_RUN) || (gate->command_bit == PIP_INSTALL && variable_true("PIP_DRY_RUN"));
	gate->no_cache = arguments_last(&gate->arguments, ROLE_NO_CACHE) || arguments_last(&gate->general, ROLE_NO_CACHE) ||
			 variable_true("PIP_NO_CACHE_DIR");
	gate->environment = environment_without(gate->run);
}

/* Where general options are not certain, the first word that names a gated command is taken for one. */
static size_t find_command(const struct arguments *general, char *const *words)
{
	size_t n = general->used;

	while (!general->certain && words[n] && !command_bit(words[n]))
		n++;
	return n;
}

enum need invocation_read(struct gate *gate, char *const *words)
{
	size_t n;

	if (getenv("PIP_AUTO_COMPLETE"))
		return NEED_PASS;
	arguments_read(gate->run, words, PIP_GENERAL, &gate->general);
	if (gate->general.certain && (!gate->general.complete || arguments_last(&gate->general, ROLE_HELP)))
		return NEED_PASS;
	n = find_command(&gate->general, words);
	if (!words[n])
		return NEED_PASS;
	gate->before = words;
	gate->n_before = n;
	gate->command = words[n];
	gate->command_bit = command_bit(words[n]);
	if (!gate->command_bit)
		return NEED_PASS;
	arguments_read(gate->run, words + n + 1, gate->command_bit, &gate->arguments);
	if (gate->arguments.certain && (!gate->arguments.complete || arguments_last(&gate->arguments, ROLE_HELP)))
		return NEED_PASS; /* pip prints a text and installs nothing */
	read_wishes(gate);
	return NEED_GATE;
}

/* ---- inputs that can be read once ---- */

static bool read_once(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static const char *keep_input(struct gate *gate, const char *path, size_t index, struct pipgate_error *error)
{
	const char *kept = gate_path(gate, text_format(gate->run, "input-%zu.txt", index));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum pipgate_status status;
	struct buf bytes;

	if (fd < 0) {
		error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
		return NULL;
	}
	buf_init(&bytes, NULL, INPUT_MAX);
	status = file_read_fd(fd, path, &bytes, error);
	close(fd);
	if (status == PIPGATE_OK)
		status = file_write(kept, buf_view(&bytes), error);
	buf_fini(&bytes);
	return status == PIPGATE_OK ? kept : NULL;
}

int invocation_keep_inputs(struct gate *gate)
{
	struct argument *v = must(arena_array(gate->run, gate->arguments.n, sizeof(*v)));
	struct pipgate_error error;

	for (size_t i = 0; i < gate->arguments.n; i++) {
		enum role role = gate->arguments.v[i].option ? gate->arguments.v[i].option->role : ROLE_NONE;

		v[i] = gate->arguments.v[i];
		if ((role != ROLE_REQUIREMENT && role != ROLE_CONSTRAINT) || !read_once(v[i].value))
			continue;
		v[i].value = keep_input(gate, v[i].value, i, &error);
		if (!v[i].value)
			return say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
		v[i].words[0] = option_name(gate->run, v[i].option);
		v[i].words[1] = v[i].value;
		v[i].n_words = 2;
	}
	gate->arguments.v = v;
	return 0;
}

/* ---- what is asked for ---- */

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Does pip build this one: a folder, a repository, an archive that is no wheel? */
static bool builds(const char *word)
{
	const char *at = strstr(word, "://");
	struct span path = span_of(word);

	path = span_split(&path, '#');
	path = span_split(&path, '?');
	if (span_ends(path, SPAN(".whl")))
		return false;
	return at || is_folder(word) || (access(word, F_OK) == 0) || span_ends(path, SPAN(".tar.gz")) || span_ends(path, SPAN(".zip"));
}

const char *invocation_builds(struct gate *gate)
{
	for (size_t i = 0; i < gate->arguments.n; i++) {
		const struct argument *a = &gate->arguments.v[i];

		if (a->option && a->option->role == ROLE_EDITABLE)
			return a->value;
		if (a->positional && builds(a->value))
			return a->value;
		if (a->option && a->option->role == ROLE_REQUIREMENT) {
			struct span line = requirements_find(gate->run, a->value, builds);

			if (line.n)
				return line.p;
		}
	}
	return NULL;
}

struct list invocation_asked(struct gate *gate)
{
	struct list asked = {0};

	for (size_t i = 0; i < gate->arguments.n; i++) {
		const struct argument *a = &gate->arguments.v[i];

		if (a->positional)
			asked_add(gate->run, span_of(a->value), &asked);
		else if (a->option && a->option->role == ROLE_REQUIREMENT && requirement_file_stays(a->value)) /* the others are for pip */
			asked_add_file(gate->run, a->value, &asked);
	}
	return asked;
}
