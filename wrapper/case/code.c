/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/code.h"

#include "wrapper/case/case.h"

#include "matcher/base/banned.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford's: none that is read as another */

/* FNV-1a over the bytes and an end that no text has. */
static uint64_t add(uint64_t sum, struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		sum = (sum ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001B3);
	return (sum ^ 0x100) * UINT64_C(0x100000001B3);
}

const char *code_of(const struct audit *audit, const struct pipgate_judgement *judgement, char out[CODE_BYTES])
{
	const struct pipgate_component *c = &audit->components[judgement->component];
	uint64_t sum = add(add(add(UINT64_C(0xCBF29CE484222325), c->name), c->version), case_about(audit, judgement));

	sum ^= sum >> 32; /* the high bits are the well mixed ones */
	memcpy(out, CODE_PREFIX, sizeof(CODE_PREFIX));
	for (size_t i = 0; i < CODE_LETTERS; i++, sum >>= 5)
		out[sizeof(CODE_PREFIX) - 1 + i] = alphabet[sum & 31];
	out[CODE_BYTES - 1] = 0;
	return out;
}

static char letter_read(char c)
{
	if (ascii_alpha(c))
		c = (char)(ascii_lower(c) - ('a' - 'A'));
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return c && strchr(alphabet, c) ? c : 0;
}

bool code_read(const char *text, char out[CODE_BYTES])
{
	size_t start = sizeof(CODE_PREFIX) - 1;

	if (strlen(text) != CODE_BYTES - 1 || !span_equal_nocase((struct span){text, start}, SPAN(CODE_PREFIX)))
		return false;
	memcpy(out, CODE_PREFIX, sizeof(CODE_PREFIX));
	for (size_t i = start; i < CODE_BYTES - 1; i++)
		if (!(out[i] = letter_read(text[i])))
			return false;
	out[CODE_BYTES - 1] = 0;
	return true;
}

const struct pipgate_judgement *code_find(const struct audit *audit, const char *code)
{
	char one[CODE_BYTES];

	for (size_t i = 0; i < audit->verdict.n_judgements; i++) {
		const struct pipgate_judgement *j = &audit->verdict.judgements[i];

		if (j->action != PIPGATE_ALLOW && strcmp(code_of(audit, j, one), code) == 0)
			return j;
	}
	return NULL;
}
