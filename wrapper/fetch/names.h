/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a container's entries: which are refused, and a set that finds repeated ones. */
#ifndef FETCH_NAMES_H
#define FETCH_NAMES_H

#include "matcher/base/text.h"
#include "shims/hook/protocol.h"

/* NULL: a relative path of printable UTF-8 that stays below where it is unpacked, on any system. Otherwise why not.
 * pipgate asks it again for what pipgate-fetch sends. */
static inline const char *name_fault(struct span name)
{
	if (!name.n)
		return "a name is empty";
	if (name.n > FETCH_NAME_MAX)
		return "a name is too long";
	if (text_valid(name) != name.n)
		return "a name is not UTF-8";
	if (name.p[0] == '/' || (name.n > 1 && name.p[1] == ':' && ascii_alpha(name.p[0])))
		return "a name is an absolute path";
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f)
			return "a name holds a control character";
		else if (name.p[i] == '\\')
			return "a name holds a backslash";
	for (struct span rest = name; rest.n;)
		if (span_equal(span_split(&rest, '/'), SPAN("..")))
			return "a name leads out of the archive";
	return NULL;
}

/* A set of names by a keyed hash of 64 bits: a collision, one in 2^24 for a million names, refuses a good container and
 * passes no bad one. The key is random: a container cannot be built to be slow. */
struct names {
	uint64_t *slots; /* 0: free; the last bit: taken */
	size_t mask, n;
	uint64_t key[2];
};

enum names_answer { NAMES_NO_MEMORY = 0, NAMES_NEW, NAMES_KNOWN };

bool names_init(struct names *names); /* false: no memory */
void names_fini(struct names *names);
enum names_answer names_add(struct names *names, struct span name);
/* NEW: not in the set; KNOWN: it is there, and is taken: a second call says NEW. */
enum names_answer names_take(struct names *names, struct span name);

#endif
