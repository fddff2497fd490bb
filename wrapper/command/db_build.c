/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate db build` and `pipgate db update`: feeds into a database file. */
#include <inttypes.h>
#include <stdlib.h>

#include "wrapper/command/db.h"
#include "wrapper/feed/config.h"
#include "wrapper/feed/update.h"
#include "wrapper/memory.h"
#include "wrapper/process.h"

#include "matcher/base/banned.h"

static void feeds_say(struct buf *out, const struct database_info *info)
{
	for (size_t i = 0; i < info->n_feeds; i++)
		buf_format(out, "%s" SPAN_FMT " %" PRId64, i ? ", " : "", SPAN_ARG(info->feeds[i].name), info->feeds[i].accepted);
}

/* Read back: what the gate will see, and not only what was meant. */
static int result_say(const char *path, const struct update_outcome *outcome)
{
	struct database *database = NULL;
	struct pipgate_error error;
	struct buf feeds;

	if (database_open(path, &database, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	buf_init(&feeds, NULL, 16384);
	feeds_say(&feeds, database_info(database));
	say("%s: %" PRId64 " advisories for %" PRId64 " distributions (feeds: %s), %" PRId64 " refused%s", path, outcome->totals.records,
	    outcome->totals.names, feeds.p ? feeds.p : "", outcome->totals.refused, outcome->unchanged ? "; nothing new" : "");
	buf_fini(&feeds);
	database_close(&database);
	return EXIT_OK;
}

static int build_and_say(const char *path, const struct feed_source *sources, size_t n, bool kept, const struct db_options *o)
{
	const struct update_order order = {.database = path, .sources = sources, .n = n, .kept = kept, .only = o->feed, .accept = o->accept,
		.if_older_s = o->if_older_s, .deadline_ms = o->deadline_ms};
	struct update_outcome outcome;
	struct pipgate_error error = {.text = "out of memory"};
	int status;

	if (update_run(&order, &outcome, &error) != PIPGATE_OK)
		return process_signal() ? process_mirror(256 + process_signal())
					: say_error(EXIT_UNDECIDED, "%s\n%s was not built; an older one stays as it was", error.text, path);
	status = result_say(path, &outcome);
	return !status && outcome.failed ? EXIT_UNDECIDED : status;
}

/* A bundle is a whole database: alone, and never without a key. 0, or 42, said. */
static int bundle_judge(const struct feed_source *sources, size_t n, const struct db_options *o)
{
	size_t bundles = 0;

	for (size_t i = 0; i < n; i++)
		bundles += !sources[i].kind->read;
	if (bundles && n > 1)
		return say_error(EXIT_USAGE, "a bundle (pipgate=) is a whole database: no feed can stand beside it");
	if (bundles && !o->key && !sources[0].key)
		return say_error(EXIT_USAGE, "a bundle (pipgate=) is taken by its signature alone: --key FILE|BASE64 is missing");
	return !bundles && o->key ? say_error(EXIT_USAGE, "--key is of a bundle (pipgate=PLACE), and there is none") : 0;
}

/* Names are for the feeds that ask a service, and none of them is without. 0, or 42, said. */
static int names_give(struct feed_source *sources, size_t n, const char *names)
{
	size_t asking = 0;

	for (size_t i = 0; i < n; i++) {
		if (sources[i].names && !sources[i].kind->asks)
			return say_error(EXIT_USAGE, "feed %s: names are of a feed that asks a service (osv-api, pypi)", sources[i].name);
		if (!sources[i].kind->asks)
			continue;
		sources[i].names = sources[i].names ? sources[i].names : names;
		if (!sources[i].names)
			return say_error(EXIT_USAGE, FEED_NAMES_WANTED, sources[i].kind->name);
		asking++;
	}
	if (names && !asking)
		return say_error(EXIT_USAGE, "--names is of a feed that asks a service (osv-api=, pypi=), and there is none");
	return 0;
}

static bool named(const struct feeds *feeds, const char *name)
{
	const struct feed_source *sources = feeds->list.items;

	for (size_t i = 0; i < feeds->list.n; i++)
		if (strcmp(sources[i].name, name) == 0)
			return true;
	return false;
}

/* What --feed and --accept name. 0, or 42, said. */
static int names_judge(const struct feeds *feeds, const struct db_options *o)
{
	const char *const names[] = {o->feed, o->accept};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && !named(feeds, names[i]))
			return say_error(EXIT_USAGE, "%s names no feed '%s'", feeds->from, names[i]);
	return 0;
}

static int run(struct feeds *feeds, const char *output, bool kept, const struct db_options *o)
{
	struct feed_source *sources = feeds->list.items;
	struct pipgate_error error;
	char path[4096];
	int status = bundle_judge(sources, feeds->list.n, o);

	if (!status)
		status = names_judge(feeds, o);
	if (!status)
		status = names_give(sources, feeds->list.n, o->names);
	if (!status && !output && database_default_path(path, &error) != PIPGATE_OK)
		status = say_error(EXIT_UNDECIDED, "%s", error.text);
	if (status)
		return status;
	output = output ? output : path;
	return sources[0].kind->read ? build_and_say(output, sources, feeds->list.n, kept, o) : db_bundle(output, &sources[0], o);
}

int db_build(const struct db_options *o)
{
	struct pipgate_run *kept = NULL;
	struct feeds feeds = {.from = "the command line"};
	struct pipgate_error error;
	int status;

	if (pipgate_run_new(NULL, &kept) != PIPGATE_OK)
		die_no_memory();
	if (feeds_of_words(kept, o->words, (size_t)o->n_words, &feeds, &error) != PIPGATE_OK)
		status = say_error(EXIT_USAGE, "%s", error.text);
	else
		status = run(&feeds, o->output, false, o);
	pipgate_run_free(&kept);
	return status;
}

int db_update(const struct db_options *o)
{
	struct pipgate_run *kept = NULL;
	struct feeds feeds;
	struct pipgate_error error;
	int status;

	if (pipgate_run_new(NULL, &kept) != PIPGATE_OK)
		die_no_memory();
	if (!o->output && getenv("PIPGATE_DB") && *getenv("PIPGATE_DB"))
		say("PIPGATE_DB is set: the gate reads that file, not the one made here");
	if (feeds_find(kept, o->feeds, &feeds, &error) != PIPGATE_OK)
		status = say_error(EXIT_USAGE, "%s", error.text);
	else
		status = run(&feeds, o->output, true, o);
	pipgate_run_free(&kept);
	return status;
}
