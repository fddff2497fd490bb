/* SPDX-License-Identifier: Apache-2.0 */
/* Our own options among pip's (--gate-NAME, always taken out before pip sees them) and their PIPGATE_ variables: one table. */
#ifndef WRAPPER_OPTIONS_H
#define WRAPPER_OPTIONS_H

#include "matcher/base/buf.h"
#include "wrapper/memory.h"

struct policy_setting { /* one pipgate_policy_set() */
	struct span key, value;
	const char *layer; /* "--gate-fail-on", "PIPGATE_FAIL_ON" */
	bool option;       /* and no variable */
};

struct policy_table { /* a project's policy that is no file of its own: [tool.pipgate] */
	const char *name, *folder; /* what a reason says; whose trust counts */
	struct span text;
};

struct options {
	const char *python;  /* --gate-python: the interpreter whose pip is meant */
	const char *mode;    /* --gate-mode: auto, inline, plan */
	const char *database;
	const char *cached_build; /* --gate-cached-build: allow, warn, block; NULL: as the profile has it */
	const char *report;  /* --gate-report FILE */
	const char *profile; /* developer, ci, image, strict */
	const char *remedy;  /* --gate-remedy: auto, on, off */
	const char *project; /* --gate-project: the folder whose .pipgate.yaml counts, "-": none; NULL: the one that is found */
	const char *resolve; /* --gate-resolve: a dry run of our own, see options_resolving(); NULL: it is none */
	bool plan_only;      /* --gate-plan */
	bool fallback;       /* --gate-fallback: the interpreter's hook could not hold pip, plan mode may */
	struct list settings; /* of struct policy_setting, weakest layer first */
	struct list tables;   /* of struct policy_table, for an audit */
	struct words given;   /* what was given as an option, each as one word, --gate-NAME=VALUE */
};

/* Takes our options out of words (up to NULL; stops at "--"), reads the variables, and gives back pip's words. On INVALID the
 * error names the option. */
enum pipgate_status options_read(struct pipgate_run *run, char *const *words, struct options *out, char ***rest,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Puts what was given as an option into PIPGATE_OPTIONS, which options_read() reads behind the other variables: so the hook's
 * decider, and a pip that a pip starts, know them as they were given. */
void options_export(const struct options *options);
/* Applies the settings to the defaults, without any file: is each of them one at all? wrapper/policy/layers.h has the policy. */
enum pipgate_status options_policy(struct pipgate_run *run, const struct options *options, struct pipgate_policy **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The fields that are keys of the policy (database, mode, profile, cached_build, remedy), as it has them. */
struct pipgate_policy;
void options_settle(struct options *options, const struct pipgate_policy *policy);
/* A dry run that resolves for us judges only what would run code: "builds" as the policy has it, "wheels" none, "malice" not even
 * malice, where nothing is built. It is good for a dry run alone; the caller refuses all else. */
void options_resolving(const struct options *options, struct pipgate_policy *policy);
/* The table as text, for `pipgate help pip`. */
void options_describe(struct buf *out);

#endif
