/* SPDX-License-Identifier: Apache-2.0 */
/* Reading rows; nothing in their bytes is trusted. They are written in row_encode.c. */
#include "matcher/advisory/row.h"

#include "matcher/base/banned.h"

static struct span take_bytes(struct reader *r, uint64_t n)
{
	struct span bytes = {(const char *)r->p, (size_t)n};

	if (n > reader_left(r)) {
		r->broken = true;
		return (struct span){"", 0};
	}
	r->p += n;
	return bytes;
}

bool row_open(struct span bytes, struct row *out)
{
	struct reader r = reader_of(bytes);
	struct row row = {.bytes = bytes};
	uint64_t n_keys, n_records, n_groups, keys, heads;

	if (take_byte(&r) != ROW_FORMAT)
		return false;
	n_keys = take_number(&r);
	n_records = take_number(&r);
	n_groups = take_number(&r);
	keys = take_number(&r);
	heads = take_number(&r);
	if (r.broken || n_keys > reader_left(&r) / 4 || n_records > heads || n_groups > n_records)
		return false;
	row.ends = r.p;
	take_bytes(&r, n_keys * 4);
	row.keys = take_bytes(&r, keys);
	row.heads = reader_of(take_bytes(&r, heads));
	row.bodies = r;
	row.n_keys = (size_t)n_keys;
	row.n_records = (size_t)n_records;
	row.n_groups = (size_t)n_groups;
	*out = row;
	return !r.broken;
}

static uint32_t end_at(const struct row *row, size_t i)
{
	const unsigned char *p = row->ends + i * 4;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool key_at(const struct row *row, size_t i, struct span *key, struct span *shown)
{
	size_t begin = i ? end_at(row, i - 1) : 0, end = end_at(row, i);
	struct reader r;

	if (begin > end || end > row->keys.n)
		return false;
	r = reader_of((struct span){row->keys.p + begin, end - begin});
	*key = take_text(&r);
	*shown = (struct span){(const char *)r.p, reader_left(&r)};
	return !r.broken;
}

bool row_place(const struct row *row, struct span key, uint64_t *place)
{
	size_t low = 0, high = row->n_keys;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct span other, shown;
		int order;

		if (!key_at(row, middle, &other, &shown))
			return false;
		order = span_compare(key, other);
		if (order == 0) {
			*place = 2 * (uint64_t)middle + 1;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*place = 2 * (uint64_t)low;
	return true;
}

bool row_shown(const struct row *row, uint64_t key, struct span *text)
{
	struct span ignored;

	return key < row->n_keys && key_at(row, (size_t)key, &ignored, text);
}

bool row_next(struct row *row, struct row_head *out)
{
	uint64_t head = take_number(&row->heads), body, group;
	struct reader r = reader_of(take_bytes(&row->heads, head));

	body = take_number(&r);
	group = take_number(&r);
	out->flags = take_byte(&r);
	out->bounds = (struct span){(const char *)r.p, reader_left(&r)};
	out->body = take_bytes(&row->bodies, body);
	out->group = (size_t)group;
	return !r.broken && !row->heads.broken && !row->bodies.broken && group < row->n_groups;
}

bool row_inside(const struct row_head *head, uint64_t place, bool *inside)
{
	struct reader r = reader_of(head->bounds);
	uint64_t bound = 0;
	bool in = false;

	while (r.p < r.end) {
		bound += take_number(&r);
		if (bound > place)
			break;
		in = !in;
	}
	*inside = in;
	return !r.broken;
}

/* Where n texts begin, which are passed over. */
static struct reader pass_texts(struct reader *r, size_t n)
{
	struct reader at = *r;

	for (size_t i = 0; i < n && !r->broken; i++)
		(void)take_text(r);
	return at;
}

void row_exploitation_add(struct pipgate_exploitation *all, const struct pipgate_exploitation *one)
{
	all->exploited |= one->exploited;
	if (!one->has_epss || (all->has_epss && all->epss > one->epss))
		return;
	if (all->has_epss && all->epss == one->epss && all->epss_percentile >= one->epss_percentile)
		return;
	all->has_epss = true;
	all->epss = one->epss;
	all->epss_percentile = one->epss_percentile;
}

static uint16_t take_share(struct reader *r)
{
	uint64_t share = take_number(r);

	r->broken |= share > ROW_EPSS_ONE;
	return (uint16_t)share;
}

bool row_body(const struct row_head *head, struct row_body *out)
{
	struct reader r = reader_of(head->body);
	struct row_body body = {.id = take_text(&r)};
	uint64_t feed;
	uint8_t level;

	if (head->flags & ROW_RAW) {
		body.n_raw = take_count(&r);
		body.raw = pass_texts(&r, body.n_raw);
	}
	body.n_aliases = take_count(&r);
	body.aliases = pass_texts(&r, body.n_aliases);
	feed = take_number(&r);
	level = take_byte(&r);
	body.feed = (uint32_t)feed;
	body.severity.level = (enum pipgate_level)level;
	body.severity.tenths = take_byte(&r);
	body.severity.vector = take_text(&r);
	body.exploit_public = head->flags & ROW_EXPLOIT_PUBLIC;
	body.exploitation.exploited = head->flags & ROW_EXPLOITED;
	body.exploitation.has_epss = head->flags & ROW_EPSS;
	if (body.exploitation.has_epss) {
		body.exploitation.epss = take_share(&r);
		body.exploitation.epss_percentile = take_share(&r);
	}
	body.n_fixed = take_count(&r);
	body.fixed = r;
	*out = body;
	return !r.broken && body.id.n && feed <= UINT32_MAX && level <= PIPGATE_LEVEL_CRITICAL &&
	       body.severity.tenths <= 100;
}
