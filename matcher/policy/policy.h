/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy is values and lists, and where each came from; what they mean for a case stands in judge_*.c and verdict.c. One row a
 * key in policy.c; a list has its file: rule, exception, baseline, owner, index. Layers are added from the weakest to the strongest:
 * the last word wins for a value, the first match from the strongest layer down for a rule (docs/policy.md).
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
	POLICY_MALICIOUS, /* enum pipgate_action, as those below where nothing else is said */
	POLICY_EXPLOITED,
	POLICY_EPSS,      /* blocks from this probability on, × 10,000; POLICY_EPSS_NEVER */
	POLICY_NO_FIX,    /* the most that happens for a severity of which no release is clean */
	POLICY_YANKED,
	POLICY_QUARANTINED,
	POLICY_DEPRECATED,
	POLICY_ARCHIVED,
	POLICY_SDIST,
	POLICY_CACHED_BUILD,
	POLICY_SATISFIED, /* the most that happens about what is already installed */
	POLICY_UNAUDITED,
	POLICY_DIRECT_VCS,
	POLICY_DIRECT_URL,
	POLICY_DIRECT_LOCAL,
	POLICY_UNPINNED,
	POLICY_REQUIRE_LOCK,
	POLICY_ATTESTATION,
	POLICY_SIMILAR,
	POLICY_TWO_INDEXES,
	POLICY_LOCAL_VERSIONS, /* enum policy_local; PATTERN: policy->local_pattern */
	POLICY_MIN_AGE,   /* seconds */
	POLICY_TOO_YOUNG,
	POLICY_DATABASE_MISSING,
	POLICY_DATABASE_OLD,
	POLICY_DATABASE_WARN_AGE, /* seconds, as the one below */
	POLICY_DATABASE_MAX_AGE,
	POLICY_ON_BLOCK,  /* enum policy_on_block */
	POLICY_ASK,       /* the lowest action that a person is asked about, POLICY_ASK_NEVER */
	POLICY_APPROVAL,  /* enum policy_approval */
	POLICY_EXCEPTION_DAYS, /* a number */
	POLICY_PROJECT,   /* enum policy_project */
	POLICY_PROFILE,   /* texts, which the program reads: word, "" for none */
	POLICY_DATABASE,
	POLICY_GATE_MODE,
	POLICY_REMEDY,
	POLICY_BASELINE,
	POLICY_OWNERS,
	POLICY_FEEDS,
	POLICY_AUTO_UPDATE, /* seconds: the gate updates a database before it that is older; 0: never */
	POLICY_KEYS
};

/* No value of a choice is 0: a key that was never set is seen. */
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
	POLICY_EPSS_NEVER = 10001,
	POLICY_ASK_NEVER = PIPGATE_BLOCK + 1,
};
enum policy_local {
	POLICY_LOCAL_AFFECTED = 1,
	POLICY_LOCAL_WARN,
	POLICY_LOCAL_PATTERN,
};
enum policy_on_block {
	POLICY_ON_BLOCK_SHOW = 1,
	POLICY_ON_BLOCK_RESOLVE,
};
enum policy_approval {
	POLICY_APPROVAL_FREE = 1,
	POLICY_APPROVAL_REQUIRED,
};
enum policy_project {
	POLICY_PROJECT_TIGHTEN = 1,
	POLICY_PROJECT_TRUST,
};

struct policy_value {
	int64_t value;
	const char *word;  /* as a policy writes it: "high" */
	const char *layer; /* who said so: "default", "--gate-fail-on", "/etc/pipgate/policy.yaml" */
	unsigned line;     /* of a file; 0: it has none */
	enum pipgate_layer_kind locked; /* by the system or the organisation: no later layer may name it; 0: it is not */
};

/* Weights of a finding's priority; a row each in risk.c. */
enum policy_weight {
	WEIGHT_CRITICAL,
	WEIGHT_HIGH,
	WEIGHT_MEDIUM,
	WEIGHT_LOW,
	WEIGHT_UNKNOWN,
	WEIGHT_MALICIOUS,
	WEIGHT_EXPLOITED,
	WEIGHT_EPSS,
	WEIGHT_EXPLOIT,
	WEIGHT_FIX,
	WEIGHT_DIRECT,
	WEIGHTS
};

