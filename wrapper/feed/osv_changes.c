/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/osv_changes.h"

#include <stdio.h>
#include <stdlib.h>

#include "matcher/advisory/date.h"
#include "matcher/base/json.h"
#include "wrapper/feed/transport.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define LIST_BYTES ((size_t)128 << 20) /* PyPI's has some 2 MB */
#define NOT_THERE "http: the server answered 404"
#define LINES_MAX 2000000
#define ID_BYTES 128    /* as an advisory's */
#define AT_ONCE 500     /* records of one child, so that its list of jobs stays small */
#define FOLLOW_MS 300000 /* of AT_ONCE records */

struct line {
	struct span id;
	struct moment modified;
	bool wanted; /* the store lacks it, or has it older */
};

/* ---- the list ---- */

/* It becomes a part of an address, and a file's name on the server. */
static bool id_good(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_alpha(id.p[i]) && !ascii_digit(id.p[i]) && (i == 0 || !memchr("-_.", id.p[i], 3)))
			return false;
	return id.n && id.n <= ID_BYTES;
}

static enum pipgate_status line_read(struct pipgate_run *scratch, struct osv_list *list, struct span text, struct pipgate_error *error)
{
	struct span rest = text, time = span_split(&rest, ','), utc = time;
	struct line *line, new = {.id = rest};

	pipgate_run_reset(scratch);
	if (!id_good(rest) || date_utc(scratch, time, &utc) != PIPGATE_OK || !moment_parse(utc, &new.modified))
		return error_set(error, PIPGATE_INVALID, OSV_LIST ": line %zu is not of the form TIME,ID", list->lines.n + 1);
	if (list->lines.n >= LINES_MAX)
		return error_set(error, PIPGATE_LIMIT, OSV_LIST ": more than %d lines", LINES_MAX);
	line = must(list_push(list->run, &list->lines, sizeof(*line)));
	*line = new;
	return PIPGATE_OK;
}

static int line_order(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = span_compare(x->id, y->id);

	return order ? order : moment_compare(y->modified, x->modified);
}

/* By id, each once, with its newest time. */
static void lines_sort(struct osv_list *list)
{
	struct line *lines = list->lines.items;
	size_t kept = 0;

	if (list->lines.n)
		qsort(lines, list->lines.n, sizeof(*lines), line_order);
	for (size_t i = 0; i < list->lines.n; i++)
		if (i == 0 || !span_equal(lines[i].id, lines[kept - 1].id))
			lines[kept++] = lines[i];
	list->lines.n = kept;
}

static enum pipgate_status lines_read(struct osv_list *list, struct pipgate_error *error)
{
	struct span rest = buf_view(&list->text);
	struct pipgate_run *scratch = NULL;
	enum pipgate_status status = PIPGATE_OK;

	if (pipgate_run_new(NULL, &scratch) != PIPGATE_OK)
		die_no_memory();
	while (rest.n && status == PIPGATE_OK) {
		struct span line = span_trim(span_split(&rest, '\n'));

		if (line.n)
			status = line_read(scratch, list, line, error);
	}
	pipgate_run_free(&scratch);
	lines_sort(list);
	return status;
}

enum pipgate_status osv_list_get(struct reading *r, struct span folder, struct span etag, struct osv_list *out, struct pipgate_error *error)
{
	struct transport_result result;
	enum pipgate_status status;
	struct span place;

	*out = (struct osv_list){0};
	if (pipgate_run_new(NULL, &out->run) != PIPGATE_OK)
		die_no_memory();
	buf_init(&out->text, NULL, LIST_BYTES);
	place = must_span(arena_format(out->run, SPAN_FMT OSV_LIST, SPAN_ARG(folder)));
	status = reading_get(r, place, text_copy(out->run, etag), &out->text, &result, error);
	if (status != PIPGATE_OK && strstr(error->text, NOT_THERE))
		return PIPGATE_OK;
	if (status != PIPGATE_OK)
		return error_before(error, OSV_LIST), status;
	out->there = true;
	out->unchanged = result.unchanged;
	memcpy(out->etag, result.etag, sizeof(out->etag));
	return result.unchanged ? PIPGATE_OK : lines_read(out, error);
}

void osv_list_free(struct osv_list *list)
{
	buf_fini(&list->text);
	pipgate_run_free(&list->run);
}

/* ---- the difference ---- */

static bool outdated(const struct reading *r, struct moment has, struct moment listed)
{
	int order = moment_compare(has, listed);

	return order < 0 || (order > 0 && moment_future(has.seconds, r->now)); /* which would outdo every correction */
}

struct walk { /* over the store's ids and the list's, both ascending */
	const struct reading *reading;
	struct osv_list *list;
	size_t at;
};

static enum pipgate_status walk_step(void *ctx, struct span id, struct moment modified, struct pipgate_error *error)
{
	struct walk *w = ctx;
	struct osv_list *list = w->list;
	struct line *lines = list->lines.items;

