/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/merge.h"

#include <unistd.h>

#include "wrapper/memory.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

/* Advisories have the first turn, in the order of the sources; then each kind that enriches has its own. So the place of the
 * latter among the sources changes no byte of the database. */
void merge_begin(struct merge *m)
{
	size_t n = 0;

	m->turns = must(arena_array(m->run, m->order->n, sizeof(*m->turns)));
	for (size_t i = 0; i < m->order->n; i++)
		if (!m->order->sources[i].kind->enriches)
			m->turns[n++] = &m->order->sources[i];
	for (const struct feed_kind *kind = feed_kinds; kind->name; kind++)
		for (size_t i = 0; i < m->order->n && kind->enriches; i++)
			if (m->order->sources[i].kind == kind)
				m->turns[n++] = &m->order->sources[i];
}

static enum pipgate_status merge_one(struct merge *m, const struct feed_source *source, struct database_build *build,
	struct pipgate_error *error)
{
	const struct database_feed feed = {.name = span_of(source->name), .kind = span_of(source->kind->name),
		.place = feed_place_shown(m->run, source->place), .weight = source->weight, .max_age = source->max_age};
	struct store *store = NULL;
	enum pipgate_status status = update_store(m->run, m->folder, source, &store, error);

	if (status == PIPGATE_OK && store_state(store)->there)
		status = store_merge(store, build, &feed, error);
	else if (status == PIPGATE_OK && !source->optional)
		status = error_set(error, PIPGATE_FAILED, "feed %s has never been read: pipgate db update", source->name);
	store_close(&store);
	if (status == PIPGATE_INVALID) /* damaged: the next update must not stumble over it again */
		unlink(text_format(m->run, "%s/%s" UPDATE_STORE_END, m->folder, source->name));
	return status;
}

enum pipgate_status merge_run(struct merge *m, struct database_totals *totals, struct pipgate_error *error)
{
	struct database_build *build = NULL;
	enum pipgate_status status = database_build_new(m->order->database, &build, error);

	for (size_t i = 0; i < m->order->n && status == PIPGATE_OK; i++)
		status = process_signal() ? error_set(error, PIPGATE_FAILED, "interrupted") : merge_one(m, m->turns[i], build, error);
	if (status == PIPGATE_OK)
		status = database_build_finish(build, totals, error);
	database_build_free(&build);
	return status;
}

static bool same_feed(const struct database_feed *f, const struct merge *m, const struct feed_source *source,
	const struct store_state *state)
{
	return span_is(f->name, source->name) && span_is(f->kind, source->kind->name) && f->max_age == source->max_age &&
		f->weight == source->weight && f->time == state->time && f->accepted == state->accepted &&
		span_equal(f->place, feed_place_shown(m->run, source->place));
}

/* Whether feed *n of the database is this source's store as it is; a store that holds nothing is none of its feeds. */
static bool holds(struct merge *m, const struct database_info *info, const struct feed_source *source, size_t *n)
{
	struct store *store = NULL;
	struct pipgate_error ignored;
	bool same = update_store(m->run, m->folder, source, &store, &ignored) == PIPGATE_OK;

	if (same && store_state(store)->there)
		same = store_state(store)->merged && *n < info->n_feeds && same_feed(&info->feeds[(*n)++], m, source, store_state(store));
	store_close(&store);
	return same;
}

bool merge_is_current(struct merge *m, struct database_totals *totals)
{
	struct database *database = NULL;
	struct pipgate_error ignored;
	bool current = m->order->kept && database_open(m->order->database, &database, &ignored) == PIPGATE_OK;
	size_t n = 0;

	for (size_t i = 0; i < m->order->n && current; i++)
		current = holds(m, database_info(database), m->turns[i], &n);
	current = current && n == database_info(database)->n_feeds;
	if (current)
		*totals = (struct database_totals){.names = database_info(database)->names, .records = database_info(database)->records};
	database_close(&database);
	return current;
}

void merge_note(struct merge *m)
{
	struct pipgate_error ignored;

	for (size_t i = 0; i < m->order->n && m->order->kept; i++) {
		struct store *store = NULL;
		struct store_state state;

		if (update_store(m->run, m->folder, &m->order->sources[i], &store, &ignored) == PIPGATE_OK && store_state(store)->there) {
			state = *store_state(store);
			state.merged = true;
			if (store_note(store, &state, &ignored) != PIPGATE_OK)
				log_stage("feed", "%s: %s", m->order->sources[i].name, ignored.text);
		}
		store_close(&store);
	}
}
