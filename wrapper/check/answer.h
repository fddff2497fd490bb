/* SPDX-License-Identifier: Apache-2.0 */
/* What a check says, in the JSON of its kind. Pure: bytes in, opinions out. */
#ifndef WRAPPER_CHECK_ANSWER_H
#define WRAPPER_CHECK_ANSWER_H

#include "wrapper/memory.h"

struct said {
	enum pipgate_action action; /* UNDECIDED: the program's plain "no", which means what the policy says */
	struct span text;
	struct span name, version;  /* of one component; name empty: of all that was asked about; version empty: any */
};

/* format: "pipgate", "opa", "guarddog", "bandit", the last two with ":LEVEL" (the lowest that is a no; else HIGH); NULL for the first.
 * status: as process_run's. At least one said where it is OK; else error says why this is no answer. */
enum pipgate_status answer_read(struct pipgate_run *run, const char *format, int status, struct span bytes, const struct said **out,
	size_t *n, struct pipgate_error *error) PIPGATE_MUST_USE;
bool answer_format_known(const char *format);

#endif
