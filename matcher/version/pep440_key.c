/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a version's key, and its canonical text. */
#include "matcher/base/arena.h"
#include "matcher/version/pep440.h"

#include "matcher/base/banned.h"

#define KEY_SMALL 128        /* room on the stack: enough for every version that people write */
#define U64_DIGITS ((size_t)19) /* that many digits always fit into 64 bits */

/* No part of a version takes more than twice its text, but for the words that a stage of one letter implies. */
static size_t key_bound(const struct version_parts *parts)
{
	return 2 * parts->text.n + 16;
}

static unsigned char *value_put(unsigned char *k, uint64_t value)
{
	unsigned bytes;

	if (value < KEY_NUMBER_WIDE - KEY_NUMBER) {
		*k++ = (unsigned char)(KEY_NUMBER + value);
		return k;
	}
	bytes = (unsigned)(64 - __builtin_clzll(value) + 7) / 8;
	*k++ = (unsigned char)(KEY_NUMBER_WIDE + bytes);
	while (bytes--)
		*k++ = (unsigned char)(value >> (8 * bytes));
	return k;
}

static unsigned char *number_put(unsigned char *k, struct span digits)
{
	uint64_t value = 0;

	if (digits.n > U64_DIGITS) {
		digits = version_number(digits);
		if (digits.n > U64_DIGITS) {
			*k++ = KEY_NUMBER_LONG;
			k = value_put(k, digits.n);
			memcpy(k, digits.p, digits.n);
			return k + digits.n;
		}
	}
	for (size_t i = 0; i < digits.n; i++)
		value = value * 10 + (uint64_t)(digits.p[i] - '0');
	return value_put(k, value);
}

/* Trailing zeros are written and then taken back. */
static unsigned char *release_put(unsigned char *k, struct span release)
{
	const char *p = release.p, *end = p + release.n;
	unsigned char *kept = k;

	for (; p < end; p++) { /* over the dot */
		unsigned char *start = k;
		struct span digits = {p, 0};

		while (p < end && *p != '.')
			p++;
		digits.n = (size_t)(p - digits.p);
		k = number_put(k, digits);
		if (*start != KEY_NUMBER)
			kept = k;
	}
	return kept;
}

static unsigned char *dev_put(unsigned char *k, const struct version_parts *parts)
{
	if (!parts->dev) {
		*k++ = KEY_TAIL_END;
		return k;
	}
	*k++ = KEY_TAIL_DEV;
	return number_put(k, parts->dev_n);
}

static unsigned char *post_put(unsigned char *k, const struct version_parts *parts, unsigned char mark)
{
	*k++ = mark;
	k = number_put(k, parts->post_n);
	return dev_put(k, parts);
}

static unsigned char *stage_put(unsigned char *k, const struct version_parts *parts)
{
	if (parts->pre) {
		*k++ = (unsigned char)(KEY_A + (parts->pre - VERSION_A));
		k = number_put(k, parts->pre_n);
		return parts->post ? post_put(k, parts, KEY_TAIL_POST) : dev_put(k, parts);
	}
	if (parts->post)
		return post_put(k, parts, KEY_POST);
	if (parts->dev) {
		*k++ = KEY_DEV;
		return number_put(k, parts->dev_n);
	}
	*k++ = KEY_FINAL;
	return k;
}

/* The next segment of a local label; *number: it is one. */
static struct span local_next(struct span *rest, bool *number)
{
	struct span segment = {rest->p, 0};

	*number = true;
	while (segment.n < rest->n && !version_separator(rest->p[segment.n])) {
		if (!ascii_digit(rest->p[segment.n]))
			*number = false;
		segment.n++;
	}
	*rest = span_from(*rest, segment.n + 1);
	return segment;
}

static unsigned char *local_put(unsigned char *k, struct span local)
{
	while (local.n) {
		bool number;
		struct span segment = local_next(&local, &number);

		if (number) {
			k = number_put(k, segment);
			continue;
		}
		*k++ = KEY_TEXT;
		for (size_t i = 0; i < segment.n; i++)
			*k++ = (unsigned char)ascii_lower(segment.p[i]);
		*k++ = 0;
	}
	return k;
}

enum pipgate_status version_key(struct pipgate_run *run, const struct version_parts *parts, struct pipgate_version *out)
{
	unsigned char small[KEY_SMALL], *start = small, *k;
	size_t bound = key_bound(parts), public_n;
	struct span key;

	if (parts->oversized)
		return PIPGATE_INVALID;
	if (bound > sizeof(small)) {
		start = arena_alloc(run, bound);
		if (!start)
			return PIPGATE_NO_MEMORY;
	}
	k = start;
	if (version_number(parts->epoch).n) {
		*k++ = KEY_EPOCH;
		k = number_put(k, parts->epoch);
	}
	k = release_put(k, parts->release);
	k = stage_put(k, parts);
	public_n = (size_t)(k - start);
	k = local_put(k, parts->local);
	key = (struct span){(const char *)start, (size_t)(k - start)};
	if (start == small)
		key = arena_copy(run, key);
	if (!key.p)
		return PIPGATE_NO_MEMORY;
	*out = (struct pipgate_version){
		.key = key,
		.public_n = public_n,
		.prerelease = parts->pre || parts->dev,
		.local = parts->local.n != 0,
	};
	return PIPGATE_OK;
}

/* ---- the canonical text ---- */

static char *text_put(char *t, const char *text)
{
	size_t n = strlen(text);

	memcpy(t, text, n);
	return t + n;
}

static char *digits_put(char *t, struct span digits)
{
	digits = version_number(digits);
	if (!digits.n)
		return text_put(t, "0");
	memcpy(t, digits.p, digits.n);
	return t + digits.n;
}

static char *locals_put(char *t, struct span local)
{
	bool first = true;

	while (local.n) {
		bool number;
		struct span segment = local_next(&local, &number);

		t = text_put(t, first ? "+" : ".");
		first = false;
		if (number)
			t = digits_put(t, segment);
		else
			for (size_t i = 0; i < segment.n; i++)
				*t++ = ascii_lower(segment.p[i]);
	}
	return t;
}

enum pipgate_status pipgate_version_canonical(struct pipgate_run *run, struct span text, struct span *out)
{
	static const char *const pre[] = {"", "a", "b", "rc"};
	struct version_parts parts;
	char *start, *t;

	if (!version_split(text, &parts) || parts.oversized)
		return PIPGATE_INVALID;
	start = t = arena_alloc(run, parts.text.n + sizeof("rc0.post0.dev0"));
	if (!t)
		return PIPGATE_NO_MEMORY;
	if (version_number(parts.epoch).n)
		t = text_put(digits_put(t, parts.epoch), "!");
	for (struct span rest = parts.release; rest.n;) {
		t = digits_put(t, span_split(&rest, '.'));
		if (rest.n)
			t = text_put(t, ".");
	}
	if (parts.pre)
		t = digits_put(text_put(t, pre[parts.pre]), parts.pre_n);
	if (parts.post)
		t = digits_put(text_put(t, ".post"), parts.post_n);
	if (parts.dev)
		t = digits_put(text_put(t, ".dev"), parts.dev_n);
	t = locals_put(t, parts.local);
	*out = (struct span){start, (size_t)(t - start)};
	return PIPGATE_OK;
}
