/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements (PEP 508): name[extras] specifiers ; marker, or name[extras] @ url ; marker. */
#include <stdlib.h>

#include "matcher/base/arena.h"
#include "matcher/version/marker.h"
#include "matcher/version/specifier.h"

#include "matcher/base/banned.h"

static enum pipgate_status extra_push(struct reader *reader, struct list *extras)
{
	struct span name = reader_identifier(reader), *place;

	if (!name.n)
		return reader_refuse(reader, "the name of an extra");
	place = list_push(reader->run, extras, sizeof(*place));
	if (!place)
		return PIPGATE_NO_MEMORY;
	*place = arena_copy(reader->run, name);
	return place->p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
}

static size_t without_repeats(struct span *spans, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || !span_equal(spans[kept - 1], spans[i]))
			spans[kept++] = spans[i];
	return kept;
}

static enum pipgate_status extras_parse(struct reader *reader, struct pipgate_requirement *out)
{
	struct list extras = {NULL, 0, 0};
	bool more;

	if (!reader_take(reader, '['))
		return PIPGATE_OK;
	reader_space(reader);
	more = !reader_peek(reader, ']');
	while (more) {
		enum pipgate_status status = extra_push(reader, &extras);

		if (status != PIPGATE_OK)
			return status;
		reader_space(reader);
		more = reader_take(reader, ',');
		if (more)
			reader_space(reader);
	}
	if (!reader_take(reader, ']'))
		return reader_refuse(reader, "a comma or the closing bracket");
	if (extras.n)
		qsort(extras.items, extras.n, sizeof(struct span), span_order);
	out->extras = extras.items;
	out->n_extras = without_repeats(extras.items, extras.n);
	return PIPGATE_OK;
}

/* Goes over "specifier, specifier, …"; a comma may end it. */
static enum pipgate_status specifiers_skip(struct reader *reader)
{
	struct specifier specifier;
	size_t n;

	while ((n = specifier_scan(reader_rest(reader), &specifier)) > 0) {
		reader->at += n;
		if (span_starts(reader_rest(reader), SPAN(".*")))
			return reader_refuse(reader, "no .* here: it may follow == or != and a plain release only");
		if (reader_peek(reader, '+'))
			return reader_refuse(reader, "no local version label here: it may follow == or != only");
		reader_space(reader);
		if (!reader_take(reader, ','))
			break;
		reader_space(reader);
	}
	return PIPGATE_OK;
}

static enum pipgate_status specifiers_parse(struct reader *reader, struct pipgate_requirement *out)
{
	bool parentheses = reader_take(reader, '(');
	struct span text;
	enum pipgate_status status;

	reader_space(reader);
	text = reader_rest(reader);
	status = specifiers_skip(reader);
	if (status != PIPGATE_OK)
		return status;
	text.n -= reader_rest(reader).n;
	reader_space(reader);
	if (parentheses && !reader_take(reader, ')'))
		return reader_refuse(reader, "a comma or the closing parenthesis");
	reader_space(reader);
	status = specifiers_canonical(reader->run, text, &out->specifiers);
	/* "===" takes a comma, too, and then its right half may be no specifier */
	return status == PIPGATE_INVALID ? reader_refuse(reader, "specifiers before this that can be read") : status;
}

static enum pipgate_status url_parse(struct reader *reader, struct pipgate_requirement *out)
{
	struct span url;

	reader_space(reader);
	url = reader_rest(reader);
	while (!reader_end(reader) && !reader_peek(reader, ' ') && !reader_peek(reader, '\t'))
		reader->at++;
	url.n -= reader_rest(reader).n;
	if (!url.n)
		return reader_refuse(reader, "a URL after @");
	reader_space(reader);
	out->url = arena_copy(reader->run, url);
	return out->url.p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
}

static enum pipgate_status tail_parse(struct reader *reader, struct pipgate_requirement *out)
{
	struct marker *marker;
	enum pipgate_status status;

	if (reader_end(reader))
		return PIPGATE_OK;
	if (!reader_take(reader, ';'))
		return reader_refuse(reader, "a specifier, a semicolon or the end");
	status = marker_parse(reader, &marker);
	if (status != PIPGATE_OK)
		return status;
	if (!reader_end(reader))
		return reader_refuse(reader, "and, or, or the end of the marker");
	return marker_print(reader->run, marker, &out->marker, reader->error);
}

enum pipgate_status pipgate_requirement_parse(struct pipgate_run *run, struct span text, struct pipgate_requirement *out,
	struct pipgate_error *error)
{
	struct pipgate_requirement result = {.n_extras = 0};
	struct reader reader;
	struct span name;
	enum pipgate_status status = reader_init(&reader, run, text, error);

	if (status != PIPGATE_OK)
		return status;
	reader_space(&reader);
	name = reader_identifier(&reader);
	if (!name.n)
		return reader_refuse(&reader, "the name of a distribution");
	result.name = arena_copy(run, name);
	if (!result.name.p)
		return PIPGATE_NO_MEMORY;
	reader_space(&reader);
	status = extras_parse(&reader, &result);
	reader_space(&reader);
	if (status == PIPGATE_OK)
		status = reader_take(&reader, '@') ? url_parse(&reader, &result) : specifiers_parse(&reader, &result);
	if (status == PIPGATE_OK)
		status = tail_parse(&reader, &result);
	if (status == PIPGATE_OK)
		*out = result;
	return status;
}
