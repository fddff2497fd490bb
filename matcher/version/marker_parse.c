/* SPDX-License-Identifier: Apache-2.0 */
/* From a marker's text to its tree, and back to its canonical text. */
#include "matcher/base/arena.h"
#include "matcher/base/buf.h"
#include "matcher/version/marker.h"

#include "matcher/base/banned.h"

#define MARKER_BYTES ((size_t)64 << 20) /* of canonical text: more than any metadata file may have */

/* As written, and as PEP 508 has it now. */
static const struct {
	const char *written, *name;
} variables[] = {
	{"python_version", "python_version"},
	{"python_full_version", "python_full_version"},
	{"os_name", "os_name"},
	{"os.name", "os_name"},
	{"sys_platform", "sys_platform"},
	{"sys.platform", "sys_platform"},
	{"platform_release", "platform_release"},
	{"platform_system", "platform_system"},
	{"platform_version", "platform_version"},
	{"platform.version", "platform_version"},
	{"platform_machine", "platform_machine"},
	{"platform.machine", "platform_machine"},
	{"platform_python_implementation", "platform_python_implementation"},
	{"platform.python_implementation", "platform_python_implementation"},
	{"python_implementation", "platform_python_implementation"},
	{"implementation_name", "implementation_name"},
	{"implementation_version", "implementation_version"},
	{"extra", "extra"},
	{"extras", "extras"},
	{"dependency_groups", "dependency_groups"},
};

/* A longer operator before its own beginning. */
static const char *const operators[] = {"===", "==", "~=", "!=", "<=", ">=", "<", ">"};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static enum pipgate_status quoted_parse(struct reader *reader, struct marker_operand *out)
{
	struct span rest = reader_rest(reader), inside = span_from(rest, 1);
	const char *end = inside.n ? memchr(inside.p, *rest.p, inside.n) : NULL;
	enum pipgate_status status;

	if (!end)
		return reader_refuse(reader, "the closing quote of this string");
	inside.n = (size_t)(end - inside.p);
	status = marker_unquote(reader->run, inside, &out->text);
	if (status == PIPGATE_INVALID)
		return reader_refuse(reader, "a string that Python can read");
	reader->at += inside.n + 2;
	return status;
}

static enum pipgate_status operand_parse(struct reader *reader, struct marker_operand *out)
{
	if (reader_peek(reader, '"') || reader_peek(reader, '\''))
		return quoted_parse(reader, out);
	for (size_t i = 0; i < COUNT(variables); i++) {
		if (!reader_word(reader, variables[i].written))
			continue;
		*out = (struct marker_operand){true, span_of(variables[i].name)};
		return PIPGATE_OK;
	}
	return reader_refuse(reader, "a marker variable or a quoted string");
}

static enum pipgate_status operator_parse(struct reader *reader, const char **out)
{
	if (reader_word(reader, "in")) {
		*out = "in";
		return PIPGATE_OK;
	}
	if (reader_word(reader, "not")) {
		*out = "not in";
		return reader_space(reader) && reader_word(reader, "in") ? PIPGATE_OK : reader_refuse(reader, "in after not");
	}
	for (size_t i = 0; i < COUNT(operators); i++) {
		struct span sign = span_of(operators[i]);

		if (!span_starts(reader_rest(reader), sign))
			continue;
		reader->at += sign.n;
		*out = operators[i];
		return PIPGATE_OK;
	}
	return reader_refuse(reader, "an operator (<=, <, !=, ==, >=, >, ~=, ===, in, not in)");
}

/* Names of extras and of dependency groups are compared in their normal form (PEP 685). */
static enum pipgate_status extra_normalize(struct pipgate_run *run, struct marker *term)
{
	struct marker_operand *left = &term->left, *right = &term->right, *value = NULL;

	if (left->variable && span_is(left->text, "extra") && !right->variable)
		value = right;
	else if (right->variable && !left->variable &&
		 (span_is(right->text, "extra") || span_is(right->text, "extras") ||
			 span_is(right->text, "dependency_groups")))
		value = left;
	return value ? pipgate_name_normalize(run, value->text, &value->text) : PIPGATE_OK;
}

