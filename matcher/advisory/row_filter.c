/* SPDX-License-Identifier: Apache-2.0 */
/* A row without some of its records: heads and bodies are copied as they are; groups are numbered anew, as there may be no more than records. */
#include "matcher/advisory/row.h"

#include "matcher/base/arena.h"

#include "matcher/base/banned.h"

#define UNNUMBERED SIZE_MAX

struct filtering {
	struct buf heads, bodies;
	size_t *numbers; /* per group of the old row */
	size_t n_records, n_groups;
};

static void head_put(struct filtering *f, const struct row_head *head)
{
	struct buf one;

	if (f->numbers[head->group] == UNNUMBERED)
		f->numbers[head->group] = f->n_groups++;
	f->n_records++;
	buf_init(&one, f->heads.allocator, ROW_BYTES_MAX);
	put_number(&one, head->body.n);
	put_number(&one, f->numbers[head->group]);
	buf_byte(&one, head->flags);
	buf_span(&one, head->bounds);
	put_number(&f->heads, one.n);
	buf_span(&f->heads, buf_view(&one));
	if (buf_status(&one) != PIPGATE_OK)
		f->heads.status = buf_status(&one);
	buf_fini(&one);
	buf_span(&f->bodies, head->body);
}

static void row_put(struct buf *out, const struct row *row, const struct filtering *f)
{
	buf_byte(out, ROW_FORMAT);
	put_number(out, row->n_keys);
	put_number(out, f->n_records);
	put_number(out, f->n_groups);
	put_number(out, row->keys.n);
	put_number(out, f->heads.n);
	buf_add(out, row->ends, row->n_keys * 4);
	buf_span(out, row->keys);
	buf_span(out, buf_view(&f->heads));
	buf_span(out, buf_view(&f->bodies));
}

static enum pipgate_status records_choose(struct filtering *f, struct row *row, row_keeper *keep, void *ctx)
{
	for (size_t i = 0; i < row->n_records; i++) {
		enum pipgate_status status;
		struct row_head head;
		struct row_body body;
		bool kept = false;

		if (!row_next(row, &head) || !row_body(&head, &body))
			return PIPGATE_INVALID;
		status = keep(ctx, body.id, &kept);
		if (status != PIPGATE_OK)
			return status;
		if (kept)
			head_put(f, &head);
	}
	return buf_status(&f->heads) != PIPGATE_OK ? buf_status(&f->heads) : buf_status(&f->bodies);
}

static enum pipgate_status row_make(struct pipgate_run *run, const struct row *row, const struct filtering *f, struct span *out)
{
	enum pipgate_status status;
	struct buf made;

	buf_init(&made, arena_allocator(run), ROW_BYTES_MAX);
	row_put(&made, row, f);
	status = buf_status(&made);
	if (status == PIPGATE_OK)
		*out = arena_copy(run, buf_view(&made));
	buf_fini(&made);
	return status == PIPGATE_OK && !out->p ? PIPGATE_NO_MEMORY : status;
}

enum pipgate_status row_filter(struct pipgate_run *run, struct span bytes, row_keeper *keep, void *ctx, struct span *out)
{
	struct filtering f = {.n_records = 0};
	struct row row;
	enum pipgate_status status;

	if (!row_open(bytes, &row))
		return PIPGATE_INVALID;
	f.numbers = arena_array(run, row.n_groups + 1, sizeof(*f.numbers));
	if (!f.numbers)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < row.n_groups; i++)
		f.numbers[i] = UNNUMBERED;
	buf_init(&f.heads, arena_allocator(run), ROW_BYTES_MAX);
	buf_init(&f.bodies, arena_allocator(run), ROW_BYTES_MAX);
	status = records_choose(&f, &row, keep, ctx);
	if (status == PIPGATE_OK && f.n_records == row.n_records)
		*out = bytes;
	else if (status == PIPGATE_OK && !f.n_records)
		*out = (struct span){NULL, 0};
	else if (status == PIPGATE_OK)
		status = row_make(run, &row, &f, out);
	buf_fini(&f.heads);
	buf_fini(&f.bodies);
	return status;
}
