/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: what a place of use wants where something cannot be known. One row each in profile.c. */
#ifndef WRAPPER_POLICY_PROFILE_H
#define WRAPPER_POLICY_PROFILE_H

#include "wrapper/database/database.h"

struct profile {
	const char *name;
	enum pipgate_action missing; /* no database, or the starter set alone */
	enum pipgate_action old;     /* DATABASE_OLD_DAYS and more */
	const char *cached_build;    /* wheels in pip's cache that nothing verifies: "warn", "block" */
};

#define DATABASE_STALE_DAYS 3 /* advisories come daily: from here on it is said */
#define DATABASE_OLD_DAYS 14

const struct profile *profile_find(const char *name); /* NULL: no such profile */
/* May this database decide? WARN and BLOCK set the text to say; BLOCK means: no decision can be made (41). */
enum pipgate_action profile_database(const struct profile *profile, enum database_kind kind, const struct database_info *info, int64_t now,
	struct pipgate_error *text);
/* Opens the database that decides (named: --gate-database, NULL: where one is found) if the profile goes on with it, and says what it
 * warns of. *out is the caller's to close on success, NULL else. */
enum pipgate_status profile_open(const char *profile, const char *named, int64_t now, struct database_place *place, struct database **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
