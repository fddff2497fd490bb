/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/report/affected.h"

#include "matcher/base/text.h"

#include "matcher/base/banned.h"

#define VERSIONS_SHOWN 10 /* of a list; some have hundreds */

static void range_print(struct buf *out, const struct pipgate_range *range)
{
	static const char *const signs[] = {
		[PIPGATE_EVENT_INTRODUCED] = ">=",
		[PIPGATE_EVENT_FIXED] = "<",
		[PIPGATE_EVENT_LAST_AFFECTED] = "<=",
		[PIPGATE_EVENT_LIMIT] = "limit ",
	};
	size_t begin = out->n; /* of this interval */

	for (size_t i = 0; i < range->n_events; i++) {
		const struct pipgate_event *e = &range->events[i];

		if (e->kind == PIPGATE_EVENT_INTRODUCED) {
			buf_text(out, i ? " or " : "");
			begin = out->n;
			if (span_is(e->version, "0") && i + 1 < range->n_events && range->events[i + 1].kind != PIPGATE_EVENT_INTRODUCED)
				continue; /* from the first one on: the end says it */
		} else if (out->n > begin) {
			buf_byte(out, ',');
		}
		buf_text(out, signs[e->kind]);
		text_escape(out, e->version);
	}
}

static void versions_print(struct buf *out, const struct pipgate_affected *a)
{
	for (size_t i = 0; i < a->n_versions && i < VERSIONS_SHOWN; i++) {
		buf_text(out, i ? ", " : "");
		text_escape(out, a->versions[i]);
	}
	if (a->n_versions > VERSIONS_SHOWN)
		buf_format(out, " … and %zu more", a->n_versions - VERSIONS_SHOWN);
}

void affected_write(struct buf *out, const struct pipgate_affected *a)
{
	for (size_t i = 0; i < a->n_ranges; i++) {
		buf_text(out, i ? " or " : "");
		range_print(out, &a->ranges[i]);
	}
	versions_print(out, a);
	for (size_t i = 0; i < a->n_specifiers; i++) {
		buf_text(out, i || a->n_ranges || a->n_versions ? " or " : "");
		text_escape(out, a->specifiers[i].n ? a->specifiers[i] : SPAN("every version"));
	}
	if (!a->n_ranges && !a->n_versions && !a->n_specifiers)
		buf_text(out, "nothing that is named");
}
