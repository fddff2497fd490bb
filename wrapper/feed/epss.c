/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FIRST's EPSS scores: a comment line with the day they were made, a line of column names, then a line a CVE id. The file
 * comes in pieces, so a line may be spread over two of them.
 */
#include <inttypes.h>
#include <stdio.h>

#include "wrapper/feed/reading.h"

#include "matcher/base/banned.h"

#define LINE_BYTES 256         /* real ones have below 80 */
#define COLUMNS "cve,epss,percentile"
#define ONE 10000u     /* a probability of 1 */
#define NAME_BYTES 4096 /* pipgate-fetch's bound of a name */
#define VALUE_FULL UINT64_C(100000000) /* digits beyond it change nothing, and times ten thousand it fits */
#define EXPONENT_MAX 30

struct epss {
	struct reading *reading;
	struct buf rest; /* of a line whose end has not come yet */
	uint64_t line;
	struct buf file; /* its name: one alone */
};

/* ---- a share: 0 to 1, as a decimal number, perhaps with an exponent (1e-05) ---- */

static bool exponent_take(struct span text, int *exponent)
{
	bool less = text.n && text.p[0] == '-';
	int value = 0;

	text = span_from(text, less || (text.n && text.p[0] == '+') ? 1 : 0);
	if (!text.n || text.n > 2)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_digit(text.p[i]))
			return false;
		value = value * 10 + (text.p[i] - '0');
	}
	*exponent += less ? -value : value;
	return value <= EXPONENT_MAX;
}

/* × 10,000, rounded. false: it is none, or not between 0 and 1. */
static bool share_parse(struct span text, uint16_t *out)
{
	uint64_t value = 0, scale = 1;
	int exponent = 0, n = 0;
	bool point = false, more = false;
	size_t i = 0;

	for (; i < text.n && (ascii_digit(text.p[i]) || (text.p[i] == '.' && !point)); i++) {
		if (text.p[i] == '.') {
			point = true;
			continue;
		}
		n++;
		if (value < VALUE_FULL) {
			value = value * 10 + (uint64_t)(text.p[i] - '0');
			exponent -= point;
		} else if (!point) {
			return false;
		} else {
			more |= text.p[i] != '0';
		}
	}
	if (!n || (i < text.n && text.p[i] != 'e' && text.p[i] != 'E'))
		return false;
	if (i < text.n && !exponent_take(span_from(text, i + 1), &exponent))
		return false;
	for (; exponent > 0 && value; exponent--)
		value = value > ONE ? ONE + 1 : value * 10;
	for (; exponent < 0 && scale <= value * ONE * 10; exponent++)
		scale *= 10;
	if (value > scale || (value == scale && more))
		return false;
	*out = (uint16_t)((value * ONE + scale / 2) / scale);
	return true;
}

/* ---- lines ---- */

static enum pipgate_status row_take(struct epss *e, struct span line, struct pipgate_error *error)
{
	struct pipgate_exploitation said = {.has_epss = true};
	struct span rest = line, cve = span_split(&rest, ','), score = span_split(&rest, ','), percentile = rest;
	const char *fault = NULL;
	char name[32];

	snprintf(name, sizeof(name), "line %" PRIu64, e->line);
	if (!score.n || !percentile.n || memchr(percentile.p, ',', percentile.n))
		fault = "not three fields";
	else if (!share_parse(score, &said.epss))
		fault = "its score is not between 0 and 1";
	else if (!share_parse(percentile, &said.epss_percentile))
		fault = "its percentile is not between 0 and 1";
	return fault ? reading_refuse(e->reading, span_of(name), span_of(fault), error)
		     : reading_exploitation(e->reading, span_of(name), cve, &said, error);
}

/* "#model_version:v2025.03.14,score_date:2025-03-17T12:55:00Z" */
static enum pipgate_status comment_take(struct epss *e, struct span line, struct pipgate_error *error)
{
	struct span rest = span_from(line, 1), field, date = {NULL, 0};
	bool model = false;

	if (!span_starts(line, SPAN("#")))
		return error_set(error, PIPGATE_INVALID, "its first line is no comment: it is no file of EPSS scores");
	while (rest.n) {
		field = span_split(&rest, ',');
		model |= span_starts(field, SPAN("model_version:"));
		if (span_starts(field, SPAN("score_date:")))
			date = span_from(field, sizeof("score_date:") - 1);
	}
	if (!model || !date.n)
		return error_set(error, PIPGATE_INVALID, "its first line names no model_version and score_date: it is no file of EPSS scores");
	return reading_time(e->reading, "score_date", date, error);
}

static enum pipgate_status line_take(struct epss *e, struct span line, struct pipgate_error *error)
{
	line.n -= line.n && line.p[line.n - 1] == '\r';
	if (++e->line == 1)
		return comment_take(e, line, error);
	if (e->line == 2)
		return span_is(line, COLUMNS) ? PIPGATE_OK : error_set(error, PIPGATE_INVALID, "its second line is not " COLUMNS);
	return row_take(e, line, error);
}

/* What comes behind the last line's end stays for the next piece. */
static enum pipgate_status rest_keep(struct epss *e, struct span rest, struct pipgate_error *error)
{
	buf_span(&e->rest, rest);
	if (buf_status(&e->rest) == PIPGATE_LIMIT)
		return error_set(error, PIPGATE_INVALID, "line %" PRIu64 " is longer than %d bytes", e->line + 1, LINE_BYTES);
	return buf_status(&e->rest) == PIPGATE_OK ? PIPGATE_OK : error_set(error, PIPGATE_NO_MEMORY, "out of memory");
}

static enum pipgate_status piece_take(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct reading *r = ctx;
	struct epss *e = r->state;
	enum pipgate_status status = PIPGATE_OK;

	if (e->line && !span_equal(buf_view(&e->file), name))
		return error_set(error, PIPGATE_INVALID, "more than one file in it");
	buf_clear(&e->file);
	buf_span(&e->file, name);
	while (bytes.n && status == PIPGATE_OK) {
		const char *end = memchr(bytes.p, '\n', bytes.n);
		size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
		struct span line = {bytes.p, n};

		if (!end)
			return rest_keep(e, line, error);
		if (e->rest.n || n > LINE_BYTES) {
			status = rest_keep(e, line, error);
			line = buf_view(&e->rest);
		}
		if (status == PIPGATE_OK)
			status = line_take(e, line, error);
		buf_clear(&e->rest);
		bytes = span_from(bytes, n + 1);
	}
	return status;
}

enum pipgate_status feed_read_epss(struct reading *r, struct pipgate_error *error)
{
	struct epss e = {.reading = r};
	enum pipgate_status status;

	buf_init(&e.rest, NULL, LINE_BYTES);
	buf_init(&e.file, NULL, NAME_BYTES);
	r->state = &e; /* cppcheck-suppress autoVariables ; taken back below */
	status = reading_transport(r, reading_place_ends(r, SPAN(".gz")) ? "unpack" : "get", SPAN(""), piece_take, error);
	if (status == PIPGATE_OK && e.rest.n)
		status = error_set(error, PIPGATE_INVALID, "it is cut: line %" PRIu64 " has no end", e.line + 1);
	buf_fini(&e.rest);
	buf_fini(&e.file);
	r->state = NULL;
	return status;
}
