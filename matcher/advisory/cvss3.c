/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The base score of CVSS 3.0 and 3.1 (https://www.first.org/cvss/v3.1/specification-document, sections 7.1 and A).
 *
 * 3.0 rounds the exact score up to a tenth; 3.1 rounds to five decimals first. No vector's score lies between
 * nothing and 5e-6 above a tenth, so that both come to one ceiling, and none lies within 4e-6 below one, which leaves
 * room for the 1e-8 by which the fifteenth power below may be too small.
 */
#include "matcher/advisory/cvss.h"

#include "matcher/base/banned.h"

enum { AV, AC, PR, UI, S, C, I, A };

static const struct cvss_metric metrics[] = {
	[AV] = {"AV", "N A L P"},
	[AC] = {"AC", "L H"},
	[PR] = {"PR", "N L H"},
	[UI] = {"UI", "N R"},
	[S] = {"S", "U C"},
	[C] = {"C", "H L N"},
	[I] = {"I", "H L N"},
	[A] = {"A", "H L N"},
	/* read, so that a wrong one is refused, but of no weight in the base score */
	{"E", "X H F P U"},
	{"RL", "X U W T O"},
	{"RC", "X C R U"},
	{"CR", "X H M L"},
	{"IR", "X H M L"},
	{"AR", "X H M L"},
	{"MAV", "X N A L P"},
	{"MAC", "X L H"},
	{"MPR", "X N L H"},
	{"MUI", "X N R"},
	{"MS", "X U C"},
	{"MC", "X H L N"},
	{"MI", "X H L N"},
	{"MA", "X H L N"},
};

#define UNIT INT64_C(10000000000) /* 1.0 of impact, exploitability and score */

/* base in millionths, 0 < base < 1. 7.52 × (base - 0.029) - 3.25 × (base - 0.02)^15 */
static int64_t impact_changed(int64_t base)
{
	const int64_t one = 1000000000;
	int64_t x = (base - 20000) * 1000, power = one;

	for (int i = 0; i < 15; i++)
		power = power * x / one;
	return 752 * (base - 29000) * (UNIT / 100000000) - 325 * power / 10;
}

static uint8_t tenths(const uint8_t value[static CVSS_METRICS])
{
	/* all in hundredths */
	static const int64_t vector[] = {85, 62, 55, 20};
	static const int64_t complexity[] = {77, 44};
	static const int64_t privileges[2][3] = {{85, 62, 27}, {85, 68, 50}};
	static const int64_t interaction[] = {85, 62};
	static const int64_t left[] = {44, 78, 100}; /* 1 - impact */
	const uint8_t changed = value[S];
	int64_t base = 1000000 - left[value[C]] * left[value[I]] * left[value[A]];
	int64_t impact = changed ? impact_changed(base) : 642 * base * (UNIT / 100000000);
	int64_t exploitability = 822 * vector[value[AV]] * complexity[value[AC]] * privileges[changed][value[PR]] * interaction[value[UI]];
	int64_t score = (impact + exploitability) * (changed ? 108 : 100) / 100;

	if (base == 0)
		return 0;
	score = (score + UNIT / 10 - 1) / (UNIT / 10);
	return score > 100 ? 100 : (uint8_t)score;
}

/* 3.0 and 3.1 differ in their prefix alone */
#define REST                                                                                                                               \
	.metrics = metrics, .n = sizeof(metrics) / sizeof(*metrics), .n_mandatory = A + 1, .tenths = tenths, .lowest = PIPGATE_LEVEL_NONE, \
	.highest = PIPGATE_LEVEL_CRITICAL
const struct cvss_version cvss_v30 = {.prefix = {"CVSS:3.0/", 9}, REST};
const struct cvss_version cvss_v31 = {.prefix = {"CVSS:3.1/", 9}, REST};
