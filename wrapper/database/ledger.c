/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/ledger.h"

#include <stdlib.h>

#include "matcher/base/arena.h"
#include "wrapper/database/schema.h"

#include "matcher/base/banned.h"

#define LEDGER_MAX ((size_t)1 << 31) /* indices are 32 bits */

enum pipgate_status ledger_init(struct ledger *l)
{
	*l = (struct ledger){0};
	return pipgate_run_new(NULL, &l->run);
}

void ledger_fini(struct ledger *l)
{
	free(l->entries);
	free(l->pieces);
	free(l->table);
	pipgate_run_free(&l->run);
	*l = (struct ledger){0};
}

static bool grow(void **items, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room + *room / 2 : 1024;
	void *p;

	if (n < *room)
		return true;
	if (n >= LEDGER_MAX)
		return false;
	p = reallocarray(*items, more, size);
	if (!p)
		return false;
	*items = p;
	*room = more;
	return true;
}

/* Where id stands or would stand. */
static uint32_t *slot_of(const struct ledger *l, struct span id)
{
	size_t mask = l->room_table - 1, i = (size_t)schema_sum(0, id) & mask;

	while (l->table[i] && !span_equal(l->entries[l->table[i] - 1].id, id))
		i = (i + 1) & mask;
	return &l->table[i];
}

static bool table_grow(struct ledger *l)
{
	size_t room = l->room_table ? l->room_table * 2 : 2048;
	uint32_t *table;

	if (l->n_entries * 2 < l->room_table)
		return true;
	table = calloc(room, sizeof(*table));
	if (!table)
		return false;
	free(l->table);
	l->table = table;
	l->room_table = room;
	for (size_t i = 0; i < l->n_entries; i++)
		*slot_of(l, l->entries[i].id) = (uint32_t)(i + 1);
	return true;
}

struct ledger_entry *ledger_find(const struct ledger *l, struct span id)
{
	uint32_t at = l->table ? *slot_of(l, id) : 0;

	return at ? &l->entries[at - 1] : NULL;
}

struct ledger_entry *ledger_add(struct ledger *l, struct span id)
{
	void *entries = l->entries;
	struct span copy = arena_copy(l->run, id);
	bool room = copy.p && grow(&entries, l->n_entries, &l->room_entries, sizeof(*l->entries));

	l->entries = entries;
	if (!room || !table_grow(l))
		return NULL;
	*slot_of(l, copy) = (uint32_t)(l->n_entries + 1);
	l->entries[l->n_entries] = (struct ledger_entry){.id = copy};
	return &l->entries[l->n_entries++];
}

enum pipgate_status ledger_piece(struct ledger *l, struct ledger_entry *entry, struct span name, uint64_t at, uint32_t n)
{
	void *pieces = l->pieces;
	struct span copy = arena_copy(l->run, name);
	bool room = copy.p && grow(&pieces, l->n_pieces, &l->room_pieces, sizeof(*l->pieces));

	l->pieces = pieces;
	if (!room)
		return PIPGATE_NO_MEMORY;
	if (!entry->n_pieces)
		entry->first_piece = (uint32_t)l->n_pieces;
	entry->n_pieces++;
	l->pieces[l->n_pieces++] = (struct ledger_piece){.name = copy, .at = at, .n = n, .entry = (uint32_t)(entry - l->entries)};
	return PIPGATE_OK;
}

void ledger_forget(struct ledger *l, struct ledger_entry *entry)
{
	for (uint32_t i = 0; i < entry->n_pieces; i++)
		l->pieces[entry->first_piece + i].name.p = NULL;
	entry->n_pieces = 0;
}

static int entry_order(const void *a, const void *b)
{
	return span_compare(((const struct ledger_entry *)a)->id, ((const struct ledger_entry *)b)->id);
}

/* Entries are sorted by then, so that an index stands for an id. */
static int piece_order(const void *a, const void *b)
{
	const struct ledger_piece *x = a, *y = b;
	int order = span_compare(x->name, y->name);

	if (order == 0)
		order = (x->entry > y->entry) - (x->entry < y->entry);
	return order ? order : (x->at > y->at) - (x->at < y->at);
}

void ledger_sort(struct ledger *l)
{
	size_t n = 0;

	if (l->n_entries)
		qsort(l->entries, l->n_entries, sizeof(*l->entries), entry_order);
	for (size_t e = 0; e < l->n_entries; e++)
		for (uint32_t i = 0; i < l->entries[e].n_pieces; i++)
			l->pieces[l->entries[e].first_piece + i].entry = (uint32_t)e;
	for (size_t i = 0; i < l->n_pieces; i++)
		if (l->pieces[i].name.p)
			l->pieces[n++] = l->pieces[i];
	l->n_pieces = n;
	if (n)
		qsort(l->pieces, n, sizeof(*l->pieces), piece_order);
	free(l->table);
	l->table = NULL;
	l->room_table = 0;
}
