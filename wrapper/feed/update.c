/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/update.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/feed/merge.h"
#include "wrapper/feed/names.h"
#include "wrapper/feed/reading.h"
#include "wrapper/feed/worker.h"
#include "wrapper/file.h"
#include "wrapper/process.h"
#include "wrapper/temporary.h"

#include "matcher/base/banned.h"

#define FOLDER_END ".feeds"
#define LOCK_NAME "update.lock"

struct update {
	const struct update_order *order;
	struct update_outcome *outcome;
	struct pipgate_run *run;
	const char *folder; /* of the stores */
	struct worker *workers;
	int64_t started, now;
	int lock;
	bool waited; /* another update was at work when this one came */
};

/* ---- stores ---- */

const char *update_folder(struct pipgate_run *run, const char *database)
{
	return text_format(run, "%s" FOLDER_END, database);
}

enum pipgate_status update_store(struct pipgate_run *run, const char *folder, const struct feed_source *source, struct store **out,
	struct pipgate_error *error)
{
	const char *path = text_format(run, "%s/%s" UPDATE_STORE_END, folder, source->name);

	return store_open(path, span_of(text_format(run, "%s=%s", source->kind->name, source->place)), out, error);
}

int64_t update_failure(struct pipgate_run *run, const char *database, struct span name, struct span *text)
{
	struct pipgate_error ignored;
	struct store *store = NULL;
	int64_t failed = 0;
	const char *path = text_format(run, "%s/" SPAN_FMT UPDATE_STORE_END, update_folder(run, database), SPAN_ARG(name));

	if (memchr(name.p, '/', name.n) || store_open(path, (struct span){NULL, 0}, &store, &ignored) != PIPGATE_OK)
		return 0;
	failed = store_state(store)->failed;
	*text = must_span(arena_copy(run, store_state(store)->failure));
	store_close(&store);
	return failed;
}

static enum pipgate_status folder_make(struct update *u, struct pipgate_error *error)
{
	char *path;

	if (!u->order->kept) {
		u->folder = temporary_folder(error);
		return u->folder ? PIPGATE_OK : PIPGATE_FAILED;
	}
	u->folder = update_folder(u->run, u->order->database);
	path = text_copy(u->run, span_of(u->folder));
	if (!file_folders(path, 0755))
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	return PIPGATE_OK;
}

static enum pipgate_status lock_take(struct update *u, struct pipgate_error *error)
{
	const char *path = text_format(u->run, "%s/" LOCK_NAME, u->folder);

