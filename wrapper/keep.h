/* SPDX-License-Identifier: Apache-2.0 */
/* Text from elsewhere that is to last as long as the run: whole files, texts of a JSON tree. */
#ifndef WRAPPER_KEEP_H
#define WRAPPER_KEEP_H

#include "matcher/base/json.h"
#include "wrapper/memory.h"

/* A regular file; "" where it is empty. The error names it; *out is set on success alone. */
enum pipgate_status keep_file(struct pipgate_run *run, const char *path, size_t limit, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* A buf's bytes so far; "" where there are none. */
struct buf;
struct span keep_buf(struct pipgate_run *run, const struct buf *buf);
/* The text of a member; n 0 and p NULL where it is missing, no text or empty. */
struct span keep_member(struct pipgate_run *run, const cJSON *object, const char *name);
/* The texts of a list; what is none is passed over. */
const struct span *keep_texts(struct pipgate_run *run, const cJSON *array, size_t *n);

#endif
