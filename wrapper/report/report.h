/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of an audit's result: one file each, one row each in report.c. */
#ifndef WRAPPER_REPORT_H
#define WRAPPER_REPORT_H

#include "matcher/base/buf.h"
#include "wrapper/decide.h"

struct report_style {
	size_t width; /* columns, 80 where no terminal is */
	bool colour;
};

/* Appends to out; a failure sticks in out (buf_status). */
typedef void report_writer(struct buf *out, const struct audit *audit, const struct audit_context *context,
	const struct report_style *style);
struct report_format {
	const char *name;
	report_writer *write;
};
extern const struct report_format report_formats[]; /* ends with a NULL name */

report_writer report_table; /* the gate's words on a terminal: the table, the decision and its reason, a way on */
report_writer report_json;  /* --gate-report: schema pipgate/gate-report/1, docs/gate-report.schema.json */

/* A component as report_json lists it. */
void report_component(struct buf *out, const struct audit *audit, size_t index);

const char *report_action_word(enum pipgate_action action); /* "block" */

/* Who is blocked first, and why, in a few words of one line; nothing where nothing is. */
void report_reason(struct buf *out, const struct audit *audit);

#endif
