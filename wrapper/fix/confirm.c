/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/confirm.h"

#include "matcher/base/buf.h"
#include "wrapper/file.h"
#include "wrapper/fix/candidates.h"
#include "wrapper/pip/quietly.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define PINS_MAX ((size_t)16 << 20)  /* a line a distribution */

/* ---- what is asked ---- */

static const struct pin *pin_of(const struct pin *pins, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(pins[i].name, name))
			return &pins[i];
	return NULL;
}

/* What came from elsewhere is left as it is, and so is what has no version that could be named. */
static bool pinnable(const struct fix_request *r, const struct pipgate_component *c)
{
	struct pipgate_version version;

	return candidates_of_index(c) && pipgate_version_parse(r->run, c->version, &version) == PIPGATE_OK;
}

static void put_pin(struct buf *out, const struct pipgate_component *c, struct span version)
{
	buf_span(out, c->name);
	for (size_t i = 0; i < c->n_extras; i++) {
		buf_text(out, i ? "," : "[");
		buf_span(out, c->extras[i]);
	}
	if (c->n_extras)
		buf_byte(out, ']');
	buf_format(out, "==" SPAN_FMT "\n", SPAN_ARG(version));
}

/* What moves, and (where nothing is there yet) what was asked for at first. */
static void put_requirements(const struct fix_request *r, const struct pin *pins, size_t n, struct buf *out)
{
	for (size_t i = 0; i < r->n_asked; i++)
		if (!r->asked[i].constraint)
			buf_format(out, SPAN_FMT "\n", SPAN_ARG(r->asked[i].text));
	for (size_t i = 0; i < r->n && !r->installed; i++)
		if (r->components[i].requested && pinnable(r, &r->components[i]) && !pin_of(pins, n, r->components[i].name))
			put_pin(out, &r->components[i], r->components[i].version);
	for (size_t i = 0; i < r->n; i++)
		if (pin_of(pins, n, r->components[i].name))
			put_pin(out, &r->components[i], pin_of(pins, n, r->components[i].name)->version);
	for (size_t i = 0; i < n; i++) {
		bool there = false;

		for (size_t k = 0; k < r->n && !there; k++)
			there = span_equal(r->components[k].name, pins[i].name);
		if (!there)
			buf_format(out, SPAN_FMT "==" SPAN_FMT "\n", SPAN_ARG(pins[i].name), SPAN_ARG(pins[i].version));
	}
}

static void put_constraints(const struct fix_request *r, const struct pin *pins, size_t n, struct buf *out)
{
	for (size_t i = 0; i < r->n_asked; i++)
		if (r->asked[i].constraint)
			buf_format(out, SPAN_FMT "\n", SPAN_ARG(r->asked[i].text));
	for (size_t i = 0; i < r->n; i++)
		if (pinnable(r, &r->components[i]) && !pin_of(pins, n, r->components[i].name))
			buf_format(out, SPAN_FMT "==" SPAN_FMT "\n", SPAN_ARG(r->components[i].name), SPAN_ARG(r->components[i].version));
}

static enum pipgate_status write_files(const struct fix_request *r, struct span requirements, struct span constraints, struct pinned_files *out,
	struct pipgate_error *error)
{
	const char *folder = temporary_folder(error);
	enum pipgate_status status;

	if (!folder)
		return PIPGATE_FAILED;
	out->requirements = text_format(r->run, "%s/fix-requirements.txt", folder);
	out->constraints = text_format(r->run, "%s/fix-constraints.txt", folder);
	status = file_write(out->requirements, requirements, error);
	return status == PIPGATE_OK ? file_write(out->constraints, constraints, error) : status;
}

static struct span bytes_of(const struct buf *buf)
{
	return buf->n ? buf_view(buf) : SPAN("");
}

enum pipgate_status confirm_files(const struct fix_request *r, const struct pin *pins, size_t n, struct pinned_files *out,
	struct pipgate_error *error)
{
	struct buf requirements, constraints;
	enum pipgate_status status;

	buf_init(&requirements, NULL, PINS_MAX);
	buf_init(&constraints, NULL, PINS_MAX);
	put_requirements(r, pins, n, &requirements);
	put_constraints(r, pins, n, &constraints);
	if (buf_status(&requirements) != PIPGATE_OK || buf_status(&constraints) != PIPGATE_OK)
		status = error_set(error, PIPGATE_LIMIT, "more than %zu bytes of pins", PINS_MAX);
	else
		status = write_files(r, bytes_of(&requirements), bytes_of(&constraints), out, error);
	buf_fini(&requirements);
	buf_fini(&constraints);
	return status;
}

/* ---- pip ---- */

static enum confirmed run_pip(const struct fix_request *r, const struct pinned_files *files, struct plan *plan, struct span *why,
	struct pipgate_error *error)
{
	struct words words = {.run = r->run};
	struct dry_run dry = {.python = r->pip->python, .report = text_format(r->run, "%s.json", files->requirements),
		.ignore_installed = !r->installed, .no_deps = r->no_deps, .build = r->build};
	struct span printed;
	int code = -1;

	words_add(&words, "-r");
	words_add(&words, files->requirements);
	words_add(&words, "-c");
	words_add(&words, files->constraints);
	words_add_all(&words, r->options);
	dry.words = words_end(&words);
	if (pip_dry_run(r->run, &dry, &code, &printed, error) != PIPGATE_OK)
		return CONFIRMED_ERROR;
	if (code) {
		*why = pip_last_word(printed);
		return CONFIRMED_NO;
	}
	return report_read_file(r->run, dry.report, plan, error) == PIPGATE_OK ? CONFIRMED_YES : CONFIRMED_ERROR;
}

enum confirmed confirm(const struct fix_request *r, const struct pin *pins, size_t n, struct plan *plan, struct span *why,
	struct pipgate_error *error)
{
	struct pinned_files files;

	if (!pip_at_least(r->pip, 22, 2))
		return CONFIRMED_UNKNOWN;
	return confirm_files(r, pins, n, &files, error) == PIPGATE_OK ? run_pip(r, &files, plan, why, error) : CONFIRMED_ERROR;
}

enum confirmed confirm_text(const struct fix_request *r, struct span requirements, struct span constraints, struct plan *plan,
	struct span *why, struct pipgate_error *error)
{
	struct pinned_files files;

	if (!pip_at_least(r->pip, 22, 2))
		return CONFIRMED_UNKNOWN;
	return write_files(r, requirements, constraints, &files, error) == PIPGATE_OK ? run_pip(r, &files, plan, why, error) : CONFIRMED_ERROR;
}
