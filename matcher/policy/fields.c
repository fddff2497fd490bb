/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings into structs, by tables: one function a kind of field. */
#include "matcher/base/json.h"
#include "matcher/policy/document.h"
#include "matcher/policy/when.h"

#include "matcher/base/banned.h"

#define NUMBER_MAX 1000000

static void *place(void *out, const struct field *field)
{
	return (char *)out + field->offset;
}

static enum pipgate_status text_read(const struct document *d, const cJSON *node, const struct field *field, struct span *out)
{
	struct span text = json_string(node);

	if (!text.n)
		return document_refuse(d, node, false, "%s is a text", field->name);
	*out = arena_copy(d->policy->run, text);
	return out->p ? PIPGATE_OK : document_no_memory(d);
}

static enum pipgate_status field_text(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	return text_read(d, node, field, place(out, field));
}

static enum pipgate_status field_texts(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	size_t n = cJSON_IsArray(node) ? (size_t)cJSON_GetArraySize(node) : 1;
	const cJSON *item = cJSON_IsArray(node) ? node->child : node;
	struct span *v = arena_array(d->policy->run, n + 1, sizeof(*v));

	if (!v)
		return document_no_memory(d);
	for (size_t i = 0; i < n; i++, item = item->next) {
		enum pipgate_status status = text_read(d, item, field, &v[i]);

		if (status != PIPGATE_OK)
			return status;
	}
	*(struct texts *)place(out, field) = (struct texts){v, n};
	return PIPGATE_OK;
}

static enum pipgate_status choice_read(const struct document *d, const cJSON *node, const struct field *field, int64_t *out)
{
	struct span text = json_string(node);
	char words[200] = "";
	struct buf list = {.p = words, .capacity = sizeof(words), .ceiling = sizeof(words) - 1, .status = PIPGATE_OK};

	for (const struct field_choice *c = field->choices; c->word; c++) {
		if (span_equal_nocase(text, span_of(c->word))) {
			*out = c->value;
			return PIPGATE_OK;
		}
		buf_format(&list, "%s%s", list.n ? ", " : "", c->word);
	}
	return document_refuse(d, node, false, "%s: '" SPAN_FMT "' is none of %s", field->name, SPAN_ARG(text), words);
}

static enum pipgate_status field_choice(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	return choice_read(d, node, field, place(out, field));
}

static enum pipgate_status field_bits(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	const cJSON *item = cJSON_IsArray(node) ? node->child : node;

	for (; item; item = cJSON_IsArray(node) ? item->next : NULL) {
		int64_t value;
		enum pipgate_status status = choice_read(d, item, field, &value);

		if (status != PIPGATE_OK)
			return status;
		*(unsigned *)place(out, field) |= 1u << value;
	}
	return PIPGATE_OK;
}

static enum pipgate_status field_answer(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	static const struct field_choice answers[] = {{"true", PIPGATE_YES}, {"false", PIPGATE_NO}, {NULL, 0}};
	const struct field as_choice = {.name = field->name, .choices = answers};
	int64_t value;
	enum pipgate_status status = choice_read(d, node, &as_choice, &value);

	if (status == PIPGATE_OK)
		*(enum pipgate_answer *)place(out, field) = (enum pipgate_answer)value;
	return status;
}

static enum pipgate_status field_pattern(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	struct pipgate_error why = {""};
	enum pipgate_status status = pattern_compile(d->policy->run, json_string(node), d->layer.name, place(out, field), &why);

	if (status == PIPGATE_INVALID)
		return document_refuse(d, node, false, "%s: %s", field->name, why.text);
	return status == PIPGATE_OK ? status : document_no_memory(d);
}

static enum pipgate_status field_specifier(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	enum pipgate_status status = text_read(d, node, field, place(out, field));
	bool any;

	if (status != PIPGATE_OK)
		return status;
	status = pipgate_specifier_contains(d->policy->run, *(struct span *)place(out, field), SPAN("1"), PIPGATE_PRERELEASES_YES, &any);
	if (status == PIPGATE_INVALID)
		return document_refuse(d, node, false, "%s: '" SPAN_FMT "' is no version specifier, such as \"<2\" or \">=1,!=1.5\"", field->name,
			SPAN_ARG(json_string(node)));
	return status == PIPGATE_OK ? status : document_no_memory(d);
}

