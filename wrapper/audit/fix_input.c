/* SPDX-License-Identifier: Apache-2.0 */
/* --fix, a kind of input at a time: an environment by pip, requirements files where they stand, a lock file by its own tool. */
#include <fcntl.h>
#include <string.h>

#include "wrapper/audit/fix.h"
#include "wrapper/file.h"
#include "wrapper/fix/apply.h"
#include "wrapper/fix/confirm.h"
#include "wrapper/fix/edit.h"
#include "wrapper/source/requirement_file.h"

#include "matcher/base/banned.h"

#define LINES_MAX ((size_t)64 << 20)
#define NARROWINGS 3 /* each costs a resolution; one is enough but where pip then takes something else that is vulnerable */

static bool dry(const struct fixing_input *in)
{
	return in->fixing->auditing->options.dry_run;
}

/* ---- an environment ---- */

static enum pipgate_status check(struct fixing_input *in, struct pipgate_error *error)
{
	struct span printed;
	bool sound;
	enum pipgate_status status = apply_check(&in->request, &sound, &printed, error);

	if (status != PIPGATE_OK)
		return status;
	if (sound)
		say("pip check: no broken requirements");
	while (!sound && printed.n)
		say("pip check: " SPAN_FMT, SPAN_ARG(span_split(&printed, '\n')));
	return PIPGATE_OK;
}

enum pipgate_status fixing_environment(struct fixing_input *in, struct pipgate_error *error)
{
	struct pipgate_error why;
	enum pipgate_status status = PIPGATE_OK;

	in->request.installed = true;
	in->request.requires_known = true;
	if (!in->fixing->auditing->options.source.disable_pip)
		status = fixing_pip(in, error);
	if (status == PIPGATE_OK)
		status = fix_find(&in->request, &in->plan, error);
	if (status == PIPGATE_OK && !in->request.pip)
		fixing_refuse(in, "only pip can change an environment: not with --disable-pip");
	if (status != PIPGATE_OK || dry(in) || !in->plan.n_fixed)
		return status;
	in->fixing->changed = true; /* also where pip ends half-way: it is looked at again */
	if (apply_environment(&in->request, &in->plan, &why) != PIPGATE_OK) {
		fixing_refuse(in, text_format(in->request.run, "%s", why.text));
		return PIPGATE_OK;
	}
	return check(in, error);
}

/* ---- requirements files ---- */

/* -r, several of them, are one input; a file that was named alone is one, too. */
static enum pipgate_status read_files(struct fixing_input *in, struct requirement_files *files, struct pipgate_error *error)
{
	const struct auditing *a = in->fixing->auditing;
	const struct input *input = (const struct input *)a->inventory.inputs.items + in->input;
	const char *const *paths = a->options.requirements.items;
	enum pipgate_status status = PIPGATE_OK;

	if (!a->options.requirements.n)
		return requirement_file_read(files, input->path, error);
	for (size_t i = 0; i < a->options.requirements.n && status == PIPGATE_OK; i++)
		status = requirement_file_read(files, paths[i], error);
	return status;
}

static bool from_stdin(const struct fixing_input *in)
{
	const struct auditing *a = in->fixing->auditing;
	const struct input *input = (const struct input *)a->inventory.inputs.items + in->input;
	const char *const *paths = a->options.requirements.items;

	for (size_t i = 0; i < a->options.requirements.n; i++)
		if (strcmp(paths[i], "-") == 0)
			return true;
	return strcmp(input->path, "-") == 0;
}

static void add_options(struct fixing_input *in, const struct requirement_files *files)
{
	const char *const *given = files->options.items;
	struct words words = {.run = files->run};

	for (size_t i = 0; i < files->options.n; i++)
		words_add(&words, given[i]);
	words_add_all(&words, in->request.options);
	in->request.options = words_end(&words);
}

/* ---- will pip take what we mean, where a line leaves it open? ---- */

