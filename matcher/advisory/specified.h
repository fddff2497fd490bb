/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A specifier set (PEP 440, a comma is "and") as bounds on the line of version keys. The events of OSV cannot say every set:
 * they have no exclusive lower bound, and ">1.0" leaves out 1.0.post1, "<2.0" leaves out 2.0rc1. Bounds can, because they
 * need not be keys of versions.
 *
 * Exact as packaging's SpecifierSet(set, prereleases=True), but for "===": of a version it means that version however it is
 * spelt (1.0 is 1.0.0), as the rows know nothing of spelling; of another text it is that text.
 */
#ifndef PIPGATE_ADVISORY_SPECIFIED_H
#define PIPGATE_ADVISORY_SPECIFIED_H

#include "matcher/advisory/interval.h"
#include "matcher/version/specifier.h"

struct specified {
	const struct bound *bounds; /* as of struct intervals */
	size_t n;
	struct span raw; /* what is no version and contained; empty: nothing is */
	bool every;      /* the empty set: contains also what is no version */
	bool has_end;    /* an operator other than > and >= */
};

/* INVALID: it does not parse. */
enum pipgate_status specified_compile(struct pipgate_run *run, struct span set, struct specified *out) PIPGATE_MUST_USE;
/* The next member of a set, which is taken away from *rest; false: there is none left, or (*status) it does not parse. */
bool specified_next(struct pipgate_run *run, struct span *rest, struct specifier *out, enum pipgate_status *status);

#endif
