/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a struct pipgate_error. */
#ifndef PIPGATE_BASE_ERROR_H
#define PIPGATE_BASE_ERROR_H

#include "matcher/base/span.h"

/* Sets the text, escaped for a terminal and cut at the field's end, and gives the status back:
 * return error_set(error, PIPGATE_INVALID, "byte %zu: …", at); error may be NULL. */
enum pipgate_status error_set(struct pipgate_error *error, enum pipgate_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "text: " before what is there. */
void error_before(struct pipgate_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a line of a file below what is there, and a caret under its byte `at`: what a person has to look at. */
void error_caret(struct pipgate_error *error, struct span line, size_t at);

#endif
