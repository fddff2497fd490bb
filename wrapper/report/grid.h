/* SPDX-License-Identifier: Apache-2.0 */
/* The findings as a table, over libsmartcols: what is shown in which column and how wide. No word about the decision. */
#ifndef WRAPPER_REPORT_GRID_H
#define WRAPPER_REPORT_GRID_H

#include "wrapper/report/report.h"

#define GRID_ROWS_MAX 200  /* more is for --gate-report and not for a terminal */
#define GRID_LINES_MAX 3   /* of one row: a block of one finding has to fit into ten lines */

/* The strictest first; those that the policy allows are not shown. Gives the number of rows left out. */
size_t grid_write(struct buf *out, const struct audit *audit, const struct report_style *style);

#endif