static enum pipgate_status comparison_parse(struct reader *reader, struct marker *term)
{
	enum pipgate_status status = operand_parse(reader, &term->left);

	if (status != PIPGATE_OK)
		return status;
	reader_space(reader);
	status = operator_parse(reader, &term->operator);
	if (status != PIPGATE_OK)
		return status;
	reader_space(reader);
	status = operand_parse(reader, &term->right);
	if (status != PIPGATE_OK)
		return status;
	return extra_normalize(reader->run, term);
}

static enum pipgate_status terms_parse(struct reader *reader, unsigned depth, struct marker **out);

static enum pipgate_status term_parse(struct reader *reader, unsigned depth, struct marker *term)
{
	enum pipgate_status status;

	reader_space(reader);
	if (reader_take(reader, '(')) {
		status = terms_parse(reader, depth + 1, &term->group);
		if (status == PIPGATE_OK && !reader_take(reader, ')'))
			status = reader_refuse(reader, "and, or, or the closing parenthesis");
	} else {
		status = comparison_parse(reader, term);
	}
	reader_space(reader);
	return status;
}

/* Bounded by MARKER_DEPTH. */
static enum pipgate_status terms_parse(struct reader *reader, unsigned depth, struct marker **out)
{
	struct marker *first = NULL, **last = &first;
	bool or_before = false, more = true;

	if (depth > MARKER_DEPTH)
		return error_set(reader->error, PIPGATE_LIMIT, "byte %zu: more than %d parentheses within each other",
			reader->at, MARKER_DEPTH);
	while (more) {
		struct marker *term = arena_alloc(reader->run, sizeof(*term));
		enum pipgate_status status;

		if (!term)
			return PIPGATE_NO_MEMORY;
		term->or_before = or_before;
		status = term_parse(reader, depth, term);
		if (status != PIPGATE_OK)
			return status;
		*last = term;
		last = &term->next;
		or_before = reader_word(reader, "or");
		more = or_before || reader_word(reader, "and");
	}
	*out = first;
	return PIPGATE_OK;
}

enum pipgate_status marker_parse(struct reader *reader, struct marker **out)
{
	return terms_parse(reader, 0, out);
}

/* ---- the canonical text ---- */

static bool operand_print(struct buf *out, const struct marker_operand *operand)
{
	char quote = '"';

	if (operand->variable) {
		buf_span(out, operand->text);
		return true;
	}
	if (operand->text.n && memchr(operand->text.p, '"', operand->text.n)) {
		if (memchr(operand->text.p, '\'', operand->text.n))
			return false;
		quote = '\'';
	}
	buf_byte(out, (unsigned char)quote);
	buf_span(out, operand->text);
	buf_byte(out, (unsigned char)quote);
	return true;
}

/* Bounded by MARKER_DEPTH. A group of one term needs no parentheses, nor does what is alone at the top. */
static bool terms_print(struct buf *out, const struct marker *first, bool top)
{
	bool fine = true, parentheses = !top && first->next;

	if (!first->next && first->group)
		return terms_print(out, first->group, top);
	if (parentheses)
		buf_byte(out, '(');
	for (const struct marker *term = first; term && fine; term = term->next) {
		if (term != first)
			buf_text(out, term->or_before ? " or " : " and ");
		if (term->group) {
			fine = terms_print(out, term->group, false);
			continue;
		}
		fine = operand_print(out, &term->left);
		buf_format(out, " %s ", term->operator);
		fine = fine && operand_print(out, &term->right);
	}
	if (parentheses)
		buf_byte(out, ')');
	return fine;
}

enum pipgate_status marker_print(struct pipgate_run *run, const struct marker *marker, struct span *out,
	struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf text;

	buf_init(&text, arena_allocator(run), MARKER_BYTES);
	if (!terms_print(&text, marker, true)) {
		status = error_set(error, PIPGATE_INVALID, "a value holds both kinds of quotes and cannot be written");
		goto out;
	}
	status = buf_status(&text);
	if (status != PIPGATE_OK)
		goto out;
	*out = arena_copy(run, buf_view(&text));
	status = out->p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
out:
	buf_fini(&text);
	return status;
}
