/* SPDX-License-Identifier: Apache-2.0 */
/* The findings as a table, over libsmartcols: what is shown in which column and how wide. No word about the decision. */
#ifndef WRAPPER_REPORT_GRID_H
#define WRAPPER_REPORT_GRID_H

#include "wrapper/report/report.h"

#define GRID_ROWS_MAX 200 /* more is for --gate-report and not for a terminal */
#define GRID_LINES_MAX 3  /* of one row */

struct grid_rest { /* what the table had no room for */
	size_t rows;           /* findings left out */
	const size_t *chains;  /* findings whose chain is shortened in it */
	size_t n_chains;
};

/* The strictest first, of those the most urgent, each in at most `lines` lines; those that the policy allows are not shown. */
struct grid_rest grid_write(struct buf *out, const struct audit *audit, const struct report_style *style, size_t lines);

#endif
