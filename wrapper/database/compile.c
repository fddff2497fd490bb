/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/compile.h"

#include "matcher/advisory/bytes.h"
#include "wrapper/database/shown.h"

#include "matcher/base/banned.h"

enum pipgate_status compiler_init(struct compiler *c)
{
	*c = (struct compiler){0};
	buf_init(&c->text, NULL, COMPILE_BYTES_MAX);
	buf_init(&c->pieces, NULL, COMPILE_BYTES_MAX);
	return pipgate_run_new(NULL, &c->run);
}

void compiler_fini(struct compiler *c)
{
	buf_fini(&c->text);
	buf_fini(&c->pieces);
	pipgate_run_free(&c->run);
}

static enum pipgate_status pieces_make(struct compiler *c, const struct pipgate_advisory *a, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; i < a->n_affected && status == PIPGATE_OK; i++) {
		struct span record;

		status = pipgate_record_encode(c->run, a, &a->affected[i], 0, &record);
		if (status != PIPGATE_OK)
			return error_set(error, status, "its record for " SPAN_FMT " cannot be compiled", SPAN_ARG(a->affected[i].name));
		put_text(&c->pieces, a->affected[i].name);
		put_text(&c->pieces, record);
		status = buf_status(&c->pieces);
	}
	return status;
}

enum pipgate_status compile(struct compiler *c, const struct pipgate_advisory *a, struct compiled *out, struct pipgate_error *error)
{
	struct compiled made = {.id = a->id, .withdrawn = a->withdrawn.n > 0};
	enum pipgate_status status;

	if (!moment_parse(a->modified, &made.modified))
		return error_set(error, PIPGATE_INVALID, "modified: '" SPAN_FMT "' is no time", SPAN_ARG(a->modified));
	pipgate_run_reset(c->run);
	buf_clear(&c->text);
	buf_clear(&c->pieces);
	shown_write(&c->text, a);
	status = buf_status(&c->text);
	if (status != PIPGATE_OK)
		return error_set(error, status, "its text is too long to keep");
	if (!made.withdrawn)
		status = pieces_make(c, a, error);
	if (status != PIPGATE_OK)
		return status;
	made.text = buf_view(&c->text);
	made.pieces = buf_view(&c->pieces);
	*out = made;
	return PIPGATE_OK;
}

bool compile_piece(struct span *pieces, struct span *name, struct span *record, bool *broken)
{
	struct reader r = reader_of(*pieces);

	if (!pieces->n)
		return false;
	*name = take_text(&r);
	*record = take_text(&r);
	*broken = r.broken || !name->n || !record->n;
	*pieces = (struct span){(const char *)r.p, reader_left(&r)};
	return !*broken;
}
