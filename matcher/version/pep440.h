/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions (PEP 440): the parts of one, and the key whose byte order is their order.
 *
 * A key is, from the left (numbers in the form of number_put()):
 *
 *	epoch     nothing for 0, else KEY_EPOCH and the number
 *	release   its numbers without trailing zeros; what follows is below every number and so ends them
 *	stage     KEY_DEV n | KEY_A n tail | KEY_B n tail | KEY_RC n tail | KEY_FINAL | KEY_POST n tail'
 *	tail      KEY_TAIL_DEV n | KEY_TAIL_END | KEY_TAIL_POST n tail'
 *	tail'     KEY_TAIL_DEV n | KEY_TAIL_END
 *	local     a segment each: a number, or KEY_TEXT, the lowered text, 0
 *
 * The part before local never is a prefix of another version's, so a local label only orders versions that are equal
 * without it. "1.2.3" takes four bytes.
 */
#ifndef PIPGATE_VERSION_PEP440_H
#define PIPGATE_VERSION_PEP440_H

#include "matcher/base/span.h"

/* CPython refuses to read a longer number (sys.int_info.default_max_str_digits), and with it packaging and pip. */
#define VERSION_DIGITS_MAX ((size_t)4300)

enum version_key_byte {
	KEY_TAIL_DEV = 0x01,
	KEY_TAIL_END,
	KEY_TAIL_POST,
	KEY_TEXT = 0x01, /* below every number: text comes before numbers in a local label */
	KEY_DEV = 0x01,
	KEY_A,
	KEY_B,
	KEY_RC,
	KEY_FINAL,
	KEY_POST,
	KEY_NUMBER = 0x10, /* the number 0; up to KEY_NUMBER_WIDE - 1 the byte is the number */
	KEY_NUMBER_WIDE = 0xf0, /* + how many bytes of a big-endian number follow, 1..8 */
	KEY_NUMBER_LONG = 0xf9, /* the count of digits, as a number, and the digits themselves */
	KEY_EPOCH = 0xff,
};

enum version_pre {
	VERSION_NO_PRE = 0,
	VERSION_A,
	VERSION_B,
	VERSION_RC,
};

struct version_parts { /* slices of the text; a number that is not written is empty and counts as 0 */
	struct span text;    /* all of it, without white space around */
	struct span epoch;   /* digits */
	struct span release; /* digits and dots */
	size_t n_release;    /* how many numbers */
	struct span pre_n, post_n, dev_n;
	struct span local;   /* behind the plus, as written */
	enum version_pre pre;
	bool post, dev;
	bool oversized;      /* a number is longer than VERSION_DIGITS_MAX; version_key() refuses it */
};

/* The longest version that text begins with. How many bytes it has; 0: none. */
size_t version_scan(struct span text, bool with_local, struct version_parts *out);
/* All of text, white space around left aside. */
bool version_split(struct span text, struct version_parts *out);
/* PIPGATE_INVALID: a number is oversized. */
enum pipgate_status version_key(struct pipgate_run *run, const struct version_parts *parts, struct pipgate_version *out)
	PIPGATE_MUST_USE;
/* Digits without their leading zeros (0 becomes empty). */
struct span version_number(struct span digits);

static inline bool version_separator(char c)
{
	return c == '.' || c == '-' || c == '_';
}

#endif
