/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that counts here: defaults, profile, the system's, the user's and the project's files, variables, options (docs/policy.md).
 * What a policy means is matcher/policy's; here its files are found, opened and trusted.
 */
#ifndef WRAPPER_POLICY_LAYERS_H
#define WRAPPER_POLICY_LAYERS_H

#include "matcher/policy/policy.h"
#include "wrapper/options.h"

#define POLICY_SYSTEM_FOLDER "/etc/pipgate"

enum policy_use {
	POLICY_FOR_GATE = 1,
	POLICY_TO_SHOW,   /* as for the gate, and long lists of exceptions are read whole */
	POLICY_FOR_AUDIT, /* an audit tells of all that is there, whether it can be helped or not: weaker defaults of its own */
};

struct policy_file { /* one that was looked for */
	const char *path;
	enum pipgate_layer_kind kind;
	bool there, trusted;
};

/* Fills options, too: what is a key of the policy and a field there (database, mode, profile, …). INVALID: 42 is due. */
enum pipgate_status policy_layers(struct pipgate_run *run, struct options *options, enum policy_use use, struct pipgate_policy **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The files that the last policy_layers() of this run looked at, of struct policy_file. */
const struct list *policy_files(void);
/* What was left out of it, on stderr. */
void policy_say_notes(const struct pipgate_policy *policy);

/* ---- projects ---- */

/* The folder of the nearest .pipgate.yaml, within the repository that the current folder is in; NULL: there is none. */
const char *project_folder(struct pipgate_run *run);
/* The root of the repository that the current folder is in: where a .pipgate.yaml would be. NULL: it is in none. */
const char *project_root(struct pipgate_run *run);
bool project_trusted(struct pipgate_run *run, const char *folder);
/* Remembers, or forgets, that a folder's policy is trusted. */
enum pipgate_status project_trust(struct pipgate_run *run, const char *folder, bool trust, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- profiles, compiled in ---- */

struct policy_profile {
	const char *name, *text;
};
extern const struct policy_profile policy_profiles[]; /* ends with a NULL name */

#endif
