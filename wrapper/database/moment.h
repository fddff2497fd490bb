/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as a decoded advisory writes them (RFC 3339 in UTC), ordered by time and not by their text. */
#ifndef WRAPPER_DATABASE_MOMENT_H
#define WRAPPER_DATABASE_MOMENT_H

#include "matcher/base/span.h"

struct moment {
	int64_t seconds; /* since 1970 */
	uint32_t nanos;
};

/* "2024-02-29T23:59:60.5Z". false: no such form or day. */
bool moment_parse(struct span text, struct moment *out);
int moment_compare(struct moment a, struct moment b);
/* More than a day after now, for clocks differ: a mistake or a trick, which makes nothing young and outdoes nothing. */
bool moment_future(int64_t seconds, int64_t now);
#define MOMENT_FUTURE_SECONDS 86400
#define MOMENT_TEXT 32
/* "2024-02-29T23:59:59Z", for people. */
const char *moment_text(int64_t seconds, char out[MOMENT_TEXT]);

#endif
