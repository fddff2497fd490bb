/* SPDX-License-Identifier: Apache-2.0 */
/* JSON written piece by piece into a buf: commas come by themselves, text is ASCII (\\uNNNN), a failure sticks in the buf. */
#ifndef WRAPPER_REPORT_JSON_WRITER_H
#define WRAPPER_REPORT_JSON_WRITER_H

#include <stdint.h>

#include "matcher/base/buf.h"

void json_separate(struct buf *out);                  /* a comma, where one is due; the rest call it */
void json_key(struct buf *out, const char *name);     /* "name": */
void json_begin(struct buf *out, char bracket);       /* { or [ */
void json_end(struct buf *out, char bracket);
void json_value(struct buf *out, struct span value);  /* a text of an array */

/* A member of an object. */
void json_text(struct buf *out, const char *name, struct span value);
void json_optional(struct buf *out, const char *name, struct span value); /* null where it is empty */
void json_bool(struct buf *out, const char *name, bool value);
void json_number(struct buf *out, const char *name, int64_t value);
void json_time(struct buf *out, const char *name, int64_t seconds);      /* RFC 3339 in UTC; null outside of its years */
void json_share(struct buf *out, const char *name, bool known, unsigned share); /* × 10,000 → 0.0000 … 1.0000; null: not known */
void json_texts(struct buf *out, const char *name, const struct span *values, size_t n);
void json_place(struct buf *out, const char *name, struct span place);   /* an address or path, without user and password */

#endif
