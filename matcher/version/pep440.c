/* SPDX-License-Identifier: Apache-2.0 */
/* Reading versions in one pass, as packaging's VERSION_PATTERN does, without a regular expression. */
#include "matcher/version/pep440.h"

#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

struct scanner {
	const char *p, *end;
	bool oversized;
};

static struct span digits_take(struct scanner *s)
{
	struct span digits = {s->p, 0};

	while (s->p < s->end && ascii_digit(*s->p))
		s->p++;
	digits.n = (size_t)(s->p - digits.p);
	if (digits.n > VERSION_DIGITS_MAX)
		s->oversized = true;
	return digits;
}

static void separator_take(struct scanner *s)
{
	if (s->p < s->end && version_separator(*s->p))
		s->p++;
}

/* word is in lower case. */
static bool word_take(struct scanner *s, const char *word)
{
	const char *p = s->p;

	for (; *word; word++, p++)
		if (p == s->end || ascii_lower(*p) != *word)
			return false;
	s->p = p;
	return true;
}

static bool release_take(struct scanner *s, struct version_parts *parts)
{
	struct span first = digits_take(s);

	if (!first.n)
		return false;
	if (s->p < s->end && *s->p == '!') {
		s->p++;
		parts->epoch = first;
		first = digits_take(s);
		if (!first.n)
			return false;
	}
	parts->n_release = 1;
	while (s->end - s->p >= 2 && s->p[0] == '.' && ascii_digit(s->p[1])) {
		s->p++;
		digits_take(s);
		parts->n_release++;
	}
	parts->release = (struct span){first.p, (size_t)(s->p - first.p)};
	return true;
}

static void pre_take(struct scanner *s, struct version_parts *parts)
{
	static const struct {
		const char *word;
		enum version_pre pre;
	} words[] = { /* a word before its own beginning */
		{"alpha", VERSION_A}, {"a", VERSION_A}, {"beta", VERSION_B}, {"b", VERSION_B},
		{"rc", VERSION_RC}, {"c", VERSION_RC}, {"preview", VERSION_RC}, {"pre", VERSION_RC},
	};
	struct scanner at = *s;

	separator_take(&at);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!word_take(&at, words[i].word))
			continue;
		separator_take(&at);
		parts->pre = words[i].pre;
		parts->pre_n = digits_take(&at);
		*s = at;
		return;
	}
}

static void post_take(struct scanner *s, struct version_parts *parts)
{
	struct scanner at = *s;

	if (at.end - at.p >= 2 && at.p[0] == '-' && ascii_digit(at.p[1])) {
		at.p++;
	} else {
		separator_take(&at);
		if (!word_take(&at, "post") && !word_take(&at, "rev") && !word_take(&at, "r"))
			return;
		separator_take(&at);
	}
	parts->post = true;
	parts->post_n = digits_take(&at);
	*s = at;
}

static void dev_take(struct scanner *s, struct version_parts *parts)
{
	struct scanner at = *s;

	separator_take(&at);
	if (!word_take(&at, "dev"))
		return;
	separator_take(&at);
	parts->dev = true;
	parts->dev_n = digits_take(&at);
	*s = at;
}

static inline bool local_byte(const struct scanner *s, const char *p)
{
	return p < s->end && (ascii_digit(*p) || ascii_alpha(*p));
}

static void local_take(struct scanner *s, struct version_parts *parts)
{
	const char *start = s->p + 1;

	if (s->p == s->end || *s->p != '+' || !local_byte(s, start))
		return;
	for (;;) {
		const char *segment = ++s->p;
		bool number = true;

		for (; local_byte(s, s->p); s->p++)
			number = number && ascii_digit(*s->p);
		if (number && (size_t)(s->p - segment) > VERSION_DIGITS_MAX)
			s->oversized = true;
		if (s->p == s->end || !version_separator(*s->p) || !local_byte(s, s->p + 1))
			break;
	}
	parts->local = (struct span){start, (size_t)(s->p - start)};
}

size_t version_scan(struct span text, bool with_local, struct version_parts *out)
{
	struct scanner s = {text.p, text.p + text.n, false};

	*out = (struct version_parts){.text = {text.p, 0}};
	if (s.p < s.end && (*s.p == 'v' || *s.p == 'V'))
		s.p++;
	if (!release_take(&s, out))
		return 0;
	if (s.p < s.end) { /* most versions end here */
		pre_take(&s, out);
		post_take(&s, out);
		dev_take(&s, out);
		if (with_local)
			local_take(&s, out);
	}
	out->oversized = s.oversized;
	out->text.n = (size_t)(s.p - text.p);
	return out->text.n;
}

bool version_split(struct span text, struct version_parts *out)
{
	text = unicode_trim(text);
	return text.n && version_scan(text, true, out) == text.n;
}

struct span version_number(struct span digits)
{
	while (digits.n && *digits.p == '0') {
		digits.p++;
		digits.n--;
	}
	return digits;
}

enum pipgate_status pipgate_version_parse(struct pipgate_run *run, struct span text, struct pipgate_version *out)
{
	struct version_parts parts;

	if (!version_split(text, &parts))
		return PIPGATE_INVALID;
	return version_key(run, &parts, out);
}
