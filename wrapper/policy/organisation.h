/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that a bundle brought, beside the database: an organisation's. It counts where it is known to have come by a bundle: in the
 * system's database folder, where root alone writes; elsewhere by the copy that was kept of it when it came (a repository may hold a file
 * of that name, too), or where the user who runs can neither write nor replace it.
 */
#ifndef WRAPPER_POLICY_ORGANISATION_H
#define WRAPPER_POLICY_ORGANISATION_H

#include "wrapper/policy/place.h"

#define ORGANISATION_FILE "bundle-policy.yaml" /* beside the database */

/* The one that is looked at: the system's, else beside the database that is named, else beside the user's. NULL: there is none. */
const char *organisation_path(struct pipgate_run *run, const char *named);
/* *out as place_read(); there is false where it did not come by a bundle. database: the one that is named, or NULL. INVALID: it did, and has
 * been changed since, or is another owner's than the database. */
enum pipgate_status organisation_read(struct pipgate_run *run, const char *path, const char *database, struct place *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Would it be taken? By who makes a bundle, and by who takes one. */
enum pipgate_status organisation_check(struct pipgate_run *run, const char *name, struct span text, struct pipgate_error *error) PIPGATE_MUST_USE;
/* A bundle brings it, or one without takes it away: path as it will be. */
enum pipgate_status organisation_keep(struct pipgate_run *run, const char *path, struct span text, struct pipgate_error *error) PIPGATE_MUST_USE;
void organisation_forget(struct pipgate_run *run, const char *path);

#endif
