/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/decide.h"

#include "matcher/base/arena.h"
#include "matcher/base/error.h"

#include "matcher/base/banned.h"

static enum pipgate_status no_memory(struct pipgate_error *error)
{
	return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
}

static enum pipgate_status match_one(struct audit *audit, size_t index, const struct pipgate_cursor *cursor, struct list *findings,
	struct pipgate_error *error)
{
	const struct pipgate_component *component = &audit->components[index];
	struct pipgate_match match = {0};
	enum pipgate_status status = pipgate_match(audit->run, component, index, cursor, &match, error);

	if (status != PIPGATE_OK) {
		error_before(error, SPAN_FMT, SPAN_ARG(component->name));
		return status;
	}
	audit->unknown[index] = match.unknown && match.named;
	for (size_t i = 0; i < match.n_findings; i++) {
		struct pipgate_finding *place = list_push(audit->run, findings, sizeof(*place));

		if (!place)
			return no_memory(error);
		*place = match.findings[i];
	}
	return PIPGATE_OK;
}

static enum pipgate_status match_all(struct audit *audit, const struct pipgate_cursor *cursor, struct pipgate_error *error)
{
	struct list findings = {0};

	audit->unknown = arena_array(audit->run, audit->n_components, sizeof(*audit->unknown));
	if (!audit->unknown)
		return no_memory(error);
	for (size_t i = 0; i < audit->n_components; i++) {
		enum pipgate_status status = match_one(audit, i, cursor, &findings, error);

		if (status != PIPGATE_OK)
			return status;
	}
	audit->findings = findings.items;
	audit->n_findings = findings.n;
	return PIPGATE_OK;
}

static enum pipgate_status explain(struct audit *audit, struct pipgate_error *error)
{
	struct pipgate_chain *chains = arena_array(audit->run, audit->n_findings, sizeof(*chains));
	struct pipgate_graph *graph = NULL;
	enum pipgate_status status = chains ? PIPGATE_OK : PIPGATE_NO_MEMORY;

	if (status == PIPGATE_OK && audit->n_findings)
		status = pipgate_graph_new(audit->run, audit->components, audit->n_components, &audit->environment, &graph);
	for (size_t i = 0; status == PIPGATE_OK && i < audit->n_findings; i++) {
		if (i && audit->findings[i].component == audit->findings[i - 1].component)
			chains[i] = chains[i - 1];
		else
			status = pipgate_why(graph, audit->findings[i].component, &chains[i]);
	}
	if (status != PIPGATE_OK)
		return error_set(error, status, status == PIPGATE_LIMIT ? "the plan's requirements are too many to walk" : "out of memory");
	audit->chains = chains;
	return PIPGATE_OK;
}

enum pipgate_status audit_match(struct audit *audit, const struct pipgate_cursor *cursor, struct pipgate_error *error)
{
	enum pipgate_status status;

	audit->verdict = (struct pipgate_verdict){.action = PIPGATE_UNDECIDED};
	status = match_all(audit, cursor, error);
	return status == PIPGATE_OK ? explain(audit, error) : status;
}

struct pipgate_case audit_case(const struct audit *audit, int64_t now)
{
	return (struct pipgate_case){
		.components = audit->components,
		.n_components = audit->n_components,
		.unknown = audit->unknown,
		.findings = audit->findings,
		.n_findings = audit->n_findings,
		.facts = audit->facts,
		.now = now,
		.before = audit->before,
		.before_name = audit->before_name,
	};
}

enum pipgate_status audit_judge_case(struct audit *audit, const struct pipgate_policy *policy, struct pipgate_error *error)
{
	const struct pipgate_case subject = audit_case(audit, audit->now);

	return pipgate_decide(audit->run, policy, &subject, &audit->verdict, error);
}

enum pipgate_status audit_decide(struct audit *audit, const struct pipgate_policy *policy, const struct pipgate_cursor *cursor,
	struct pipgate_error *error)
{
	enum pipgate_status status = audit_match(audit, cursor, error);

	return status == PIPGATE_OK ? audit_judge_case(audit, policy, error) : status;
}
