/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/when.h"

#include <stdio.h>

#include "matcher/base/banned.h"

#define LONGEST ((int64_t)100 * 366 * WHEN_DAY)

static bool leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

/* Days from 1970-01-01, years from March on: leap days come last. */
static int64_t day_number(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

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

/* "T12:00:00Z" */
static bool time_of_day(struct span text, int64_t *seconds)
{
	int hour, minute, second;

	if (text.n != 10 || text.p[0] != 'T' || text.p[3] != ':' || text.p[6] != ':' || text.p[9] != 'Z')
		return false;
	hour = number(text, 1, 2);
	minute = number(text, 4, 2);
	second = number(text, 7, 2);
	*seconds = hour * 3600 + minute * 60 + second;
	return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
}

bool when_date(struct span text, int64_t *out)
{
	int year, month, day;
	int64_t rest = 0;

	if (text.n < 10 || text.p[4] != '-' || text.p[7] != '-')
		return false;
	year = number(text, 0, 4);
	month = number(text, 5, 2);
	day = number(text, 8, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	if (text.n > 10 && !time_of_day(span_from(text, 10), &rest))
		return false;
	*out = day_number(year, month, day) * WHEN_DAY + rest;
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
	int64_t day = seconds / WHEN_DAY - (seconds % WHEN_DAY < 0), year = 1970 + day / 366;
	int month = 1;

	while (year < 9999 && day_number(year + 1, 1, 1) <= day)
		year++;
	day -= day_number(year, 1, 1);
	while (month < 12 && day >= month_days(year, month))
		day -= month_days(year, month++);
	snprintf(out, WHEN_TEXT, "%04d-%02d-%02d", (int)year % 10000, month, (int)(day % 31) + 1);
}
