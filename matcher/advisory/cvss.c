/* SPDX-License-Identifier: Apache-2.0 */
/* CVSS vectors: reading them, and the words for a score. The equations are in cvss2.c, cvss3.c and cvss4.c. */
#include "matcher/advisory/cvss.h"

#include "matcher/base/banned.h"

static const char *const levels[] = {
	[PIPGATE_LEVEL_UNKNOWN] = "UNKNOWN",
	[PIPGATE_LEVEL_NONE] = "NONE",
	[PIPGATE_LEVEL_LOW] = "LOW",
	[PIPGATE_LEVEL_MEDIUM] = "MEDIUM",
	[PIPGATE_LEVEL_HIGH] = "HIGH",
	[PIPGATE_LEVEL_CRITICAL] = "CRITICAL",
};
#define N_LEVELS (sizeof(levels) / sizeof(*levels))

const char *pipgate_level_name(enum pipgate_level level)
{
	return (size_t)level < N_LEVELS ? levels[level] : levels[PIPGATE_LEVEL_UNKNOWN];
}

bool pipgate_level_parse(struct span text, enum pipgate_level *out)
{
	for (size_t i = 0; i < N_LEVELS; i++)
		if (span_equal_nocase(text, span_of(levels[i]))) {
			*out = (enum pipgate_level)i;
			return true;
		}
	return false;
}

/* The scale of CVSS 3 and 4, cut to what the version knows. */
static enum pipgate_level level_of(uint8_t tenths, const struct cvss_version *version)
{
	static const uint8_t above[] = {
		[PIPGATE_LEVEL_NONE] = 1, [PIPGATE_LEVEL_LOW] = 40, [PIPGATE_LEVEL_MEDIUM] = 70, [PIPGATE_LEVEL_HIGH] = 90};
	enum pipgate_level level = version->lowest;

	while (level < version->highest && tenths >= above[level])
		level++;
	return level;
}

/* The place of text in a list separated by blanks; false: it is not there. */
static bool place_of(struct span text, const char *list, uint8_t *place)
{
	struct span rest = span_of(list);

	for (uint8_t i = 0; rest.n; i++)
		if (span_equal(span_split(&rest, ' '), text)) {
			*place = i;
			return true;
		}
	return false;
}

/* One "metric:value". A repeated metric is refused, whatever it says. */
static bool field_read(struct span field, const struct cvss_version *version, uint8_t *value, uint32_t *seen)
{
	struct span name = span_split(&field, ':');

	for (uint8_t i = 0; i < version->n; i++) {
		if (!span_is(name, version->metrics[i].name))
			continue;
		if (*seen >> i & 1)
			return false;
		*seen |= UINT32_C(1) << i;
		return place_of(field, version->metrics[i].values, &value[i]);
	}
	return false;
}

static const struct cvss_version *version_of(struct span vector)
{
	static const struct cvss_version *const prefixed[] = {&cvss_v31, &cvss_v30, &cvss_v40};

	for (size_t i = 0; i < sizeof(prefixed) / sizeof(*prefixed); i++)
		if (span_starts(vector, prefixed[i]->prefix))
			return prefixed[i];
	return &cvss_v2;
}

enum pipgate_status pipgate_cvss_score(struct span vector, struct pipgate_severity *out)
{
	const struct cvss_version *version = version_of(vector);
	struct span rest;
	uint8_t value[CVSS_METRICS] = {0};
	uint32_t seen = 0, mandatory = (UINT32_C(1) << version->n_mandatory) - 1;
	uint8_t tenths;

	/* A slash at the end is an empty field, which is no metric; the loop below would not see it. */
	if (!vector.n || span_ends(vector, SPAN("/")))
		return PIPGATE_INVALID;
	rest = span_from(vector, version->prefix.n);
	while (rest.n)
		if (!field_read(span_split(&rest, '/'), version, value, &seen))
			return PIPGATE_INVALID;
	if ((seen & mandatory) != mandatory)
		return PIPGATE_INVALID;
	tenths = version->tenths(value);
	*out = (struct pipgate_severity){level_of(tenths, version), tenths, vector};
	return PIPGATE_OK;
}
