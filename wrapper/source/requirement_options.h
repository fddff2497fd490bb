/* SPDX-License-Identifier: Apache-2.0 */
/* The options of one line of a requirements file, taken apart as pip's optparse does: abbreviations, --name=value, -xVALUE. */
#ifndef WRAPPER_SOURCE_REQUIREMENT_OPTIONS_H
#define WRAPPER_SOURCE_REQUIREMENT_OPTIONS_H

#include "wrapper/memory.h"

struct line_options { /* the first of each where pip takes the first; p NULL: it is not there */
	struct span requirement, constraint, editable, find_links;
	struct list hashes; /* of struct span: "sha256:…" */
	struct list pass;   /* of struct span: options for pip's finder as words, --index-url URL --pre … */
	struct list config; /* of struct span: KEY=VALUE for a build */
	bool require_hashes;
};

/* words: a list of struct span. INVALID: *why says what pip does not take, *word where. */
enum pipgate_status line_options_read(struct pipgate_run *run, const struct list *words, struct line_options *out, const char **why,
	struct span *word) PIPGATE_MUST_USE;

#endif
