/* SPDX-License-Identifier: Apache-2.0 */
/* From targets to a plan: which can be fixed at all, the nearest set for as many of them as go together, the resolver's word on it. */
#include "wrapper/fix/fix.h"

#include <stdlib.h>

#include "wrapper/fix/confirm.h"
#include "wrapper/fix/reason.h"

#include "matcher/base/banned.h"

struct finding_a_set {
	const struct fix_request *r;
	struct candidates candidates;
	struct fix_question question;
	struct list refused;      /* of struct fix_set */
	struct span last_word;    /* of the resolver that refused */
	struct fix_answer answer;
	size_t *targets;          /* indices of the request's targets that the question is about */
	size_t *components;       /* and of their components: question.targets */
	const char **reasons;     /* one a target of the request; NULL: it is fixed, so far */
	bool confirmed;
	struct list extra;        /* of struct pin: what pip draws in beside the set */
};

/* ---- without pip: the advisories' word alone ---- */

static struct fix_move move_of(const struct fix_request *r, size_t component)
{
	const struct pipgate_component *c = &r->components[component];

	return (struct fix_move){.name = c->name, .shown_name = c->shown_name.n ? c->shown_name : c->name, .from = c->version,
		.component = component};
}

static void find_without_pip(const struct fix_request *r, struct fix_plan *out)
{
	for (size_t i = 0; i < r->n_targets; i++) {
		const struct fix_target *t = &r->targets[i];
		struct fix_move *move = &out->moves[out->n++];

		*move = move_of(r, t->component);
		move->ids = t->ids;
		for (size_t k = 0; k < t->n_fixed && !move->to.n; k++)
			if (r->clean(r->ctx, move->name, t->fixed[k]))
				move->to = t->fixed[k];
		move->reason = move->to.n ? "the lowest fixed version that its advisories name; not resolved" : "no advisory names a fixed version";
		out->n_fixed += move->to.n > 0;
	}
}

/* ---- one question ---- */

static enum confirmed ask_pip(struct finding_a_set *f, struct pipgate_error *error)
{
	const struct fix_set *set = &f->answer.set;
	struct pin *pins = must(arena_array(f->r->run, set->n + 1, sizeof(*pins)));
	struct plan plan;
	enum confirmed said;

	for (size_t i = 0; i < set->n; i++) {
		const struct distribution *d = candidates_at(&f->candidates, set->v[i].distribution);

		pins[i] = (struct pin){d->name, d->releases.v[set->v[i].candidate].version};
	}
	said = confirm(f->r, pins, set->n, &plan, &f->last_word, error);
	f->confirmed = said == CONFIRMED_YES;
	f->extra = (struct list){0};
	for (size_t i = 0; said == CONFIRMED_YES && i < plan.n; i++) {
		const struct pipgate_component *c = &plan.components[i];
		bool known = candidates_number(&f->candidates, c->name) < f->r->n;

		for (size_t k = 0; k < set->n && !known; k++)
			known = span_equal(pins[k].name, c->name);
		if (known)
			continue;
		*(struct pin *)must(list_push(f->r->run, &f->extra, sizeof(struct pin))) = (struct pin){c->name, c->version};
		if (!f->r->clean(f->r->ctx, c->name, c->version)) {
			f->last_word = must_span(arena_format(f->r->run, "it would draw in " SPAN_FMT " " SPAN_FMT ", which is vulnerable",
				SPAN_ARG(c->name), SPAN_ARG(c->version)));
			return CONFIRMED_NO;
		}
	}
	return said;
}

/* A set for the question's targets that the resolver agrees with. */
static enum fix_outcome find_set(struct finding_a_set *f, struct pipgate_error *error)
{
	for (size_t round = 0;; round++) {
		enum fix_outcome outcome;

		f->question.refused = f->refused.items;
		f->question.n_refused = f->refused.n;
		outcome = fix_search(&f->question, &f->answer, error);
		if (outcome != FIX_FOUND || !f->question.n_targets)
			return outcome;
		switch (ask_pip(f, error)) {
		case CONFIRMED_YES:
		case CONFIRMED_UNKNOWN:
			return FIX_FOUND;
		case CONFIRMED_ERROR:
			return FIX_ERROR;
		case CONFIRMED_NO:
			log_stage("fix", "pip refuses a set: " SPAN_FMT, SPAN_ARG(f->last_word));
			*(struct fix_set *)must(list_push(f->r->run, &f->refused, sizeof(struct fix_set))) = f->answer.set;
			if (round + 1 >= FIX_ROUNDS)
				return FIX_IMPOSSIBLE;
		}
	}
}

