/* SPDX-License-Identifier: Apache-2.0 */
/* The exceptions of one document as they are written there, to find one by its number. */
#ifndef WRAPPER_PARDON_ENTRY_H
#define WRAPPER_PARDON_ENTRY_H

#include "wrapper/pardon/pardon_file.h"

#define ENTRY_LIST "exceptions"

struct entry { /* n 0: not there */
	struct span id, rule, distribution, versions, expires;
	size_t line; /* 0: not known */
};

/* *out: of struct entry, in their order. */
enum pipgate_status entries_read(const struct pardon_file *file, struct list *out, struct pipgate_error *error) PIPGATE_MUST_USE;

struct entry_wanted {
	char *const *ids;
	int n_ids;
	const char *rule, *distribution; /* NULL: any */
};
bool entry_is(struct pipgate_run *run, const struct entry *entry, const struct entry_wanted *wanted);
/* Names of distributions, normalized; ids without case. */
bool entry_names_equal(struct pipgate_run *run, struct span a, struct span b);

#endif
