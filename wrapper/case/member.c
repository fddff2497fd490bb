/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/member.h"

#include <stdarg.h>
#include <stdio.h>

#include "wrapper/database/moment.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define SHARE_ONE 10000

enum pipgate_status member_refuse(struct member_reader *r, const cJSON *item, const char *format, ...)
{
	char text[PIPGATE_ERROR_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	r->bad = item;
	return error_set(r->error, PIPGATE_INVALID, "%s", text);
}

struct span member_scalar(struct member_reader *r, const cJSON *item)
{
	if (cJSON_IsNumber(item))
		return must_span(arena_format(r->run, "%.15g", item->valuedouble));
	return json_string(item);
}

/* ---- one value each; false: it is none ---- */

static bool read_bool(struct span text, const cJSON *item, bool *out)
{
	*out = cJSON_IsTrue(item) || span_is(text, "true");
	return *out || cJSON_IsFalse(item) || span_is(text, "false");
}

static bool read_time(struct member_reader *r, struct span text, int64_t *out)
{
	struct moment moment;

	if (memchr(text.p ? text.p : "", 'T', text.n) == NULL)
		text = must_span(arena_format(r->run, SPAN_FMT "T00:00:00Z", SPAN_ARG(text)));
	if (!moment_parse(text, &moment))
		return false;
	*out = moment.seconds;
	return true;
}

static bool read_word(struct span text, word_of *words, void *out)
{
	unsigned value = 0;
	const char *word;

	for (; (word = words(value)); value++)
		if (span_equal_nocase(span_of(word), text)) {
			memcpy(out, &value, sizeof(value)); /* an enum, whose values begin with 0 */
			return true;
		}
	return false;
}

/* Digits, a point, digits: no exponent, which no report writes for what has four places. */
static bool read_share(struct span text, uint16_t *out)
{
	uint32_t value = 0, unit = SHARE_ONE;
	bool point = false;

	if (!text.n || text.n > 20)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '.' && !point && i) {
			point = true;
			continue;
		}
		if (!ascii_digit(text.p[i]) || (!point && i))
			return false;
		unit = point ? unit / 10 : unit;
		value += (uint32_t)(text.p[i] - '0') * unit;
	}
	*out = (uint16_t)(value > SHARE_ONE ? SHARE_ONE : value);
	return value <= SHARE_ONE;
}

static enum pipgate_status read_texts(struct member_reader *r, const struct member *m, const cJSON *item, char *out)
{
	const cJSON *one;
	size_t n;

	if (!cJSON_IsArray(item))
		return member_refuse(r, item, "%s: a list is wanted", m->name);
	cJSON_ArrayForEach(one, item)
		if (!cJSON_IsString(one))
			return member_refuse(r, one, "%s: texts are wanted", m->name);
	*(const struct span **)(void *)(out + m->field) = keep_texts(r->run, item, &n);
	memcpy(out + m->count, &n, sizeof(n));
	return PIPGATE_OK;
}

/* ---- a member ---- */

static enum pipgate_status no_such_word(struct member_reader *r, const struct member *m, const cJSON *item, struct span text)
{
	struct span list = SPAN("");

	for (unsigned i = 0; m->words(i); i++)
		list = must_span(arena_format(r->run, SPAN_FMT "%s%s", SPAN_ARG(list), i ? ", " : "", m->words(i)));
	return member_refuse(r, item, "%s: '" SPAN_FMT "' is none of " SPAN_FMT, m->name, SPAN_ARG(text), SPAN_ARG(list));
}

static enum pipgate_status read_one(struct member_reader *r, const struct member *m, const cJSON *item, char *out)
{
	struct span text = member_scalar(r, item);
	void *field = out + m->field;
	bool yes = false;

	switch (m->kind) {
	case MEMBER_OTHER:
		return PIPGATE_OK;
	case MEMBER_TEXTS:
		return read_texts(r, m, item, out);
	case MEMBER_TEXT:
		if (!text.p)
			return member_refuse(r, item, "%s: a text is wanted", m->name);
		*(struct span *)field = must_span(arena_copy(r->run, text));
		return PIPGATE_OK;
	case MEMBER_BOOL:
	case MEMBER_ANSWER:
		if (!read_bool(text, item, &yes))
			return member_refuse(r, item, "%s: true or false is wanted", m->name);
		if (m->kind == MEMBER_BOOL)
			*(bool *)field = yes;
		else
			*(enum pipgate_answer *)field = yes ? PIPGATE_YES : PIPGATE_NO;
		return PIPGATE_OK;
	case MEMBER_TIME:
		return read_time(r, text, field) ? PIPGATE_OK : member_refuse(r, item, "%s: a day is wanted, as 2026-11-24", m->name);
	case MEMBER_WORD:
		return read_word(text, m->words, field) ? PIPGATE_OK : no_such_word(r, m, item, text);
	case MEMBER_SHARE:
		if (!read_share(text, field))
			return member_refuse(r, item, "%s: a number from 0 to 1 is wanted", m->name);
		*(bool *)(void *)(out + m->count) = true;
		return PIPGATE_OK;
	}
	return PIPGATE_FAILED;
}

static enum pipgate_status no_such_member(struct member_reader *r, const struct member *table, const cJSON *item)
{
	struct span list = SPAN("");

	for (const struct member *m = table; m->name; m++)
		list = must_span(arena_format(r->run, SPAN_FMT "%s%s", SPAN_ARG(list), m == table ? "" : ", ", m->name));
	return member_refuse(r, item, "no member '%s' is known here; there are: " SPAN_FMT, item->string, SPAN_ARG(list));
}

enum pipgate_status members_read(struct member_reader *r, const cJSON *object, const struct member *table, void *out)
{
	enum pipgate_status status = PIPGATE_OK;
	const cJSON *item;

	if (!cJSON_IsObject(object))
		return member_refuse(r, object, "a mapping is wanted");
	for (item = object->child; item && status == PIPGATE_OK; item = item->next) {
		const struct member *m = table;

		while (m->name && strcmp(m->name, item->string) != 0)
			m++;
		if (m->name)
			status = cJSON_IsNull(item) ? PIPGATE_OK : read_one(r, m, item, out);
		else if (r->strict)
			status = no_such_member(r, table, item);
	}
	return status;
}
