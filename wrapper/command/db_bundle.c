/* SPDX-License-Identifier: Apache-2.0 */
/* `db build` and `db update` where the feed is pipgate=: a whole database, signed, instead of records. */
#include <inttypes.h>

#include "wrapper/command/db.h"
#include "wrapper/feed/bundle.h"
#include "wrapper/feed/feed.h"
#include "wrapper/memory.h"
#include "wrapper/signature.h"

#include "matcher/base/banned.h"

static int outcome_say(const char *path, const struct bundle_outcome *outcome)
{
	struct database *database = NULL;
	struct pipgate_error error;

	if (database_open(path, &database, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	say("%s: %" PRId64 " advisories for %" PRId64 " distributions; serial %" PRId64 ", signed by " SPAN_FMT "%s", path,
	    database_info(database)->records, database_info(database)->names, outcome->bundle.serial, SPAN_ARG(outcome->key),
	    outcome->unchanged ? ", which was here already" : "");
	database_close(&database);
	return EXIT_OK;
}

static int install(struct pipgate_run *run, const char *path, const struct feed_source *source, const struct db_options *o)
{
	struct bundle_order order = {.place = source->place, .shown = feed_place_shown(run, source->place), .database = path,
		.deadline_ms = o->deadline_ms};
	struct bundle_outcome outcome;
	struct pipgate_error error;

	if (signature_public_key(run, o->key ? o->key : source->key, &order.key, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	if (bundle_install(run, &order, &outcome, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s=" SPAN_FMT ": %s\n%s was not replaced; an older one stays as it was", source->kind->name,
				 SPAN_ARG(order.shown), error.text, path);
	return outcome_say(path, &outcome);
}

int db_bundle(const char *path, const struct feed_source *source, const struct db_options *o)
{
	struct pipgate_run *run = NULL;
	int status;

	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = install(run, path, source, o);
	pipgate_run_free(&run);
	return status;
}
