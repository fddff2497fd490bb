/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate debug WHAT`: the library's small answers, a line in and a line out, for tests and for looking into a case.
 * Fields are separated by tabs; \\ \t \n \r \xNN stand for what a field may not hold, in both directions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "matcher/base/span.h"
#include "wrapper/command/command.h"
#include "wrapper/file.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define DEBUG_BYTES ((size_t)1 << 30) /* of one line, or of the environment: more is a mistake */
#define DEBUG_FIELDS 3

struct debug {
	struct pipgate_run *run;
	struct pipgate_environment environment;
	const struct span *fields;
	struct buf *out;
};

/* ---- escapes ---- */

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

static void escape(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '\\')
			buf_text(out, "\\\\");
		else if (c == '\t')
			buf_text(out, "\\t");
		else if (c == '\n')
			buf_text(out, "\\n");
		else if (c == '\r')
			buf_text(out, "\\r");
		else if (c < 0x20 || c == 0x7f)
			buf_format(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
}

/* ---- what is asked; each gives the library's status and writes on OK only ---- */

static enum pipgate_status ask_compare(struct debug *d)
{
	struct pipgate_version a, b;
	enum pipgate_status status = pipgate_version_parse(d->run, d->fields[0], &a);

	if (status == PIPGATE_OK)
		status = pipgate_version_parse(d->run, d->fields[1], &b);
	if (status == PIPGATE_OK)
		buf_format(d->out, "%d", pipgate_key_compare(a.key, b.key));
	return status;
}

static enum pipgate_status ask_canonical(struct debug *d)
{
	struct span text;
	enum pipgate_status status = pipgate_version_canonical(d->run, d->fields[0], &text);

	if (status == PIPGATE_OK)
		escape(d->out, text);
	return status;
}

static enum pipgate_status ask_specifier(struct debug *d)
{
	enum pipgate_prereleases prereleases = PIPGATE_PRERELEASES_AUTO;
	enum pipgate_status status;
	bool within;

	if (span_is(d->fields[2], "true"))
		prereleases = PIPGATE_PRERELEASES_YES;
	else if (span_is(d->fields[2], "false"))
		prereleases = PIPGATE_PRERELEASES_NO;
	else if (!span_is(d->fields[2], "-"))
		return PIPGATE_INVALID;
	status = pipgate_specifier_contains(d->run, d->fields[0], d->fields[1], prereleases, &within);
	if (status == PIPGATE_OK)
		buf_text(d->out, within ? "true" : "false");
	return status;
}

static enum pipgate_status ask_requirement(struct debug *d)
{
	struct pipgate_requirement r;
	struct pipgate_error error;
	enum pipgate_status status = pipgate_requirement_parse(d->run, d->fields[0], &r, &error);

	if (status != PIPGATE_OK)
		return status;
	escape(d->out, r.name);
	buf_byte(d->out, '\t');
	for (size_t i = 0; i < r.n_extras; i++) {
		if (i)
			buf_byte(d->out, ',');
		escape(d->out, r.extras[i]);
	}
	buf_byte(d->out, '\t');
	escape(d->out, r.specifiers);
	buf_byte(d->out, '\t');
	escape(d->out, r.url);
	buf_byte(d->out, '\t');
	escape(d->out, r.marker);
	return PIPGATE_OK;
}

/* true, false, or undefined: and the word that the error begins with */
static enum pipgate_status marker_value(struct debug *d, struct span extra)
{
	struct pipgate_error error = {""};
	struct span word;
	bool value;
	enum pipgate_status status = pipgate_marker_evaluate(d->run, d->fields[0], &d->environment, extra, &value, &error);

	if (status == PIPGATE_OK)
		buf_text(d->out, value ? "\ttrue" : "\tfalse");
	if (status != PIPGATE_INVALID || !span_starts(span_of(error.text), SPAN("Undefined")))
		return status;
	word = span_of(error.text);
	buf_text(d->out, "\tundefined:");
	escape(d->out, span_split(&word, ':'));
	return PIPGATE_OK;
}

static enum pipgate_status ask_marker(struct debug *d)
{
	struct span canonical;
	struct pipgate_error error;
	enum pipgate_status status = pipgate_marker_canonical(d->run, d->fields[0], &canonical, &error);

	if (status != PIPGATE_OK)
		return status;
	escape(d->out, canonical);
	status = marker_value(d, SPAN(""));
	return status == PIPGATE_OK ? marker_value(d, SPAN("x")) : status;
}

static enum pipgate_status ask_cvss(struct debug *d)
{
	struct pipgate_severity severity;
	enum pipgate_status status = pipgate_cvss_score(d->fields[0], &severity);

	if (status == PIPGATE_OK)
		buf_format(d->out, "%d.%d\t%s", severity.tenths / 10, severity.tenths % 10, pipgate_level_name(severity.level));
	return status;
}

static enum pipgate_status ask_name(struct debug *d)
{
	struct span name;
	enum pipgate_status status = pipgate_name_normalize(d->run, d->fields[0], &name);

	if (status == PIPGATE_OK)
		escape(d->out, name);
	return status;
}

static enum pipgate_status ask_filename(struct debug *d)
{
	struct pipgate_filename filename;
	enum pipgate_status status = pipgate_filename_parse(d->run, d->fields[0], &filename);

	if (status != PIPGATE_OK)
		return status;
	escape(d->out, filename.name);
	buf_byte(d->out, '\t');
	escape(d->out, filename.version);
	return PIPGATE_OK;
}

static const struct question {
	const char *name;
	size_t n_fields;
	enum pipgate_status (*ask)(struct debug *d);
} questions[] = {
	{"canonical", 1, ask_canonical},     {"compare", 2, ask_compare}, {"cvss", 1, ask_cvss},
	{"filename", 1, ask_filename},       {"marker", 1, ask_marker},   {"name", 1, ask_name},
	{"requirement", 1, ask_requirement}, {"specifier", 3, ask_specifier},
};

static const struct question *question_find(const char *name)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++)
		if (strcmp(questions[i].name, name) == 0)
			return &questions[i];
	return NULL;
}

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

static int line_answer(struct debug *d, const struct question *question, char *line, size_t n)
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

static int lines_answer(struct debug *d, const struct question *question)
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
				     "requirement|specifier < lines");
}

int command_debug(int argc, char **argv)
{
	const struct question *question = argc > 1 ? question_find(argv[1]) : NULL;
	struct debug d = {.environment = {usual, sizeof(usual) / sizeof(*usual)}};
	struct pipgate_variable *variables = NULL;
	cJSON *tree = NULL;
	struct buf out;
	int result = EXIT_OK;
	bool env = argc == 4 && question && question->ask == ask_marker && strcmp(argv[2], "--env") == 0;

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
