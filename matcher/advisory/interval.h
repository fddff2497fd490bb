/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an affected entry says about versions, as intervals on the line of version keys. A bound lies before or behind
 * its key; bounds ascend, and affected are the keys behind an odd number of them. The empty key is below every version:
 * a bound there opens an interval without a beginning; an odd number of bounds leaves the last without an end.
 *
 * Exact, by the evaluation of the OSV schema, and where that is silent by these rules: the "introduced" of "0" and of
 * what is no version is below everything; other events of no version are left out, so that the range stays open. Of
 * events at one version, inside an affected stretch "fixed" comes before "introduced" (what adjoins, joins), outside of
 * one behind it; "last_affected" comes last. A version must be below one of the range's limits; one that is "*" or no
 * version is none. A listed version is the interval of its key. Specifier sets: specified.h.
 */
#ifndef PIPGATE_ADVISORY_INTERVAL_H
#define PIPGATE_ADVISORY_INTERVAL_H

#include "matcher/base/arena.h"

struct bound {
	struct span key;
	bool behind; /* of its key, which then is on the near side */
};

struct intervals {
	const struct bound *bounds;
	size_t n;
	const struct span *raw; /* listed versions that are none (PEP 440), as written */
	size_t n_raw;
	bool every;   /* a range is nothing but "introduced 0": what is no version is affected as well */
	bool has_end; /* some end is named, or the list is all there is */
};

enum pipgate_status intervals_compile(struct pipgate_run *run, const struct pipgate_affected *affected, struct intervals *out)
	PIPGATE_MUST_USE;
int intervals_bound_compare(const struct bound *a, const struct bound *b);
/* Whether a version's key lies in one of them. */
bool intervals_inside(const struct intervals *intervals, struct span key);
/* The key of a version, empty (p NULL) where text is none. */
enum pipgate_status intervals_key(struct pipgate_run *run, struct span text, struct span *key) PIPGATE_MUST_USE;

#endif