static const struct fix_move *move_of(const struct fixing_input *in, struct span name)
{
	for (size_t i = 0; i < in->plan.n; i++)
		if (in->plan.moves[i].to.n && span_equal(in->plan.moves[i].name, name))
			return &in->plan.moves[i];
	return NULL;
}

static void put_line(struct buf *out, const struct requirement_row *row, const struct fix_move *move)
{
	const struct pipgate_requirement *r = &row->parsed;

	if (row->kind != REQUIREMENT_NAMED || !move) {
		buf_format(out, "%s" SPAN_FMT "\n", row->kind == REQUIREMENT_EDITABLE ? "-e " : "", SPAN_ARG(row->text));
		return;
	}
	buf_span(out, r->name);
	for (size_t i = 0; i < r->n_extras; i++)
		buf_format(out, "%s" SPAN_FMT "%s", i ? "," : "[", SPAN_ARG(r->extras[i]), i + 1 == r->n_extras ? "]" : "");
	buf_format(out, "==" SPAN_FMT "%s" SPAN_FMT "\n", SPAN_ARG(move->to), r->marker.n ? " ; " : "", SPAN_ARG(r->marker));
}

static void put_lines(const struct fixing_input *in, const struct requirement_files *files, const bool *narrow, bool constraint, struct buf *out)
{
	const struct requirement_row *rows = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++) {
		const struct fix_move *move = move_of(in, rows[i].name);

		if (rows[i].constraint == constraint)
			put_line(out, &rows[i], move && (rows[i].pin.n || narrow[move - in->plan.moves]) ? move : NULL);
	}
	for (size_t i = 0; i < in->plan.n && constraint; i++)
		if (narrow[i])
			buf_format(out, SPAN_FMT "==" SPAN_FMT "\n", SPAN_ARG(in->plan.moves[i].name), SPAN_ARG(in->plan.moves[i].to));
}

static bool has_pin(const struct requirement_files *files, struct span name)
{
	const struct requirement_row *rows = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (rows[i].kind == REQUIREMENT_NAMED && rows[i].pin.n && span_equal(rows[i].name, name))
			return true;
	return false;
}

/* true: something had to be pinned that was open, so that it is to be asked again. */
static bool narrow_more(const struct fixing_input *in, const struct plan *plan, bool *narrow)
{
	bool more = false;

	for (size_t i = 0; i < plan->n; i++) {
		const struct fix_move *move = move_of(in, plan->components[i].name);

		if (!move || narrow[move - in->plan.moves] ||
				in->request.clean(in->request.ctx, plan->components[i].name, plan->components[i].version))
			continue;
		narrow[move - in->plan.moves] = more = true;
	}
	return more;
}

static enum confirmed resolve_lines(const struct fixing_input *in, const struct requirement_files *files, const bool *narrow, struct plan *plan,
	struct span *why, struct pipgate_error *error)
{
	struct buf requirements, constraints;
	enum confirmed said;

	buf_init(&requirements, NULL, LINES_MAX);
	buf_init(&constraints, NULL, LINES_MAX);
	put_lines(in, files, narrow, false, &requirements);
	put_lines(in, files, narrow, true, &constraints);
	said = confirm_text(&in->request, requirements.n ? buf_view(&requirements) : SPAN(""),
		constraints.n ? buf_view(&constraints) : SPAN(""), plan, why, error);
	buf_fini(&requirements);
	buf_fini(&constraints);
	return said;
}

/* Which lines that leave their version open must be pinned: as few as pip needs to take clean releases. */
static enum pipgate_status find_narrow(struct fixing_input *in, const struct requirement_files *files, bool *narrow, struct pipgate_error *error)
{
	bool open = false;

