/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/judged.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

bool judged_counts(const struct judging *judging, const struct audit *audit, const struct pipgate_judgement *j)
{
	if (j->action != PIPGATE_BLOCK || j->finding == SIZE_MAX)
		return false;
	for (size_t i = 0; judging->ignored && i < judging->ignored->n; i++)
		if (pipgate_finding_has_id(&audit->findings[j->finding], span_of(((const char *const *)judging->ignored->items)[i])))
			return false;
	return true;
}

bool judged_clean(void *ctx, struct span name, struct span version)
{
	const struct judging *judging = ctx;
	const struct pipgate_component component = {.name = name, .version = version, .origin = PIPGATE_ORIGIN_INDEX};
	struct audit audit = {.run = judging->run, .environment = judging->environment, .components = &component, .n_components = 1,
		.now = judging->now};

	if (audit_decide(&audit, judging->policy, &judging->cursor, NULL) != PIPGATE_OK)
		return false;
	for (size_t i = 0; i < audit.verdict.n_judgements; i++)
		if (judged_counts(judging, &audit, &audit.verdict.judgements[i]))
			return false;
	return true;
}

/* ---- targets ---- */

struct fixed {
	struct pipgate_version version;
	struct span text;
};

static int by_key(const void *a, const void *b)
{
	return pipgate_key_compare(((const struct fixed *)a)->version.key, ((const struct fixed *)b)->version.key);
}

/* Versions that its findings call fixed, ascending. */
static void add_fixed(struct pipgate_run *run, const struct pipgate_finding *f, struct fix_target *target)
{
	size_t n = target->n_fixed + f->n_fixed, used = 0;
	struct span *v = must(arena_array(run, n + 1, sizeof(*v)));
	struct fixed *sorted = must(arena_array(run, n + 1, sizeof(*sorted)));

	for (size_t i = 0; i < n; i++) {
		struct span text = i < target->n_fixed ? target->fixed[i] : f->fixed[i - target->n_fixed];

		if (pipgate_version_parse(run, text, &sorted[used].version) == PIPGATE_OK)
			sorted[used++].text = text;
	}
	qsort(sorted, used, sizeof(*sorted), by_key);
	for (size_t i = 0; i < used; i++)
		v[i] = sorted[i].text;
	target->fixed = v;
	target->n_fixed = used;
}

static struct fix_target *target_of(struct pipgate_run *run, struct list *targets, size_t component)
{
	struct fix_target *v = targets->items;

	for (size_t i = 0; i < targets->n; i++)
		if (v[i].component == component)
			return &v[i];
	v = must(list_push(run, targets, sizeof(*v)));
	*v = (struct fix_target){.component = component};
	return v;
}

struct list judged_targets(const struct judging *judging, const struct audit *audit, size_t first, size_t end)
{
	struct list targets = {0};

	for (size_t i = 0; i < audit->verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &audit->verdict.judgements[i];
		struct fix_target *target;

		if (j->component < first || j->component >= end || !judged_counts(judging, audit, j))
			continue;
		target = target_of(judging->run, &targets, j->component - first);
		target->ids++;
		add_fixed(judging->run, &audit->findings[j->finding], target);
	}
	return targets;
}

/* ---- what is asked ---- */

void judged_asked(struct list *asked, const struct requirement_files *files, bool constraints)
{
	const struct requirement_row *rows = files->rows.items;

	for (size_t i = 0; i < files->rows.n; i++)
		if (rows[i].kind == REQUIREMENT_NAMED && !rows[i].pin.n && !rows[i].parsed.url.n)
			*(struct fix_asked *)must(list_push(files->run, asked, sizeof(struct fix_asked))) = (struct fix_asked){
				.text = rows[i].text, .constraint = constraints || rows[i].constraint,
				.origin = text_format(files->run, "%s, line %zu", rows[i].file, rows[i].line)};
}
