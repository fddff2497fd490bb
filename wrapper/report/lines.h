/* SPDX-License-Identifier: Apache-2.0 */
/* Our lines on a terminal: each behind "pipgate: ", broken between words. Text comes here already escaped. */
#ifndef WRAPPER_REPORT_LINES_H
#define WRAPPER_REPORT_LINES_H

#include "matcher/base/buf.h"

#define LINES_PREFIX "pipgate: "
#define LINES_WIDTH_MIN 40 /* narrower terminals break our lines themselves */

/* Columns that text takes on a terminal, by the thread's locale. */
size_t lines_columns(struct span text);
/* The part of text that fits into width columns, broken behind a space where there is one and after a character where there
 * is none; at least one character. *text moves behind it and the space. */
struct span lines_break(struct span *text, size_t width);

/* A paragraph: continued lines are indented by two. */
void lines_wrap(struct buf *out, struct span text, size_t width);
/* Lines that are laid out already, without the blanks at their ends. */
void lines_raw(struct buf *out, struct span text);

#endif