static enum pipgate_status field_date(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	if (when_date(json_string(node), place(out, field)))
		return PIPGATE_OK;
	return document_refuse(d, node, false, "%s is a day, such as 2027-01-31", field->name);
}

static enum pipgate_status field_duration(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	for (const struct field_choice *c = field->choices; c && c->word; c++)
		if (span_is(json_string(node), c->word)) {
			*(int64_t *)place(out, field) = c->value;
			return PIPGATE_OK;
		}
	if (when_duration(json_string(node), place(out, field)))
		return PIPGATE_OK;
	return document_refuse(d, node, false, "%s is a span of time, such as 3d or 12h", field->name);
}

static enum pipgate_status field_number(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	struct span text = json_string(node);
	int64_t value = 0;

	for (size_t i = 0; i < text.n && value <= NUMBER_MAX; i++)
		value = ascii_digit(text.p[i]) ? value * 10 + (text.p[i] - '0') : NUMBER_MAX + 1;
	if (!text.n || value > NUMBER_MAX)
		return document_refuse(d, node, false, "%s is a number, 0 to %d", field->name, NUMBER_MAX);
	*(int64_t *)place(out, field) = value;
	return PIPGATE_OK;
}

static enum pipgate_status field_name(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	struct span *name = place(out, field);
	enum pipgate_status status = text_read(d, node, field, name);

	if (status == PIPGATE_OK)
		status = pipgate_name_normalize(d->policy->run, *name, name);
	return status;
}

static enum pipgate_status field_lower(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	struct span text = json_string(node);
	char *copy;

	if (!text.n)
		return document_refuse(d, node, false, "%s is a text", field->name);
	copy = arena_alloc(d->policy->run, text.n + 1);
	if (!copy)
		return document_no_memory(d);
	for (size_t i = 0; i < text.n; i++)
		copy[i] = ascii_lower(text.p[i]);
	*(struct span *)place(out, field) = (struct span){copy, text.n};
	return PIPGATE_OK;
}

static enum pipgate_status field_raw(const struct document *d, const cJSON *node, const struct field *field, void *out)
{
	(void)d;
	*(const cJSON **)place(out, field) = node;
	return PIPGATE_OK;
}

static enum pipgate_status (*const readers[])(const struct document *, const cJSON *, const struct field *, void *) = {
	[FIELD_TEXT] = field_text,           [FIELD_TEXTS] = field_texts, [FIELD_CHOICE] = field_choice,     [FIELD_BITS] = field_bits,
	[FIELD_ANSWER] = field_answer,       [FIELD_PATTERN] = field_pattern, [FIELD_SPECIFIER] = field_specifier, [FIELD_DATE] = field_date,
	[FIELD_DURATION] = field_duration,   [FIELD_NAME] = field_name,   [FIELD_LOWER] = field_lower,       [FIELD_RAW] = field_raw,
	[FIELD_NUMBER] = field_number,
};

#define FIELDS_MAX 32

static enum pipgate_status unknown_field(const struct document *d, const cJSON *node, const struct field *fields)
{
	const char *names[FIELDS_MAX + 1] = {NULL}, *near;

	for (size_t i = 0; i < FIELDS_MAX && fields[i].name; i++)
		names[i] = fields[i].name;
	near = document_nearest(span_of(node->string), names);
	if (near)
		return document_refuse(d, node, true, "there is no '%.60s' here; did you mean '%s'?", node->string, near);
	return document_refuse(d, node, true, "there is no '%.60s' here", node->string);
}

enum pipgate_status fields_read(const struct document *d, const cJSON *mapping, const struct field *fields, void *out)
{
	uint32_t seen = 0;

	if (!cJSON_IsObject(mapping))
		return document_refuse(d, mapping, false, "a mapping belongs here, with '%s: …'", fields[0].name);
	for (const cJSON *node = mapping->child; node; node = node->next) {
		enum pipgate_status status;
		size_t i = 0;

		while (fields[i].name && strcmp(fields[i].name, node->string) != 0)
			i++;
		if (!fields[i].name)
			return unknown_field(d, node, fields);
		seen |= 1u << i;
		status = readers[fields[i].kind](d, node, &fields[i], out);
		if (status != PIPGATE_OK)
			return status;
	}
	for (size_t i = 0; fields[i].name; i++)
		if (fields[i].must && !(seen & 1u << i))
			return document_refuse(d, mapping, false, "'%s' is missing here", fields[i].name);
	return PIPGATE_OK;
}
