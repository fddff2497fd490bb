/* SPDX-License-Identifier: Apache-2.0 */
/* Names (PEP 503). */
#include "matcher/base/arena.h"
#include "matcher/version/pep440.h"
#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

static bool beyond_ascii(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] & 0x80)
			return true;
	return false;
}

enum pipgate_status pipgate_name_normalize(struct pipgate_run *run, struct span name, struct span *out)
{
	char *p;
	size_t n = 0;

	/* No name on an index is beyond ASCII. But a file's name may be, and to Python a Kelvin sign lowers to "k". */
	if (beyond_ascii(name)) {
		enum pipgate_status status = unicode_lower(run, name, &name);

		if (status != PIPGATE_OK)
			return status;
	}
	p = arena_alloc(run, name.n + 1);
	if (!p)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!version_separator(c))
			p[n++] = ascii_lower(c);
		else if (!n || p[n - 1] != '-')
			p[n++] = '-';
	}
	*out = (struct span){p, n};
	return PIPGATE_OK;
}