	(void)error;
	while (w->at < list->lines.n && span_compare(lines[w->at].id, id) < 0)
		w->at++;
	if (w->at < list->lines.n && span_equal(lines[w->at].id, id))
		lines[w->at].wanted = outdated(w->reading, modified, lines[w->at].modified);
	else
		*(struct span *)must(list_push(list->run, &list->gone, sizeof(struct span))) = must_span(arena_copy(list->run, id));
	return PIPGATE_OK;
}

enum pipgate_status osv_list_compare(struct reading *r, struct osv_list *list, struct pipgate_error *error)
{
	struct walk walk = {.reading = r, .list = list};
	struct line *lines = list->lines.items;
	enum pipgate_status status;

	list->gone = (struct list){0};
	list->wanted = 0;
	for (size_t i = 0; i < list->lines.n; i++)
		lines[i].wanted = true;
	status = store_each(r->store, walk_step, &walk, error);
	for (size_t i = 0; i < list->lines.n; i++) {
		if (lines[i].wanted && r->writing == STORE_WHOLE && store_was_refused(r->store, lines[i].id))
			lines[i].wanted = false;
		list->wanted += lines[i].wanted;
	}
	return status;
}

/* ---- fetching single records ---- */

struct follow {
	struct reading *reading;
	const struct line *lines; /* of the jobs at hand */
	struct buf body;
};

static enum pipgate_status record_piece(void *ctx, size_t index, struct span body, struct pipgate_error *error)
{
	struct follow *f = ctx;

	(void)index;
	buf_span(&f->body, body);
	return buf_status(&f->body) == PIPGATE_OK ? PIPGATE_OK : error_set(error, PIPGATE_LIMIT, "a record is too large");
}

/* What is no JSON is a fault of the server or the way to it, and not the record's: to drop the record for it would be to believe it. */
static enum pipgate_status record_check(struct span body, struct pipgate_error *error)
{
	cJSON *tree = NULL;
	enum pipgate_status status = json_parse(body, &tree, error);

	cJSON_Delete(tree);
	return status;
}

static enum pipgate_status record_done(void *ctx, size_t index, enum pipgate_status status, const struct transport_result *result,
	struct pipgate_error *error)
{
	struct follow *f = ctx;
	char name[ID_BYTES + sizeof(".json")];

	(void)result;
	snprintf(name, sizeof(name), SPAN_FMT ".json", SPAN_ARG(f->lines[index].id));
	if (status == PIPGATE_OK)
		status = record_check(buf_view(&f->body), error);
	if (status != PIPGATE_OK)
		error_before(error, "%s", name);
	else /* of an archive, too: the older form of one that is refused must not stay */
		status = store_remove(f->reading->store, f->lines[index].id, error);
	if (status == PIPGATE_OK)
		status = reading_item(f->reading, span_of(name), buf_view(&f->body), error);
	buf_clear(&f->body);
	return status;
}

static enum pipgate_status some_fetch(struct follow *f, struct pipgate_run *run, struct span folder, const struct line *lines, size_t n,
	struct pipgate_error *error)
{
	const struct transport_many_sink sink = {.ctx = f, .item = record_piece, .done = record_done};
	struct transport_job *jobs = must(arena_array(run, n, sizeof(*jobs)));

	f->lines = lines;
	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct transport_job){.verb = "get", .deadline_ms = f->reading->deadline_ms,
			.place = must_span(arena_format(run, SPAN_FMT SPAN_FMT ".json", SPAN_ARG(folder), SPAN_ARG(lines[i].id)))};
	return transport_many(jobs, n, FOLLOW_MS, &sink, error);
}

enum pipgate_status osv_list_follow(struct reading *r, struct span folder, struct osv_list *list, bool gone, struct pipgate_error *error)
{
	const struct line *lines = list->lines.items;
	const struct span *ids = list->gone.items;
	struct follow f = {.reading = r};
	enum pipgate_status status = PIPGATE_OK;
	struct list late = {0};

	for (size_t i = 0; i < list->gone.n && gone && status == PIPGATE_OK; i++)
		status = store_remove(r->store, ids[i], error);
	for (size_t i = 0; i < list->lines.n && status == PIPGATE_OK; i++)
		if (lines[i].wanted)
			*(struct line *)must(list_push(list->run, &late, sizeof(struct line))) = lines[i];
	lines = late.items;
	buf_init(&f.body, NULL, READING_ITEM_MAX);
	for (size_t i = 0; i < late.n && status == PIPGATE_OK; i += AT_ONCE)
		status = some_fetch(&f, list->run, folder, lines + i, late.n - i < AT_ONCE ? late.n - i : AT_ONCE, error);
	buf_fini(&f.body);
	for (size_t i = 0; i < late.n && status == PIPGATE_OK; i++) {
		struct moment has;

		if (store_modified(r->store, lines[i].id, &has) && outdated(r, has, lines[i].modified))
			list->etag[0] = 0;
	}
	return status;
}
