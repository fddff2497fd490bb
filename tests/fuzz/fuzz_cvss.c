/* SPDX-License-Identifier: Apache-2.0 */
/* CVSS vectors of every version. */
#include "tests/fuzz/fuzz.h"

#include "matcher/base/banned.h"

/* By the rating scale of 3.x and 4.0; v2 knows neither NONE nor CRITICAL. */
static bool level_fits(enum pipgate_level level, unsigned tenths, bool v2)
{
	enum pipgate_level scale = tenths == 0 ? PIPGATE_LEVEL_NONE : tenths < 40 ? PIPGATE_LEVEL_LOW : tenths < 70 ? PIPGATE_LEVEL_MEDIUM :
		tenths < 90 ? PIPGATE_LEVEL_HIGH : PIPGATE_LEVEL_CRITICAL;

	if (v2 && scale == PIPGATE_LEVEL_NONE)
		scale = PIPGATE_LEVEL_LOW;
	if (v2 && scale == PIPGATE_LEVEL_CRITICAL)
		scale = PIPGATE_LEVEL_HIGH;
	return level == scale;
}

static void check_level(struct span text)
{
	enum pipgate_level level, again;

	if (!pipgate_level_parse(text, &level))
		return;
	require(pipgate_level_name(level));
	require(pipgate_level_parse(span_of(pipgate_level_name(level)), &again) && again == level);
}

static void check_vector(struct span text)
{
	struct pipgate_severity severity, again;

	if (pipgate_cvss_score(text, &severity) != PIPGATE_OK)
		return;
	require(severity.tenths <= 100);
	require(severity.vector.n);
	require(level_fits(severity.level, severity.tenths, !span_starts(severity.vector, SPAN("CVSS:"))));
	require(pipgate_cvss_score(severity.vector, &again) == PIPGATE_OK);
	require(again.level == severity.level && again.tenths == severity.tenths);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = input_of(data, size);

	check_vector(text);
	check_level(text);
	return 0;
}
