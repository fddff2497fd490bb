/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wrapper/file.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

#define OUTPUT_MAX ((size_t)64 << 20) /* of a pip that failed, shown whole */

const char *gate_path(struct gate *gate, const char *name)
{
	return text_format(gate->run, "%s/%s", gate->folder, name);
}

/* ---- composing ---- */

void gate_begin(struct gate *gate, struct words *words, const char *command)
{
	*words = (struct words){.run = gate->run};
	words_add_all(words, gate->pip.words);
	for (size_t i = 0; i < gate->n_before; i++)
		if (strcmp(gate->before[i], "--") != 0) /* it would end the command's own options, too */
			words_add(words, gate->before[i]);
	words_add(words, command);
}

void gate_arguments(struct gate *gate, struct words *words, unsigned command_bit, bool (*keep)(const struct argument *argument))
{
	for (size_t i = 0; i < gate->arguments.end; i++) {
		const struct argument *a = &gate->arguments.v[i];

		if ((!a->option || a->option->commands & command_bit) && keep(a))
			words_add_argument(words, a);
	}
	if (gate->no_cache) { /* what the first pass downloaded, the second need not */
		words_add(words, "--cache-dir");
		words_add(words, gate_path(gate, "cache"));
	}
}

char **gate_end(struct gate *gate, struct words *words)
{
	if (gate->arguments.end < gate->arguments.n)
		words_add(words, "--");
	for (size_t i = gate->arguments.end; i < gate->arguments.n; i++)
		words_add_argument(words, &gate->arguments.v[i]);
	return words_end(words);
}

/* ---- running ---- */

void gate_mark(struct gate *gate)
{
	struct words environment = {.run = gate->run};
	int fd = memfd_create("pipgate-held", 0); /* inherited */

	if (fd < 0)
		return; /* it is held twice then */
	words_add_all(&environment, gate->environment);
	words_add(&environment, text_format(gate->run, "PIPGATE_HELD=%d", fd));
	gate->environment = words_end(&environment);
}

static int cannot_start(const struct gate *gate)
{
	return say_error(EXIT_UNDECIDED, "%s cannot be started: %s; nothing was installed", gate->pip.words[0], strerror(errno));
}

static void show_file(const char *path, int fd)
{
	struct buf bytes;

	buf_init(&bytes, NULL, OUTPUT_MAX);
	if (file_read(AT_FDCWD, path, &bytes, NULL) == PIPGATE_OK)
		file_put(fd, buf_view(&bytes));
	buf_fini(&bytes);
}

/* A sign of life where a person waits and pip's own progress is kept aside. */
static void waiting(const struct gate *gate, bool begins)
{
	if (!gate->quiet && isatty(STDERR_FILENO))
		file_put(STDERR_FILENO, begins ? SPAN("pipgate: pip is making its plan …\r") : SPAN("\033[K"));
}

int gate_ask(struct gate *gate, char **argv, bool show)
{
	const char *paths[] = {gate_path(gate, "pip.out"), gate_path(gate, "pip.err")};
	int fds[2], status;

	for (int i = 0; i < 2; i++) {
		fds[i] = open(paths[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fds[i] < 0)
			return say_error(EXIT_UNDECIDED, "%s: %s; nothing was installed", paths[i], strerror(errno));
	}
	waiting(gate, true);
	status = process_run(&(struct process){argv, gate->environment, -1, fds[0], fds[1]});
	waiting(gate, false);
	close(fds[0]);
	close(fds[1]);
	if (status < 0)
		return cannot_start(gate);
	if (process_signal())
		status = 256 + process_signal();
	if (status || show) {
		show_file(paths[0], STDOUT_FILENO);
		show_file(paths[1], STDERR_FILENO);
	}
	return status;
}

int gate_let(struct gate *gate, char **argv)
{
	int status = process_run(&(struct process){argv, gate->environment, -1, -1, -1});

	return status < 0 ? cannot_start(gate) : status;
}

int gate_ask_plan(struct gate *gate, struct words *words, bool show)
{
	struct pipgate_error error;
	int status;

	gate->report_path = gate_path(gate, "plan.json");
	words_add(words, "--report"); /* the last one wins */
	words_add(words, gate->report_path);
	status = gate_ask(gate, gate_end(gate, words), show);
	if (!status && report_read_file(gate->run, gate->report_path, &gate->plan, &error) != PIPGATE_OK)
		status = say_error(EXIT_UNDECIDED, "pip's plan cannot be read: %s; nothing was %s", error.text,
			gate->command_bit == PIP_INSTALL ? "installed" : "written");
	return status;
}

/* ---- holding ---- */

/* The plan as constraints; NULL: could not (said). */
static const char *write_constraints(struct gate *gate, bool hashes)
{
	const char *path = gate_path(gate, "plan.txt");
	struct pipgate_error error;
	enum pipgate_status status;
	struct buf text;

	buf_init(&text, NULL, PIP_REPORT_MAX);
	for (size_t i = 0; i < gate->plan.n; i++) {
		const struct pipgate_component *c = &gate->plan.components[i];

		buf_format(&text, SPAN_FMT "==" SPAN_FMT, SPAN_ARG(c->name), SPAN_ARG(c->version));
		if (hashes && c->sha256.n)
			buf_format(&text, " --hash=sha256:" SPAN_FMT, SPAN_ARG(c->sha256));
		buf_byte(&text, '\n');
	}
	if (buf_status(&text) != PIPGATE_OK)
		die_no_memory();
	status = file_write(path, buf_view(&text), &error);
	buf_fini(&text);
	if (status == PIPGATE_OK)
		return path;
	say_error(EXIT_UNDECIDED, "%s; nothing was installed", error.text);
	return NULL;
}

int gate_hold(struct gate *gate, struct words *words)
{
	bool hashes = pip_at_least(&gate->pip, 26, 2) && !arguments_last(&gate->arguments, ROLE_HASHES);
	const char *constraints = write_constraints(gate, hashes);

	if (!constraints)
		return EXIT_UNDECIDED;
	if (hashes)
		words_add(words, "--no-require-hashes"); /* bind the hashes that there are, ask for none where there is none */
	words_add(words, "--constraint");
	words_add(words, constraints);
	return 0;
}

static const struct pipgate_component *find(const struct plan *plan, struct span name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (span_equal(plan->components[i].name, name))
			return &plan->components[i];
	return NULL;
}

/* What differs between what was audited and what came; NULL: nothing. */
static const char *difference(const struct pipgate_component *audited, const struct pipgate_component *c)
{
	if (!audited)
		return "was not in the plan";
	if (!span_equal(audited->version, c->version))
		return "has another version";
	if (audited->sha256.n && c->sha256.n && !span_equal(audited->sha256, c->sha256))
		return "has other bytes (SHA-256)";
	if (!(audited->sha256.n && c->sha256.n) && !span_equal(audited->url, c->url))
		return "comes from another place";
	return NULL;
}

int gate_compare(struct gate *gate, const struct plan *other)
{
	int status = 0;

	for (size_t i = 0; i < other->n; i++) {
		const struct pipgate_component *c = &other->components[i];
		const char *why = difference(find(&gate->plan, c->name), c);

		if (why)
			status = say_error(EXIT_MISMATCH, SPAN_FMT " " SPAN_FMT " %s: this is not what had been audited", SPAN_ARG(c->shown_name),
				SPAN_ARG(c->version), why);
	}
	return status;
}
