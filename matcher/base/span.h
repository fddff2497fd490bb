/* SPDX-License-Identifier: Apache-2.0 */
/* Slices of bytes that somebody else owns. Not NUL-ended, may hold any byte. */
#ifndef PIPGATE_BASE_SPAN_H
#define PIPGATE_BASE_SPAN_H

#include <string.h>

#include "matcher/pipgate.h"

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})
#define SPAN_FMT "%.*s"
#define SPAN_ARG(s) (int)((s).n > 4096 ? 4096 : (s).n), (s).p

static inline struct span span_of(const char *text)
{
	return (struct span){text, text ? strlen(text) : 0};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
	return span_equal(a, span_of(text));
}

static inline bool span_starts(struct span a, struct span prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

static inline bool span_ends(struct span a, struct span suffix)
{
	return a.n >= suffix.n && (suffix.n == 0 || memcmp(a.p + a.n - suffix.n, suffix.p, suffix.n) == 0);
}

static inline struct span span_from(struct span a, size_t start)
{
	size_t n = start < a.n ? start : a.n;

	return n ? (struct span){a.p + n, a.n - n} : a; /* p may be NULL where n is 0 */
}

/* Byte order; a prefix comes first. */
int span_compare(struct span a, struct span b);
/* The part before the first c, which is taken away from *rest together with c; all of it where there is no c. */
struct span span_split(struct span *rest, char c);
/* Without ASCII white space at both ends. */
struct span span_trim(struct span a);
/* ASCII letters compared without case. */
bool span_equal_nocase(struct span a, struct span b);
/* For qsort over spans. */
int span_order(const void *a, const void *b);

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool ascii_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
static inline bool ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