	if (!u->order->kept)
		return PIPGATE_OK;
	u->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (u->lock < 0)
		return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	if (flock(u->lock, LOCK_EX | LOCK_NB) == 0)
		return PIPGATE_OK;
	say("another update is at work; waiting for it");
	u->waited = true;
	while (flock(u->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return error_set(error, PIPGATE_FAILED, "%s: %s", path, strerror(errno));
	u->now = (int64_t)time(NULL);
	return PIPGATE_OK;
}

/* [.]NAME.feed[…]: a store, its lock, and what a killed update left of it. */
static bool is_stranger(const struct update *u, const char *file)
{
	const char *name = file + (*file == '.'), *end = NULL;

	for (const char *p = name; (p = strstr(p, UPDATE_STORE_END)); p++)
		if (!p[sizeof(UPDATE_STORE_END) - 1] || strchr(".-", p[sizeof(UPDATE_STORE_END) - 1]))
			end = p;
	for (size_t i = 0; i < u->order->n && end; i++)
		if (span_is((struct span){name, (size_t)(end - name)}, u->order->sources[i].name))
			return false;
	return end;
}

/* Stores of feeds that are no longer among the sources. */
static void strangers_remove(const struct update *u)
{
	DIR *dir = u->order->kept ? opendir(u->folder) : NULL;

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (is_stranger(u, e->d_name))
			unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

/* ---- reading ---- */

static void note(void *ctx, struct span text)
{
	struct worker *worker = ctx;

	snprintf(worker->note, sizeof(worker->note), SPAN_FMT, SPAN_ARG(text));
}

static bool young(const struct update *u, const struct feed_source *source, const struct store_state *state)
{
	if (!state->there || state->failed || (source->kind->asks && !feed_names_same(u->run, source->names, state->sha256)))
		return false;
	return (u->waited && state->checked >= u->started) ||
		(u->order->if_older_s && state->checked <= u->now && state->checked > u->now - u->order->if_older_s);
}

/* In the feed's own process. */
static void bring(void *ctx, size_t i, struct worker *worker)
{
	const struct update *u = ctx;
	const struct feed_source *source = &u->order->sources[i];
	struct reading r = {.source = source, .deadline_ms = u->order->deadline_ms, .now = u->now, .progress = note, .progress_ctx = worker,
		.accept = u->order->accept && strcmp(u->order->accept, source->name) == 0};

	if (pipgate_run_new(NULL, &r.run) != PIPGATE_OK)
		die_no_memory();
	r.shown = feed_place_shown(u->run, source->place);
	worker->status = update_store(u->run, u->folder, source, &r.store, &worker->error);
	if (worker->status == PIPGATE_OK && !young(u, source, store_state(r.store)))
		worker->status = reading_run(&r, &worker->error);
	store_close(&r.store);
}

static bool asked(const struct update *u, size_t i)
{
	return !u->order->only || strcmp(u->order->only, u->order->sources[i].name) == 0;
}

/* What a feed's failure means: nothing new, or no database. */
static enum pipgate_status failure_judge(struct update *u, size_t i, struct pipgate_error *error)
{
	const struct feed_source *source = &u->order->sources[i];
	const struct worker *worker = &u->workers[i];
	struct span shown = feed_place_shown(u->run, source->place);
	struct store *store = NULL;
	struct store_state state = {0};
	char time[MOMENT_TEXT];

	if (update_store(u->run, u->folder, source, &store, error) == PIPGATE_OK)
		state = *store_state(store);
	store_close(&store);
	if (!state.there && !source->optional) {
		*error = worker->error;
		error_before(error, "%s=" SPAN_FMT, source->kind->name, SPAN_ARG(shown));
		return worker->status;
	}
	u->outcome->failed += !source->optional;
	if (state.there)
		say("%s=" SPAN_FMT ": %s\n%s: its last good data stay, of %s", source->kind->name, SPAN_ARG(shown), worker->error.text, source->name,
		    moment_text(state.time, time));
	else
		say("%s=" SPAN_FMT ": %s\n%s is optional and left out", source->kind->name, SPAN_ARG(shown), worker->error.text, source->name);
	return PIPGATE_OK;
}

static enum pipgate_status read_all(struct update *u, struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;

	u->workers = must(workers_new(u->order->n));
	for (size_t i = 0; i < u->order->n; i++) {
		u->workers[i].name = u->order->sources[i].name;
		u->workers[i].idle = !asked(u, i);
	}
	workers_run(u->workers, u->order->n, bring, u);
	if (process_signal())
		return error_set(error, PIPGATE_FAILED, "interrupted");
	for (size_t i = 0; i < u->order->n && status == PIPGATE_OK; i++)
		if (u->workers[i].status != PIPGATE_OK)
			status = failure_judge(u, i, error);
	return status;
}

/* ---- all of it ---- */

static bool advises(const struct feed_source *sources, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!sources[i].kind->enriches)
			return true;
	return false;
}

static enum pipgate_status run_all(struct update *u, struct pipgate_error *error)
{
	struct merge merge = {.run = u->run, .order = u->order};
	enum pipgate_status status = folder_make(u, error);

	if (status == PIPGATE_OK)
		status = lock_take(u, error);
	if (status == PIPGATE_OK)
		status = read_all(u, error);
	if (status != PIPGATE_OK)
		return status;
	merge.folder = u->folder;
	strangers_remove(u);
	merge_begin(&merge);
	u->outcome->unchanged = merge_is_current(&merge, &u->outcome->totals);
	if (u->outcome->unchanged)
		return PIPGATE_OK;
	status = merge_run(&merge, &u->outcome->totals, error);
	if (status == PIPGATE_OK)
		merge_note(&merge);
	return status;
}

enum pipgate_status update_run(const struct update_order *order, struct update_outcome *out, struct pipgate_error *error)
{
	struct update u = {.order = order, .outcome = out, .lock = -1, .started = (int64_t)time(NULL), .now = (int64_t)time(NULL)};
	enum pipgate_status status;

	*out = (struct update_outcome){0};
	if (!advises(order->sources, order->n))
		return error_set(error, PIPGATE_INVALID,
			"no feed of advisories among them: kev and epss only add to what osv or pypa bring");
	if (pipgate_run_new(NULL, &u.run) != PIPGATE_OK)
		die_no_memory();
	process_hold_signals(); /* the feeds' processes end by Ctrl-C themselves; here it is cleaned up */
	signal(SIGXFSZ, SIG_IGN); /* a quota or a limit on file sizes is an error like a full disk, not an end by signal */
	status = run_all(&u, error);
	workers_free(u.workers, order->n);
	if (u.lock >= 0)
		close(u.lock);
	if (!order->kept)
		temporary_remove();
	pipgate_run_free(&u.run);
	return status;
}
