/* SPDX-License-Identifier: Apache-2.0 */
/* May this database decide? What the policy says of one that is missing or old. */
#ifndef WRAPPER_POLICY_PROFILE_H
#define WRAPPER_POLICY_PROFILE_H

#include "matcher/policy/policy.h"
#include "wrapper/database/database.h"

/* WARN and BLOCK set the text to say; BLOCK means: no decision can be made (41). */
enum pipgate_action profile_database(const struct pipgate_policy *policy, enum database_kind kind, const struct database_info *info,
	int64_t now, struct pipgate_error *text);
/* Opens the database that decides (the policy's, else where one is found) if the policy goes on with it, and says what it warns of.
 * *out is the caller's to close on success, NULL else. */
enum pipgate_status profile_open(const struct pipgate_policy *policy, int64_t now, struct database_place *place, struct database **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
