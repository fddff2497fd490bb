/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate why NAME [SOURCE]`: the tree from NAME up to what was asked for, and what each of those above requires: who would have to
 * move for NAME to move. Gathers as `pip audit` does, and asks no advisories.
 */
#include <stdio.h>
#include <unistd.h>

#include "matcher/base/text.h"
#include "wrapper/audit/audit.h"
#include "wrapper/command/command.h"
#include "wrapper/file.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define TREE_MAX ((size_t)4 << 20)
#define LINES_MAX 2000 /* of one tree: a name that half an environment needs, by many ways */
#define DEPTH_MAX 40

struct telling {
	const struct auditing *a;
	const struct dependents *dependents;
	size_t first;    /* of the input's components */
	struct buf *out;
	size_t *above;   /* the way down to here, so that a circle ends */
	size_t depth, lines;
};

static const struct pipgate_component *component_at(const struct telling *t, size_t i)
{
	return (const struct pipgate_component *)t->a->inventory.components.items + t->first + i;
}

static const struct found *found_at(const struct telling *t, size_t i)
{
	return (const struct found *)t->a->inventory.found.items + t->first + i;
}

static void put_name(const struct telling *t, size_t i)
{
	text_escape(t->out, component_at(t, i)->name);
	buf_byte(t->out, ' ');
	text_escape(t->out, component_at(t, i)->version);
}

static void put_asked(const struct telling *t, size_t i)
{
	const struct found *f = found_at(t, i);

	if (!f->direct && t->dependents->direct[i].n)
		return; /* what nothing else needs was asked for by somebody */
	buf_text(t->out, " (asked for");
	if (f->line) {
		buf_text(t->out, ": ");
		text_escape(t->out, span_of(f->file));
		buf_format(t->out, ":%zu", f->line);
	}
	buf_byte(t->out, ')');
}

static bool circle(const struct telling *t, size_t i)
{
	for (size_t k = 0; k < t->depth; k++)
		if (t->above[k] == i)
			return true;
	return false;
}

static void put_tree(struct telling *t, size_t i)
{
	const struct dependent *v = t->dependents->direct[i].items;

	if (t->depth == DEPTH_MAX || t->lines >= LINES_MAX)
		return;
	t->above[t->depth++] = i;
	for (size_t k = 0; k < t->dependents->direct[i].n && t->lines < LINES_MAX; k++) {
		buf_format(t->out, "%*s← ", (int)(2 * t->depth), "");
		put_name(t, v[k].component);
		buf_text(t->out, " requires ");
		text_escape(t->out, v[k].requirement);
		put_asked(t, v[k].component);
		buf_text(t->out, circle(t, v[k].component) ? " (a circle)\n" : "\n");
		t->lines++;
		if (!circle(t, v[k].component))
			put_tree(t, v[k].component);
	}
	t->depth--;
}

static bool keeps_back(struct span specifiers)
{
	return memchr(specifiers.p, '<', specifiers.n) || memmem(specifiers.p, specifiers.n, "==", 2) || memmem(specifiers.p, specifiers.n, "~=", 2);
}

/* Those whose requirement has an end above: nothing goes beyond it before they move. */
static void put_holders(struct telling *t, size_t i)
{
	const struct dependent *v = t->dependents->direct[i].items;
	size_t n = 0;

	for (size_t k = 0; k < t->dependents->direct[i].n; k++) {
		struct pipgate_requirement r;

		if (pipgate_requirement_parse(t->a->run, v[k].requirement, &r, NULL) != PIPGATE_OK || !r.specifiers.n || !keeps_back(r.specifiers))
			continue;
		buf_text(t->out, n++ ? ", " : "  to move it beyond what they allow, these must move first: ");
		put_name(t, v[k].component);
		buf_text(t->out, " (");
		text_escape(t->out, r.specifiers);
		buf_byte(t->out, ')');
	}
	buf_text(t->out, n ? "\n" : "  nothing keeps it back\n");
}

static bool tell_input(const struct auditing *a, size_t input, struct span name, struct buf *out)
{
	struct dependents dependents;
	struct telling t = {.a = a, .dependents = &dependents, .out = out, .above = must(arena_array(a->run, DEPTH_MAX, sizeof(size_t)))};
	bool found = false;
	size_t end;

	audit_input_range(a, input, &t.first, &end);
	dependents_read(a->run, component_at(&t, 0), end - t.first, &a->inventory.environment, &dependents);
	for (size_t i = 0; i < end - t.first; i++) {
		if (!span_equal(component_at(&t, i)->name, name))
			continue;
		found = true;
		put_name(&t, i);
		put_asked(&t, i);
		buf_text(out, dependents.direct[i].n ? "\n" : ": no other needs it\n");
		put_tree(&t, i);
		if (t.lines >= LINES_MAX)
			buf_text(out, "  … and more\n");
		put_holders(&t, i);
	}
	return found;
}

static int tell(const struct auditing *a, const char *word)
{
	struct span name;
	struct buf out;
	bool found = false;

	if (pipgate_name_normalize(a->run, span_of(word), &name) != PIPGATE_OK)
		die_no_memory();
	buf_init(&out, NULL, TREE_MAX);
	for (size_t i = 0; i < a->inventory.inputs.n; i++)
		found |= tell_input(a, i, name, &out);
	if (buf_status(&out) == PIPGATE_OK && out.n)
		file_put(STDOUT_FILENO, buf_view(&out));
	buf_fini(&out);
	return found ? EXIT_OK : say_error(EXIT_NO, "%s is not there", word);
}

int command_why(int argc, char **argv)
{
	struct auditing a = {0};
	struct pipgate_error error;
	struct options gate;
	char **words;
	int status;

	if (argc < 2 || argv[1][0] == '-')
		return say_error(EXIT_USAGE, "usage: pipgate why NAME [SOURCE… | -r FILE | --path DIR]");
	if (pipgate_run_new(NULL, &a.run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(a.run, argv + 2, &gate, &words, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	a.gate = &gate;
	if (audit_options_read(a.run, words, &a.options, &status) == AUDIT_GO) {
		if (!a.options.source.python)
			a.options.source.python = gate.python;
		status = audit_gather(&a, &error) == PIPGATE_OK ? tell(&a, argv[1]) : say_error(EXIT_UNDECIDED, "%s", error.text);
	}
	temporary_remove();
	pipgate_run_free(&a.run);
	return status;
}
