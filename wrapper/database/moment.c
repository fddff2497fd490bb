/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/moment.h"

#include <stdio.h>
#include <time.h>

#include "matcher/base/banned.h"

/* Days from 1970-01-01 (Howard Hinnant's days_from_civil, years 0 to 9999). */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	int64_t era, year_of_era, day_of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t month_days(int64_t y, int64_t m)
{
	static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : days[m - 1];
}

/* Reads by a picture: '#' is a digit, a run of them one field; other characters are themselves. */
static bool fields_read(struct span *text, const char *picture, int64_t *fields)
{
	size_t i = 0;
	bool inside = false;

	for (; picture[i]; i++) {
		char c = i < text->n ? text->p[i] : 0;

		if (picture[i] != '#') {
			if (c != picture[i])
				return false;
			fields += inside;
			inside = false;
			continue;
		}
		if (!ascii_digit(c))
			return false;
		*fields = (inside ? *fields * 10 : 0) + (c - '0');
		inside = true;
	}
	*text = span_from(*text, i);
	return true;
}

bool moment_parse(struct span text, struct moment *out)
{
	int64_t f[6] = {0};
	uint32_t nanos = 0, unit = 100000000;

	if (!fields_read(&text, "####-##-##T##:##:##", f))
		return false;
	if (f[1] < 1 || f[1] > 12 || f[2] < 1 || f[2] > month_days(f[0], f[1]) || f[3] > 23 || f[4] > 59 || f[5] > 60)
		return false;
	if (text.n > 1 && text.p[0] == '.' && ascii_digit(text.p[1])) {
		for (text = span_from(text, 1); text.n && ascii_digit(text.p[0]); text = span_from(text, 1), unit /= 10)
			nanos += (uint32_t)(text.p[0] - '0') * unit;
	}
	if (!span_is(text, "Z"))
		return false;
	out->seconds = days_of(f[0], f[1], f[2]) * 86400 + f[3] * 3600 + f[4] * 60 + f[5];
	out->nanos = nanos;
	return true;
}

int moment_compare(struct moment a, struct moment b)
{
	if (a.seconds != b.seconds)
		return a.seconds < b.seconds ? -1 : 1;
	return (a.nanos > b.nanos) - (a.nanos < b.nanos);
}

bool moment_future(int64_t seconds, int64_t now)
{
	return seconds > now && seconds - now > MOMENT_FUTURE_SECONDS;
}

const char *moment_text(int64_t seconds, char out[MOMENT_TEXT])
{
	struct tm tm;
	time_t t = (time_t)seconds;

	if (!gmtime_r(&t, &tm) || tm.tm_year > 8099 || !strftime(out, MOMENT_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(out, MOMENT_TEXT, "unknown");
	return out;
}
