/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/similar.h"

#include "matcher/base/banned.h"

static char look_of(char c)
{
	return c == '0' ? 'o' : c == '1' ? 'l' : c;
}

/* Without separators, by what characters look like. */
static bool same_look(struct span a, struct span b)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a.n && a.p[i] == '-')
			i++;
		while (k < b.n && b.p[k] == '-')
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (look_of(a.p[i++]) != look_of(b.p[k++]))
			return false;
	}
}

static bool one_edit(struct span a, struct span b)
{
	size_t at = 0;

	while (at < a.n && at < b.n && a.p[at] == b.p[at])
		at++;
	if (a.n == b.n)
		return span_equal(span_from(a, at + 1), span_from(b, at + 1)) ||
			(at + 1 < a.n && a.p[at] == b.p[at + 1] && a.p[at + 1] == b.p[at] && span_equal(span_from(a, at + 2), span_from(b, at + 2)));
	if (a.n + 1 == b.n)
		return span_equal(span_from(a, at), span_from(b, at + 1));
	return b.n + 1 == a.n && span_equal(span_from(a, at + 1), span_from(b, at));
}

bool similar_names(struct span a, struct span b)
{
	return a.n >= SIMILAR_SHORT && b.n >= SIMILAR_SHORT && !span_equal(a, b) && (same_look(a, b) || one_edit(a, b));
}

struct span similar_find(struct span name, struct span known)
{
	struct span found = {NULL, 0};

	while (known.n) {
		struct span one = span_trim(span_split(&known, '\n'));

		if (span_equal(one, name))
			return (struct span){NULL, 0};
		if (!found.n && similar_names(name, one))
			found = one;
	}
	return found;
}
