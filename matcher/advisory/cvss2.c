/* SPDX-License-Identifier: Apache-2.0 */
/* The base score of CVSS v2 (https://www.first.org/cvss/v2/guide, section 3.2.1). */
#include "matcher/advisory/cvss.h"

#include "matcher/base/banned.h"

enum { AV, AC, AU, C, I, A };

static const struct cvss_metric metrics[] = {
	[AV] = {"AV", "L A N"},
	[AC] = {"AC", "H M L"},
	[AU] = {"Au", "M S N"},
	[C] = {"C", "N P C"},
	[I] = {"I", "N P C"},
	[A] = {"A", "N P C"},
	/* read, so that a wrong one is refused, but of no weight in the base score */
	{"E", "ND U POC F H"},
	{"RL", "ND OF TF W U"},
	{"RC", "ND UC UR C"},
	{"CDP", "ND N L LM MH H"},
	{"TD", "ND N L M H"},
	{"CR", "ND L M H"},
	{"IR", "ND L M H"},
	{"AR", "ND L M H"},
};

static uint8_t tenths(const uint8_t value[static CVSS_METRICS])
{
	/* thousandths, complexity hundredths; left is what an impact leaves of 1 */
	static const int64_t vector[] = {395, 646, 1000};
	static const int64_t complexity[] = {35, 61, 71};
	static const int64_t authentication[] = {450, 560, 704};
	static const int64_t left[] = {1000, 725, 340};
	/* 0.6 × Impact + 0.4 × Exploitability - 1.5, in this unit */
	const int64_t unit = INT64_C(1000000000000);
	int64_t impact = 1041 * (1000000000 - left[value[C]] * left[value[I]] * left[value[A]]) * 6;
	int64_t exploitability = 20 * vector[value[AV]] * complexity[value[AC]] * authentication[value[AU]] * 4 * 1000;
	int64_t score = impact + exploitability - unit * 3 / 2;

	if (impact == 0)
		return 0;
	return (uint8_t)((score * 1176 + unit * 50) / (unit * 100)); /* half up; 0.8 is the least, 10.0 the most */
}

const struct cvss_version cvss_v2 = {
	.metrics = metrics,
	.n = sizeof(metrics) / sizeof(*metrics),
	.n_mandatory = A + 1,
	.tenths = tenths,
	.lowest = PIPGATE_LEVEL_LOW,
	.highest = PIPGATE_LEVEL_HIGH,
};
