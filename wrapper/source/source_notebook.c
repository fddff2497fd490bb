/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notebooks (.ipynb): the lines of code cells by which they install: %pip install …, !pip install …, !python -m pip install …, and the
 * same in cells that a shell runs (%%bash). The place of a finding is the line in the notebook's own file.
 */
#include <limits.h>
#include <stdlib.h>

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "wrapper/pip/arguments.h"
#include "wrapper/source/requirement_set.h"
#include "wrapper/source/requirement_text.h"

#include "matcher/base/banned.h"

struct notebook {
	struct gathering *g;
	const struct source_file *file;
	struct requirement_set set;
	struct span rest;   /* of the file's text, behind the line that was found last */
	size_t line;        /* at rest */
	size_t n;           /* installing lines */
	struct pipgate_error *error;
};

bool takes_notebook(const struct source_file *file)
{
	const struct span head = {file->text.p, file->text.n < 65536 ? file->text.n : 65536}; /* without an ending: by a key of all of them */

	return !file->folder && (span_ends(span_of(file->name), SPAN(".ipynb")) ||
		(head.n && head.p[0] == '{' && memmem(head.p, head.n, "\"nbformat\"", 10)));
}

/* ---- where a line stands in the file ---- */

/* JSON writes some characters otherwise: the longest part of the line without them is looked for, behind the last one found. */
static size_t place_of(struct notebook *n, struct span line)
{
	struct span part = {line.p, 0}, best = part;
	const char *at;

	for (size_t i = 0; i < line.n; i++) {
		const unsigned char c = (unsigned char)line.p[i];

		if (c == '"' || c == '\\' || c == '/' || c < ' ' || c >= 0x7f)
			part = (struct span){line.p + i + 1, 0};
		else
			part.n++;
		best = part.n > best.n ? part : best;
	}
	at = best.n && n->rest.n ? memmem(n->rest.p, n->rest.n, best.p, best.n) : NULL;
	for (; at && n->rest.p < at; n->rest = span_from(n->rest, 1))
		n->line += n->rest.p[0] == '\n';
	return n->line;
}

/* ---- the words of a command ---- */

