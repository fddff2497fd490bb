/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CVSS inside the library: a version of the standard is a prefix, a table of metrics and a function from values to a
 * score. Scores are tenths, computed in integers throughout; nothing here knows advisories or floating point.
 */
#ifndef PIPGATE_ADVISORY_CVSS_H
#define PIPGATE_ADVISORY_CVSS_H

#include "matcher/base/span.h"

#define CVSS_METRICS 32 /* of 4.0, which has the most */

struct cvss_metric {
	const char *name;
	const char *values; /* separated by blanks; of an optional metric the first means "not defined" */
};

struct cvss_version {
	struct span prefix; /* with its slash; empty for v2 */
	const struct cvss_metric *metrics;
	uint8_t n, n_mandatory; /* the mandatory ones come first */
	/* value[i] is the place of metric i's value in its list; where it was not given, 0. */
	uint8_t (*tenths)(const uint8_t value[static CVSS_METRICS]);
	enum pipgate_level lowest, highest; /* v2 calls 0.0 LOW and has nothing above HIGH */
};

extern const struct cvss_version cvss_v2, cvss_v30, cvss_v31, cvss_v40;

#endif
