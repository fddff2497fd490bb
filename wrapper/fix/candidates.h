/* SPDX-License-Identifier: Apache-2.0 */
/* The world that the search walks: the request's components, and of everything else what the index tells, asked for when it is needed. */
#ifndef WRAPPER_FIX_CANDIDATES_H
#define WRAPPER_FIX_CANDIDATES_H

#include "wrapper/fix/finder.h"
#include "wrapper/fix/fix.h"
#include "wrapper/fix/search.h"

struct candidate_needs {
	bool asked;
	const struct fix_need *v;
	size_t n;
};

struct distribution {
	struct span name;       /* normalized */
	struct list extras;     /* of struct span: those that somebody is known to ask for */
	bool asked;
	struct fix_releases releases;
	struct candidate_needs *needs; /* one a release */
	struct candidate_needs present; /* what is there */
	struct span unfit;      /* the lowest clean release that does not fit this Python; empty: none */
	struct span unbuilt;    /* the lowest clean release that is there as a source alone and may not be built; empty: none */
};

struct candidates {
	const struct fix_request *request;
	struct finder *finder;  /* started when it is first needed */
	struct list distributions; /* of struct distribution *; the first n are the components */
	size_t *by_name;        /* of the first n, for bsearch */
	struct fix_world world; /* for the search; its ctx is this */
};

void candidates_init(struct candidates *candidates, const struct fix_request *request);
void candidates_fini(struct candidates *candidates);
struct distribution *candidates_at(const struct candidates *candidates, size_t index);
/* Could a release of the index take its place? Not where it comes from an address, a folder or version control. */
bool candidates_of_index(const struct pipgate_component *component);
/* The number of a distribution, a new one where the name is. */
size_t candidates_number(struct candidates *candidates, struct span name);
/* A need of this text; false: it is no requirement, or does not hold here. */
bool candidates_need(struct candidates *candidates, struct span text, const struct list *extras, struct fix_need *out);
enum pipgate_status candidates_finder(struct candidates *candidates, struct finder **out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
