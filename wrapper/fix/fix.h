/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixing: from what is there and vulnerable to the nearest clean set, each version of which is on the index that pip uses, fits this
 * Python and what else is asked, is not yanked, and is clean; confirmed by the real pip. The audit applies it (apply.h, edit.h), the
 * gate shows it. What is clean, the caller says: nothing here knows advisories, policies or reports.
 */
#ifndef WRAPPER_FIX_H
#define WRAPPER_FIX_H

#include "wrapper/pip/locate.h"

#define FIX_ROUNDS 8 /* sets that the real resolver may refuse before we give up: each costs it a second or more */

/* Is this version free of what the caller would have fixed? */
typedef bool fix_clean(void *ctx, struct span name, struct span version);

struct fix_target { /* a vulnerable distribution */
	size_t component;
	const struct span *fixed; /* versions that its advisories call fixed, above what is there, ascending */
	size_t n_fixed;
	size_t ids;               /* its findings */
};

struct fix_asked { /* a requirement that must hold whatever moves */
	struct span text;         /* PEP 508 */
	const char *origin;       /* "requirements.txt, line 3", "the command line" */
	bool constraint;          /* it asks for nothing, but must hold of what is there */
};

struct fix_request {
	struct pipgate_run *run;
	struct pip *pip;          /* probed; NULL: the real pip is not to be started (--disable-pip) */
	const struct pipgate_component *components; /* what is there, or is planned */
	size_t n;
	bool requires_known;      /* components tell what they need; else the index is asked */
	bool no_deps;             /* what is given is all there is: needs are not looked at */
	struct pipgate_environment environment; /* marker variables */
	const struct fix_target *targets;
	size_t n_targets;
	const struct fix_asked *asked;
	size_t n_asked;
	fix_clean *clean;
	void *ctx;
	bool downgrades, prereleases; /* allowed */
	char *const *options;     /* words for pip, NULL-ended: --index-url URL, …; NULL: none */
	bool installed;           /* components are those of pip's environment: what is there need not come from the index */
	bool build;               /* sources may be built to learn what they need, held by the gate */
};

struct fix_move { /* one distribution: moved, or a target that is not */
	struct span name, shown_name;
	struct span from;         /* empty: it was not there */
	struct span to;           /* empty: not fixed */
	const char *reason;       /* why not, or what is to be known ("lowest fixed version, not resolved"); NULL: nothing */
	size_t component;         /* SIZE_MAX: it was not there */
	size_t ids;               /* findings that go, of a target */
	const struct span *hashes; /* "sha256:…" of every file of the release, sorted; for edit.h */
	size_t n_hashes;
};

struct fix_plan {
	struct fix_move *moves; /* targets in their order, then the others by name */
	size_t n;
	size_t n_fixed;         /* targets that are moved */
	bool resolved;          /* the real pip has said yes */
};

/* FAILED: pip could not be asked (the error says why). That something cannot be fixed is no failure: its move says so. */
enum pipgate_status fix_find(const struct fix_request *request, struct fix_plan *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* Tools that own a lock file and the command by which each moves these distributions; NULL: no such kind ("uv.lock", …). */
const char *fix_lock_command(struct pipgate_run *run, const char *kind, const struct fix_move *move);

#endif
