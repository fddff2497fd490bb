/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wrapper/database/store_file.h"

#include "matcher/base/banned.h"

#define CACHE_KIB "2048"
#define ITEM_BYTES 256        /* of a refused one's name and reason that are kept */
#define REFUSED_MAX 100000    /* a feed with more is no feed */

static const char create_sql[] =
	"PRAGMA page_size=16384;"
	"PRAGMA journal_mode=OFF;" /* nobody else sees this file: beside_commit() puts it in place */
	"PRAGMA synchronous=OFF;"
	"PRAGMA locking_mode=EXCLUSIVE;"
	"PRAGMA cache_size=-" CACHE_KIB ";"
	"BEGIN;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	/* small, so that a walk over all ids is short */
	"CREATE TABLE entry(id TEXT PRIMARY KEY, n INTEGER, seconds INTEGER, nanos INTEGER, withdrawn INTEGER, sum INTEGER) WITHOUT ROWID;"
	"CREATE TABLE record(n INTEGER PRIMARY KEY, text BLOB, pieces BLOB);"
	"CREATE TABLE said(cve TEXT PRIMARY KEY, exploited INTEGER, epss INTEGER, percentile INTEGER) WITHOUT ROWID;"
	"CREATE TABLE refused(item TEXT, reason TEXT);";

static const char *const statements[N_STATEMENTS] = {
	[STORE_FIND] = "SELECT n, seconds, nanos FROM entry WHERE id = ?",
	[STORE_ENTRY] = "INSERT INTO entry VALUES(?,?,?,?,?,?)",
	[STORE_RECORD] = "INSERT INTO record VALUES(?,?,?)",
	[STORE_FORGET_ENTRY] = "DELETE FROM entry WHERE id = ?",
	[STORE_FORGET_RECORD] = "DELETE FROM record WHERE n = ?",
	[STORE_SAID] = "INSERT INTO said VALUES(?,?,?,?)",
	[STORE_REFUSED] = "INSERT INTO refused VALUES(?,?)",
	[STORE_FORGET_REFUSED] = "DELETE FROM refused WHERE item = ?1 OR item = ?1 || '.json'",
	[STORE_WAS_REFUSED] = "SELECT 1 FROM refused WHERE item = ?1 OR item = ?1 || '.json'",
	[STORE_META] = "INSERT OR REPLACE INTO meta VALUES(?,?)",
};

/* ---- SQLite ---- */

static enum pipgate_status failed(struct store *s, struct pipgate_error *error)
{
	enum pipgate_status status = schema_not_written(s->db, error);

	error_before(error, "%s", s->path);
	return status;
}

static enum pipgate_status run_sql(struct store *s, const char *sql, struct pipgate_error *error)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? PIPGATE_OK : failed(s, error);
}

sqlite3_stmt *store_statement(struct store *s, enum store_statement which)
{
	if (!s->statements[which] && sqlite3_prepare_v2(s->db, statements[which], -1, &s->statements[which], NULL) != SQLITE_OK)
		return NULL; /* every function on it says so, and db has the error */
	sqlite3_reset(s->statements[which]);
	return s->statements[which];
}

