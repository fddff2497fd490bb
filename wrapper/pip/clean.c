/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/clean.h"

#include "matcher/base/banned.h"

/* Does what was asked for on the command line let this version in? Files are asked by pip itself. */
static bool asked_allows(const struct gate *gate, struct span name, struct span version)
{
	for (size_t i = 0; i < gate->arguments.n; i++) {
		const struct argument *a = &gate->arguments.v[i];
		struct pipgate_requirement r;
		struct span normalized;
		bool in = true;

		if (!a->positional || pipgate_requirement_parse(gate->run, span_of(a->value), &r, NULL) != PIPGATE_OK ||
			pipgate_name_normalize(gate->run, r.name, &normalized) != PIPGATE_OK || !span_equal(normalized, name))
			continue;
		if (pipgate_specifier_contains(gate->run, r.specifiers, version, PIPGATE_PRERELEASES_YES, &in) != PIPGATE_OK || !in)
			return false;
	}
	return true;
}

bool clean_allowed(const struct gate *gate, struct span lines)
{
	while (lines.n) {
		struct span version = span_split(&lines, '\n'), name = span_split(&version, '=');

		if (!asked_allows(gate, name, span_from(version, 1)))
			return say(SPAN_FMT " " SPAN_FMT " is not what was asked for, so it is not taken by itself (on-block: resolve)",
				SPAN_ARG(name), SPAN_ARG(span_from(version, 1))), false;
	}
	return true;
}
