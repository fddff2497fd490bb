/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a store, shared by its writer (store.c), its reader (store_read.c) and its state; private to this folder. */
#ifndef WRAPPER_DATABASE_STORE_FILE_H
#define WRAPPER_DATABASE_STORE_FILE_H

#include "wrapper/database/beside.h"
#include "wrapper/database/compile.h"
#include "wrapper/database/exploitation.h"
#include "wrapper/database/schema.h"
#include "wrapper/database/store.h"
#include "wrapper/memory.h"

enum store_statement {
	STORE_FIND,
	STORE_ENTRY,
	STORE_RECORD,
	STORE_FORGET_ENTRY,
	STORE_FORGET_RECORD,
	STORE_SAID,
	STORE_REFUSED,
	STORE_FORGET_REFUSED,
	STORE_WAS_REFUSED,
	STORE_META,
	N_STATEMENTS
};

struct store {
	char path[4096];
	int64_t identity;
	bool any; /* whatever its identity is */
	struct store_state state;
	struct pipgate_run *run; /* what the state points to */
	struct compiler compiler;
	sqlite3 *db; /* the store, or what is being written whole; NULL: there is none */
	sqlite3_stmt *statements[N_STATEMENTS];
	enum store_writing writing; /* 0: none */
	struct beside beside;       /* while it is written whole */
	int64_t next, time, n_refused;
	char sha256[65];
};

/* Ready for its arguments; NULL: the file is not what it should be. */
sqlite3_stmt *store_statement(struct store *store, enum store_statement which);
void store_bind(sqlite3_stmt *statement, int at, struct span text);
/* One that gives no row. FAILED: SQLite's error. */
enum pipgate_status store_step(struct store *store, sqlite3_stmt *statement, struct pipgate_error *error) PIPGATE_MUST_USE;
int64_t store_sum(const struct compiled *record);

/* ---- store_state.c ---- */

/* false: the file is none of ours, or of another feed. */
bool store_state_read(struct store *store);
enum pipgate_status store_state_write(struct store *store, const struct store_state *state, struct pipgate_error *error) PIPGATE_MUST_USE;
/* What the state's texts point to becomes the store's own. */
void store_state_keep(struct store *store);

#endif
