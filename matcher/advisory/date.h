/* SPDX-License-Identifier: Apache-2.0 */
/* Dates with times as advisories write them (RFC 3339). */
#ifndef PIPGATE_ADVISORY_DATE_H
#define PIPGATE_ADVISORY_DATE_H

#include "matcher/base/span.h"

/* text in UTC: a copy of it where it ends in Z, else with its offset applied. INVALID: no such form, day or time. */
enum pipgate_status date_utc(struct pipgate_run *run, struct span text, struct span *out) PIPGATE_MUST_USE;
/* Seconds since 1970 of what date_utc() gave; a fraction is cut off. */
int64_t date_seconds(struct span utc);
/* Days since 1970 of the first of a month, month 1 to 12, and how many it has (Gregorian). */
int64_t date_days_before(int year, int month);
int date_month_days(int year, int month);
/* "2024-02-29T23:59:60Z", without an offset; false: no such form, day or time. */
bool date_is_utc(struct span text);

#endif
