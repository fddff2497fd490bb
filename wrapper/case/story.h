/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a finding or of what is said about a component: what it is, what the policy does with it, why, and a way on. */
#ifndef WRAPPER_CASE_STORY_H
#define WRAPPER_CASE_STORY_H

#include "matcher/base/buf.h"
#include "wrapper/decide.h"

struct story {
	const struct audit *audit; /* judged */
	const struct pipgate_judgement *judgement;
	const struct pipgate_advisory *advisory; /* of the finding; NULL: not at hand */
	bool sample; /* the component's version is one that we took, as the first that is affected */
};

void story_text(struct buf *out, const struct story *story);
void story_json(struct buf *out, const struct story *story); /* an object */
/* The line that adds an exception; lives in the run. */
const char *story_exception(const struct story *story);

#endif