/* An external program that is asked (wrapper/check). */
enum policy_check_on {
	POLICY_CHECK_PLAN = 1,
	POLICY_CHECK_ARCHIVE,
};
struct policy_check {
	const char *name;
	char *const *run;  /* its words, NULL-ended */
	const char *format; /* how its answer is read: "pipgate", "opa", … */
	enum policy_check_on on;
	int64_t timeout_ms;
	enum pipgate_action then; /* what its no means */
	bool may_loosen;   /* its yes counts for something: the system's alone */
	const char *layer;
};

struct policy_approver {
	const char *name, *key; /* minisign's public key, in base64 */
};

/* What lies at a place of the index: mapping. */
struct policy_index {
	const char *pattern; /* a host, a host and path, or a URL; compared as policy_index_matches() does */
	enum pipgate_index_kind kind;
};

struct pipgate_policy {
	struct pipgate_run *run;
	struct policy_value values[POLICY_KEYS];
	unsigned weights[WEIGHTS];
	struct list patterns;   /* of struct pattern: names that are blocked */
	struct pattern local_pattern;
	struct list rules;      /* of struct policy_rule */
	struct list exceptions; /* of struct policy_exception */
	struct list baseline;   /* of struct baseline_entry */
	struct list owners;     /* of struct policy_owner */
	struct list indexes;    /* of struct policy_index, the last match wins */
	struct list allowed_indexes; /* of struct policy_allowed_index */
	struct list checks;     /* of struct policy_check */
	struct list approvers;  /* of struct policy_approver */
	struct list vex;        /* of struct policy_path: files that the program adds */
	struct list feeds;      /* of struct policy_feed: of a document of its own */
	struct list notes;      /* of struct span: what was left out of it, and why */
	bool has_baseline;      /* a baseline was added, be it empty */
	bool folds;             /* long lists of exceptions may stay folded (exception_fold.h): texts that are added live as long as it */
	struct list folded;     /* of struct folded_exceptions */
	unsigned locked_lists, system_locked_lists; /* bits of enum policy_list: by whomever, by the system */
};

/* The lists that a policy file can have; one row each in document.c. */
enum policy_list {
	POLICY_LIST_BLOCK,
	POLICY_LIST_RULES,
	POLICY_LIST_EXCEPTIONS,
	POLICY_LIST_INDEX,
	POLICY_LIST_ALLOWED_INDEXES,
	POLICY_LIST_CHECKS,
	POLICY_LIST_PRIORITY,
	POLICY_LIST_APPROVERS,
	POLICY_LIST_VEX,
	POLICY_LIST_LOCK,
	POLICY_LISTS
};

const char *policy_key_name(enum policy_key key); /* "fail-on" */
/* Has the key a value that means something? */
bool policy_is_set(const struct pipgate_policy *policy, enum policy_key key);
bool policy_key_find(struct span name, enum policy_key *out);
const char *policy_locker(bool of_system); /* whose policy has locked it: "system's", "organisation's" */
/* A file that a policy names (vex), with the layer that named it. */
struct policy_path {
	const char *path;
	struct pipgate_layer layer;
};

/* The kind of an index (a URL), as the policy declares it. */
enum pipgate_index_kind policy_index_kind(const struct pipgate_policy *policy, struct span url);
/* Is url below pattern: a host ("packages.example.org"), a host and path, or a URL? Without case in the host, ports as written. */
bool policy_index_matches(const char *pattern, struct span url);

/* Notes what a layer that may not loosen had to leave out: "FILE:LINE: WHAT". */
enum pipgate_status policy_left_out(struct pipgate_policy *policy, const struct pipgate_layer *layer, unsigned line, struct span what,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* One value of a layer. INVALID: no such key, or value, or it is locked (policy_locked() tells). A layer that may not loosen leaves
 * out what would, with a note. line 0: none. */
enum pipgate_status policy_set(struct pipgate_policy *policy, const struct pipgate_layer *layer, unsigned line, struct span key,
	struct span value, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
