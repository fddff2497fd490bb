/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate exception …`: one function a sub-command. */
#ifndef WRAPPER_COMMAND_EXCEPTION_H
#define WRAPPER_COMMAND_EXCEPTION_H

#include "matcher/base/buf.h"
#include "wrapper/memory.h"
#include "wrapper/options.h"
#include "wrapper/status.h"

struct exception_options {
	struct pipgate_run *run;
	struct options gate; /* --gate-… and the variables */
	const char *rule, *distribution, *versions, *kind, *reason, *approved_by, *ticket, *expires, *expiring, *file, *database;
	struct list places;  /* of const char * */
	bool user, project, json, help;
	char **words; /* what stands beside the options: ids */
	int n_words;
	int64_t now;
};

int exception_add(struct exception_options *options);
int exception_list(struct exception_options *options);
int exception_renew(struct exception_options *options);
int exception_remove(struct exception_options *options);
int exception_check(struct exception_options *options);

/* What `expires` is to be: the day that --expires names, or that many days from now. 0, or 42 (said). */
int exception_until(const struct exception_options *options, int64_t *out);

#endif
