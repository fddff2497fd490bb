/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/advisory/date.h"

#include "matcher/base/arena.h"

#include "matcher/base/banned.h"

#define FRACTION_AT 19 /* behind "2024-02-29T23:59:60" */

struct date {
	int year, month, day, hour, minute, second;
};

static bool leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int date_month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

/* n digits at an offset, -1 where they are not. */
static int number(struct span text, size_t at, size_t n)
{
	int value = 0;

	if (text.n < at + n)
		return -1;
	for (size_t i = at; i < at + n; i++) {
		if (!ascii_digit(text.p[i]))
			return -1;
		value = value * 10 + (text.p[i] - '0');
	}
	return value;
}

static bool within(int value, int least, int most)
{
	return value >= least && value <= most;
}

static bool date_parse(struct span text, struct date *d)
{
	static const struct {
		size_t at;
		char c;
	} marks[] = {{4, '-'}, {7, '-'}, {10, 'T'}, {13, ':'}, {16, ':'}};

	if (text.n <= FRACTION_AT)
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (text.p[marks[i].at] != marks[i].c)
			return false;
	d->year = number(text, 0, 4);
	d->month = number(text, 5, 2);
	d->day = number(text, 8, 2);
	d->hour = number(text, 11, 2);
	d->minute = number(text, 14, 2);
	d->second = number(text, 17, 2);
	return d->year >= 0 && within(d->month, 1, 12) && within(d->day, 1, date_month_days(d->year, d->month)) && within(d->hour, 0, 23) &&
	       within(d->minute, 0, 59) && within(d->second, 0, 60);
}

/* Less than a day in either direction. */
static void add_minutes(struct date *d, int minutes)
{
	int total = d->hour * 60 + d->minute + minutes;
	int days = total < 0 ? -1 : total >= 24 * 60 ? 1 : 0;

	total -= days * 24 * 60;
	d->hour = total / 60;
	d->minute = total % 60;
	d->day += days;
	if (d->day == 0) {
		d->month--;
		if (d->month == 0) {
			d->month = 12;
			d->year--;
		}
		d->day = date_month_days(d->year, d->month);
	} else if (d->day > date_month_days(d->year, d->month)) {
		d->day = 1;
		d->month = d->month % 12 + 1;
		d->year += d->month == 1;
	}
}

enum pipgate_status date_utc(struct pipgate_run *run, struct span text, struct span *out)
{
	struct date d = {0};
	struct span fraction, zone;
	size_t end = FRACTION_AT;
	int hours, minutes;

	if (!date_parse(text, &d))
		return PIPGATE_INVALID;
	if (text.p[end] == '.') {
		for (end++; end < text.n && ascii_digit(text.p[end]); end++)
			;
		if (end == FRACTION_AT + 1)
			return PIPGATE_INVALID;
	}
	fraction = (struct span){text.p + FRACTION_AT, end - FRACTION_AT};
	zone = span_from(text, end);
	if (span_is(zone, "Z")) {
		*out = arena_copy(run, text);
		return out->p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
	}
	hours = number(zone, 1, 2);
	minutes = number(zone, 4, 2);
	if (zone.n != 6 || (zone.p[0] != '+' && zone.p[0] != '-') || zone.p[3] != ':' || !within(hours, 0, 23) || !within(minutes, 0, 59))
		return PIPGATE_INVALID;
	add_minutes(&d, zone.p[0] == '-' ? hours * 60 + minutes : -(hours * 60 + minutes));
	if (!within(d.year, 0, 9999))
		return PIPGATE_INVALID;
	*out = arena_format(run, "%04d-%02d-%02dT%02d:%02d:%02d" SPAN_FMT "Z", d.year, d.month, d.day, d.hour, d.minute, d.second,
		SPAN_ARG(fraction));
	return out->p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
}

int64_t date_days_before(int year, int month)
{
	int64_t y = year ? year - 1 : 0; /* nothing is dated in the year 0 */
	int64_t days = 365 * (int64_t)(year - 1970) + (y / 4 - 1969 / 4) - (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
	for (int m = 1; m < month; m++)
		days += date_month_days(year, m);
	return days;
}

int64_t date_seconds(struct span utc)
{
	struct date d = {0};

	if (!date_parse(utc, &d))
		return 0;
	return ((date_days_before(d.year, d.month) + d.day - 1) * 24 + d.hour) * 3600 + (int64_t)d.minute * 60 + d.second;
}

bool date_is_utc(struct span text)
{
	struct date d;

	return text.n == FRACTION_AT + 1 && text.p[FRACTION_AT] == 'Z' && date_parse(text, &d);
}
