/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three passes: the text is checked here, byte by byte and without memory; cJSON makes the tree, and has nothing left
 * to refuse but for want of memory; the tree is searched for repeated keys.
 */
#include "matcher/base/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/allocator.h"
#include "matcher/base/text.h"

#include "matcher/base/banned.h"

#define NUMBER_MAX 60  /* cJSON reads 63 bytes of a number and takes the rest for another value */
#define NUMBER_DIGITS 19 /* more digits than this do not change a double */
#define EXPONENT_MAX 9999 /* far beyond any double: infinity or zero */
#define KEYS_BY_PAIRS 16 /* up to here comparing every pair is faster than sorting */

/* ---- the check of the text ---- */

struct scan {
	const unsigned char *start, *p, *end;
	const char *what;     /* why it is refused, at p; NULL: nothing yet */
	unsigned char open[JSON_DEPTH]; /* the closing bytes that are due */
	size_t depth;
	size_t values;
	size_t objects, wanted; /* objects so far; the one whose place is asked for, 0: none */
	const unsigned char *found;
	bool long_numbers;
	char *patch; /* a copy of the text where long numbers are made short; NULL: only look */
	struct span without;         /* a key in its quotes, whose texts are left out; n 0: none */
	bool leave_out;              /* that key was read last */
	const unsigned char *copied; /* so far into lean */
	struct buf *lean;
};

static bool refuse(struct scan *s, const char *what)
{
	s->what = what;
	return false;
}

static int peek(const struct scan *s)
{
	return s->p < s->end ? *s->p : -1;
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && *s->p <= ' ' && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* Eight bytes of a string at once: none below ' ', no quote, no backslash, all ASCII. May be wrong in saying no. */
static inline bool plain_8(const unsigned char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t w, hits;

	memcpy(&w, p, sizeof(w));
	hits = w | (w - ones * ' ') | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones);
	return !(hits & ones * 0x80);
}

static inline bool plain(unsigned char c)
{
	return c >= ' ' && c != '"' && c != '\\' && c < 0x80;
}

