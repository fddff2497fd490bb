/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which distributions must move, and where to, for all that is marked to be clean: fewest distributions moved, then the smallest steps.
 * A pure search: what releases there are and what they need is asked of a source, and only of what the search comes to.
 *
 * A set is good when every marked distribution has moved, everything that has moved stands at a release that is allowed and clean, and
 * every requirement of, or on, something that has moved holds, also those that were asked for. (A requirement that was broken before
 * and touches nothing that moves stays broken: `pip check` tells of it.)
 */
#ifndef WRAPPER_FIX_SEARCH_H
#define WRAPPER_FIX_SEARCH_H

#include "wrapper/memory.h"

#define FIX_NODES 50000 /* of the search: some seconds; real environments need some ten */

struct fix_release { /* ascending */
	struct span version;
	bool clean;   /* no finding that would block */
	bool allowed; /* not yanked, fits this Python, a pre-release only where they are allowed */
};

struct fix_need { /* a requirement whose marker holds */
	struct span name;       /* normalized */
	struct span specifiers; /* empty: any */
	struct span text;       /* as it is written */
};

struct fix_source {
	void *ctx;
	/* The releases of a project, ascending; n 0: the index has none. */
	enum pipgate_status (*releases)(void *ctx, struct span name, const struct fix_release **out, size_t *n, struct pipgate_error *error);
	enum pipgate_status (*needs)(void *ctx, struct span name, struct span version, const struct fix_need **out, size_t *n,
		struct pipgate_error *error);
};

struct fix_present {
	struct span name, version;
	bool marked; /* must move */
	const struct fix_need *needs; /* of the version that is there */
	size_t n_needs;
};

struct fix_problem {
	struct pipgate_run *run;
	const struct fix_present *present;
	size_t n;
	const struct fix_need *asked; /* must hold */
	size_t n_asked;
	const struct fix_source *source;
	bool downgrades;
};

struct fix_move {
	struct span name, from, to; /* from empty: it is new */
	size_t steps;               /* allowed releases between, the new one with them; for a new one: how many are newer */
};

struct fix_answer {
	bool found;
	const struct fix_move *moves; /* by name */
	size_t n;
	size_t steps;                 /* of all */
	const char *reason;           /* where nothing was found: what stands in the way */
	bool bounded;                 /* the search ended at FIX_NODES: there may be a better set, or one at all */
};

enum pipgate_status fix_search(const struct fix_problem *problem, struct fix_answer *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
