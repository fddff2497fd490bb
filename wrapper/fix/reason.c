/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fix/reason.h"

#include "matcher/base/banned.h"

enum obstacle {
	OBSTACLE_OLDER = 1,
	OBSTACLE_PRERELEASE = 2,
	OBSTACLE_YANKED = 4,
};

/* Obstacles put together in rising order of how hard they are to get around. */
static const char *const obstacles[] = {
	[OBSTACLE_OLDER] = "older than what is there (--allow-downgrades)",
	[OBSTACLE_PRERELEASE] = "a pre-release (--allow-prereleases)",
	[OBSTACLE_OLDER | OBSTACLE_PRERELEASE] = "an older pre-release (--allow-downgrades, --allow-prereleases)",
	[OBSTACLE_YANKED] = "yanked",
	[OBSTACLE_YANKED | OBSTACLE_OLDER] = "older and yanked",
	[OBSTACLE_YANKED | OBSTACLE_PRERELEASE] = "a yanked pre-release",
	[OBSTACLE_YANKED | OBSTACLE_PRERELEASE | OBSTACLE_OLDER] = "older, yanked and a pre-release",
};

static unsigned obstacles_of(const struct candidates *c, const struct fix_releases *r, size_t i)
{
	return (r->v[i].yanked ? OBSTACLE_YANKED : 0u) | (r->v[i].prerelease && !c->request->prereleases ? OBSTACLE_PRERELEASE : 0u) |
		(r->present != FIX_NONE && i < r->present && !c->request->downgrades ? OBSTACLE_OLDER : 0u);
}

/* The clean release with the least in its way, the nearest of those; FIX_NONE: none is clean. */
static size_t nearest_clean(const struct candidates *c, const struct fix_releases *r, unsigned *least)
{
	size_t found = FIX_NONE;

	*least = OBSTACLE_YANKED * 2;
	for (size_t i = 0; i < r->n; i++) {
		unsigned now = obstacles_of(c, r, i);

		if (i == r->present || !r->v[i].clean)
			continue;
		if (now < *least || (now == *least && (now & OBSTACLE_OLDER))) { /* of older ones the last is the nearest */
			*least = now;
			found = i;
		}
	}
	return found;
}

const char *reason_no_release(const struct candidates *c, const struct fix_target *target, const struct fix_releases *r)
{
	const struct distribution *d = candidates_at(c, target->component);
	struct pipgate_run *run = c->request->run;
	unsigned why;
	size_t nearest = nearest_clean(c, r, &why);

	if (!candidates_of_index(&c->request->components[target->component]))
		return "it does not come from an index: fix it where it comes from";
	if (d->unfit.n)
		return text_format(run, SPAN_FMT " is clean, but does not fit this Python or platform", SPAN_ARG(d->unfit));
	if (d->unbuilt.n)
		return text_format(run, SPAN_FMT " is clean, but there is only its source, and the policy lets none be built", SPAN_ARG(d->unbuilt));
	if (nearest != FIX_NONE)
		return text_format(run, "the only clean release on the index, " SPAN_FMT ", is %s", SPAN_ARG(r->v[nearest].version),
			obstacles[why & 7u]);
	if (target->n_fixed)
		return text_format(run, "fixed upstream in " SPAN_FMT ", but your index does not have it", SPAN_ARG(target->fixed[0]));
	return r->n > 1 ? "no release on the index is clean, and no advisory names a fixed one" : "no other release is on the index, and no advisory "
		"names a fixed one";
}

/* "app 1.0, which needs web<2", or "requirements.txt, line 3: web<2" */
static const char *holder(const struct candidates *c, const struct fix_answer *answer)
{
	struct pipgate_run *run = c->request->run;
	const struct pipgate_component *owner;

	if (answer->owner == FIX_NONE)
		return text_format(run, "%s: " SPAN_FMT, answer->need.origin ? answer->need.origin : "what was asked for",
			SPAN_ARG(answer->need.text));
	if (answer->owner >= c->request->n)
		return text_format(run, SPAN_FMT ", which needs " SPAN_FMT, SPAN_ARG(candidates_at(c, answer->owner)->name),
			SPAN_ARG(answer->need.text));
	owner = &c->request->components[answer->owner];
	return text_format(run, SPAN_FMT " " SPAN_FMT ", which needs " SPAN_FMT, SPAN_ARG(owner->name), SPAN_ARG(owner->version),
		SPAN_ARG(answer->need.text));
}

const char *reason_no_set(struct candidates *c, enum fix_outcome outcome, const struct fix_answer *answer, struct span refused)
{
	struct pipgate_run *run = c->request->run;

	if (outcome == FIX_TOO_FAR)
		return text_format(run, "no set that holds was found within %d tries", FIX_NODES_MAX);
	if (refused.n)
		return text_format(run, "pip refuses every set that was found: " SPAN_FMT, SPAN_ARG(refused));
	return answer->blamed ? text_format(run, "held back by %s", holder(c, answer)) : "what else is there does not go with any clean release";
}
