/* SPDX-License-Identifier: Apache-2.0 */
/* The real pip asked for its answer alone: both streams are kept, and what it leaves lies in our private folder. */
#ifndef WRAPPER_PIP_QUIETLY_H
#define WRAPPER_PIP_QUIETLY_H

#include "wrapper/memory.h"

/* The last thing that pip said of what it printed: its last ERROR, else its last line. */
struct span pip_last_word(struct span printed);
/* Runs pip with both of its streams kept; the status as process_run's. */
enum pipgate_status pip_run_quietly(struct pipgate_run *run, char *const *argv, int *code, struct span *printed,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The same of a pip that an enabled interpreter's hook lets go (it brings files, and installs nothing). What
 * is to be brought is told by argv alone, not by pip's variables. settings: NAME=VALUE beside our environment, NULL-ended; NULL: none. */
enum pipgate_status pip_run_held(struct pipgate_run *run, char *const *argv, char *const *settings, int *code, struct span *printed,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* What pip would install, told by a dry run through our own gate: it is asked before build code runs, and findings are let through. */
struct dry_run {
	const char *python; /* whose pip */
	const char *report; /* where pip's report goes */
	bool ignore_installed, no_deps;
	bool build;         /* source distributions may be built */
	bool malicious;     /* what is malicious is let through, too, and nothing is built: it is there to be told of */
	char *const *words; /* what is asked, NULL-ended */
};
enum pipgate_status pip_dry_run(struct pipgate_run *run, const struct dry_run *dry, int *code, struct span *printed,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
