/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a policy (YAML) edited where they stand: an item more, less, or with another value in a list of the document; everything
 * else stays byte for byte. Places are found by lines and indentation; what comes out is then read, and must be the tree that was read
 * before with that one change. So a text that reads otherwise than it looks is refused, and never damaged.
 */
#ifndef WRAPPER_PARDON_FILE_H
#define WRAPPER_PARDON_FILE_H

#include "wrapper/memory.h"

struct pardon_file {
	struct pipgate_run *run;
	const char *path;
	struct span text;   /* as it stands now, with what was edited */
	struct span before; /* as it was read */
	bool there;         /* the file is there */
};

/* A file that is not there begins with `schema: SCHEMA`. */
enum pipgate_status pardon_file_read(struct pipgate_run *run, const char *path, const char *schema, struct pardon_file *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* item: its lines, "key: value\n" each, not indented. The list is made where there is none. */
enum pipgate_status pardon_file_append(struct pardon_file *file, const char *list, struct span item, struct pipgate_error *error) PIPGATE_MUST_USE;
/* The lines of item index (from 0) go. Of the last one a list stays that is empty. */
enum pipgate_status pardon_file_remove(struct pardon_file *file, const char *list, size_t index, struct pipgate_error *error) PIPGATE_MUST_USE;
/* value: as it is to stand there. A key that the item does not have comes behind its last line. */
enum pipgate_status pardon_file_set(struct pardon_file *file, const char *list, size_t index, const char *key, struct span value,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Beside, fsync, rename; with the mode and owner that are there. FAILED, too, where the file is not as it was read. */
enum pipgate_status pardon_file_write(const struct pardon_file *file, struct pipgate_error *error) PIPGATE_MUST_USE;

/* Appends "key: value\n", the value in quotes where YAML wants them. value: one line, no control characters. */
struct buf;
void pardon_file_line(struct buf *out, const char *key, struct span value);
/* Appends the value alone; in quotes in any case. */
void pardon_file_value(struct buf *out, struct span value);
void pardon_file_quote(struct buf *out, struct span value);
/* One line, not longer than this, that a terminal shows as it is. */
bool pardon_file_shown(struct span text, size_t most);

#endif
