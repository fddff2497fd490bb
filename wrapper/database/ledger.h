/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a build has taken so far, without the bytes themselves: entries (advisories by id) and pieces (one compiled record
 * of an entry under one name). Bytes lie in the spool; here are their places. Some 100 bytes an advisory.
 */
#ifndef WRAPPER_DATABASE_LEDGER_H
#define WRAPPER_DATABASE_LEDGER_H

#include "wrapper/database/moment.h"

struct ledger_entry {
	struct span id;
	struct moment modified;
	uint64_t text_at;
	uint32_t text_n;
	uint32_t first_piece, n_pieces;
	uint32_t feed;
	bool withdrawn;
};
struct ledger_piece {
	struct span name; /* p NULL: its entry was replaced by a newer one */
	uint64_t at;
	uint32_t n, entry;
};
struct ledger {
	struct pipgate_run *run; /* holds ids and names */
	struct ledger_entry *entries;
	size_t n_entries, room_entries;
	struct ledger_piece *pieces;
	size_t n_pieces, room_pieces;
	uint32_t *table; /* by id: index + 1 of the entry, 0 free */
	size_t room_table;
};

enum pipgate_status ledger_init(struct ledger *ledger) PIPGATE_MUST_USE;
void ledger_fini(struct ledger *ledger);
struct ledger_entry *ledger_find(const struct ledger *ledger, struct span id); /* NULL: none */
/* A new entry with that id (copied), which must not be there yet; NULL: no memory, or 2^31 of them. */
struct ledger_entry *ledger_add(struct ledger *ledger, struct span id);
/* A piece of that entry, the newest of all; name is copied. */
enum pipgate_status ledger_piece(struct ledger *ledger, struct ledger_entry *entry, struct span name, uint64_t at, uint32_t n) PIPGATE_MUST_USE;
/* The entry's pieces go; it is filled anew. */
void ledger_forget(struct ledger *ledger, struct ledger_entry *entry);
/* Entries by id; pieces by name, then id, then as they came, the forgotten ones gone. ledger_find and ledger_add end here. */
void ledger_sort(struct ledger *ledger);

#endif
