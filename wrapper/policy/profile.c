/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/policy/profile.h"

#include "wrapper/say.h"

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

enum pipgate_status profile_open(const char *profile, const char *named, int64_t now, struct database_place *place, struct database **out,
	struct pipgate_error *error)
{
	enum pipgate_action usable;
	struct pipgate_error text;
	enum pipgate_status status;

	*out = NULL;
	status = database_find(named, place, error);
	if (status == PIPGATE_OK)
		status = database_open(place->path, out, error);
	if (status != PIPGATE_OK)
		return error_before(error, "no usable advisory database"), status;
	log_stage("database", "%s", place->path);
	usable = profile_database(profile_find(profile), place->kind, database_info(*out), now, &text);
	if (usable == PIPGATE_BLOCK) {
		database_close(out);
		return error_set(error, PIPGATE_FAILED, "%s (profile %s does not go on without)", text.text, profile);
	}
	if (usable != PIPGATE_ALLOW)
		say("%s", text.text);
	return PIPGATE_OK;
}
