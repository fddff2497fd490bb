/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/asked.h"

#include "wrapper/source/requirement_file.h"

#include "matcher/base/banned.h"

#define COMMAND_LINE "the command line"

static void read_file(struct requirement_files *files, const char *path, bool constraint)
{
	size_t before = files->rows.n;
	struct requirement_row *rows;

	if (!requirement_file_stays(path) || requirement_file_read(files, path, NULL) != PIPGATE_OK)
		return;
	rows = files->rows.items;
	for (size_t i = before; i < files->rows.n; i++)
		rows[i].constraint |= constraint;
}

static void read_all(struct requirement_files *files, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->n; i++) {
		const struct argument *a = &arguments->v[i];
		enum role role = a->option ? a->option->role : ROLE_NONE;

		if (role == ROLE_REQUIREMENT || role == ROLE_CONSTRAINT)
			read_file(files, a->value, role == ROLE_CONSTRAINT);
		else if (a->positional && requirement_line_add(files, COMMAND_LINE, 1, span_of(a->value), NULL) != PIPGATE_OK)
			continue; /* pip will say so */
	}
}

static void mark(const struct requirement_files *files, struct pipgate_component *c)
{
	const struct requirement_row *rows = files->rows.items;
	bool pinned = false, hashed = false;

	for (size_t i = 0; i < files->rows.n; i++) {
		if (!span_equal(rows[i].name, c->name))
			continue;
		pinned |= rows[i].pin.n > 0;
		hashed |= rows[i].n_hashes > 0;
		if (!rows[i].constraint && !c->place.n && strcmp(rows[i].file, COMMAND_LINE) != 0)
			c->place = span_of(rows[i].file);
	}
	c->unpinned = c->requested && !pinned && c->origin == PIPGATE_ORIGIN_INDEX;
	c->unlocked = !hashed;
}

void asked_mark(struct pipgate_run *run, const struct arguments *arguments, struct pipgate_component *components, size_t n)
{
	struct requirement_files files = {.run = run};

	read_all(&files, arguments);
	for (size_t i = 0; i < n; i++)
		mark(&files, &components[i]);
}