void store_bind(sqlite3_stmt *statement, int at, struct span text)
{
	sqlite3_bind_text64(statement, at, text.p ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

enum pipgate_status store_step(struct store *s, sqlite3_stmt *statement, struct pipgate_error *error)
{
	if (!statement || sqlite3_step(statement) != SQLITE_DONE)
		return failed(s, error);
	sqlite3_reset(statement);
	return PIPGATE_OK;
}

static void shut(struct store *s)
{
	for (int i = 0; i < N_STATEMENTS; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

static bool reach(struct store *s, const char *path)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;

	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		return false;
	sqlite3_extended_result_codes(s->db, 0);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	return true;
}

const struct store_state *store_state(const struct store *s)
{
	return &s->state;
}

/* ---- open and close ---- */

static void look(struct store *s)
{
	s->state = (struct store_state){0};
	if (access(s->path, F_OK) != 0 || !reach(s, s->path) || !store_state_read(s)) {
		shut(s);
		s->state = (struct store_state){0};
	}
}

enum pipgate_status store_open(const char *path, struct span identity, struct store **out, struct pipgate_error *error)
{
	struct store *s = must(calloc(1, sizeof(*s)));

	s->beside.folder = s->beside.lock = -1;
	s->identity = (int64_t)schema_sum(0, identity);
	s->any = !identity.p;
	if (snprintf(s->path, sizeof(s->path), "%s", path) >= (int)sizeof(s->path)) {
		free(s);
		return error_set(error, PIPGATE_FAILED, "%.64s…: the path is too long", path);
	}
	if (pipgate_run_new(NULL, &s->run) != PIPGATE_OK || compiler_init(&s->compiler) != PIPGATE_OK)
		die_no_memory();
	look(s);
	*out = s;
	return PIPGATE_OK;
}

void store_close(struct store **store)
{
	struct store *s = *store;

	if (!s)
		return;
	*store = NULL;
	store_drop(s);
	shut(s);
	compiler_fini(&s->compiler);
	pipgate_run_free(&s->run);
	free(s);
}

/* ---- writing ---- */

static enum pipgate_status whole_begin(struct store *s, struct pipgate_error *error)
{
	enum pipgate_status status;

	shut(s);
	status = beside_open(&s->beside, s->path, error);
	if (status == PIPGATE_OK)
		status = beside_create(&s->beside, error);
	if (status != PIPGATE_OK)
		return status;
	s->next = 0;
	if (!reach(s, s->beside.temporary))
		return failed(s, error);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL); /* it would keep a journal, and a kill would leave that behind */
	return run_sql(s, create_sql, error);
}

static enum pipgate_status changes_begin(struct store *s, struct pipgate_error *error)
{
	enum pipgate_status status = run_sql(s, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; BEGIN IMMEDIATE; DELETE FROM refused", error);
	sqlite3_stmt *most;

	if (status != PIPGATE_OK || sqlite3_prepare_v2(s->db, "SELECT max(n) FROM record", -1, &most, NULL) != SQLITE_OK)
		return failed(s, error);
	s->next = sqlite3_step(most) == SQLITE_ROW ? sqlite3_column_int64(most, 0) : 0;
	sqlite3_finalize(most);
	return PIPGATE_OK;
}

enum pipgate_status store_begin(struct store *s, enum store_writing how, struct pipgate_error *error)
{
	s->time = -1;
	s->n_refused = 0;
	s->sha256[0] = 0;
	s->writing = how;
	return how == STORE_WHOLE ? whole_begin(s, error) : changes_begin(s, error);
}

static enum pipgate_status forget(struct store *s, struct span id, struct pipgate_error *error)
{
	sqlite3_stmt *find = store_statement(s, STORE_FIND), *gone;
	enum pipgate_status status;
	int64_t n;

	store_bind(find, 1, id);
	if (sqlite3_step(find) != SQLITE_ROW)
		return PIPGATE_OK;
	n = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	gone = store_statement(s, STORE_FORGET_RECORD);
	sqlite3_bind_int64(gone, 1, n);
	status = store_step(s, gone, error);
	gone = store_statement(s, STORE_FORGET_ENTRY);
	store_bind(gone, 1, id);
	return status == PIPGATE_OK ? store_step(s, gone, error) : status;
}

enum pipgate_status store_remove(struct store *s, struct span id, struct pipgate_error *error)
{
	enum pipgate_status status = forget(s, id, error);
	sqlite3_stmt *gone = store_statement(s, STORE_FORGET_REFUSED);

	store_bind(gone, 1, id);
	if (status == PIPGATE_OK)
		status = store_step(s, gone, error);
	s->n_refused -= sqlite3_changes(s->db);
	return status;
}

int64_t store_sum(const struct compiled *c)
{
	return (int64_t)schema_sum(schema_sum(schema_sum(0, c->id), c->text), c->pieces);
}

static enum pipgate_status entry_add(struct store *s, const struct compiled *c, struct pipgate_error *error)
{
	sqlite3_stmt *entry = store_statement(s, STORE_ENTRY);
	const int64_t columns[] = {s->next, c->modified.seconds, c->modified.nanos, c->withdrawn, store_sum(c)};

	store_bind(entry, 1, c->id);
	for (int i = 0; i < (int)(sizeof(columns) / sizeof(*columns)); i++)
		sqlite3_bind_int64(entry, 2 + i, columns[i]);
	if (entry && sqlite3_step(entry) == SQLITE_CONSTRAINT) {
		sqlite3_reset(entry);
		return error_set(error, PIPGATE_FAILED, SPAN_FMT " is there twice", SPAN_ARG(c->id));
	}
	if (!entry || sqlite3_errcode(s->db) != SQLITE_DONE)
		return failed(s, error);
	return PIPGATE_OK;
}

enum pipgate_status store_add(struct store *s, const struct pipgate_advisory *advisory, struct pipgate_error *error)
{
	struct compiled c;
	sqlite3_stmt *record;
	enum pipgate_status status = compile(&s->compiler, advisory, &c, error);

	if (status == PIPGATE_OK && s->writing == STORE_CHANGES)
		status = store_remove(s, c.id, error);
	if (status != PIPGATE_OK)
		return status;
	s->next++;
	status = entry_add(s, &c, error);
	if (status != PIPGATE_OK)
		return status;
	record = store_statement(s, STORE_RECORD);
	sqlite3_bind_int64(record, 1, s->next);
	sqlite3_bind_blob64(record, 2, c.text.p ? c.text.p : "", c.text.n, SQLITE_STATIC);
	sqlite3_bind_blob64(record, 3, c.pieces.p ? c.pieces.p : "", c.pieces.n, SQLITE_STATIC);
	return store_step(s, record, error);
}

enum pipgate_status store_exploitation(struct store *s, struct span cve, const struct pipgate_exploitation *said, struct pipgate_error *error)
{
	sqlite3_stmt *insert = store_statement(s, STORE_SAID);
	int code;

	if (!exploitation_cve(cve))
		return error_set(error, PIPGATE_INVALID, "no CVE id");
	store_bind(insert, 1, cve);
	sqlite3_bind_int(insert, 2, said->exploited);
	sqlite3_bind_int(insert, 3, said->has_epss ? said->epss : -1);
	sqlite3_bind_int(insert, 4, said->epss_percentile);
	code = insert ? sqlite3_step(insert) : SQLITE_ERROR;
	if (code == SQLITE_CONSTRAINT)
		return error_set(error, PIPGATE_INVALID, "its CVE id is there twice");
	return code == SQLITE_DONE ? PIPGATE_OK : failed(s, error);
}

enum pipgate_status store_refuse(struct store *s, struct span item, struct span reason, struct pipgate_error *error)
{
	sqlite3_stmt *insert = store_statement(s, STORE_REFUSED);

	if (++s->n_refused > REFUSED_MAX)
		return error_set(error, PIPGATE_FAILED, "more than %d of its records cannot be read", REFUSED_MAX);
	store_bind(insert, 1, (struct span){item.p, item.n < ITEM_BYTES ? item.n : ITEM_BYTES});
	store_bind(insert, 2, reason);
	return store_step(s, insert, error);
}

void store_time(struct store *s, int64_t time)
{
	s->time = time;
}

void store_digest(struct store *s, const char *hex)
{
	snprintf(s->sha256, sizeof(s->sha256), "%s", hex);
}

/* ---- the end of it ---- */

static enum pipgate_status number_get(struct store *s, const char *sql, int64_t argument, int64_t *out, struct pipgate_error *error)
{
	sqlite3_stmt *row;
	int code;

	if (sqlite3_prepare_v2(s->db, sql, -1, &row, NULL) != SQLITE_OK)
		return failed(s, error);
	sqlite3_bind_int64(row, 1, argument); /* of those that have one */
	code = sqlite3_step(row);
	*out = code == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
	sqlite3_finalize(row);
	return code == SQLITE_ROW ? PIPGATE_OK : failed(s, error);
}

enum pipgate_status store_settle(struct store *s, int64_t now, struct store_state *out, struct pipgate_error *error)
{
	struct store_state state = {.there = true, .checked = now, .refused = s->n_refused, .sha256 = span_of(s->sha256), .time = s->time};
	enum pipgate_status status = number_get(s, "SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM said)", 0, &state.accepted, error);

	if (status == PIPGATE_OK)
		status = number_get(s, "SELECT count(*) FROM entry WHERE withdrawn", 0, &state.withdrawn, error);
	if (status == PIPGATE_OK && s->time < 0)
		status = number_get(s, "SELECT ifnull(max(seconds), 0) FROM entry WHERE seconds <= ?", now + MOMENT_FUTURE_SECONDS, &state.time,
			error);
	if (status == PIPGATE_OK)
		status = number_get(s, "SELECT count(*) FROM entry WHERE seconds > ?", now + MOMENT_FUTURE_SECONDS, &state.future, error);
	*out = state;
	return status;
}

static enum pipgate_status end(struct store *s, const struct store_state *state, struct pipgate_error *error)
{
	enum pipgate_status status = store_state_write(s, state, error);

	if (status == PIPGATE_OK)
		status = run_sql(s, "COMMIT", error);
	return status;
}

enum pipgate_status store_commit(struct store *s, const struct store_state *state, struct pipgate_error *error)
{
	enum pipgate_status status = end(s, state, error);

	if (status == PIPGATE_OK && s->writing == STORE_WHOLE) {
		shut(s);
		beside_companions_remove(&s->beside);
		status = beside_commit(&s->beside, error);
	}
	if (status != PIPGATE_OK)
		return status;
	beside_close(&s->beside);
	s->writing = 0;
	shut(s);
	look(s);
	return s->state.there ? PIPGATE_OK : error_set(error, PIPGATE_FAILED, "%s: what was written cannot be read", s->path);
}

void store_drop(struct store *s)
{
	if (!s->writing)
		return;
	s->writing = 0;
	if (s->db)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	shut(s);
	beside_close(&s->beside);
	look(s);
}

enum pipgate_status store_note(struct store *s, const struct store_state *state, struct pipgate_error *error)
{
	enum pipgate_status status = run_sql(s, "PRAGMA journal_mode=DELETE; PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE", error);

	if (status == PIPGATE_OK)
		status = end(s, state, error);
	if (status != PIPGATE_OK)
		return status;
	s->state = *state;
	store_state_keep(s);
	return PIPGATE_OK;
}
