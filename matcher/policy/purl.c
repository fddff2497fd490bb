/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/purl.h"

#include "matcher/base/arena.h"
#include "matcher/base/text.h"

#include "matcher/base/banned.h"

static int digit(char c)
{
	return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct span purl_decode(struct pipgate_run *run, struct span text)
{
	char *p = arena_alloc(run, text.n + 1);
	size_t n = 0;

	if (!p)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == '%' && i + 2 < text.n ? digit(text.p[i + 1]) : -1;
		int low = high >= 0 ? digit(text.p[i + 2]) : -1;

		p[n++] = low >= 0 ? (char)(high * 16 + low) : text.p[i];
		i += low >= 0 ? 2 : 0;
	}
	return (struct span){p, n};
}

/* A name of a distribution, and what a version can hold: no other byte hides in them. */
static bool is_clean(struct span text, const char *more)
{
	for (size_t i = 0; i < text.n; i++)
		if (!ascii_alpha(text.p[i]) && !ascii_digit(text.p[i]) && !(text.p[i] && strchr(more, text.p[i])))
			return false;
	return true;
}

enum pipgate_status purl_parse(struct pipgate_run *run, struct span text, struct purl *out)
{
	struct span rest = text, type, name, version;
	enum pipgate_status status;

	if (!span_starts(rest, SPAN("pkg:")))
		return PIPGATE_INVALID;
	rest = span_from(rest, 4);
	while (rest.n && rest.p[0] == '/') /* "pkg://" is taken, too */
		rest = span_from(rest, 1);
	rest = span_split(&rest, '#');
	rest = span_split(&rest, '?');
	type = span_split(&rest, '/');
	if (!span_equal_nocase(type, SPAN("pypi")))
		return PIPGATE_INVALID;
	name = span_split(&rest, '@');
	name = purl_decode(run, name);
	version = purl_decode(run, rest);
	if (!name.p || !version.p)
		return PIPGATE_NO_MEMORY;
	if (!name.n || !is_clean(name, "-_.") || !is_clean(version, "-_.+!"))
		return PIPGATE_INVALID;
	status = pipgate_name_normalize(run, name, &out->name);
	out->version = version;
	return status;
}