static bool ends_command(struct span word)
{
	static const char *const ends[] = {"&&", "||", ";", "|", "&"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (span_is(word, ends[i]))
			return true;
	return span_starts(word, SPAN("#"));
}

static bool is_pip(struct span word)
{
	while (memchr(word.n ? word.p : "", '/', word.n))
		span_split(&word, '/');
	return span_is(word, "pip") || span_is(word, "pip3") || (span_starts(word, SPAN("pip3.")) && word.n < 9);
}

/* "pip install", "python -m pip install" in these words: behind it; n: it is none. */
static size_t behind_install(const struct span *words, size_t n)
{
	size_t at = 0;

	while (at < n && !is_pip(words[at]))
		at++;
	return at + 1 < n && span_is(words[at + 1], "install") && (at == 0 || span_is(words[at - 1], "-m") || span_is(words[at - 1], "sudo") ||
		span_is(words[at - 1], "uv")) ? at + 2 : n;
}

/* -r and -c: beside the notebook, which is where it runs. */
static enum pipgate_status add_file(struct notebook *n, const struct argument *a, size_t line)
{
	const char *option = option_name(n->g->run, a->option), *slash = strrchr(n->file->path, '/');
	const char *text = text_format(n->g->run, "%s '%s'", option, a->value), *for_pip = text;
	char real[PATH_MAX];

	if (strchr(a->value, '\''))
		return error_set(n->error, PIPGATE_INVALID, "%s, line %zu: a file's name with a quote in it: %s", n->file->path, line, a->value);
	if (a->value[0] != '/' && realpath(slash ? text_format(n->g->run, "%.*s", (int)(slash - n->file->path) + 1, n->file->path) : ".", real))
		for_pip = text_format(n->g->run, "%s '%s/%s'", option, real, a->value);
	return requirement_set_line_as(&n->set, n->file->path, line, span_of(text), span_of(for_pip), n->error);
}

static enum pipgate_status add_argument(struct notebook *n, const struct argument *a, size_t line)
{
	const enum role role = a->option ? a->option->role : ROLE_NONE;
	const char *text = NULL;

	if (a->value && (a->positional || role == ROLE_REQUIREMENT || role == ROLE_EDITABLE) && (strchr(a->value, '$') || strchr(a->value, '{')))
		inventory_skip(n->g->inventory, span_of(a->value), "it is known when the notebook runs", n->file->path, line);
	else if (a->value && (role == ROLE_REQUIREMENT || role == ROLE_CONSTRAINT))
		return add_file(n, a, line);
	else if (a->positional)
		text = a->value;
	else if (a->value && (role == ROLE_EDITABLE || role == ROLE_INDEX))
		text = text_format(n->g->run, "%s %s", option_name(n->g->run, a->option), a->value);
	else if (role == ROLE_INDEX)
		text = option_name(n->g->run, a->option);
	return text ? requirement_set_line(&n->set, n->file->path, line, span_of(text), n->error) : PIPGATE_OK;
}

static enum pipgate_status take_command(struct notebook *n, const struct span *words, size_t count, size_t line)
{
	const size_t begin = behind_install(words, count);
	struct words argv = {.run = n->g->run};
	enum pipgate_status status = PIPGATE_OK;
	struct arguments arguments;

	if (begin == count)
		return PIPGATE_OK;
	n->n++;
	for (size_t i = begin; i < count; i++)
		if (!span_starts(words[i], SPAN(">")) && !span_starts(words[i], SPAN("2>"))) /* where its output goes */
			words_add(&argv, text_copy(n->g->run, words[i]));
		else if (span_ends(words[i], SPAN(">")))
			i++;
	arguments_read(n->g->run, words_end(&argv), PIP_INSTALL, &arguments);
	for (size_t i = 0; i < arguments.n && status == PIPGATE_OK; i++)
		status = add_argument(n, &arguments.v[i], line);
	return status;
}

static enum pipgate_status take_line(struct notebook *n, struct span text, size_t line)
{
	enum pipgate_status status = PIPGATE_OK;
	struct list words = {0};
	struct span *v;
	size_t begin = 0;

	if (split_words(n->g->run, text, &words) != PIPGATE_OK)
		return error_set(n->error, PIPGATE_INVALID, "%s, line %zu: a quote is open: " SPAN_FMT, n->file->path, line, SPAN_ARG(text));
	v = words.items;
	for (size_t i = 0; i < words.n && status == PIPGATE_OK; i++) {
		const bool ends = ends_command(v[i]), joined = !ends && span_ends(v[i], SPAN(";")); /* "x==1; pip …" */

		v[i].n -= joined;
		if (ends || joined || i + 1 == words.n) {
			status = take_command(n, v + begin, i + !ends - begin, line);
			begin = i + 1;
		}
		if (span_starts(v[i], SPAN("#")))
			break;
	}
	return status;
}

/* ---- cells ---- */

/* A cell's source is a text, or a list of its lines. */
static struct span source_of(struct pipgate_run *run, const cJSON *source)
{
	const cJSON *item;
	struct span text;
	struct buf out;

	if (cJSON_IsString(source))
		return json_string(source);
	buf_init(&out, NULL, SOURCE_BYTES);
	cJSON_ArrayForEach(item, source)
		buf_span(&out, json_string(item).n ? json_string(item) : SPAN(""));
	text = out.n ? must_span(arena_copy(run, buf_view(&out))) : SPAN("");
	buf_fini(&out);
	return text;
}

/* With what a backslash continues. */
static struct span next_command(struct pipgate_run *run, struct span *text)
{
	struct span line = span_trim(span_split(text, '\n'));

	while (line.n && line.p[line.n - 1] == '\\' && text->n) {
		const struct span more = span_trim(span_split(text, '\n'));

		line = must_span(arena_format(run, "%.*s %.*s", (int)(line.n - 1), line.p, (int)more.n, more.p));
	}
	return line;
}

static bool mentions_pip(struct span line)
{
	return line.n && memmem(line.p, line.n, "pip", 3) && memmem(line.p, line.n, "install", 7);
}

static enum pipgate_status take_cell(struct notebook *n, struct span text)
{
	const bool shell = span_starts(text, SPAN("%%bash")) || span_starts(text, SPAN("%%sh")) || span_starts(text, SPAN("%%!"));
	enum pipgate_status status = PIPGATE_OK;

	while (text.n && status == PIPGATE_OK) {
		struct span first = text, line = next_command(n->g->run, &text);
		const bool magic = line.n && (line.p[0] == '!' || line.p[0] == '%');

		if ((magic || shell) && mentions_pip(line))
			status = take_line(n, magic ? span_from(line, 1) : line, place_of(n, span_split(&first, '\n')));
	}
	return status;
}

static enum pipgate_status take_cells(struct notebook *n, const cJSON *root)
{
	const cJSON *cells = json_member(root, "cells"), *cell;
	enum pipgate_status status = PIPGATE_OK;

	if (!cJSON_IsArray(cells))
		return error_set(n->error, PIPGATE_INVALID, "%s: no notebook of format 4 (it has no cells); open and save it with a newer Jupyter",
			n->file->path);
	cJSON_ArrayForEach(cell, cells)
		if (status == PIPGATE_OK && span_is(json_string(json_member(cell, "cell_type")), "code"))
			status = take_cell(n, source_of(n->g->run, json_member(cell, "source")));
	return status;
}

enum pipgate_status read_notebook(struct gathering *g, const struct source_file *file, struct pipgate_error *error)
{
	struct notebook n = {.g = g, .file = file, .rest = file->text, .line = 1, .error = error};
	cJSON *root = NULL;
	enum pipgate_status status = json_parse(file->text, &root, error);

	if (status != PIPGATE_OK)
		error_before(error, "%s", file->path);
	inventory_input(g->inventory, "notebook", text_format(g->run, "notebook %s", strcmp(file->path, "-") ? file->path : "on standard input"),
		file->path);
	requirement_set_init(&n.set, g, file->path);
	if (status == PIPGATE_OK)
		status = take_cells(&n, root);
	cJSON_Delete(root);
	if (status == PIPGATE_OK && !n.n)
		inventory_note(g->inventory, "%s: no line installs anything by pip", file->path);
	return status == PIPGATE_OK ? requirement_set_audit(g, &n.set, error) : status;
}
