/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/base/span.h"

#include "matcher/base/banned.h"

int span_compare(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c)
		return c < 0 ? -1 : 1;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

int pipgate_key_compare(struct span a, struct span b)
{
	return span_compare(a, b);
}

struct span span_split(struct span *rest, char c)
{
	const char *hit = rest->n ? memchr(rest->p, c, rest->n) : NULL;
	struct span head = *rest;

	if (!hit) {
		*rest = span_from(*rest, rest->n);
		return head;
	}
	head.n = (size_t)(hit - rest->p);
	*rest = span_from(*rest, head.n + 1);
	return head;
}

struct span span_trim(struct span a)
{
	while (a.n && ascii_space(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n && ascii_space(a.p[a.n - 1]))
		a.n--;
	return a;
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

int span_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}
