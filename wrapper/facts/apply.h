/* SPDX-License-Identifier: Apache-2.0 */
/* The facts stage of a decision: what the policy's keys need to know is asked of the index, and nothing else. */
#ifndef WRAPPER_FACTS_APPLY_H
#define WRAPPER_FACTS_APPLY_H

#include "wrapper/decide.h"
#include "wrapper/facts/facts.h"

struct facts_source { /* whose index it is; members as in struct facts_request */
	const struct pip *pip;
	const struct arguments *arguments;
	char *const *settings;
};

/* Bits of enum facts_bit; 0: nobody need be asked. malicious: a finding is, and a private index may serve its name. */
unsigned facts_wanted(const struct pipgate_policy *policy, bool malicious);
/* Between audit_match() and audit_judge_case(): fills audit->facts where the policy wants any. cursor: to see whether a young release
 * mends what older ones have. source NULL: it is not known which index pip has, and that is said. installs:
 * something is about to come in, so a few things are looked at though nobody set a key (docs/policy.md). */
enum pipgate_status facts_apply(struct audit *audit, const struct pipgate_policy *policy, const struct facts_source *source,
	const struct pipgate_cursor *cursor, bool installs, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The moment behind which a pip of 26.0 and later shall not look (its --uploaded-prior-to), probed. asked: a list of struct asked, by
 * which the indexes are tried: pip fails where one tells no times. NULL: this pip cannot, an index does not, or the user has said
 * otherwise. */
const char *facts_prior_to(struct pipgate_run *run, const struct facts_source *source, const struct list *asked, int64_t min_age,
	int64_t now);

#endif
