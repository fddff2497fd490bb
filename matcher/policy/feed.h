/* SPDX-License-Identifier: Apache-2.0 */
/* A source of advisories in feeds.yaml (schema pipgate/feeds/1): docs/feeds.md. What its kind and place mean is the reader's. */
#ifndef PIPGATE_POLICY_FEED_H
#define PIPGATE_POLICY_FEED_H

#include "matcher/policy/document.h"

#define POLICY_FEED_AGELESS INT64_C(-1)

struct policy_feed {
	struct span name, kind, place, key, names;
	int64_t weight, max_age, max_shrink; /* max_age 0, max_shrink -1: not said */
	enum pipgate_answer required;
	unsigned line;
};

#endif
