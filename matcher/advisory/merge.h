/* SPDX-License-Identifier: Apache-2.0 */
/* Which records of one name are about one vulnerability. */
#ifndef PIPGATE_ADVISORY_MERGE_H
#define PIPGATE_ADVISORY_MERGE_H

#include "matcher/advisory/record.h"

/*
 * Records that share an id or alias are one group, and so are those that a chain of such records joins. groups[i] is the
 * group of records[i]; groups are numbered from 0 in the order of their first record. The records are the live ones of
 * one name: what is withdrawn or about another name joins nothing here because it is not here.
 */
enum pipgate_status merge_groups(struct pipgate_run *run, const struct record *records, size_t n, size_t *groups, size_t *n_groups)
	PIPGATE_MUST_USE;

#endif
