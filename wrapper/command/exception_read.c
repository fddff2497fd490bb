/* SPDX-License-Identifier: Apache-2.0 */
/* All exceptions of all files, read as the gate reads them, with what is said of each. */
#include <unistd.h>

#include "matcher/base/yaml.h"
#include "wrapper/command/exception.h"
#include "wrapper/keep.h"
#include "wrapper/pardon/place.h"

#include "matcher/base/banned.h"

static enum pipgate_status read_file(struct pipgate_run *run, struct pipgate_policy *policy, const struct pipgate_layer *layer,
	struct pipgate_error *error)
{
	struct span text;
	enum pipgate_status status;

	if (!layer->name || access(layer->name, F_OK))
		return PIPGATE_OK;
	status = keep_file(run, layer->name, DOCUMENT_BYTES, &text, error);
	if (status != PIPGATE_OK)
		return status;
	status = pipgate_policy_add(policy, layer, text, error);
	if (status != PIPGATE_OK)
		error_before(error, "%s", layer->name);
	return status;
}

enum pipgate_status exception_all(const struct exception_options *o, struct pipgate_policy **out, struct pipgate_error *error)
{
	const struct pipgate_layer layers[] = { /* the requester's own are shown as they are, and approve nothing */
		{PIPGATE_LAYER_SYSTEM, PLACE_SYSTEM_POLICY, true, true},
		{PIPGATE_LAYER_SYSTEM, PLACE_SYSTEM_EXCEPTIONS, true, true},
		{PIPGATE_LAYER_USER, place_user(o->run), true, false},
		{PIPGATE_LAYER_PROJECT, place_project(o->run), true, false},
	};
	enum pipgate_status status = options_policy(o->run, &o->gate, out, error);

	for (size_t i = 0; i < sizeof(layers) / sizeof(*layers) && status == PIPGATE_OK; i++)
		status = read_file(o->run, *out, &layers[i], error);
	return status;
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
