/* SPDX-License-Identifier: Apache-2.0 */
/* What a marker says in an environment. */
#include "matcher/version/marker.h"

#include "matcher/base/arena.h"
#include "matcher/version/specifier.h"

#include "matcher/base/banned.h"

struct evaluation {
	struct pipgate_run *run;
	const struct pipgate_environment *environment;
	struct span extra;
	struct pipgate_error *error;
};

/* Where python_full_version ends with "+" (a build without a tag), it is made a version as packaging does. */
static enum pipgate_status variable_value(struct evaluation *e, struct span name, struct span *out)
{
	if (span_is(name, "extra")) {
		*out = e->extra;
		return PIPGATE_OK;
	}
	for (size_t i = 0; i < e->environment->n; i++) {
		const struct pipgate_variable *v = &e->environment->v[i];

		if (!span_equal(v->name, name))
			continue;
		*out = v->value;
		if (!span_is(name, "python_full_version") || !span_ends(v->value, SPAN("+")))
			return PIPGATE_OK;
		*out = arena_format(e->run, SPAN_FMT "local", SPAN_ARG(v->value));
		return out->p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
	}
	return error_set(e->error, PIPGATE_INVALID, "UndefinedEnvironmentName: " SPAN_FMT, SPAN_ARG(name));
}

static bool compared_as_versions(struct span variable)
{
	return span_is(variable, "implementation_version") || span_is(variable, "platform_release") ||
	       span_is(variable, "python_full_version") || span_is(variable, "python_version");
}

/* *known: the operator and the right side make a specifier, and *out tells whether the left side is within. */
static enum pipgate_status version_compare(struct evaluation *e, struct span left, const char *operator,
	struct span right, bool *known, bool *out)
{
	size_t n = strlen(operator);
	struct specifier specifier;
	struct specifier_candidate candidate;
	enum pipgate_status status;
	char *text = arena_alloc(e->run, n + right.n + 1);

	if (!text)
		return PIPGATE_NO_MEMORY;
	memcpy(text, operator, n);
	if (right.n)
		memcpy(text + n, right.p, right.n);
	status = specifier_parse(e->run, (struct span){text, n + right.n}, &specifier);
	*known = status == PIPGATE_OK;
	if (status == PIPGATE_INVALID && !specifier.parts.oversized)
		return PIPGATE_OK;
	if (status == PIPGATE_OK)
		status = candidate_parse(e->run, left, &candidate);
	if (status == PIPGATE_INVALID)
		return error_set(e->error, status, "a number of the version is too long");
	if (status == PIPGATE_OK)
		status = specifier_matches(e->run, &specifier, &candidate, out);
	return status;
}

static bool span_holds(struct span all, struct span part)
{
	return !part.n || (all.n && memmem(all.p, all.n, part.p, part.n));
}

/* Texts have no order: "<=" and ">=" ask for equality, "<" and ">" are never true. */
static enum pipgate_status text_compare(struct evaluation *e, struct span left, const char *operator, struct span right,
	bool *out)
{
	struct span sign = span_of(operator);

	if (span_is(sign, "in"))
		*out = span_holds(right, left);
	else if (span_is(sign, "not in"))
		*out = !span_holds(right, left);
	else if (span_is(sign, "==") || span_is(sign, "<=") || span_is(sign, ">="))
		*out = span_equal(left, right);
	else if (span_is(sign, "!="))
		*out = !span_equal(left, right);
	else if (span_is(sign, "<") || span_is(sign, ">"))
		*out = false;
	else
		return error_set(e->error, PIPGATE_INVALID, "UndefinedComparison: %s on \"" SPAN_FMT "\" and \"" SPAN_FMT "\"",
			operator, SPAN_ARG(left), SPAN_ARG(right));
	return PIPGATE_OK;
}

/* Of two variables the left one is looked up and the right one is its name; of two values the right one names a
 * variable. That is what packaging does, and what a marker means is what pip makes of it. */
static enum pipgate_status comparison_evaluate(struct evaluation *e, const struct marker *term, bool *out)
{
	struct span left = term->left.text, right = term->right.text;
	struct span variable = term->left.variable ? left : right;
	enum pipgate_status status = variable_value(e, variable, term->left.variable ? &left : &right);
	bool known = false;

	if (status == PIPGATE_OK && compared_as_versions(variable))
		status = version_compare(e, left, term->operator, right, &known, out);
	if (status != PIPGATE_OK || known)
		return status;
	return text_compare(e, left, term->operator, right, out);
}

/* Bounded by MARKER_DEPTH. Every term is looked at, also where the value is already known: one that is undefined
 * makes the whole marker undefined. */
static enum pipgate_status terms_evaluate(struct evaluation *e, const struct marker *first, bool *out)
{
	bool any = false, all = true;

	for (const struct marker *term = first; term; term = term->next) {
		bool value = false;
		enum pipgate_status status = term->group ? terms_evaluate(e, term->group, &value)
							 : comparison_evaluate(e, term, &value);

		if (status != PIPGATE_OK)
			return status;
		if (term->or_before) {
			any = any || all;
			all = true;
		}
		all = all && value;
	}
	*out = any || all;
	return PIPGATE_OK;
}

static enum pipgate_status marker_read(struct pipgate_run *run, struct span text, struct marker **out,
	struct pipgate_error *error)
{
	struct reader reader;
	enum pipgate_status status = reader_init(&reader, run, text, error);

	if (status == PIPGATE_OK)
		status = marker_parse(&reader, out);
	if (status == PIPGATE_OK && !reader_end(&reader))
		status = reader_refuse(&reader, "the end of the marker");
	return status;
}

enum pipgate_status pipgate_marker_evaluate(struct pipgate_run *run, struct span marker,
	const struct pipgate_environment *environment, struct span extra, bool *out, struct pipgate_error *error)
{
	struct evaluation e = {.run = run, .environment = environment, .error = error};
	struct marker *tree;
	bool value = false;
	enum pipgate_status status = marker_read(run, marker, &tree, error);

	if (status == PIPGATE_OK)
		status = pipgate_name_normalize(run, extra, &e.extra);
	if (status == PIPGATE_OK)
		status = terms_evaluate(&e, tree, &value);
	if (status == PIPGATE_OK)
		*out = value;
	return status;
}

enum pipgate_status pipgate_marker_canonical(struct pipgate_run *run, struct span marker, struct span *out,
	struct pipgate_error *error)
{
	struct marker *tree;
	enum pipgate_status status = marker_read(run, marker, &tree, error);

	return status == PIPGATE_OK ? marker_print(run, tree, out, error) : status;
}
