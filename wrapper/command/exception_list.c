/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate exception list`: what passes, where that is written, until when, and whether it counts. */
#include "matcher/base/text.h"
#include "wrapper/command/db.h"
#include "wrapper/command/exception.h"
#include "wrapper/policy/layers.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

static void text_line(struct buf *out, const struct exception_options *o, const struct policy_exception *e, const char *state)
{
	char until[WHEN_TEXT];

	text_escape(out, span_of(e->layer.name));
	buf_format(out, ":%u: ", e->line);
	text_escape(out, exception_title(o->run, e));
	buf_format(out, ": %s until %s, %s", exception_kind_word((enum exception_kind)e->kind), exception_day(e->expires, until), state);
	if (e->layer.approves || e->approved_by.n)
		buf_text(out, e->layer.approves ? ", approved" : ", approved by word of ");
	if (!e->layer.approves)
		text_escape(out, e->approved_by);
	buf_text(out, ": ");
	text_escape(out, e->reason);
	buf_byte(out, '\n');
}

static void json_item(struct buf *out, const struct policy_exception *e, const char *state)
{
	json_begin(out, '{');
	json_text(out, "file", span_of(e->layer.name));
	json_number(out, "line", e->line);
	json_optional(out, "id", e->id);
	json_optional(out, "rule", span_of(e->id.n ? NULL : pipgate_rule_name((enum pipgate_rule)e->rule)));
	json_optional(out, "distribution", e->distribution);
	json_optional(out, "versions", e->versions);
	json_texts(out, "places", e->places.v, e->places.n);
	json_text(out, "kind", span_of(exception_kind_word((enum exception_kind)e->kind)));
	json_text(out, "reason", e->reason);
	json_optional(out, "approved_by", e->approved_by);
	json_optional(out, "ticket", e->ticket);
	json_time(out, "created", e->created);
	json_time(out, "expires", e->expires);
	json_bool(out, "approved", e->layer.approves);
	json_text(out, "state", span_of(state));
	json_end(out, '}');
}

int exception_list(struct exception_options *o)
{
	struct pipgate_policy *policy;
	struct pipgate_error error;
	const struct policy_exception *v;
	int64_t within = INT64_MAX;
	struct buf out;

	if (o->expiring && exception_soon(o, NULL, &within))
		return EXIT_USAGE;
	if (exception_all(o, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	policy_say_notes(policy);
	buf_init(&out, NULL, DB_OUTPUT_MAX);
	if (o->json) {
		json_begin(&out, '{');
		json_text(&out, "schema", SPAN("pipgate/exception-list/1"));
		json_key(&out, "exceptions");
		json_begin(&out, '[');
	}
	v = policy->exceptions.items;
	for (size_t i = 0; i < policy->exceptions.n; i++) {
		const char *state = exception_state_word(exception_state(policy, &v[i], o->now));

		if (v[i].expires - o->now >= within)
			continue;
		if (o->json)
			json_item(&out, &v[i], state);
		else
			text_line(&out, o, &v[i], state);
	}
	if (o->json) {
		json_end(&out, ']');
		json_end(&out, '}');
		buf_byte(&out, '\n');
	}
	return db_print(&out);
}
