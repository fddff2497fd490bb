/* SPDX-License-Identifier: Apache-2.0 */
/* What a test of a policy expects of a verdict: an action, or a mapping of parts, each of which must be met. */
#ifndef WRAPPER_CASE_EXPECT_H
#define WRAPPER_CASE_EXPECT_H

#include "matcher/base/buf.h"
#include "wrapper/case/member.h"
#include "wrapper/decide.h"

struct expectation {
	enum pipgate_action action; /* of the verdict, and of the judgement that has the rest; UNDECIDED: any */
	enum pipgate_rule rule;     /* 0: any */
	enum pipgate_pardon pardon;
	struct span component, id;
	struct span reason, where, message, owner; /* parts of it are enough */
	struct span note;           /* a part of one of the policy's own */
};

enum pipgate_status expectation_read(struct member_reader *reader, const cJSON *item, struct expectation *out) PIPGATE_MUST_USE;
bool expectation_met(const struct expectation *expected, const struct audit *audit);

/* In words, not yet escaped: what was expected; what came instead (the judgement that is nearest to it). */
void expectation_words(struct buf *out, const struct expectation *expected);
void expectation_came(struct buf *out, const struct expectation *expected, const struct audit *audit);

#endif
