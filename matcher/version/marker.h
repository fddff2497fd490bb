/* SPDX-License-Identifier: Apache-2.0 */
/* Markers (PEP 508) as a tree. */
#ifndef PIPGATE_VERSION_MARKER_H
#define PIPGATE_VERSION_MARKER_H

#include "matcher/version/reader.h"

/* Parentheses within parentheses. Real markers stay below 5, packaging itself gives up near 490. */
#define MARKER_DEPTH 100

struct marker_operand {
	bool variable;    /* else a value */
	struct span text; /* the variable's name as PEP 508 has it now; the value without quotes */
};

struct marker { /* one term; terms of one level hang together by next */
	struct marker *next;
	bool or_before;       /* "or" stands before it, else "and" or nothing */
	struct marker *group; /* the terms within its parentheses; NULL: a comparison */
	struct marker_operand left, right;
	const char *operator;
};

/* Reads terms until something else stands there. PIPGATE_LIMIT: deeper than MARKER_DEPTH. */
enum pipgate_status marker_parse(struct reader *reader, struct marker **out) PIPGATE_MUST_USE;
/* As packaging prints it. PIPGATE_INVALID: a value holds both kinds of quotes. */
enum pipgate_status marker_print(struct pipgate_run *run, const struct marker *marker, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* What the text between quotes says to Python, its escapes undone. PIPGATE_INVALID: Python refuses it. */
enum pipgate_status marker_unquote(struct pipgate_run *run, struct span quoted, struct span *out) PIPGATE_MUST_USE;

#endif
