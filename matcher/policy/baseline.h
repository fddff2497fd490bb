/* SPDX-License-Identifier: Apache-2.0 */
/* A baseline: the findings that were there when somebody began to look; only what is new fails. */
#ifndef PIPGATE_POLICY_BASELINE_H
#define PIPGATE_POLICY_BASELINE_H

#include "matcher/policy/document.h"

struct baseline_entry {
	struct span distribution; /* normalized */
	struct span id;           /* lower case: any id or alias */
	struct span place;        /* as the audit showed it; empty: anywhere */
	int64_t since;            /* UNIX seconds; 0: not said */
	struct pipgate_layer layer;
	unsigned line;
};

bool baseline_covers(const struct baseline_entry *entry, const struct pipgate_component *component, const struct pipgate_finding *finding);

#endif
