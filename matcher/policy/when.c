/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/when.h"

#include <stdio.h>

#include "matcher/advisory/date.h"

#include "matcher/base/banned.h"

#define LONGEST ((int64_t)100 * 366 * WHEN_DAY)

static int number(struct span text, size_t at, size_t n)
{
	int value = 0;

	for (size_t i = at; i < at + n; i++) {
		if (!ascii_digit(text.p[i]))
			return -1;
		value = value * 10 + (text.p[i] - '0');
	}
	return value;
}

bool when_date(struct span text, int64_t *out)
{
	static const char midnight[] = "T00:00:00Z";
	char whole[sizeof("2027-01-31") - 1 + sizeof(midnight)];

	if (text.n == sizeof("2027-01-31") - 1) {
		memcpy(whole, text.p, text.n);
		memcpy(whole + text.n, midnight, sizeof(midnight));
		text = span_of(whole);
	}
	if (!date_is_utc(text) || text.p[0] == '0') /* nothing of ours is older than a thousand years */
		return false;
	*out = date_seconds(text);
	return true;
}

bool when_duration(struct span text, int64_t *seconds)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', WHEN_DAY}, {'w', 7 * WHEN_DAY}};
	int64_t value;

	if (span_is(text, "0")) {
		*seconds = 0;
		return true;
	}
	if (text.n < 2 || text.n > 8)
		return false;
	value = number(text, 0, text.n - 1);
	if (value < 0)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (units[i].unit == text.p[text.n - 1]) {
			*seconds = value * units[i].seconds;
			return *seconds <= LONGEST;
		}
	return false;
}

void when_day(int64_t seconds, char out[WHEN_TEXT])
{
	int64_t day = seconds / WHEN_DAY - (seconds % WHEN_DAY < 0);
	int year = (int)(day < 0 ? 1969 + day / 365 : 1970 + day / 366), month = 1; /* not later than the year that is meant */

	while (year < 9999 && date_days_before(year + 1, 1) <= day)
		year++;
	while (month < 12 && date_days_before(year, month + 1) <= day)
		month++;
	snprintf(out, WHEN_TEXT, "%04d-%02d-%02d", year % 10000, month, (int)((day - date_days_before(year, month)) % 31) + 1);
}
