/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate db build` and `pipgate db update`: feeds into a database file. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include "wrapper/command/db.h"
#include "wrapper/feed/feed.h"
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define DEFAULT_FEEDS "osv=https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"

static enum pipgate_status build(const char *path, const struct feed_source *sources, size_t n, uint32_t deadline_ms,
	struct database_totals *totals, struct pipgate_error *error)
{
	struct database_build *b = NULL;
	enum pipgate_status status;

	/* A quota or a limit on file sizes is an error like a full disk, not an end by signal. */
	signal(SIGXFSZ, SIG_IGN);
	status = database_build_new(path, &b, error);
	if (status == PIPGATE_OK)
		status = feeds_read(b, sources, n, deadline_ms, error);
	if (status == PIPGATE_OK)
		status = database_build_finish(b, totals, error);
	database_build_free(&b);
	return status;
}

static void feeds_say(struct buf *out, const struct database_info *info)
{
	for (size_t i = 0; i < info->n_feeds; i++)
		buf_format(out, "%s" SPAN_FMT " %" PRId64, i ? ", " : "", SPAN_ARG(info->feeds[i].name), info->feeds[i].accepted);
}

/* Read back: what the gate will see, and not only what was meant. */
static int result_say(const char *path, const struct database_totals *totals)
{
	struct database *database = NULL;
	struct pipgate_error error;
	struct buf feeds;

	if (database_open(path, &database, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	buf_init(&feeds, NULL, 16384);
	feeds_say(&feeds, database_info(database));
	say("%s: %" PRId64 " advisories for %" PRId64 " distributions (feeds: %s), %" PRId64 " refused", path, totals->records, totals->names,
	    feeds.p ? feeds.p : "", totals->refused);
	buf_fini(&feeds);
	database_close(&database);
	return EXIT_OK;
}

static int build_and_say(const char *path, const struct feed_source *sources, size_t n, uint32_t deadline_ms)
{
	struct database_totals totals;
	struct pipgate_error error = {.text = "out of memory"};

	if (build(path, sources, n, deadline_ms, &totals, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s\n%s was not built; an older one stays as it was", error.text, path);
	return result_say(path, &totals);
}

static int sources_parse(char *const *words, size_t n, struct feed_source *out)
{
	struct pipgate_error error;

	for (size_t i = 0; i < n; i++)
		if (feed_source_parse(words[i], &out[i], &error) != PIPGATE_OK)
			return say_error(EXIT_USAGE, "%s", error.text);
	return 0;
}

/* A bundle is a whole database: alone, and never without a key. 0, or 42, said. */
static int bundle_judge(const struct feed_source *sources, size_t n, const struct db_options *o)
{
	size_t bundles = 0;

	for (size_t i = 0; i < n; i++)
		bundles += !sources[i].kind->read;
	if (bundles && n > 1)
		return say_error(EXIT_USAGE, "a bundle (pipgate=) is a whole database: no feed can stand beside it");
	if (bundles && !o->key)
		return say_error(EXIT_USAGE, "a bundle (pipgate=) is taken by its signature alone: --key FILE|BASE64 is missing");
	return !bundles && o->key ? say_error(EXIT_USAGE, "--key is of a bundle (pipgate=PLACE), and there is none") : 0;
}

static int run(const char *output, char *const *words, size_t n, const struct db_options *o)
{
	struct feed_source *sources = must(calloc(n + 1, sizeof(*sources)));
	struct pipgate_error error;
	char path[4096];
	int status = sources_parse(words, n, sources);

	if (!status)
		status = bundle_judge(sources, n, o);
	if (!status && !output && database_default_path(path, &error) != PIPGATE_OK)
		status = say_error(EXIT_UNDECIDED, "%s", error.text);
	output = output ? output : path;
	if (!status)
		status = sources[0].kind->read ? build_and_say(output, sources, n, o->deadline_ms) : db_bundle(output, &sources[0], o);
	free(sources);
	return status;
}

int db_build(const struct db_options *o)
{
	return run(o->output, o->words, (size_t)o->n_words, o);
}

int db_update(const struct db_options *o)
{
	const char *wish = getenv("PIPGATE_FEEDS");
	struct pipgate_run *kept = NULL;
	struct words words = {0};
	struct span rest;
	char **list;
	int status;

	if (pipgate_run_new(NULL, &kept) != PIPGATE_OK)
		die_no_memory();
	words.run = kept;
	rest = span_of(wish && *span_trim(span_of(wish)).p ? wish : DEFAULT_FEEDS);
	while (rest.n) {
		struct span word = span_split(&rest, ' ');

		if (word.n)
			words_add(&words, text_copy(kept, word));
	}
	list = words_end(&words);
	if (getenv("PIPGATE_DB") && *getenv("PIPGATE_DB"))
		say("PIPGATE_DB is set: the gate reads that file, not the one made here");
	status = run(NULL, list, words.list.n, o);
	pipgate_run_free(&kept);
	return status;
}