/* ---- which targets ---- */

static void add_target(struct finding_a_set *f, size_t target)
{
	f->components[f->question.n_targets] = f->r->targets[target].component;
	f->targets[f->question.n_targets++] = target;
}

/* Those that have a release to move to at all. */
static enum pipgate_status add_possible(struct finding_a_set *f, struct pipgate_error *error)
{
	for (size_t i = 0; i < f->r->n_targets; i++) {
		struct fix_releases releases;
		bool any = false;

		if (f->candidates.world.releases(&f->candidates, f->r->targets[i].component, &releases, error) != PIPGATE_OK)
			return PIPGATE_FAILED;
		for (size_t k = 0; k < releases.n && !any; k++)
			any = fix_acceptable(&f->question, &releases, k);
		if (any)
			add_target(f, i);
		else
			f->reasons[i] = reason_no_release(&f->candidates, &f->r->targets[i], &releases);
	}
	return PIPGATE_OK;
}

/* Not all go together: one after the other, as many as do. */
static enum fix_outcome find_some(struct finding_a_set *f, struct pipgate_error *error)
{
	size_t n = f->question.n_targets, *all = must(arena_array(f->r->run, n + 1, sizeof(*all)));

	memcpy(all, f->targets, n * sizeof(*all));
	f->question.n_targets = 0;
	for (size_t i = 0; i < n; i++) {
		enum fix_outcome outcome;

		add_target(f, all[i]);
		f->refused.n = 0;
		f->last_word = (struct span){NULL, 0};
		outcome = find_set(f, error);
		if (outcome == FIX_ERROR)
			return outcome;
		if (outcome != FIX_FOUND) {
			f->question.n_targets--;
			f->reasons[all[i]] = reason_no_set(&f->candidates, outcome, &f->answer, f->last_word);
		}
	}
	return find_set(f, error);
}

/* One that cannot be fixed even alone is no part of the question any more. */
static void drop_target(struct finding_a_set *f, size_t index, enum fix_outcome outcome)
{
	size_t after = --f->question.n_targets - index;

	f->reasons[f->targets[index]] = reason_no_set(&f->candidates, outcome, &f->answer, f->last_word);
	memmove(f->components + index, f->components + index + 1, after * sizeof(*f->components));
	memmove(f->targets + index, f->targets + index + 1, after * sizeof(*f->targets));
}

static enum pipgate_status find_targets(struct finding_a_set *f, struct pipgate_error *error)
{
	enum fix_outcome outcome;

	if (add_possible(f, error) != PIPGATE_OK)
		return PIPGATE_FAILED;
	for (;;) {
		bool alone;

		outcome = find_set(f, error);
		if (outcome == FIX_FOUND || outcome == FIX_ERROR)
			break;
		alone = f->answer.target != FIX_NONE || f->question.n_targets == 1;
		if (alone)
			drop_target(f, f->answer.target == FIX_NONE ? 0 : f->answer.target, outcome);
		else
			outcome = find_some(f, error);
		if (!alone)
			break;
		f->refused.n = 0;
		f->last_word = (struct span){NULL, 0};
	}
	if (outcome == FIX_FOUND)
		return PIPGATE_OK;
	return outcome == FIX_ERROR ? PIPGATE_FAILED : error_set(error, PIPGATE_FAILED, "what can be fixed one by one cannot be fixed together");
}

/* ---- the plan ---- */

static enum pipgate_status add_hashes(struct finding_a_set *f, struct fix_move *move, struct pipgate_error *error)
{
	struct finder *finder;
	enum pipgate_status status = candidates_finder(&f->candidates, &finder, error);

	if (status == PIPGATE_OK)
		status = finder_hashes(finder, move->name, move->to, &move->hashes, &move->n_hashes, error);
	return status;
}

static int by_name(const void *a, const void *b)
{
	return span_compare(((const struct fix_move *)a)->name, ((const struct fix_move *)b)->name);
}

static struct fix_move *move_to(struct finding_a_set *f, struct fix_plan *out, struct span name, struct span to)
{
	size_t number = candidates_number(&f->candidates, name);
	struct fix_move *move;

