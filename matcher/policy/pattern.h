/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns on normalized names: a regular expression (PCRE2) that must match the whole name, without case, on bytes.
 * A match that does not end within its limits is an error, never "no match": a pattern that cannot be decided closes.
 */
#ifndef PIPGATE_POLICY_PATTERN_H
#define PIPGATE_POLICY_PATTERN_H

#include "matcher/base/error.h"

#define PATTERN_BYTES_MAX 1024     /* a longer one is a list of names, and has to be written as one */
#define PATTERN_NESTING_MAX 32     /* groups in groups: bounds the compiler's recursion */
#define PATTERN_STEPS_MAX 20000    /* about half a millisecond; a sane pattern needs some hundred steps for a name */
#define PATTERN_DEPTH_MAX 10000    /* backtracking points at once; a name has at most some hundred bytes */
#define PATTERN_HEAP_KIB_MAX 2048  /* the memory of these points */

struct pattern {
	struct span text;
	const char *layer; /* who gave it */
	const struct pcre2_real_code_8 *code; /* NULL: the text needs none, see kind */
	enum pattern_kind {
		PATTERN_NONE = 0, /* never compiled: whoever asks means everything */
		PATTERN_REGEX,
		PATTERN_LITERAL,  /* "jinja2" */
		PATTERN_BEGINNING, /* "acme-.*" */
	} kind;
	size_t prefix; /* so many bytes of the text stand for themselves at the beginning of whatever matches */
};

/* Everything lives in the run; layer must live as long. INVALID: no regular expression, or one that can never match. */
enum pipgate_status pattern_compile(struct pipgate_run *run, struct span text, const char *layer, struct pattern *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* The room that matching takes, shared by all patterns and names of one decision. */
struct pattern_matcher {
	struct pcre2_real_match_data_8 *data;
	struct pcre2_real_match_context_8 *limits;
};
enum pipgate_status pattern_matcher_init(struct pipgate_run *run, struct pattern_matcher *out) PIPGATE_MUST_USE;

/* INVALID: a limit was hit. */
enum pipgate_status pattern_match(const struct pattern_matcher *matcher, const struct pattern *pattern, struct span name, bool *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
