/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The score of CVSS 4.0 (https://www.first.org/cvss/v4-0/specification-document, section 8): threat, environmental and
 * base metrics together. Equal vectors up to a "macrovector" share a looked-up score, from which the mean of the ways
 * to the next lower ones is taken. EQ3 and EQ6 depend on one another and are one dimension of five here.
 *
 * The specification measures how far a vector is below "the highest severity vector" of its macrovector. Those of one
 * macrovector have one sum of levels, so that the distance is the vector's own sum of levels minus that number.
 */
#include "matcher/advisory/cvss.h"

#include "matcher/base/banned.h"

enum { AV, AC, AT, PR, UI, VC, VI, VA, SC, SI, SA, E, CR, IR, AR, MAV, MSI = MAV + SI, MSA = MAV + SA };

/* Values fall in severity, so that the place of one is its level; MSI and MSA have S behind the others. */
static const struct cvss_metric metrics[] = {
	[AV] = {"AV", "N A L P"},
	[AC] = {"AC", "L H"},
	[AT] = {"AT", "N P"},
	[PR] = {"PR", "N L H"},
	[UI] = {"UI", "N P A"},
	[VC] = {"VC", "H L N"},
	[VI] = {"VI", "H L N"},
	[VA] = {"VA", "H L N"},
	[SC] = {"SC", "H L N"},
	[SI] = {"SI", "H L N"},
	[SA] = {"SA", "H L N"},
	[E] = {"E", "X A P U"},
	[CR] = {"CR", "X H M L"},
	[IR] = {"IR", "X H M L"},
	[AR] = {"AR", "X H M L"},
	[MAV] = {"MAV", "X N A L P"},
	{"MAC", "X L H"},
	{"MAT", "X N P"},
	{"MPR", "X N L H"},
	{"MUI", "X N P A"},
	{"MVC", "X H L N"},
	{"MVI", "X H L N"},
	{"MVA", "X H L N"},
	{"MSC", "X H L N"},
	[MSI] = {"MSI", "X H L N S"},
	[MSA] = {"MSA", "X H L N S"},
	/* supplemental: read, so that a wrong one is refused, but of no weight in the score */
	{"S", "X N P"},
	{"AU", "X N Y"},
	{"R", "X A U I"},
	{"V", "X D C"},
	{"RE", "X L M H"},
	{"U", "X Clear Green Amber Red"},
};

enum { HIGH, LOW, NOTHING, SAFETY }; /* levels of the impact metrics */

enum { EQ1, EQ2, EQ36, EQ4, EQ5, N_EQ };

/* [EQ1][EQ2][EQ3 and EQ6: 00 01 10 11 21][EQ4][EQ5], tenths: section 8.3's table */
static const uint8_t macrovector_score[3][2][5][3][3] = {
	{
		{
			{{100, 98, 95}, {100, 93, 91}, {93, 89, 81}},
			{{99, 95, 92}, {96, 87, 81}, {90, 80, 68}},
			{{98, 95, 90}, {93, 89, 81}, {88, 78, 69}},
			{{95, 92, 84}, {92, 81, 65}, {80, 70, 48}},
			{{92, 82, 72}, {79, 69, 50}, {69, 55, 27}},
		},
		{
			{{99, 95, 92}, {95, 90, 84}, {92, 82, 72}},
			{{97, 92, 85}, {91, 83, 71}, {81, 71, 53}},
			{{95, 92, 85}, {92, 80, 70}, {84, 71, 50}},
			{{93, 85, 73}, {82, 72, 59}, {70, 52, 30}},
			{{86, 75, 52}, {71, 52, 29}, {63, 29, 17}},
		},
	},
	{
		{
			{{98, 94, 91}, {94, 86, 77}, {87, 74, 63}},
			{{95, 87, 81}, {89, 74, 64}, {75, 63, 49}},
			{{94, 88, 76}, {86, 74, 59}, {72, 57, 52}},
			{{89, 77, 67}, {76, 58, 50}, {57, 52, 25}},
			{{83, 70, 54}, {65, 58, 26}, {53, 21, 13}},
		},
		{
			{{95, 88, 76}, {90, 75, 61}, {77, 68, 52}},
			{{90, 76, 70}, {77, 62, 53}, {66, 59, 30}},
			{{89, 76, 62}, {74, 57, 47}, {61, 57, 24}},
			{{78, 67, 58}, {59, 57, 23}, {52, 29, 16}},
			{{71, 59, 30}, {58, 26, 15}, {23, 13, 6}},
		},
	},
	{
		{
			{{93, 86, 75}, {86, 74, 56}, {70, 52, 40}},
			{{87, 72, 58}, {74, 61, 34}, {54, 40, 22}},
			{{85, 74, 62}, {72, 55, 46}, {53, 34, 19}},
			{{75, 55, 51}, {57, 41, 19}, {36, 19, 8}},
			{{64, 51, 20}, {47, 21, 11}, {24, 9, 4}},
		},
		{
			{{88, 73, 60}, {73, 59, 41}, {54, 45, 20}},
			{{75, 53, 50}, {55, 40, 20}, {43, 22, 11}},
			{{75, 58, 40}, {61, 48, 20}, {46, 17, 8}},
			{{55, 45, 21}, {51, 18, 9}, {18, 7, 2}},
			{{53, 24, 14}, {24, 12, 5}, {10, 3, 1}},
		},
	},
};

/* What the highest severity vectors of a level have as their sum of levels, and how far the level reaches below. */
static const uint8_t top[N_EQ][5] = {[EQ1] = {0, 1, 3}, [EQ2] = {0, 1}, [EQ36] = {0, 3, 1, 3, 3}, [EQ4] = {1, 3, 6}};
static const uint8_t depth[N_EQ][5] = {[EQ1] = {1, 4, 5}, [EQ2] = {1, 2}, [EQ36] = {7, 6, 8, 8, 10}, [EQ4] = {6, 5, 4}, [EQ5] = {1, 1, 1}};
#define DEPTHS 840 /* every depth divides it */

/* The level of each base and threat metric, with the modified ones and the defaults applied. */
static void levels_of(const uint8_t value[static CVSS_METRICS], uint8_t level[static AR + 1])
{
	for (size_t i = AV; i <= SA; i++)
		level[i] = value[MAV + i] ? (uint8_t)(value[MAV + i] - 1) : value[i];
	for (size_t i = E; i <= AR; i++)
		level[i] = value[i] ? (uint8_t)(value[i] - 1) : 0;
}

static void macrovector_of(const uint8_t *l, uint8_t eq[static N_EQ])
{
	bool eq6 = true;
	uint8_t eq3 = l[VC] == HIGH && l[VI] == HIGH ? 0 : l[VC] == HIGH || l[VI] == HIGH || l[VA] == HIGH ? 1 : 2;

	for (size_t i = 0; i < 3; i++)
		if (l[VC + i] == HIGH && l[CR + i] == 0)
			eq6 = false;
	if (!l[AV] && !l[PR] && !l[UI])
		eq[EQ1] = 0;
	else
		eq[EQ1] = l[AV] != 3 && (!l[AV] || !l[PR] || !l[UI]) ? 1 : 2;
	eq[EQ2] = l[AC] || l[AT];
	eq[EQ36] = eq3 == 2 ? 4 : (uint8_t)(eq3 * 2 + eq6);
	if (l[SI] == SAFETY || l[SA] == SAFETY)
		eq[EQ4] = 0;
	else
		eq[EQ4] = l[SC] == HIGH || l[SI] == HIGH || l[SA] == HIGH ? 1 : 2;
	eq[EQ5] = l[E];
}

static int score_of(const uint8_t eq[static N_EQ])
{
	return macrovector_score[eq[EQ1]][eq[EQ2]][eq[EQ36]][eq[EQ4]][eq[EQ5]];
}

/* The score of the macrovector one step below in one dimension, the higher where there are two; -1: there is none. */
static int score_below(const uint8_t eq[static N_EQ], size_t dimension)
{
	static const uint8_t below[N_EQ][5][2] = {
		[EQ1] = {{1}, {2}}, [EQ2] = {{1}}, [EQ36] = {{1, 2}, {3}, {3}, {4}}, [EQ4] = {{1}, {2}}, [EQ5] = {{1}, {2}}};
	const uint8_t *next = below[dimension][eq[dimension]];
	int highest = -1;

	for (size_t i = 0; i < 2 && next[i]; i++) {
		uint8_t lower[N_EQ];
		int score;

		memcpy(lower, eq, sizeof(lower));
		lower[dimension] = next[i];
		score = score_of(lower);
		highest = score > highest ? score : highest;
	}
	return highest;
}

/* Per dimension, how far below the highest severity vector of its level. EQ5 is one metric and always at the top. */
static void distances_of(const uint8_t *l, const uint8_t eq[static N_EQ], int distance[static N_EQ])
{
	static const uint8_t subsequent[] = {[SAFETY] = 0, [HIGH] = 1, [LOW] = 2, [NOTHING] = 3};
	const int sum[N_EQ] = {
		[EQ1] = l[AV] + l[PR] + l[UI],
		[EQ2] = l[AC] + l[AT],
		[EQ36] = l[VC] + l[VI] + l[VA] + l[CR] + l[IR] + l[AR],
		[EQ4] = subsequent[l[SC]] + subsequent[l[SI]] + subsequent[l[SA]],
	};

	for (size_t i = 0; i < N_EQ; i++)
		distance[i] = sum[i] - top[i][eq[i]];
}

static uint8_t tenths(const uint8_t value[static CVSS_METRICS])
{
	uint8_t level[AR + 1], eq[N_EQ];
	int distance[N_EQ], score, taken = 0, n = 0;
	bool harmless = true;

	levels_of(value, level);
	for (size_t i = VC; i <= SA; i++)
		harmless = harmless && level[i] == NOTHING;
	if (harmless)
		return 0;
	macrovector_of(level, eq);
	distances_of(level, eq, distance);
	score = score_of(eq);
	for (size_t i = 0; i < N_EQ; i++) {
		int below = score_below(eq, i);

		if (below < 0 || below > score)
			continue;
		n++;
		taken += (score - below) * distance[i] * (DEPTHS / depth[i][eq[i]]);
	}
	if (n == 0)
		return (uint8_t)score;
	/* score - taken / (DEPTHS × n), half up */
	n *= DEPTHS;
	score = (2 * (score * n - taken) + n) / (2 * n);
	return score < 0 ? 0 : (uint8_t)score;
}

const struct cvss_version cvss_v40 = {
	.prefix = {"CVSS:4.0/", 9},
	.metrics = metrics,
	.n = sizeof(metrics) / sizeof(*metrics),
	.n_mandatory = SA + 1,
	.tenths = tenths,
	.lowest = PIPGATE_LEVEL_NONE,
	.highest = PIPGATE_LEVEL_CRITICAL,
};
