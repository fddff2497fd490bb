/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/policy/profile.h"

#include "matcher/base/banned.h"

#define DAY 86400

static const struct profile profiles[] = {
	{"developer", PIPGATE_WARN, PIPGATE_WARN, "warn"},
	{"ci", PIPGATE_BLOCK, PIPGATE_BLOCK, "warn"},
	{"image", PIPGATE_BLOCK, PIPGATE_WARN, "block"},
	{"strict", PIPGATE_BLOCK, PIPGATE_BLOCK, "block"},
};

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

enum pipgate_action profile_database(const struct profile *profile, enum database_kind kind, const struct database_info *info, int64_t now,
	struct pipgate_error *text)
{
	int64_t days = (now - info->built) / DAY;
	enum pipgate_action action = PIPGATE_ALLOW;

	if (kind == DATABASE_STARTER) {
		error_set(text, PIPGATE_FAILED,
			"there is no advisory database: only the %lld records that ship with pipgate are known; run `pipgate db update`",
			(long long)info->records);
		return profile->missing;
	}
	if (days >= DATABASE_OLD_DAYS)
		action = profile->old;
	else if (days >= DATABASE_STALE_DAYS)
		action = PIPGATE_WARN;
	if (action != PIPGATE_ALLOW)
		error_set(text, PIPGATE_FAILED, "the advisory database is %lld days old; run `pipgate db update`", (long long)days);
	return action;
}
