/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pardon/day.h"

#include <stdio.h>

#include "wrapper/database/moment.h"

#include "matcher/base/banned.h"

#define DAY_CHARACTERS 10 /* of 2027-02-01 */
#define DAYS_MAX 36500    /* more than anybody means */

bool day_parse(struct span text, int64_t *out)
{
	char moment[MOMENT_TEXT];
	struct moment m;

	if (text.n != DAY_CHARACTERS)
		return false;
	snprintf(moment, sizeof(moment), SPAN_FMT "T00:00:00Z", SPAN_ARG(text));
	if (!moment_parse(span_of(moment), &m))
		return false;
	*out = m.seconds;
	return true;
}

bool days_parse(struct span text, int64_t *out)
{
	int64_t days = 0;

	if (text.n < 2 || text.p[text.n - 1] != 'd')
		return false;
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (!ascii_digit(text.p[i]) || (days = days * 10 + (text.p[i] - '0')) > DAYS_MAX)
			return false;
	}
	*out = days;
	return true;
}

const char *day_text(int64_t seconds, char out[DAY_TEXT])
{
	char moment[MOMENT_TEXT];

	snprintf(out, DAY_TEXT, "%.*s", DAY_CHARACTERS, moment_text(seconds, moment));
	return out;
}
