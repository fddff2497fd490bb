/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who needs whom among the distributions of one input: every requirement that names one of them and whose marker holds. A
 * requirement behind an extra counts for nothing here: what is installed does not tell which extras were asked for.
 */
#ifndef WRAPPER_AUDIT_DEPENDENTS_H
#define WRAPPER_AUDIT_DEPENDENTS_H

#include "wrapper/memory.h"

struct dependent { /* one requirement */
	size_t component;        /* who has it */
	struct span requirement; /* as its metadata writes it */
};

struct dependents { /* of components[0..n); lives in the run */
	struct pipgate_run *run;
	size_t n;
	size_t *queue, *round, rounds; /* of counting: made once */
	struct list *direct; /* per component: of struct dependent, who needs it */
};

/* components are borrowed. */
void dependents_read(struct pipgate_run *run, const struct pipgate_component *components, size_t n,
	const struct pipgate_environment *environment, struct dependents *out);
/* How many need it, directly or through others. */
size_t dependents_count(struct dependents *dependents, size_t index);

#endif
