/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "matcher/base/allocator.h"

#include "matcher/base/banned.h"

void buf_init(struct buf *buf, const struct pipgate_allocator *allocator, size_t ceiling)
{
	*buf = (struct buf){
		.ceiling = ceiling,
		.allocator = allocator ? allocator : &allocator_libc,
		.status = PIPGATE_OK,
	};
}

void buf_fini(struct buf *buf)
{
	if (buf->p)
		buf->allocator->resize(buf->allocator->ctx, buf->p, buf->capacity, 0);
	buf->p = NULL;
	buf->n = buf->capacity = 0;
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->status = PIPGATE_OK;
	if (buf->p)
		buf->p[0] = 0;
}

/* Room for n more bytes and the NUL. */
static bool buf_reserve(struct buf *buf, size_t n)
{
	size_t need, capacity;
	char *p;

	if (buf->status != PIPGATE_OK)
		return false;
	if (n > buf->ceiling || buf->n > buf->ceiling - n) {
		buf->status = PIPGATE_LIMIT;
		return false;
	}
	need = buf->n + n + 1;
	if (need <= buf->capacity)
		return true;
	capacity = buf->capacity ? buf->capacity : 64;
	while (capacity < need)
		capacity *= 2;
	p = buf->allocator->resize(buf->allocator->ctx, buf->p, buf->capacity, capacity);
	if (!p) {
		buf->status = PIPGATE_NO_MEMORY;
		return false;
	}
	buf->p = p;
	buf->capacity = capacity;
	return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t n)
{
	if (!buf_reserve(buf, n))
		return;
	if (n)
		memcpy(buf->p + buf->n, bytes, n);
	buf->n += n;
	buf->p[buf->n] = 0;
}

void buf_byte(struct buf *buf, unsigned char byte)
{
	buf_add(buf, &byte, 1);
}

void buf_span(struct buf *buf, struct span text)
{
	buf_add(buf, text.p, text.n);
}

void buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_hex(struct buf *buf, uint32_t value, unsigned digits)
{
	char text[8];

	for (unsigned i = digits; i--; value >>= 4)
		text[i] = "0123456789abcdef"[value & 0xF];
	buf_add(buf, text, digits);
}

void buf_format(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	if (n >= 0 && buf_reserve(buf, (size_t)n)) {
		vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
		buf->n += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

enum pipgate_status buf_status(const struct buf *buf)
{
	return buf->status;
}
