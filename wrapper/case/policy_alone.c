/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/policy_alone.h"

#include "matcher/policy/policy.h"
#include "wrapper/keep.h"
#include "wrapper/policy/layers.h"

#include "matcher/base/banned.h"

static enum pipgate_status add(struct pipgate_policy *policy, enum pipgate_layer_kind kind, const char *name, struct span text,
	struct pipgate_error *error)
{
	return pipgate_policy_add(policy, &(struct pipgate_layer){.kind = kind, .name = name, .may_loosen = true, .approves = true}, text, error);
}

static enum pipgate_status profile_add(struct pipgate_policy *policy, const char *name, struct pipgate_error *error)
{
	for (const struct policy_profile *p = policy_profiles; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return add(policy, PIPGATE_LAYER_PROFILE, text_format(policy->run, "profile %s", name), span_of(p->text), error);
	return error_set(error, PIPGATE_INVALID, "there is no profile %s", name);
}

static enum pipgate_status compose(struct pipgate_run *run, struct span text, const char *name, const char *profile,
	struct pipgate_policy **out, struct pipgate_error *error)
{
	enum pipgate_status status = pipgate_policy_new(run, out);

	if (status == PIPGATE_OK && profile)
		status = profile_add(*out, profile, error);
	if (status == PIPGATE_OK)
		status = add(*out, PIPGATE_LAYER_SYSTEM, name, text, error);
	return status;
}

enum pipgate_status policy_alone(struct pipgate_run *run, struct span text, const char *name, const char *profile,
	struct pipgate_policy **out, struct pipgate_error *error)
{
	struct pipgate_policy *policy;
	enum pipgate_status status = compose(run, text, name, profile, &policy, error);
	const char *own = status == PIPGATE_OK ? policy->values[POLICY_PROFILE].word : NULL;

	if (status == PIPGATE_OK && !profile && own && *own) /* it stands in the file, and below it */
		status = compose(run, text, name, own, &policy, error);
	if (status != PIPGATE_OK)
		return error_before(error, "%s", name), status;
	*out = policy;
	return PIPGATE_OK;
}

enum pipgate_status policy_alone_file(struct pipgate_run *run, const char *path, const char *profile, struct pipgate_policy **out,
	struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status = keep_file(run, path, POLICY_FILE_BYTES_MAX, &text, error);

	return status == PIPGATE_OK ? policy_alone(run, text, path, profile, out, error) : status;
}
