/* SPDX-License-Identifier: Apache-2.0 */
/* Dates with times as advisories write them (RFC 3339). */
#ifndef PIPGATE_ADVISORY_DATE_H
#define PIPGATE_ADVISORY_DATE_H

#include "matcher/base/span.h"

/* text in UTC: a copy of it where it ends in Z, else with its offset applied. INVALID: no such form, day or time. */
enum pipgate_status date_utc(struct pipgate_run *run, struct span text, struct span *out) PIPGATE_MUST_USE;
/* Seconds since 1970 of what date_utc() gave; a fraction is cut off. */
int64_t date_seconds(struct span utc);

#endif
