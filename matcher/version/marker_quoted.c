/* SPDX-License-Identifier: Apache-2.0 */
/* Quoted strings of markers: packaging gives them to Python's ast.literal_eval(), so they are Python's. */
#include "matcher/base/arena.h"
#include "matcher/version/marker.h"
#include "matcher/version/unicode.h"

#include "matcher/base/banned.h"

static int digit_value(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Takes at least least and at most most digits of a base. */
static bool code_take(struct span *rest, int base, size_t least, size_t most, uint32_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < most && n < rest->n && digit_value(rest->p[n]) < base)
		*out = *out * (uint32_t)base + (uint32_t)digit_value(rest->p[n++]);
	*rest = span_from(*rest, n);
	return n >= least;
}

/* What stands behind a backslash and has a meaning of its own there. */
static const struct {
	char name, means;
} letters[] = {
	{'\\', '\\'}, {'\'', '\''}, {'"', '"'},  {'a', '\a'}, {'b', '\b'},
	{'f', '\f'},  {'n', '\n'},  {'r', '\r'}, {'t', '\t'}, {'v', '\v'},
};

/* rest begins behind the backslash. Gives false for what Python refuses, and for \N{…}: the names are not known here. */
static bool escape_take(struct span *rest, char *out, size_t *n)
{
	char c = *rest->p;
	uint32_t code;
	bool fine;

	if (c >= '0' && c <= '7') {
		fine = code_take(rest, 8, 1, 3, &code);
		*n += unicode_put(out + *n, code);
		return fine;
	}
	*rest = span_from(*rest, 1);
	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].name == c) {
			out[(*n)++] = letters[i].means;
			return true;
		}
	switch (c) {
	case '\n': /* the line goes on */
		return true;
	case '\r':
		if (rest->n && *rest->p == '\n')
			*rest = span_from(*rest, 1);
		return true;
	case 'N':
		return false;
	case 'x':
	case 'u':
	case 'U': {
		size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;

		if (!code_take(rest, 16, digits, digits, &code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return false;
		*n += unicode_put(out + *n, code);
		return true;
	}
	default: /* no escape: both stay */
		out[(*n)++] = '\\';
		out[(*n)++] = c;
		return true;
	}
}

enum pipgate_status marker_unquote(struct pipgate_run *run, struct span quoted, struct span *out)
{
	char *p = arena_alloc(run, quoted.n + 1); /* no escape is shorter than the character it stands for */
	size_t n = 0;

	if (!p)
		return PIPGATE_NO_MEMORY;
	if (quoted.n && memchr(quoted.p, 0, quoted.n)) /* nowhere in Python's source, behind a backslash neither */
		return PIPGATE_INVALID;
	while (quoted.n) {
		char c = *quoted.p;

		quoted = span_from(quoted, 1);
		if (c == '\n' || c == '\r')
			return PIPGATE_INVALID;
		if (c != '\\') {
			p[n++] = c;
			continue;
		}
		if (!quoted.n || !escape_take(&quoted, p, &n))
			return PIPGATE_INVALID;
	}
	*out = (struct span){p, n};
	return PIPGATE_OK;
}
