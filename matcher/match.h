/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching inside the library, and the fast way for bulk: which records of a name a version matches, by group, and
 * nothing about them. pipgate_match() makes findings of it.
 */
#ifndef PIPGATE_MATCH_H
#define PIPGATE_MATCH_H

#include "matcher/advisory/row.h"

#define MATCH_NO_HIT SIZE_MAX

struct match_hit { /* a record that matches */
	struct span id;  /* within the row; an id with several entries may come again, next to itself and in its group */
	struct row_head head;
	bool first;      /* of its group */
	size_t next;     /* of its group, MATCH_NO_HIT: it is the last */
};

struct match_hits {
	bool unknown; /* the version is not PEP 440 */
	bool named;
	struct row row;
	uint64_t place; /* of the version in the row; 0 where it is unknown */
	const struct match_hit *hits; /* by id */
	size_t n;
};

/* name is normalized. What is found points into the cursor's row and lasts as long as that. */
enum pipgate_status match_find(struct pipgate_run *run, struct span name, struct span version, const struct pipgate_cursor *cursor,
	struct match_hits *out, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
