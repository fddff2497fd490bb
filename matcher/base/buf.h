/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that grows up to a ceiling given at birth. Failures stick: after one, every append is a no-op and buf_status()
 * tells which (LIMIT, NO_MEMORY), so that a writer checks once, at its end. p is NUL-ended behind n bytes, never NULL
 * after a successful append.
 */
#ifndef PIPGATE_BASE_BUF_H
#define PIPGATE_BASE_BUF_H

#include "matcher/base/span.h"

struct buf {
	char *p;
	size_t n, capacity, ceiling;
	const struct pipgate_allocator *allocator;
	enum pipgate_status status;
};

/* allocator NULL: libc's. It must outlive the buf. */
void buf_init(struct buf *buf, const struct pipgate_allocator *allocator, size_t ceiling);
void buf_fini(struct buf *buf);
void buf_clear(struct buf *buf); /* empties and forgets a failure, keeps the room */

void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_byte(struct buf *buf, unsigned char byte);
void buf_span(struct buf *buf, struct span text);
void buf_text(struct buf *buf, const char *text);
void buf_hex(struct buf *buf, uint32_t value, unsigned digits); /* the last digits of it, 1..8, in lower case: what "%04x" gives, quicker */
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum pipgate_status buf_status(const struct buf *buf) PIPGATE_MUST_USE; /* OK, LIMIT or NO_MEMORY */

static inline struct span buf_view(const struct buf *buf)
{
	return (struct span){buf->p, buf->n};
}

#endif