/* The value of four hex digits at p, -1 where they are not. */
static long hex_4(const unsigned char *p, const unsigned char *end)
{
	long value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = ascii_lower((char)p[i]);

		if (!ascii_digit(c) && (c < 'a' || c > 'f'))
			return -1;
		value = value * 16 + (ascii_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return value;
}

/* p is at the backslash. */
static bool scan_escape(struct scan *s)
{
	int c = s->end - s->p > 1 ? s->p[1] : 0;
	long unit, low;

	if (c && c != 'u' && strchr("\"\\/bfnrt", c)) {
		s->p += 2;
		return true;
	}
	if (c != 'u')
		return refuse(s, "no such escape");
	unit = hex_4(s->p + 2, s->end);
	if (unit < 0)
		return refuse(s, "\\u wants four hex digits");
	if (unit == 0)
		return refuse(s, "\\u0000 is not allowed");
	if (unit >= 0xDC00 && unit <= 0xDFFF)
		return refuse(s, "lone surrogate");
	if (unit >= 0xD800 && unit <= 0xDBFF) {
		low = s->end - s->p > 8 && s->p[6] == '\\' && s->p[7] == 'u' ? hex_4(s->p + 8, s->end) : -1;
		if (low < 0xDC00 || low > 0xDFFF)
			return refuse(s, "lone surrogate");
		s->p += 6;
	}
	s->p += 6;
	return true;
}

/* p is at the opening quote. */
static bool scan_string(struct scan *s)
{
	uint32_t character;
	size_t n;

	s->p++;
	for (;;) {
		while (s->end - s->p >= 8 && plain_8(s->p))
			s->p += 8;
		while (s->p < s->end && plain(*s->p))
			s->p++;
		if (s->p == s->end)
			return refuse(s, "the text ends inside a string");
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		if (*s->p == '\\') {
			if (!scan_escape(s))
				return false;
			continue;
		}
		if (*s->p < ' ')
			return refuse(s, "control character in a string");
		n = text_character((struct span){(const char *)s->p, (size_t)(s->end - s->p)}, &character);
		if (!n)
			return refuse(s, "not UTF-8");
		s->p += n;
	}
}

static bool scan_digits(struct scan *s)
{
	const unsigned char *from = s->p;

	while (s->p < s->end && ascii_digit((char)*s->p))
		s->p++;
	return s->p > from || refuse(s, "digit expected");
}

/* Writes a number anew in few digits and an exponent, blanks behind it: cJSON's buffer is small, its value the same. */
static void shorten(char *p, size_t n)
{
	char digits[NUMBER_DIGITS + 1], small[NUMBER_MAX];
	size_t i = *p == '-', kept = 0;
	long exponent = 0, written = 0;
	bool point = false, negative = false;
	int length;

	for (; i < n && (ascii_digit(p[i]) || p[i] == '.'); i++) {
		if (p[i] == '.') {
			point = true;
			continue;
		}
		if (kept < NUMBER_DIGITS && (kept || p[i] != '0'))
			digits[kept++] = p[i];
		else if (kept)
			exponent++;
		exponent -= point;
	}
	digits[kept] = 0;
	for (; i < n; i++) {
		negative |= p[i] == '-';
		if (ascii_digit(p[i]) && written < (long)1 << 40)
			written = written * 10 + (p[i] - '0');
	}
	exponent += negative ? -written : written;
	exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent < -EXPONENT_MAX ? -EXPONENT_MAX : exponent;
	length = snprintf(small, sizeof(small), "%s%se%ld", *p == '-' ? "-" : "", kept ? digits : "0", exponent);
	memset(p, ' ', n);
	memcpy(p, small, (size_t)length);
}

static bool scan_number(struct scan *s)
{
	const unsigned char *from = s->p;

	s->p += *s->p == '-';
	if (peek(s) == '0')
		s->p++;
	else if (!scan_digits(s))
		return false;
	if (peek(s) == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->p++;
		s->p += peek(s) == '+' || peek(s) == '-';
		if (!scan_digits(s))
			return false;
	}
	if (ascii_digit((char)(s->p < s->end ? *s->p : 0)))
		return refuse(s, "a number does not begin with 0");
	if (s->p - from > NUMBER_MAX) {
		s->long_numbers = true;
		if (s->patch)
			shorten(s->patch + (from - s->start), (size_t)(s->p - from));
	}
	return true;
}

static bool scan_word(struct scan *s, struct span word)
{
	if ((size_t)(s->end - s->p) < word.n || memcmp(s->p, word.p, word.n) != 0)
		return refuse(s, "value expected");
	s->p += word.n;
	return true;
}

static bool scan_key(struct scan *s)
{
	const unsigned char *from;

	skip_space(s);
	from = s->p;
	if (peek(s) != '"')
		return refuse(s, "key expected");
	if (!scan_string(s))
		return false;
	s->leave_out = s->without.n && span_equal((struct span){(const char *)from, (size_t)(s->p - from)}, s->without);
	skip_space(s);
	if (peek(s) != ':')
		return refuse(s, "':' expected");
	s->p++;
	return true;
}

/* p is at "{" or "[". *inside: a value is due, its key is read. */
static bool scan_open(struct scan *s, bool *inside)
{
	bool object = *s->p == '{';

	s->leave_out = false;
	if (s->depth == JSON_DEPTH)
		return refuse(s, "nested too deeply");
	s->open[s->depth++] = object ? '}' : ']';
	if (object && ++s->objects == s->wanted)
		s->found = s->p;
	s->p++;
	skip_space(s);
	*inside = peek(s) != s->open[s->depth - 1];
	return !*inside || !object || scan_key(s);
}

/* p is behind a text that began at from and is not wanted: "" goes into the copy. */
static void leave_out(struct scan *s, const unsigned char *from)
{
	buf_add(s->lean, s->copied, (size_t)(from - s->copied));
	buf_text(s->lean, "\"\"");
	s->copied = s->p;
}

static bool scan_value_string(struct scan *s)
{
	const unsigned char *from = s->p;

	if (!scan_string(s))
		return false;
	if (s->leave_out)
		leave_out(s, from);
	return true;
}

static bool scan_scalar(struct scan *s)
{
	switch (peek(s)) {
	case -1:
		return refuse(s, s->depth ? "the text ends too early" : "nothing here");
	case '"':
		return scan_value_string(s);
	case 't':
		return scan_word(s, SPAN("true"));
	case 'f':
		return scan_word(s, SPAN("false"));
	case 'n':
		return scan_word(s, SPAN("null"));
	case '-':
	case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		return scan_number(s);
	default:
		return refuse(s, "value expected");
	}
}

/* Behind a value: closes what ends here, up to the next value or the end of all (depth 0). */
static bool scan_close(struct scan *s)
{
	while (s->depth) {
		int due = s->open[s->depth - 1];

		skip_space(s);
		if (peek(s) == ',') {
			s->p++;
			return due == ']' || scan_key(s);
		}
		if (peek(s) != due)
			return refuse(s, peek(s) < 0 ? "the text ends too early" : due == ']' ? "',' or ']' expected" : "',' or '}' expected");
		s->p++;
		s->depth--;
	}
	return true;
}

static bool scan_text(struct scan *s)
{
	if (s->end - s->p >= 3 && memcmp(s->p, "\xEF\xBB\xBF", 3) == 0)
		return refuse(s, "byte order mark: JSON begins without one");
	do {
		bool inside = false;

		if (++s->values > JSON_VALUES)
			return refuse(s, "too many values");
		skip_space(s);
		if (peek(s) == '{' || peek(s) == '[') {
			if (!scan_open(s, &inside))
				return false;
			if (inside)
				continue;
		} else if (!scan_scalar(s)) {
			return false;
		}
		if (!scan_close(s))
			return false;
	} while (s->depth);
	skip_space(s);
	return s->p == s->end || refuse(s, "something stands behind the value");
}

static struct scan scan_of(struct span text)
{
	const unsigned char *p = (const unsigned char *)(text.n ? text.p : "");

	return (struct scan){.start = p, .p = p, .end = p + text.n};
}

/* ---- repeated keys ---- */

static int key_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A key that comes twice among n, by sorting pointers to them; OK with *key NULL: none. */
static enum pipgate_status repeated_in_many(const cJSON *object, size_t n, const char **key)
{
	const struct pipgate_allocator *a = &allocator_libc;
	size_t bytes = n * sizeof(*key), i = 0;
	const char **keys = a->resize(a->ctx, NULL, 0, bytes);

	if (!keys)
		return PIPGATE_NO_MEMORY;
	for (const cJSON *item = object->child; item; item = item->next)
		keys[i++] = item->string;
	qsort(keys, n, sizeof(*keys), key_order);
	for (i = 1; i < n; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			*key = keys[i];
	a->resize(a->ctx, keys, bytes, 0);
	return PIPGATE_OK;
}

enum pipgate_status json_repeated_key(const cJSON *object, const char **key)
{
	size_t n = 0;

	*key = NULL;
	for (const cJSON *item = object->child; item; item = item->next)
		n++;
	if (n > KEYS_BY_PAIRS)
		return repeated_in_many(object, n, key);
	for (const cJSON *item = object->child; item; item = item->next)
		for (const cJSON *other = object->child; other != item; other = other->next)
			if (item->string[0] == other->string[0] && strcmp(item->string, other->string) == 0)
				*key = item->string;
	return PIPGATE_OK;
}

/* In the order of the text: *objects counts up to the one that repeats *key. */
static enum pipgate_status check_keys(const cJSON *item, size_t *objects, const char **key)
{
	enum pipgate_status status = PIPGATE_OK;

	if (cJSON_IsObject(item)) {
		++*objects;
		status = json_repeated_key(item, key);
	}
	for (const cJSON *child = item->child; status == PIPGATE_OK && !*key && child; child = child->next)
		if (child->child || cJSON_IsObject(child))
			status = check_keys(child, objects, key);
	return status;
}

static enum pipgate_status refuse_repeated(struct span text, const cJSON *tree, struct pipgate_error *error)
{
	struct scan s = scan_of(text);
	const char *key = NULL;
	enum pipgate_status status = check_keys(tree, &s.wanted, &key);

	if (status != PIPGATE_OK)
		return error_set(error, status, "out of memory");
	if (!key)
		return PIPGATE_OK;
	if (!scan_text(&s) || !s.found)
		s.found = s.start;
	return error_set(error, PIPGATE_INVALID, "byte %zu: the object repeats the key \"%.100s\"", (size_t)(s.found - s.start), key);
}

/* ---- the reader ---- */

/* cJSON over a copy of the text in which numbers that are too long for it are written shorter. */
static cJSON *parse_patched(struct span text)
{
	const struct pipgate_allocator *a = &allocator_libc;
	struct scan s;
	cJSON *tree = NULL;
	char *copy = a->resize(a->ctx, NULL, 0, text.n);

	if (!copy)
		return NULL;
	memcpy(copy, text.p, text.n);
	s = scan_of(text);
	s.patch = copy;
	if (scan_text(&s))
		tree = cJSON_ParseWithLengthOpts(copy, text.n, NULL, false);
	a->resize(a->ctx, copy, text.n, 0);
	return tree;
}

/* whole: the text as it came; checked: the same, or a copy with less in it. */
static enum pipgate_status make_tree(struct span whole, struct span checked, bool long_numbers, cJSON **out, struct pipgate_error *error)
{
	cJSON *tree = long_numbers ? parse_patched(checked) : cJSON_ParseWithLengthOpts(checked.p, checked.n, NULL, false);
	enum pipgate_status status;

	if (!tree)
		return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
	status = refuse_repeated(whole, tree, error);
	if (status == PIPGATE_OK)
		*out = tree;
	else
		cJSON_Delete(tree);
	return status;
}

static enum pipgate_status refuse_text(const struct scan *s, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID, "byte %zu: %s", (size_t)(s->p - s->start), s->what);
}

enum pipgate_status json_parse(struct span text, cJSON **out, struct pipgate_error *error)
{
	struct scan s = scan_of(text);

	if (!scan_text(&s))
		return refuse_text(&s, error);
	return make_tree(text, text, s.long_numbers, out, error);
}

enum pipgate_status json_parse_without(struct span text, struct span key, cJSON **out, struct pipgate_error *error)
{
	struct scan s = scan_of(text);
	enum pipgate_status status;
	struct buf lean;

	buf_init(&lean, NULL, text.n + 1);
	s.without = key;
	s.lean = &lean;
	s.copied = s.start;
	if (scan_text(&s)) {
		buf_add(&lean, s.copied, (size_t)(s.end - s.copied));
		status = buf_status(&lean);
		if (status == PIPGATE_OK)
			status = make_tree(text, buf_view(&lean), s.long_numbers, out, error);
	} else {
		status = refuse_text(&s, error);
	}
	buf_fini(&lean);
	return status;
}

const cJSON *json_member(const cJSON *object, const char *name)
{
	if (!cJSON_IsObject(object))
		return NULL;
	for (const cJSON *item = object->child; item; item = item->next)
		if (strcmp(item->string, name) == 0)
			return item;
	return NULL;
}

struct span json_string(const cJSON *item)
{
	return cJSON_IsString(item) ? span_of(item->valuestring) : (struct span){NULL, 0};
}

/* ---- writing ---- */

static void quote_unit(struct buf *out, uint32_t unit)
{
	buf_add(out, "\\u", 2);
	buf_hex(out, unit, 4);
}

static void quote_character(struct buf *out, uint32_t c)
{
	static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'};

	if (c < sizeof(letters) && letters[c]) {
		buf_add(out, (const char[]){'\\', letters[c]}, 2);
	} else if (c < 0x10000) {
		quote_unit(out, c);
	} else {
		quote_unit(out, 0xD800 + ((c - 0x10000) >> 10));
		quote_unit(out, 0xDC00 + (c & 0x3FF));
	}
}

void json_quote(struct buf *out, struct span text)
{
	size_t i = 0, from = 0;

	buf_byte(out, '"');
	while (i < text.n) {
		uint32_t c = 0xFFFD;
		size_t n;

		if (plain((unsigned char)text.p[i]) && text.p[i] != 0x7F) {
			i++;
			continue;
		}
		if (i > from)
			buf_add(out, text.p + from, i - from);
		n = text_character(span_from(text, i), &c);
		quote_character(out, c);
		i += n ? n : 1;
		from = i;
	}
	if (i > from)
		buf_add(out, text.p + from, i - from);
	buf_byte(out, '"');
}
