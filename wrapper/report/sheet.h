/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the table report share: the line that grows, and lists of distributions in it. */
#ifndef WRAPPER_REPORT_SHEET_H
#define WRAPPER_REPORT_SHEET_H

#include "wrapper/report/report.h"

#define SHEET_LINE_MAX ((size_t)64 << 10)
#define SHEET_SHOWN_MAX 10 /* distributions named in one line */

struct sheet {
	struct buf *out;
	const struct audit *audit;
	const struct audit_context *context;
	const struct report_style *style;
	struct buf line;
	bool *seen; /* per component, cleared before each use */
};

/* Ends the line: broken at the width, or whole, however long, for what is searched or copied. */
void sheet_end(struct sheet *sheet);
void sheet_end_whole(struct sheet *sheet);

/* A list of distributions as it grows: ", " between them, each once, SHEET_SHOWN_MAX at most (all: every one). */
struct names {
	size_t shown, more;
	bool all;
};
void sheet_names_begin(struct sheet *sheet);
bool sheet_names_take(struct sheet *sheet, struct names *names, size_t index); /* was it written? */
void sheet_names_end(struct sheet *sheet, const struct names *names);

/* ---- the parts ---- */

void sheet_blocked(struct sheet *sheet); /* what is blocked and why, and a way on */
void sheet_reasons(struct sheet *sheet, const char *head, enum pipgate_action action);
void sheet_undecided(struct sheet *sheet);
void sheet_examined(struct sheet *sheet); /* what was looked at, and what could not be */

#endif
