/* SPDX-License-Identifier: Apache-2.0 */
/* Days as policies and our options write them. */
#ifndef WRAPPER_PARDON_DAY_H
#define WRAPPER_PARDON_DAY_H

#include "matcher/base/span.h"

#define DAY_SECONDS ((int64_t)86400)
#define DAY_TEXT 16

/* "2027-02-01" → its begin in UTC, in seconds since 1970. */
bool day_parse(struct span text, int64_t *out);
/* "14d" → a number of days, 0 … 36500. */
bool days_parse(struct span text, int64_t *out);
/* The day of a moment, "2027-02-01". */
const char *day_text(int64_t seconds, char out[DAY_TEXT]);

#endif
