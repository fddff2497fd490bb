/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/trust.h"

#include <inttypes.h>

#include "matcher/base/banned.h"

static enum pipgate_status readable(const struct reading *r, const struct store_state *new, struct pipgate_error *error)
{
	int64_t all = new->accepted + new->refused;

	if (!new->accepted && new->refused)
		return error_set(error, PIPGATE_INVALID, "none of its %" PRId64 " records could be read", new->refused);
	if (!new->accepted && !r->source->kind->asks)
		return error_set(error, PIPGATE_INVALID, "%s in it; expected %s",
				 r->source->kind->enriches ? "nothing" : "no advisory", r->source->kind->forms);
	if (new->refused >= TRUST_REFUSED_LEAST && new->refused * 100 > all * TRUST_REFUSED_PERCENT)
		return error_set(error, PIPGATE_INVALID, "%" PRId64 " of %" PRId64 " records were refused, more than %d %%", new->refused, all,
				 TRUST_REFUSED_PERCENT);
	return PIPGATE_OK;
}

/* One record of the future is its author's mistake; many, or the feed's own time, are this machine's clock or the feed's. */
static enum pipgate_status present(const struct reading *r, const struct store_state *new, struct pipgate_error *error)
{
	char is[MOMENT_TEXT], here[MOMENT_TEXT];

	if (moment_future(new->time, r->now))
		return error_set(error, PIPGATE_INVALID, "it is of %s, and here it is %s: this machine's clock is behind, "
				 "or the feed's time is wrong",
				 moment_text(new->time, is), moment_text(r->now, here));
	if (new->future >= TRUST_REFUSED_LEAST && new->future * 100 > new->accepted * TRUST_REFUSED_PERCENT)
		return error_set(error, PIPGATE_INVALID, "%" PRId64 " of its %" PRId64 " records are of a time after %s, which it is here: "
				 "this machine's clock is behind, or theirs are wrong", new->future, new->accepted, moment_text(r->now, here));
	return PIPGATE_OK;
}

/* Against the data that are here: what was cut off at the source, or is an old copy, looks like this. */
static enum pipgate_status plausible(const struct reading *r, const struct store_state *old, const struct store_state *new,
	struct pipgate_error *error)
{
	char was[MOMENT_TEXT], is[MOMENT_TEXT];
	bool others_asked = r->source->kind->asks && !span_equal(old->sha256, new->sha256); /* about other names than before */
	int64_t slack = r->source->kind->enriches ? 0 : TRUST_BACK_SECONDS;

	if (!old->there || r->accept)
		return PIPGATE_OK;
	if (old->accepted >= TRUST_SHRINK_LEAST && !others_asked && new->accepted * 100 < old->accepted * (100 - r->source->max_shrink))
		return error_set(error, PIPGATE_INVALID,
				 "it has shrunk from %" PRId64 " to %" PRId64 " records, by more than %" PRId64 " %%; if that is right: "
				 "pipgate db update --accept %s", old->accepted, new->accepted, r->source->max_shrink, r->source->name);
	if (old->time > r->now + TRUST_BACK_SECONDS)
		return error_set(error, PIPGATE_INVALID, "this machine's clock (%s) is behind data that are here already (%s): set it; "
				 "if it is right: pipgate db update --accept %s", moment_text(r->now, is), moment_text(old->time, was),
				 r->source->name);
	if (new->time + slack < old->time)
		return error_set(error, PIPGATE_INVALID, "it goes back in time, from %s to %s: an old copy; if that is right: pipgate db update "
				 "--accept %s", moment_text(old->time, was), moment_text(new->time, is), r->source->name);
	return PIPGATE_OK;
}

enum pipgate_status trust_judge(const struct reading *r, const struct store_state *old, const struct store_state *new, struct pipgate_error *error)
{
	enum pipgate_status status = readable(r, new, error);

	if (status == PIPGATE_OK)
		status = present(r, new, error);
	return status == PIPGATE_OK ? plausible(r, old, new, error) : status;
}