	for (size_t i = 0; i < f->r->n_targets; i++)
		if (f->r->targets[i].component == number)
			return out->moves[i].to = to, &out->moves[i];
	move = &out->moves[out->n++];
	*move = number < f->r->n ? move_of(f->r, number) : (struct fix_move){.name = name, .shown_name = name, .component = SIZE_MAX};
	move->to = to;
	return move;
}

static enum pipgate_status make_plan(struct finding_a_set *f, struct fix_plan *out, struct pipgate_error *error)
{
	const struct fix_set *set = &f->answer.set;
	const struct pin *extra = f->extra.items;

	out->moves = must(arena_array(f->r->run, f->r->n_targets + set->n + f->extra.n + 1, sizeof(*out->moves)));
	for (; out->n < f->r->n_targets; out->n++) {
		out->moves[out->n] = move_of(f->r, f->r->targets[out->n].component);
		out->moves[out->n].ids = f->r->targets[out->n].ids;
		out->moves[out->n].reason = f->reasons[out->n];
	}
	for (size_t i = 0; i < set->n; i++) {
		const struct distribution *d = candidates_at(&f->candidates, set->v[i].distribution);

		move_to(f, out, d->name, d->releases.v[set->v[i].candidate].version);
	}
	for (size_t i = 0; i < f->extra.n; i++)
		move_to(f, out, extra[i].name, extra[i].version);
	qsort(out->moves + f->r->n_targets, out->n - f->r->n_targets, sizeof(*out->moves), by_name);
	for (size_t i = 0; i < out->n; i++) {
		out->n_fixed += i < f->r->n_targets && out->moves[i].to.n;
		if (out->moves[i].to.n && add_hashes(f, &out->moves[i], error) != PIPGATE_OK)
			return PIPGATE_FAILED;
	}
	out->resolved = f->confirmed;
	return PIPGATE_OK;
}

static void ask_needs(struct finding_a_set *f)
{
	struct fix_need *needs = must(arena_array(f->r->run, f->r->n_asked + 1, sizeof(*needs)));
	size_t n = 0;

	for (size_t i = 0; i < f->r->n_asked; i++)
		if (candidates_need(&f->candidates, f->r->asked[i].text, NULL, &needs[n]) &&
				(!f->r->asked[i].constraint || needs[n].distribution < f->r->n))
			needs[n++].origin = f->r->asked[i].origin;
	f->question.asked = needs;
	f->question.n_asked = n;
}

enum pipgate_status fix_find(const struct fix_request *r, struct fix_plan *out, struct pipgate_error *error)
{
	struct finding_a_set f = {.r = r, .targets = must(arena_array(r->run, r->n_targets + 1, sizeof(size_t))),
		.components = must(arena_array(r->run, r->n_targets + 1, sizeof(size_t))),
		.reasons = must(arena_array(r->run, r->n_targets + 1, sizeof(char *)))};
	enum pipgate_status status;

	*out = (struct fix_plan){.moves = must(arena_array(r->run, r->n_targets + 1, sizeof(struct fix_move)))};
	if (!r->n_targets)
		return PIPGATE_OK;
	if (!r->pip) {
		find_without_pip(r, out);
		return PIPGATE_OK;
	}
	candidates_init(&f.candidates, r);
	f.question = (struct fix_question){.run = r->run, .world = &f.candidates.world, .n = r->n, .downgrades = r->downgrades,
		.prereleases = r->prereleases, .targets = f.components};
	ask_needs(&f);
	status = find_targets(&f, error);
	if (status == PIPGATE_OK)
		status = make_plan(&f, out, error);
	candidates_fini(&f.candidates);
	return status;
}

/* ---- lock files ---- */

const char *fix_lock_command(struct pipgate_run *run, const char *kind, const struct fix_move *move)
{
	static const struct {
		const char *kind, *before, *after; /* around the name; after, where it is not empty, is followed by the version */
	} tools[] = {
		{"uv.lock", "uv lock --upgrade-package ", "=="},
		{"poetry.lock", "poetry update ", ""},
		{"pdm.lock", "pdm update ", ""},
		{"Pipfile.lock", "pipenv update ", ""},
		{"conda-lock", "conda-lock lock --update ", ""},
	};

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(kind, tools[i].kind) == 0)
			return text_format(run, "%s" SPAN_FMT "%s" SPAN_FMT, tools[i].before, SPAN_ARG(move->name), move->to.n ? tools[i].after : "",
				SPAN_ARG(tools[i].after[0] ? move->to : SPAN("")));
	return NULL;
}
