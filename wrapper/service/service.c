/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/service/service.h"

#include <stdlib.h>

#include "wrapper/database/shown.h"
#include "wrapper/service/asking.h"
#include "wrapper/sorted.h"

#include "matcher/base/banned.h"

#define TEXT_MAX ((size_t)32 << 20) /* an answer's 16 MiB with every second character escaped */
#define TIMEOUT_MAX 3600u           /* pipgate-fetch takes no longer deadline */

static const struct kind {
	const char *name;
	enum pipgate_status (*ask)(struct asking *asking, struct pipgate_error *error);
} kinds[] = {
	{"osv", osv_ask},
	{"pypi", pypi_ask},
	{"esms", esms_ask},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *const service_names[] = {"osv", "pypi", "esms", NULL};

/* What transport bounds an answer to; PyPI has some 30,000 advisories. */
static const struct cache_kind answers = {"services", (size_t)16 << 20, 50000};

struct row {
	struct span name, bytes;
};

struct service {
	struct pipgate_run *run;
	const char *title;
	const struct pipgate_advisory *advisories; /* by id */
	size_t n_advisories;
	const struct row *rows;                    /* by name */
	size_t n_rows;
	const char *const *skipped;                /* one a component */
};

/* ---- whom to ask about ---- */

static int release_order(const void *a, const void *b)
{
	const struct release *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	return order ? order : span_compare(x->version, y->version);
}

static struct release release_of(struct pipgate_run *run, const struct pipgate_component *component)
{
	struct release release = {component->name, span_trim(component->version)};
	struct span canonical;

	if (pipgate_version_canonical(run, component->version, &canonical) == PIPGATE_OK)
		release.version = canonical;
	return release;
}

/* Each once; index: of each component's own, SIZE_MAX where it is not asked about. */
static size_t releases_make(struct pipgate_run *run, const struct pipgate_component *components, size_t n, struct release *out, size_t *index)
{
	struct release *all = must(arena_array(run, n + 1, sizeof(*all)));
	size_t kept = 0, asked = 0;

	for (size_t i = 0; i < n; i++) {
		all[i] = release_of(run, &components[i]);
		if (all[i].name.n && all[i].version.n)
			out[asked++] = all[i];
	}
	if (asked > 1)
		qsort(out, asked, sizeof(*out), release_order);
	for (size_t i = 0; i < asked; i++)
		if (!i || release_order(&out[i], &out[kept - 1]) != 0)
			out[kept++] = out[i];
	for (size_t i = 0; i < n; i++) {
		const struct release *found = all[i].name.n && all[i].version.n ? bsearch(&all[i], out, kept, sizeof(*out), release_order) : NULL;

		index[i] = found ? (size_t)(found - out) : SIZE_MAX;
	}
	return kept;
}

/* ---- from advisories to rows ---- */

static int advisory_order(const void *a, const void *b)
{
	return span_compare(((const struct pipgate_advisory *)a)->id, ((const struct pipgate_advisory *)b)->id);
}

/* By id, each once: a service may send one with each name that it affects. */
static void advisories_sort(struct service *service, struct asking *asking)
{
	struct pipgate_advisory *all = asking->advisories.items;
	size_t kept = 0;

	if (asking->advisories.n > 1)
		qsort(all, asking->advisories.n, sizeof(*all), advisory_order);
	for (size_t i = 0; i < asking->advisories.n; i++)
		if (!i || !span_equal(all[i].id, all[kept - 1].id))
			all[kept++] = all[i];
	service->advisories = all;
	service->n_advisories = kept;
}

struct piece {
	struct span name, record;
	size_t order; /* in which it came: the advisories are by id */
};

static int piece_order(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

/* Of live advisories, under the names that were asked about. */
static enum pipgate_status pieces_make(const struct service *service, const struct asking *asking, struct list *out, struct pipgate_error *error)
{
	for (size_t i = 0; i < service->n_advisories; i++) {
		const struct pipgate_advisory *a = &service->advisories[i];

		for (size_t k = 0; k < a->n_affected && !a->withdrawn.n; k++) {
			struct piece piece = {.name = a->affected[k].name, .order = out->n};
			enum pipgate_status status;

			if (sorted_named(asking->releases, asking->n_releases, sizeof(*asking->releases), piece.name) == asking->n_releases)
				continue;
			status = pipgate_record_encode(service->run, a, &a->affected[k], 0, &piece.record);
			if (status == PIPGATE_NO_MEMORY)
				die_no_memory();
			if (status != PIPGATE_OK)
				return answer_strange(asking, text_copy(service->run, a->id), "its record cannot be compiled", error);
			*(struct piece *)must(list_push(service->run, out, sizeof(piece))) = piece;
		}
	}
	return PIPGATE_OK;
}

static enum pipgate_status rows_make(struct service *service, const struct asking *asking, struct pipgate_error *error)
{
	struct list list = {0}, rows = {0};
	enum pipgate_status status = pieces_make(service, asking, &list, error);
	struct piece *pieces = list.items;
	struct span *records = must(arena_array(service->run, list.n + 1, sizeof(*records)));

	if (status != PIPGATE_OK)
		return status;
	if (list.n > 1)
		qsort(pieces, list.n, sizeof(*pieces), piece_order);
	for (size_t i = 0; i < list.n;) {
		struct row row = {.name = pieces[i].name};
		size_t n = 0;

		for (; i < list.n && span_equal(pieces[i].name, row.name); i++)
			records[n++] = pieces[i].record;
		status = pipgate_row_encode(service->run, records, n, NULL, &row.bytes);
		if (status == PIPGATE_NO_MEMORY)
			die_no_memory();
		if (status != PIPGATE_OK)
			return answer_strange(asking, text_copy(service->run, row.name), "its records cannot be compiled", error);
		*(struct row *)must(list_push(service->run, &rows, sizeof(row))) = row;
	}
	service->rows = rows.items;
	service->n_rows = rows.n;
	return PIPGATE_OK;
}

/* ---- asking ---- */

static const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

enum pipgate_status service_ask(struct pipgate_run *run, const struct service_settings *settings,
	const struct pipgate_component *components, size_t n, struct service **out, struct pipgate_error *error)
{
	const struct kind *kind = kind_find(settings->name);
	struct release *releases = must(arena_array(run, n + 1, sizeof(*releases)));
	size_t *index = must(arena_array(run, n + 1, sizeof(*index)));
	const char **skipped = must(arena_array(run, n + 1, sizeof(*skipped)));
	struct service *service = must(arena_alloc(run, sizeof(*service)));
	struct asking asking = {.run = run, .settings = settings, .name = settings->name, .title = settings->name, .releases = releases};
	unsigned seconds = settings->timeout ? settings->timeout : SERVICE_TIMEOUT;
	enum pipgate_status status;

	if (!kind)
		return error_set(error, PIPGATE_INVALID, "no service is called '%s': osv, pypi or esms", settings->name);
	asking.timeout_ms = (seconds > TIMEOUT_MAX ? TIMEOUT_MAX : seconds) * 1000;
	asking.n_releases = releases_make(run, components, n, releases, index);
	asking.skipped = must(arena_array(run, asking.n_releases + 1, sizeof(*asking.skipped)));
	asking.cache.folder = -1;
	if (!settings->no_cache)
		cache_open(&asking.cache, run, &answers, settings->cache_dir);
	status = kind->ask(&asking, error);
	cache_close(&asking.cache);
	if (status != PIPGATE_OK)
		return status;
	*service = (struct service){.run = run, .title = asking.title, .skipped = skipped};
	for (size_t i = 0; i < n; i++)
		skipped[i] = index[i] == SIZE_MAX ? NULL : asking.skipped[index[i]];
	advisories_sort(service, &asking);
	status = rows_make(service, &asking, error);
	log_stage("service", "%s: %zu releases, %zu advisories", asking.title, asking.n_releases, service->n_advisories);
	if (status == PIPGATE_OK)
		*out = service;
	return status;
}

/* ---- what is made of the answer ---- */

static int row_order(const void *a, const void *b)
{
	return span_compare(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static enum pipgate_status row_seek(void *ctx, struct span name, struct span *row, struct pipgate_error *error)
{
	const struct service *service = ctx;
	const struct row key = {.name = name};
	const struct row *found = service->n_rows ? bsearch(&key, service->rows, service->n_rows, sizeof(key), row_order) : NULL;

	(void)error;
	*row = found ? found->bytes : (struct span){NULL, 0};
	return PIPGATE_OK;
}

struct pipgate_cursor service_cursor(struct service *service)
{
	return (struct pipgate_cursor){row_seek, service};
}

/* Ranges that begin nowhere are no OSV: they are a claim's fixed versions. */
static void advisory_tidy(struct pipgate_run *run, struct pipgate_advisory *advisory)
{
	struct pipgate_affected *affected = must(arena_array(run, advisory->n_affected + 1, sizeof(*affected)));

	for (size_t i = 0; i < advisory->n_affected; i++) {
		affected[i] = advisory->affected[i];
		if (affected[i].n_ranges == 1 && affected[i].ranges[0].n_events && affected[i].ranges[0].events[0].kind == PIPGATE_EVENT_FIXED)
			affected[i].n_ranges = 0;
	}
	advisory->affected = affected;
}

enum pipgate_status service_text(struct service *service, struct span id, struct span *out, struct pipgate_error *error)
{
	const struct pipgate_advisory key = {.id = id};
	const struct pipgate_advisory *found =
		service->n_advisories ? bsearch(&key, service->advisories, service->n_advisories, sizeof(key), advisory_order) : NULL;
	struct pipgate_advisory shown;
	struct buf text;

	*out = (struct span){NULL, 0};
	if (!found)
		return PIPGATE_OK;
	shown = *found;
	advisory_tidy(service->run, &shown);
	buf_init(&text, NULL, TEXT_MAX);
	shown_write(&text, &shown);
	if (buf_status(&text) == PIPGATE_OK)
		*out = must_span(arena_copy(service->run, buf_view(&text)));
	buf_fini(&text);
	return out->p ? PIPGATE_OK : error_set(error, PIPGATE_LIMIT, SPAN_FMT ": its text is too long", SPAN_ARG(id));
}

const char *service_skipped(const struct service *service, size_t index)
{
	return service->skipped[index];
}

const char *service_title(const struct service *service)
{
	return service->title;
}

void service_free(struct service **service)
{
	*service = NULL; /* everything lives in the run */
}
