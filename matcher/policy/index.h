/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes as a policy declares them, and which names may come from which. */
#ifndef PIPGATE_POLICY_INDEX_H
#define PIPGATE_POLICY_INDEX_H

#include "matcher/policy/document.h"

struct policy_allowed_index {
	struct pattern name;
	struct span index;
	struct pipgate_layer layer;
	unsigned line;
};

#endif
