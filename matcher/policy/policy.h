/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy is values and where each came from; what they mean for a case stands in verdict.c. One row a key in policy.c.
 * Layers are set from the weakest to the strongest: the last word wins, patterns add up.
 */
#ifndef PIPGATE_POLICY_POLICY_H
#define PIPGATE_POLICY_POLICY_H

#include "matcher/base/arena.h"
#include "matcher/policy/pattern.h"

#define POLICY_DEFAULT_LAYER "default"
#define POLICY_PATTERNS_MAX 1000 /* each costs a match per distribution; more is a list, not a pattern */

enum policy_key {
	POLICY_MODE,      /* enum policy_mode */
	POLICY_FAIL_ON,   /* the lowest level that blocks: enum pipgate_level, or POLICY_FAIL_ON_NEVER */
	POLICY_UNKNOWN,   /* what an unknown severity counts as: enum pipgate_level, or POLICY_UNKNOWN_… */
	POLICY_MALICIOUS, /* enum pipgate_action, as the three below */
	POLICY_NO_FIX,    /* the most that happens for a severity of which no release is clean */
	POLICY_SDIST,
	POLICY_SATISFIED, /* the most that happens about what is already installed */
	POLICY_KEYS
};

/* No value is 0: a key that was never set is seen. */
enum policy_mode {
	POLICY_MODE_BLOCK = 1,
	POLICY_MODE_WARN,
	POLICY_MODE_OFF,
};
enum {
	POLICY_FAIL_ON_ANY = PIPGATE_LEVEL_NONE,
	POLICY_FAIL_ON_NEVER = PIPGATE_LEVEL_CRITICAL + 1,
	POLICY_UNKNOWN_WARN = PIPGATE_LEVEL_CRITICAL + 1,
	POLICY_UNKNOWN_IGNORE,
};

struct policy_value {
	int value;
	const char *word;  /* as a policy writes it: "high" */
	const char *layer; /* who said so: "default", "--gate-fail-on" */
};

struct pipgate_policy {
	struct pipgate_run *run;
	struct policy_value values[POLICY_KEYS];
	struct list patterns; /* of struct pattern */
};

const char *policy_key_name(enum policy_key key); /* "fail-on" */

#endif
