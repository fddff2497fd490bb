/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long files of exceptions: an exception only ever lets something pass, so one that names nothing of a plan need not be read to decide
 * about it. Such a file stays text, is cut at its items by their indentation, and only items that may concern the plan are parsed.
 * What is wrong with the others `pipgate policy check` and `pipgate exception check` tell, which read all of it.
 */
#ifndef PIPGATE_POLICY_EXCEPTION_FOLD_H
#define PIPGATE_POLICY_EXCEPTION_FOLD_H

#include "matcher/policy/policy.h"

#define FOLD_BYTES ((size_t)64 << 10) /* a shorter file is read whole */

struct folded_exceptions {
	struct pipgate_layer layer;
	struct span text;
};

/* false: it is no such file, or a short one, or not plainly written: it is read whole. */
bool exceptions_fold(struct pipgate_policy *policy, const struct pipgate_layer *layer, struct span text, enum pipgate_status *status);

/* May an item with this id (lower case) or distribution (normalized) concern the plan? Empty: the item has none. */
typedef bool exception_wanted(const void *ctx, struct span id, struct span distribution);
/* The wanted items, as exceptions in *out (of struct policy_exception). */
enum pipgate_status exceptions_unfold(struct pipgate_run *run, const struct pipgate_policy *policy, exception_wanted *wanted, const void *ctx,
	struct list *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
