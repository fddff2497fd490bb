/* SPDX-License-Identifier: Apache-2.0 */
/* Our own options among pip's (--gate-NAME, always taken out before pip sees them) and their PIPGATE_ variables: one table. */
#ifndef WRAPPER_OPTIONS_H
#define WRAPPER_OPTIONS_H

#include "matcher/base/buf.h"
#include "wrapper/memory.h"

struct policy_setting { /* one pipgate_policy_set() */
	struct span key, value;
	const char *layer; /* "--gate-fail-on", "PIPGATE_FAIL_ON" */
};

struct options {
	const char *python;  /* --gate-python: the interpreter whose pip is meant */
	const char *mode;    /* --gate-mode: auto, inline, plan */
	const char *database;
	const char *cached_build; /* --gate-cached-build: allow, warn, block; NULL: as the profile has it */
	const char *report;  /* --gate-report FILE */
	const char *profile; /* developer, ci, image, strict */
	const char *remedy;  /* --gate-remedy: auto, on, off */
	bool plan_only;      /* --gate-plan */
	struct list settings; /* of struct policy_setting, weakest layer first */
	struct words given;   /* what was given as an option, each as one word, --gate-NAME=VALUE */
};

/* Takes our options out of words (up to NULL; stops at "--"), reads the variables, and gives back pip's words. On INVALID the
 * error names the option. */
enum pipgate_status options_read(struct pipgate_run *run, char *const *words, struct options *out, char ***rest,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Puts what was given as an option into PIPGATE_OPTIONS, which options_read() reads behind the other variables: so the hook's
 * decider, and a pip that a pip starts, know them as they were given. */
void options_export(const struct options *options);
/* Applies the settings. */
enum pipgate_status options_policy(struct pipgate_run *run, const struct options *options, struct pipgate_policy **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The table as text, for `pipgate help pip`. */
void options_describe(struct buf *out);

#endif
