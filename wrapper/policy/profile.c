/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/policy/profile.h"

#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define DAY 86400
#define FUTURE_SECONDS DAY /* clocks differ */

/* One that is older than its own bound. */
static const struct database_feed *feed_late(const struct database_info *info, int64_t now)
{
	for (size_t i = 0; i < info->n_feeds; i++)
		if (info->feeds[i].max_age > 0 && now - info->feeds[i].time > info->feeds[i].max_age)
			return &info->feeds[i];
	return NULL;
}

enum pipgate_action profile_database(const struct pipgate_policy *policy, enum database_kind kind, const struct database_info *info,
	int64_t now, struct pipgate_error *text)
{
	const struct database_feed *late = feed_late(info, now);
	int64_t age = now - info->time;
	enum pipgate_action action = PIPGATE_ALLOW;

	if (kind == DATABASE_STARTER) {
		error_set(text, PIPGATE_FAILED,
			"there is no advisory database: only the %lld records that ship with pipgate are known; run `pipgate db update`",
			(long long)info->records);
		return (enum pipgate_action)policy->values[POLICY_DATABASE_MISSING].value;
	}
	if (age < -FUTURE_SECONDS) {
		error_set(text, PIPGATE_FAILED, "the advisory database is %lld days ahead of this machine's clock: how old it is cannot be told; "
			"set the clock, or run `pipgate db update`", (long long)(-age / DAY));
		return (enum pipgate_action)policy->values[POLICY_DATABASE_OLD].value;
	}
	if (age >= policy->values[POLICY_DATABASE_MAX_AGE].value || late)
		action = (enum pipgate_action)policy->values[POLICY_DATABASE_OLD].value;
	if (action == PIPGATE_ALLOW && age >= policy->values[POLICY_DATABASE_WARN_AGE].value)
		action = PIPGATE_WARN;
	if (action != PIPGATE_ALLOW && late && age < policy->values[POLICY_DATABASE_WARN_AGE].value)
		error_set(text, PIPGATE_FAILED, "the feed " SPAN_FMT " of the advisory database is %lld days old; run `pipgate db update`",
			SPAN_ARG(late->name), (long long)((now - late->time) / DAY));
	else if (action != PIPGATE_ALLOW)
		error_set(text, PIPGATE_FAILED, "the advisory database is %lld days old; run `pipgate db update`", (long long)(age / DAY));
	return action;
}

enum pipgate_status profile_open(const struct pipgate_policy *policy, int64_t now, struct database_place *place, struct database **out,
	struct pipgate_error *error)
{
	const char *named = policy->values[POLICY_DATABASE].word;
	enum pipgate_action usable;
	struct pipgate_error text;
	enum pipgate_status status;

	*out = NULL;
	status = database_find(*named ? named : NULL, place, error);
	if (status == PIPGATE_OK)
		status = database_open(place->path, out, error);
	if (status != PIPGATE_OK)
		return error_before(error, "no usable advisory database"), status;
	log_stage("database", "%s", place->path);
	usable = profile_database(policy, place->kind, database_info(*out), now, &text);
	if (usable == PIPGATE_BLOCK) {
		database_close(out);
		return error_set(error, PIPGATE_FAILED, "%s (profile %s does not go on without)", text.text, policy->values[POLICY_PROFILE].word);
	}
	if (usable != PIPGATE_ALLOW)
		say("%s", text.text);
	return PIPGATE_OK;
}
