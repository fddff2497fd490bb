/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML, read by the Python of the pip that is meant (tomllib, else the tomli of its pip): no C library of Debian 12 reads it. One
 * start of Python for any number of texts; it runs isolated and bounded, and what it prints is checked as JSON from outside is.
 */
#ifndef WRAPPER_SOURCE_TOML_H
#define WRAPPER_SOURCE_TOML_H

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "wrapper/source/source.h"

#define TOML_BYTES ((size_t)256 << 20) /* of all texts together: a thousand lock files of 256 KB */

/* An array with an item a file: the document, or {"error": "line 3, column 5: …"}. Dates, times, nan and inf are text. *out is the
 * caller's: cJSON_Delete(). FAILED: there is no Python that reads TOML, or it did not end well. */
enum pipgate_status toml_read(struct gathering *gathering, const struct source_file *files, size_t n, cJSON **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* The same, a document at a time, for many files: only one tree is there at a time. */
struct toml_batch {
	struct buf printed;
	struct span rest; /* of printed */
};
enum pipgate_status toml_open(struct gathering *gathering, const struct source_file *files, size_t n, struct toml_batch *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The next file's document, the caller's. INVALID: what is wrong with its text ("line 3, column 5: …"); the batch goes on. */
enum pipgate_status toml_next(struct toml_batch *batch, cJSON **out, struct pipgate_error *error) PIPGATE_MUST_USE;
void toml_close(struct toml_batch *batch);

#endif
