/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the index that pip uses says of the components of a plan: upload, yanking, project status, attestation, releases, other
 * indexes. Asked at once over one pipgate-fetch; what is not answered in time, or in pieces, stays absent, with a note.
 */
#ifndef WRAPPER_FACTS_H
#define WRAPPER_FACTS_H

#include "wrapper/pip/arguments.h"
#include "wrapper/pip/locate.h"

#define FACTS_DEADLINE_MS 10000u /* for everything; an install does not hang on it */

enum facts_bit {
	FACTS_YANKED = 1,
	FACTS_STATUS = 2,
	FACTS_UPLOADED = 4,
	FACTS_ATTESTED = 8,
	FACTS_RELEASES = 16,
	FACTS_ELSEWHERE = 32,
	FACTS_SIMILAR = 64,
};

struct facts_request {
	struct pipgate_run *run;
	const struct pip *pip;             /* NULL: none is known; no default index then */
	const struct arguments *arguments; /* of pip's line; NULL: none */
	char *const *settings;             /* NAME=VALUE up to NULL; NULL: our own environment */
	const struct pipgate_component *components;
	size_t n;
	unsigned wanted;                   /* of facts_bit; 0: nobody is asked */
	int64_t min_age, now;              /* seconds */
	unsigned deadline_ms;              /* 0: FACTS_DEADLINE_MS */
	const char *cache_dir;             /* NULL: the user's */
	enum pipgate_index_kind (*kind)(const void *ctx, struct span url); /* as policy declares it; NULL: nothing is declared */
	const void *ctx;
	bool *dated;                       /* does each index tell when what it lists was uploaded? NULL: not wanted */
	const char **notes;                /* one a component: why the index did not tell, else NULL; NULL: not wanted */
};

/* The well-known names, one a line; n 0: they are not beside this program. */
struct span facts_known_names(struct pipgate_run *run);

/* out: one per component. OK also where an index did not answer; FAILED never. */
enum pipgate_status facts_gather(const struct facts_request *request, struct pipgate_facts *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
