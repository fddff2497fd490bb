/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate doctor`: which pip, which database, which profile, what is missing. 0: all is there; 1: something is not. */
#include <stdio.h>
#include <time.h>

#include "matcher/base/text.h"
#include "wrapper/command/command.h"
#include "wrapper/database/database.h"
#include "wrapper/options.h"
#include "wrapper/pip/locate.h"
#include "wrapper/policy/layers.h"
#include "wrapper/policy/profile.h"

#include "matcher/base/banned.h"

#define LINE_MAX_BYTES ((size_t)16 << 10)

static void line(const char *what, struct span text)
{
	struct buf out;

	buf_init(&out, NULL, LINE_MAX_BYTES);
	text_escape(&out, text);
	printf("%-10s %s\n", what, out.p ? out.p : "");
	buf_fini(&out);
}

static bool check_pip(struct pipgate_run *run, const struct options *options)
{
	struct pipgate_error error;
	struct pip pip;

	if (pip_locate(run, "pip", options->python, &pip, &error) != PIPGATE_OK || pip_probe(run, &pip, &error) != PIPGATE_OK) {
		line("pip", span_of(text_format(run, "MISSING: %s", error.text)));
		return false;
	}
	line("pip", span_of(text_format(run, "%s %s (Python %s, %s)", pip.script ? pip.script : "pip", pip.version, pip.python_version, pip.python)));
	if (!pip_at_least(&pip, 22, 2))
		line("", SPAN("pip before 22.2 cannot report its plan: everything is downloaded first; an upgrade makes the gate faster"));
	else if (!pip_at_least(&pip, 26, 2))
		line("", SPAN("pip before 26.2 cannot be bound to bytes: what changes between its plan and its run is noticed afterwards (43)"));
	return true;
}

static bool check_database(struct pipgate_run *run, const struct pipgate_policy *policy)
{
	struct pipgate_error error, text;
	struct database *database = NULL;
	const struct database_info *info;
	struct database_place place;
	enum pipgate_action usable;

	const char *named = policy->values[POLICY_DATABASE].word;

	if (database_find(*named ? named : NULL, &place, &error) != PIPGATE_OK || database_open(place.path, &database, &error) != PIPGATE_OK) {
		line("database", span_of(text_format(run, "MISSING: %s", error.text)));
		return false;
	}
	info = database_info(database);
	line("database", span_of(text_format(run, "%s: %lld advisories for %lld distributions, %lld days old", place.path, (long long)info->records,
				 (long long)info->names, (long long)((time(NULL) - info->time) / 86400))));
	usable = profile_database(policy, place.kind, info, time(NULL), &text);
	if (usable != PIPGATE_ALLOW)
		line("", span_of(text.text));
	database_close(&database);
	return usable != PIPGATE_BLOCK;
}

int command_doctor(int argc, char **argv)
{
	struct pipgate_run *run;
	struct pipgate_error error;
	struct pipgate_policy *policy;
	struct options options;
	char **rest;
	bool good;

	(void)argc;
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(run, argv + 1, &options, &rest, &error) != PIPGATE_OK ||
		policy_layers(run, &options, POLICY_FOR_GATE, &policy, &error) != PIPGATE_OK) {
		pipgate_run_free(&run);
		return say_error(EXIT_USAGE, "%s", error.text);
	}
	line("pipgate", SPAN(PIPGATE_VERSION));
	line("profile", span_of(options.profile));
	good = check_pip(run, &options);
	good = check_database(run, policy) && good;
	pipgate_run_free(&run);
	return good ? EXIT_OK : EXIT_NO;
}
