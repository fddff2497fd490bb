/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate debug`: lines are read and taken apart here; debug_answers.c answers them, debug_hook.c reads the hook's log. */
#include "wrapper/command/debug.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/json.h"
#include "wrapper/command/command.h"
#include "wrapper/file.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define DEBUG_BYTES ((size_t)1 << 30) /* of one line, or of the environment: more is a mistake */

/* ---- the environment of markers ---- */

/* CPython 3.11 on Linux: an answer must not depend on the machine that gives it. */
static const struct pipgate_variable usual[] = {
	{SPAN("implementation_name"), SPAN("cpython")},
	{SPAN("implementation_version"), SPAN("3.11.7")},
	{SPAN("os_name"), SPAN("posix")},
	{SPAN("platform_machine"), SPAN("x86_64")},
	{SPAN("platform_python_implementation"), SPAN("CPython")},
	{SPAN("platform_release"), SPAN("6.1.0")},
	{SPAN("platform_system"), SPAN("Linux")},
	{SPAN("platform_version"), SPAN("#1 SMP Debian")},
	{SPAN("python_full_version"), SPAN("3.11.7")},
	{SPAN("python_version"), SPAN("3.11")},
	{SPAN("sys_platform"), SPAN("linux")},
};

/* The variables are the tree's, which is the caller's to delete. */
static int environment_read(const char *path, cJSON **tree, struct pipgate_variable **variables, size_t *n)
{
	struct pipgate_error error;
	struct buf text;
	enum pipgate_status status;

	buf_init(&text, NULL, DEBUG_BYTES);
	status = file_read(AT_FDCWD, path, &text, &error);
	if (status == PIPGATE_OK) {
		status = json_parse(buf_view(&text), tree, &error);
		if (status == PIPGATE_INVALID)
			error_before(&error, "%s", path);
	}
	buf_fini(&text);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	if (!cJSON_IsObject(*tree))
		return say_error(EXIT_USAGE, "%s: not a JSON object", path);
	*variables = calloc((size_t)cJSON_GetArraySize(*tree) + 1, sizeof(**variables));
	if (!*variables)
		die_no_memory();
	for (const cJSON *item = (*tree)->child; item; item = item->next) {
		if (!cJSON_IsString(item))
			return say_error(EXIT_USAGE, "%s: \"%s\" is not a string", path, item->string);
		(*variables)[(*n)++] = (struct pipgate_variable){span_of(item->string), json_string(item)};
	}
	return EXIT_OK;
}

/* ---- lines ---- */

static int hex_value(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes the escapes in place; what is none stays. */
static struct span unescape(char *text, size_t n)
{
	static const char names[] = "\\tnr", means[] = "\\\t\n\r";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = text[i] == '\\' && i + 1 < n ? memchr(names, text[i + 1], sizeof(names) - 1) : NULL;

		if (name) {
			text[used++] = means[name - names];
			i++;
		} else if (n - i >= 4 && text[i] == '\\' && text[i + 1] == 'x' && hex_value(text[i + 2]) >= 0 &&
			   hex_value(text[i + 3]) >= 0) {
			text[used++] = (char)(hex_value(text[i + 2]) << 4 | hex_value(text[i + 3]));
			i += 3;
		} else {
			text[used++] = text[i];
		}
	}
	return (struct span){text, used};
}

/* false: not as many fields as the question takes. */
static bool fields_split(char *line, size_t n, struct span *fields, size_t wanted)
{
	size_t found = 0;
	char *end = line + n;

	for (;;) {
		char *tab = memchr(line, '\t', (size_t)(end - line));
		char *stop = tab ? tab : end;

		if (found == wanted)
			return false;
		fields[found++] = unescape(line, (size_t)(stop - line));
		if (!tab)
			return found == wanted;
		line = tab + 1;
	}
}

static int line_answer(struct debug *d, const struct debug_question *question, char *line, size_t n)
{
	struct span fields[DEBUG_FIELDS];
	enum pipgate_status status;

	if (!fields_split(line, n, fields, question->n_fields))
		return say_error(EXIT_USAGE, "debug %s takes %zu fields a line", question->name, question->n_fields);
	d->fields = fields;
	buf_clear(d->out);
	status = question->ask(d);
	if (status == PIPGATE_NO_MEMORY || buf_status(d->out) == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK || buf_status(d->out) != PIPGATE_OK) {
		buf_clear(d->out);
		buf_text(d->out, "error");
	}
	buf_byte(d->out, '\n');
	fwrite(d->out->p, 1, d->out->n, stdout);
	pipgate_run_reset(d->run);
	return EXIT_OK;
}

static int lines_answer(struct debug *d, const struct debug_question *question)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int result = EXIT_OK;

	while (result == EXIT_OK && (n = getline(&line, &room, stdin)) >= 0) {
		size_t length = (size_t)n;

		if (length && line[length - 1] == '\n')
			length--;
		result = line_answer(d, question, line, length);
	}
	free(line);
	if (result == EXIT_OK && (ferror(stdin) || fflush(stdout) || ferror(stdout)))
		result = say_error(EXIT_UNDECIDED, "debug: cannot read or write: %s", strerror(errno));
	return result;
}

static int usage(void)
{
	return say_error(EXIT_USAGE, "usage: pipgate debug canonical|compare|cvss|filename|marker [--env FILE]|name|"
				     "requirement|requirements|specifier < lines\n"
				     "       pipgate debug hook LOG");
}

int command_debug(int argc, char **argv)
{
	const struct debug_question *question = argc > 1 ? debug_question_find(argv[1]) : NULL;
	struct debug d = {.environment = {usual, sizeof(usual) / sizeof(*usual)}};
	struct pipgate_variable *variables = NULL;
	cJSON *tree = NULL;
	struct buf out;
	int result = EXIT_OK;
	bool env = argc == 4 && question && question->environment && strcmp(argv[2], "--env") == 0;

	if (argc == 3 && strcmp(argv[1], "hook") == 0)
		return debug_hook(argv[2]);
	if (!question || (argc != 2 && !env))
		return usage();
	buf_init(&out, NULL, DEBUG_BYTES);
	d.out = &out;
	if (pipgate_run_new(NULL, &d.run) != PIPGATE_OK)
		die_no_memory();
	if (env) {
		size_t n = 0;

		result = environment_read(argv[3], &tree, &variables, &n);
		d.environment = (struct pipgate_environment){variables, n};
	}
	if (result == EXIT_OK)
		result = lines_answer(&d, question);
	pipgate_run_free(&d.run);
	buf_fini(&out);
	free(variables);
	cJSON_Delete(tree);
	return result;
}
