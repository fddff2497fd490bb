/* SPDX-License-Identifier: Apache-2.0 */
/* A set's canonical text: sorted, and one of those that mean the same ("==1.0" and "==1.0.0"). */
#include <stdlib.h>

#include "matcher/base/arena.h"
#include "matcher/version/specifier.h"
#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

struct member { /* small: a hostile requirement has many */
	struct span text;  /* the operator and the version as written */
	struct span same;  /* equal for those that mean the same, */
	size_t n_release;  /* together with this one, */
	enum specifier_operator operator;
	bool wildcard;
	bool repeated;
};

static int member_by_text(const void *a, const void *b)
{
	return span_compare(((const struct member *)a)->text, ((const struct member *)b)->text);
}

static int member_by_meaning(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = (int)x->operator - (int)y->operator;

	if (!order)
		order = (int)x->wildcard - (int)y->wildcard;
	if (!order)
		order = (x->n_release > y->n_release) - (x->n_release < y->n_release);
	if (!order)
		order = span_compare(x->same, y->same);
	return order;
}

static int member_by_meaning_and_text(const void *a, const void *b)
{
	int order = member_by_meaning(a, b);

	return order ? order : member_by_text(a, b);
}

static enum pipgate_status member_read(struct pipgate_run *run, struct span text, struct member *out)
{
	struct specifier s;
	enum pipgate_status status = specifier_parse(run, text, &s);
	struct span sign;
	char *p;

	if (status != PIPGATE_OK)
		return status;
	sign = span_of(specifier_text(s.operator));
	p = arena_alloc(run, sign.n + s.version.n + 1);
	if (!p)
		return PIPGATE_NO_MEMORY;
	memcpy(p, sign.p, sign.n);
	if (s.version.n)
		memcpy(p + sign.n, s.version.p, s.version.n);
	*out = (struct member){
		.text = {p, sign.n + s.version.n},
		.same = s.operator == SPECIFIER_ARBITRARY || s.wildcard ? s.version : s.key.key,
		/* "~=1.0" and "~=1.0.0" differ, though 1.0 and 1.0.0 do not */
		.n_release = s.operator == SPECIFIER_COMPATIBLE ? s.parts.n_release : 0,
		.operator = s.operator,
		.wildcard = s.wildcard,
	};
	return PIPGATE_OK;
}

static enum pipgate_status members_join(struct pipgate_run *run, const struct member *members, size_t n, struct span *out)
{
	size_t bytes = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		bytes += members[i].text.n + 1;
	p = arena_alloc(run, bytes + 1);
	if (!p)
		return PIPGATE_NO_MEMORY;
	*out = (struct span){p, 0};
	for (size_t i = 0; i < n; i++) {
		if (members[i].repeated)
			continue;
		if (out->n)
			p[out->n++] = ',';
		memcpy(p + out->n, members[i].text.p, members[i].text.n);
		out->n += members[i].text.n;
	}
	return PIPGATE_OK;
}

enum pipgate_status specifiers_canonical(struct pipgate_run *run, struct span text, struct span *out)
{
	struct list list = {NULL, 0, 0};
	struct member *members;

	while (text.n) {
		struct span one = unicode_trim(span_split(&text, ','));
		struct member *member;
		enum pipgate_status status;

		if (!one.n)
			continue;
		member = list_push(run, &list, sizeof(*member));
		if (!member)
			return PIPGATE_NO_MEMORY;
		status = member_read(run, one, member);
		if (status != PIPGATE_OK)
			return status;
	}
	members = list.items;
	if (list.n > 1) { /* of those that mean the same the first by its text stays */
		qsort(members, list.n, sizeof(*members), member_by_meaning_and_text);
		for (size_t i = 1; i < list.n; i++)
			members[i].repeated = member_by_meaning(&members[i - 1], &members[i]) == 0;
		qsort(members, list.n, sizeof(*members), member_by_text);
	}
	return members_join(run, members, list.n, out);
}