	for (size_t i = 0; i < in->plan.n; i++) {
		narrow[i] = in->plan.moves[i].to.n && (in->plan.moves[i].component == SIZE_MAX || !in->request.pip) && files->require_hashes;
		open |= in->plan.moves[i].to.n && !has_pin(files, in->plan.moves[i].name);
	}
	if (!in->request.pip || in->request.no_deps || !open || files->require_hashes) {
		for (size_t i = 0; i < in->plan.n; i++)
			narrow[i] |= in->plan.moves[i].to.n && in->plan.moves[i].ids && !has_pin(files, in->plan.moves[i].name);
		return PIPGATE_OK;
	}
	for (size_t round = 0; round < NARROWINGS; round++) {
		struct span why;
		struct plan plan;
		enum confirmed said = resolve_lines(in, files, narrow, &plan, &why, error);

		if (said == CONFIRMED_ERROR)
			return PIPGATE_FAILED;
		if (said == CONFIRMED_NO)
			fixing_refuse(in, text_format(files->run, "pip refuses the files as they would be: " SPAN_FMT, SPAN_ARG(why)));
		if (said != CONFIRMED_YES || !narrow_more(in, &plan, narrow))
			return PIPGATE_OK;
	}
	return PIPGATE_OK;
}

static enum pipgate_status edit(struct fixing_input *in, struct requirement_files *files, struct pipgate_error *error)
{
	bool *narrow = must(arena_array(files->run, in->plan.n + 1, sizeof(*narrow)));
	struct list edited = {0};
	struct pipgate_error why;

	for (size_t i = 0; i < in->plan.n; i++) {
		const char *obstacle = in->plan.moves[i].to.n ? edit_obstacle(files, &in->plan.moves[i]) : NULL;

		if (obstacle)
			fixing_refuse(in, obstacle); /* a set holds only together */
	}
	if (in->plan.n_fixed && find_narrow(in, files, narrow, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	if (!in->plan.n_fixed || dry(in))
		return PIPGATE_OK;
	edit_files(files, in->plan.moves, narrow, in->plan.n, &edited);
	in->fixing->changed = true;
	if (edit_write(&edited, &why) != PIPGATE_OK)
		fixing_refuse(in, text_format(files->run, "%s", why.text));
	return PIPGATE_OK;
}

static bool requires_known(const struct fix_request *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->components[i].n_requires_dist)
			return true;
	return false; /* read as they stand: nobody has told */
}

enum pipgate_status fixing_requirements(struct fixing_input *in, struct pipgate_error *error)
{
	struct requirement_files files = {.run = in->request.run};
	enum pipgate_status status = PIPGATE_OK;
	struct list asked = {0};

	if (from_stdin(in)) {
		status = fix_find(&in->request, &in->plan, error); /* without pip: names alone */
		for (size_t i = 0; i < in->plan.n; i++)
			in->plan.moves[i].reason = NULL;
		fixing_refuse(in, "standard input cannot be edited: give the file's name");
		return status;
	}
	status = read_files(in, &files, error);
	if (status != PIPGATE_OK)
		return status;
	judged_asked(&asked, &files, false);
	in->request.asked = asked.items;
	in->request.n_asked = asked.n;
	in->request.requires_known = requires_known(&in->request);
	if (!in->fixing->auditing->options.source.disable_pip)
		status = fixing_pip(in, error);
	add_options(in, &files);
	if (status == PIPGATE_OK)
		status = fix_find(&in->request, &in->plan, error);
	return status == PIPGATE_OK ? edit(in, &files, error) : status;
}

/* ---- a lock file ---- */

enum pipgate_status fixing_lock(struct fixing_input *in, struct pipgate_error *error)
{
	const struct input *input = (const struct input *)in->fixing->auditing->inventory.inputs.items + in->input;
	enum pipgate_status status = fix_find(&in->request, &in->plan, error); /* without pip: what the advisories say */

	for (size_t i = 0; i < in->plan.n; i++) {
		struct fix_move *move = &in->plan.moves[i];
		const char *command = fix_lock_command(in->request.run, input->kind, move);

		if (!move->to.n)
			continue;
		move->reason = command ? text_format(in->request.run, "its own tool does it: %s", command) : text_format(in->request.run,
			"only the tool that wrote %s may change it; " SPAN_FMT " is the lowest fixed version", input->path, SPAN_ARG(move->to));
		move->to = (struct span){NULL, 0};
	}
	in->plan.n_fixed = 0;
	return status;
}
