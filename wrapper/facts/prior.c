/* SPDX-License-Identifier: Apache-2.0 */
/* Where pip itself can pass over young releases, it is told to: it then takes an older one where the gate would refuse. */
#include "wrapper/database/moment.h"
#include "wrapper/facts/apply.h"
#include "wrapper/facts/sources.h"
#include "wrapper/pip/index.h"
#include "wrapper/source/requirements.h"

#include "matcher/base/banned.h"

#define TRIED_NAMES 8      /* of those asked for: an index that tells times of one tells them of all */
#define TRIED_DEADLINE 5000u

static bool dated(struct pipgate_run *run, const struct facts_source *source, const struct list *asked, int64_t now)
{
	const struct asked *names = asked->items;
	size_t n = asked->n < TRIED_NAMES ? asked->n : TRIED_NAMES;
	struct pipgate_component *components = must(arena_array(run, n + 1, sizeof(*components)));
	struct pipgate_facts *facts = must(arena_array(run, n + 1, sizeof(*facts)));
	bool all = false;

	for (size_t i = 0; i < n; i++)
		components[i] = (struct pipgate_component){.name = names[i].name, .origin = PIPGATE_ORIGIN_INDEX};
	return facts_gather(&(struct facts_request){
		.run = run,
		.pip = source->pip,
		.arguments = source->arguments,
		.settings = source->settings,
		.components = components,
		.n = n,
		.wanted = FACTS_UPLOADED,
		.now = now,
		.deadline_ms = TRIED_DEADLINE,
		.dated = &all,
	}, facts, NULL) == PIPGATE_OK && all;
}

/* A page of links at an address tells no times. */
static bool links_elsewhere(struct pipgate_run *run, const struct facts_source *source)
{
	const char *given = option_given(source->arguments, "find-links"), *set = pip_setting(run, source->pip, source->settings, "find-links");

	return (given && strstr(given, "://")) || (set && strstr(set, "://"));
}

const char *facts_prior_to(struct pipgate_run *run, const struct facts_source *source, const struct list *asked, int64_t min_age,
	int64_t now)
{
	char text[MOMENT_TEXT];

	if (min_age <= 0 || min_age >= now || !source->pip->probed || !pip_at_least(source->pip, 26, 0) ||
		option_given(source->arguments, "uploaded-prior-to") || pip_setting(run, source->pip, source->settings, "uploaded-prior-to") ||
		links_elsewhere(run, source) || !dated(run, source, asked, now))
		return NULL;
	return text_copy(run, span_of(moment_text(now - min_age, text)));
}
