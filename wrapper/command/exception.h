/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate exception …`: one function a sub-command. */
#ifndef WRAPPER_COMMAND_EXCEPTION_H
#define WRAPPER_COMMAND_EXCEPTION_H

#include "matcher/base/buf.h"
#include "matcher/policy/exception.h"
#include "matcher/policy/when.h"
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
/* "2027-02-01" */
const char *exception_day(int64_t seconds, char out[WHEN_TEXT]);
int exception_until(const struct exception_options *options, int64_t *out);

/* The policy that counts here, with every exception of it. */
enum pipgate_status exception_all(const struct exception_options *options, struct pipgate_policy **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
const char *exception_state_word(enum exception_state state); /* "good" */
/* "CVE-2026-1 for jinja2 <3" */
struct span exception_title(struct pipgate_run *run, const struct policy_exception *exception);
/* --expiring, in seconds. 0, or 42 (said). */
int exception_soon(const struct exception_options *options, const char *fallback, int64_t *out);

#endif
