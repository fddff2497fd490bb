/* SPDX-License-Identifier: Apache-2.0 */
/* All exceptions of all layers, as the gate has them, with what is said of each. */
#include "wrapper/command/exception.h"
#include "wrapper/policy/layers.h"

#include "matcher/base/banned.h"

enum pipgate_status exception_all(const struct exception_options *o, struct pipgate_policy **out, struct pipgate_error *error)
{
	struct options gate = o->gate;

	return policy_layers(o->run, &gate, POLICY_TO_SHOW, out, error);
}

const char *exception_state_word(enum exception_state state)
{
	static const char *const words[] = {
		[EXCEPTION_GOOD] = "good", [EXCEPTION_EXPIRED] = "expired", [EXCEPTION_TOO_LONG] = "too-long", [EXCEPTION_NOT_YET] = "not-yet",
		[EXCEPTION_UNAPPROVED] = "unapproved",
	};

	return words[state];
}

struct span exception_title(struct pipgate_run *run, const struct policy_exception *e)
{
	const char *rule = e->id.n ? NULL : pipgate_rule_name((enum pipgate_rule)e->rule);
	char *id = e->id.n ? text_copy(run, e->id) : NULL;

	for (size_t i = 0; i < e->id.n; i++) /* as ids are written */
		id[i] = (char)(id[i] >= 'a' && id[i] <= 'z' ? id[i] - ('a' - 'A') : id[i]);
	return must_span(arena_format(run, "%s%s%s" SPAN_FMT "%s" SPAN_FMT, rule ? "rule " : "", rule ? rule : id, e->distribution.n ? " for " : "",
		SPAN_ARG(e->distribution), e->versions.n ? " " : "", SPAN_ARG(e->versions)));
}

int exception_soon(const struct exception_options *o, const char *fallback, int64_t *out)
{
	const char *text = o->expiring ? o->expiring : fallback;

	return when_duration(span_of(text), out) ? 0 : say_error(EXIT_USAGE, "--expiring %s: expected a number of days, as 14d", text);
}
