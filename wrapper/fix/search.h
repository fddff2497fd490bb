/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nearest clean set: of the distributions that are there, the fewest are moved, and those by the smallest steps, so that every
 * target is clean and what each one needs holds. Pure: what there is to choose from, callbacks tell, and only as far as it is
 * needed. It knows no pip, no process and no file; a set that it finds is still to be confirmed by the real resolver.
 *
 * Of two sets the better one moves fewer; then the sum of its steps is smaller; then its steps, read in the order of the
 * distributions, are smaller. A step is counted in releases of the index; of two equal ones the newer release wins. What was not
 * there and is drawn in counts as moved, by the steps from its newest release.
 */
#ifndef WRAPPER_FIX_SEARCH_H
#define WRAPPER_FIX_SEARCH_H

#include "wrapper/memory.h"

#define FIX_NODES_MAX 20000 /* choices of one search: real ones take some dozens; a second at most */
#define FIX_PROOF_MAX 5000  /* of them, those that only look for a better set than the one that was found */
#define FIX_MOVED_MAX 64    /* distributions of one set; more is an upgrade, not a fix */
#define FIX_NONE SIZE_MAX

struct fix_candidate { /* a release on the index */
	struct span version, key; /* key: as pipgate_version's */
	bool clean, yanked, prerelease;
};

struct fix_need { /* one requirement whose marker holds */
	size_t distribution; /* who must be there */
	struct span specifiers;
	struct span text;    /* as it was written, for words */
	const char *origin;  /* where what was asked stands: "requirements.txt, line 3"; NULL: a distribution's own */
};

struct fix_releases {
	const struct fix_candidate *v; /* ascending; what is there stands among them, on the index or not */
	size_t n;
	size_t present;                /* FIX_NONE: it is not there */
};

/* Each answers FIX_OK, or FAILED with the error that ends the search. Distributions are numbers: needs may name new ones. */
struct fix_world {
	enum pipgate_status (*releases)(void *ctx, size_t distribution, struct fix_releases *out, struct pipgate_error *error);
	/* Of the release; of what is there, by FIX_NONE, without asking for releases. */
	enum pipgate_status (*needs)(void *ctx, size_t distribution, size_t candidate, const struct fix_need **out, size_t *n,
		struct pipgate_error *error);
	/* May this version stand for the need? Of what is there by FIX_NONE; false where it is not there. */
	bool (*fits)(void *ctx, const struct fix_need *need, size_t candidate);
	void *ctx;
};

struct fix_question {
	struct pipgate_run *run;
	const struct fix_world *world;
	size_t n;                     /* distributions that are there: 0 … n-1 */
	const size_t *targets;        /* must move to a clean release */
	size_t n_targets;
	const struct fix_need *asked; /* must hold, whoever moves */
	size_t n_asked;
	bool downgrades, prereleases; /* may be used */
	/* Sets that the real resolver refused: each a list of struct fix_choice. */
	const struct fix_set *refused;
	size_t n_refused;
};

struct fix_choice {
	size_t distribution, candidate;
};
struct fix_set {
	const struct fix_choice *v; /* by distribution */
	size_t n;
	size_t steps;               /* their sum */
};

enum fix_outcome {
	FIX_FOUND = 1,
	FIX_IMPOSSIBLE,  /* nothing was left to try */
	FIX_TOO_FAR,     /* not found within FIX_NODES_MAX choices, or FIX_MOVED_MAX distributions */
	FIX_ERROR,       /* the error tells */
};

struct fix_answer {
	struct fix_set set; /* FIX_FOUND */
	bool nearest;       /* no other set is nearer: false where FIX_PROOF_MAX ended the search for one */
	/* Else what stood in the way first: a need that neither side could make good. */
	bool blamed;
	struct fix_need need;
	size_t owner;       /* who needs it; FIX_NONE: it was asked for */
	size_t target;      /* index of the target that cannot be fixed even alone; FIX_NONE: each could, but not all together */
};

enum fix_outcome fix_search(const struct fix_question *question, struct fix_answer *out, struct pipgate_error *error);

/* Is this release one to move to? */
static inline bool fix_acceptable(const struct fix_question *q, const struct fix_releases *r, size_t candidate)
{
	const struct fix_candidate *c = &r->v[candidate];

	return candidate != r->present && c->clean && !c->yanked && (q->prereleases || !c->prerelease) &&
		(q->downgrades || r->present == FIX_NONE || candidate > r->present);
}

#endif
