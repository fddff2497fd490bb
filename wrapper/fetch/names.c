/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/names.h"

#include <stdlib.h>
#include <sys/random.h>

#include "matcher/base/banned.h"

#define FIRST_SLOTS ((size_t)4096)

bool names_init(struct names *names)
{
	*names = (struct names){.mask = FIRST_SLOTS - 1};
	if (getrandom(names->key, sizeof(names->key), 0) != (ssize_t)sizeof(names->key))
		return false;
	names->slots = calloc(FIRST_SLOTS, sizeof(*names->slots));
	return names->slots != NULL;
}

void names_fini(struct names *names)
{
	free(names->slots);
	names->slots = NULL;
}

/* The two halves of a 128-bit product, folded (as wyhash does). */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Never 0, the last bit free for "taken". */
static uint64_t hash(const struct names *names, struct span name)
{
	uint64_t h = names->key[0] ^ name.n;

	for (size_t i = 0; i < name.n; i += 8) {
		uint64_t part = 0;

		memcpy(&part, name.p + i, name.n - i < 8 ? name.n - i : 8);
		h = fold(h ^ part, names->key[1] | 1) + names->key[0];
	}
	h = fold(h, 0x9e3779b97f4a7c15) & ~(uint64_t)1;
	return h ? h : 2;
}

/* The slot that holds h, else the free one where it would go. */
static size_t find(const struct names *names, uint64_t h)
{
	size_t at = (size_t)(h >> 16) & names->mask;

	while (names->slots[at] && (names->slots[at] & ~(uint64_t)1) != h)
		at = (at + 1) & names->mask;
	return at;
}

static bool grow(struct names *names)
{
	struct names larger = *names;

	larger.mask = names->mask * 2 + 1;
	larger.slots = calloc(larger.mask + 1, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i <= names->mask; i++)
		if (names->slots[i])
			larger.slots[find(&larger, names->slots[i] & ~(uint64_t)1)] = names->slots[i];
	free(names->slots);
	*names = larger;
	return true;
}

enum names_answer names_add(struct names *names, struct span name)
{
	uint64_t h = hash(names, name);
	size_t at;

	if (names->n > names->mask / 2 && !grow(names))
		return NAMES_NO_MEMORY;
	at = find(names, h);
	if (names->slots[at])
		return NAMES_KNOWN;
	names->slots[at] = h;
	names->n++;
	return NAMES_NEW;
}

enum names_answer names_take(struct names *names, struct span name)
{
	size_t at = find(names, hash(names, name));

	if (!names->slots[at] || names->slots[at] & 1)
		return NAMES_NEW;
	names->slots[at] |= 1;
	return NAMES_KNOWN;
}
