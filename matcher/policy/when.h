/* SPDX-License-Identifier: Apache-2.0 */
/* Days and spans of time as a policy writes them. */
#ifndef PIPGATE_POLICY_WHEN_H
#define PIPGATE_POLICY_WHEN_H

#include "matcher/base/span.h"

#define WHEN_DAY 86400

/* "2027-01-31" (its beginning) or "2027-01-31T12:00:00Z", as UNIX seconds. false: no such form or day. */
bool when_date(struct span text, int64_t *out);
/* "3d", "12h", "30m", "45s", "2w", or "0". false: no such form, or more than a hundred years. */
bool when_duration(struct span text, int64_t *seconds);

#define WHEN_TEXT 16
/* "2027-01-31" */
void when_day(int64_t seconds, char out[WHEN_TEXT]);

#endif
