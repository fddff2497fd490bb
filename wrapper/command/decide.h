/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate decide --protocol=1`: what the hook in pip's process asks (shims/hook/protocol.h, docs/protocol.md). */
#ifndef WRAPPER_COMMAND_DECIDE_H
#define WRAPPER_COMMAND_DECIDE_H

#include "wrapper/pip/report.h"

/* Values are NULL where the key is not there. */
struct question {
	const char *protocol, *ask;
	const char *pip, *python, *road, *command, *parent;
	const char *file, *url, *name, *version, *origin; /* of a build */
	const char *quiet, *dry_run, *terminal, *judged;
	struct words arguments;
	struct words settings; /* NAME=VALUE of pip's variables, which are not in our environment */
	struct words bundled; /* SHA-256 of the wheels that this Python carries, where pip may use no index */
};

/* The keys, from their descriptor. Unknown ones are passed over. INVALID: not a question of this protocol. */
enum pipgate_status question_read(struct pipgate_run *run, struct question *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The report, from its descriptor: pip's own, and behind it what pip found installed already. */
enum pipgate_status question_plan(struct pipgate_run *run, struct plan *out, size_t *planned, struct pipgate_error *error) PIPGATE_MUST_USE;
/* What code would run of, as a plan of one component. */
enum pipgate_status question_build(struct pipgate_run *run, const struct question *question, struct plan *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The line that lets what was asked pass. */
const char *question_exception(struct pipgate_run *run, const struct question *question);
/* What was judged, for the hook to hold files against; cached_build: what it does with a cached wheel that it cannot. */
enum pipgate_status judged_write(struct pipgate_run *run, const struct plan *plan, size_t planned, const char *cached_build,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* The whole of it: reads, judges, answers; the exit status. */
int decide_for_hook(struct pipgate_run *run, const char *protocol);

#endif
