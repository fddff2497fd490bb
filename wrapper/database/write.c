/* SPDX-License-Identifier: Apache-2.0 */
/* From a ledger and a spool to the SQLite file: everything in key order, so that pages fill one after the other. */
#include "wrapper/database/build.h"

#include <endian.h>
#include <stdlib.h>

#include "wrapper/database/history.h"
#include "wrapper/database/schema.h"

#include "matcher/base/banned.h"

#define CACHE_KIB 2048 /* rows come in key order: hardly a page is touched twice */
#define STRING_OF_(x) #x
#define STRING_OF(x) STRING_OF_(x)

static const char schema_sql[] =
	"PRAGMA page_size=" STRING_OF(SCHEMA_PAGE) ";"
	"PRAGMA auto_vacuum=NONE;"
	"PRAGMA journal_mode=OFF;" /* nobody else sees this file, and a failed build throws it away */
	"PRAGMA synchronous=OFF;"  /* beside_commit() syncs once */
	"PRAGMA locking_mode=EXCLUSIVE;"
	"PRAGMA temp_store=MEMORY;"
	"PRAGMA cache_size=-" STRING_OF(CACHE_KIB) ";"
	"PRAGMA application_id=" STRING_OF(SCHEMA_APPLICATION_ID) ";"
	"PRAGMA user_version=" STRING_OF(SCHEMA_VERSION) ";"
	"BEGIN;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE feed(n INTEGER PRIMARY KEY, name TEXT, kind TEXT, place TEXT, time INTEGER, accepted INTEGER,"
	" withdrawn INTEGER, refused INTEGER, sha256 TEXT, max_age INTEGER,"
	" weight INTEGER);"
	"CREATE TABLE refused(n INTEGER PRIMARY KEY, feed INTEGER, item TEXT, reason TEXT);"
	"CREATE TABLE row(name TEXT PRIMARY KEY, bytes BLOB, sum INTEGER) WITHOUT ROWID;"
	/* with rowids: texts of a kilobyte would leave a third of the file empty in overflow pages (measured) */
	"CREATE TABLE text(id TEXT PRIMARY KEY, bytes BLOB, sum INTEGER);";

struct writer {
	struct database_build *build;
	sqlite3 *db;
	sqlite3_stmt *insert; /* of the table at hand */
	uint64_t *set;
	size_t n_set;
};

static enum pipgate_status refused(struct writer *w, struct pipgate_error *error)
{
	return schema_not_written(w->db, error);
}

static enum pipgate_status insert_begin(struct writer *w, const char *sql, struct pipgate_error *error)
{
	sqlite3_finalize(w->insert);
	return schema_prepare(w->db, sql, &w->insert, error) == PIPGATE_OK ? PIPGATE_OK : refused(w, error);
}

static void bind_text(struct writer *w, int at, struct span text)
{
	sqlite3_bind_text64(w->insert, at, text.p ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

static enum pipgate_status insert_end(struct writer *w, struct pipgate_error *error)
{
	int code = sqlite3_step(w->insert);

	if (code != SQLITE_DONE)
		return refused(w, error);
	sqlite3_reset(w->insert);
	return PIPGATE_OK;
}

static enum pipgate_status pair_insert(struct writer *w, struct span key, struct span bytes, struct pipgate_error *error)
{
	bind_text(w, 1, key);
	sqlite3_bind_blob64(w->insert, 2, bytes.p ? bytes.p : "", bytes.n, SQLITE_STATIC);
	sqlite3_bind_int64(w->insert, 3, schema_sum_pair(key, bytes));
	return insert_end(w, error);
}

/* ---- rows ---- */

/* The pieces [from, to) are those of one name. */
static enum pipgate_status row_write(struct writer *w, size_t from, size_t to, struct pipgate_error *error)
{
	struct database_build *b = w->build;
	const struct pipgate_enrichment enrichment = exploitation_enrichment(&b->exploitation);
	const struct ledger_piece *pieces = b->ledger.pieces;
	enum pipgate_status status = PIPGATE_OK;
	struct span *records, row;

	pipgate_run_reset(b->run);
	records = arena_array(b->run, to - from, sizeof(*records));
	for (size_t i = from; records && i < to && status == PIPGATE_OK; i++) {
		char *p = arena_alloc(b->run, pieces[i].n);

		if (!p)
			return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
		records[i - from] = (struct span){p, pieces[i].n};
		status = spool_read(&b->spool, pieces[i].at, p, pieces[i].n, error);
		if (status == PIPGATE_OK && !pipgate_record_feed(p, pieces[i].n, b->ledger.entries[pieces[i].entry].feed))
			status = error_set(error, PIPGATE_FAILED, "a record of " SPAN_FMT " is damaged", SPAN_ARG(pieces[i].name));
	}
	if (!records)
		return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
	if (status != PIPGATE_OK)
		return status;
	status = pipgate_row_encode(b->run, records, to - from, &enrichment, &row);
	if (status != PIPGATE_OK)
		return error_set(error, status, "the row of " SPAN_FMT " cannot be compiled", SPAN_ARG(pieces[from].name));
	if (row.n > SCHEMA_BLOB_MAX)
		return error_set(error, PIPGATE_LIMIT, "the row of " SPAN_FMT " is larger than %d bytes", SPAN_ARG(pieces[from].name),
				 SCHEMA_BLOB_MAX);
	w->set[w->n_set++] = schema_sum(0, pieces[from].name);
	return pair_insert(w, pieces[from].name, row, error);
}

static enum pipgate_status rows_write(struct writer *w, struct pipgate_error *error)
{
	const struct ledger *l = &w->build->ledger;
	enum pipgate_status status = insert_begin(w, "INSERT INTO row VALUES(?,?,?)", error);

	w->set = calloc(l->n_pieces + 1, sizeof(*w->set));
	if (!w->set)
		return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
	for (size_t from = 0, to; from < l->n_pieces && status == PIPGATE_OK; from = to) {
		for (to = from + 1; to < l->n_pieces && span_equal(l->pieces[to].name, l->pieces[from].name);)
			to++;
		status = row_write(w, from, to, error);
	}
	return status;
}

/* ---- texts ---- */

static enum pipgate_status texts_write(struct writer *w, struct pipgate_error *error)
{
	struct database_build *b = w->build;
	enum pipgate_status status = insert_begin(w, "INSERT INTO text VALUES(?,?,?)", error);

	for (size_t i = 0; i < b->ledger.n_entries && status == PIPGATE_OK; i++) {
		const struct ledger_entry *e = &b->ledger.entries[i];
		char *p;

		pipgate_run_reset(b->run);
		p = arena_alloc(b->run, e->text_n);
		if (!p)
			return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
		status = spool_read(&b->spool, e->text_at, p, e->text_n, error);
		if (status == PIPGATE_OK)
			status = pair_insert(w, e->id, (struct span){p, e->text_n}, error);
		b->totals.records += !e->withdrawn;
	}
	return status;
}

/* ---- what is known about it all ---- */

static enum pipgate_status feeds_write(struct writer *w, struct pipgate_error *error)
{
	struct database_build *b = w->build;
	const struct database_feed *feeds = b->feeds.items;
	const struct build_refused *out = b->refused.items;
	enum pipgate_status status = insert_begin(w, "INSERT INTO feed VALUES(?,?,?,?,?,?,?,?,?,?,?)", error);

	for (size_t i = 0; i < b->feeds.n && status == PIPGATE_OK; i++) {
		const struct database_feed *f = &feeds[i];
		const int64_t numbers[] = {f->time, f->accepted, f->withdrawn, f->refused};

		sqlite3_bind_int64(w->insert, 1, (int64_t)i);
		bind_text(w, 2, f->name);
		bind_text(w, 3, f->kind);
		bind_text(w, 4, f->place);
		for (int k = 0; k < 4; k++)
			sqlite3_bind_int64(w->insert, 5 + k, numbers[k]);
		bind_text(w, 9, f->sha256);
		sqlite3_bind_int64(w->insert, 10, f->max_age);
		sqlite3_bind_int64(w->insert, 11, f->weight);
		status = insert_end(w, error);
		b->totals.refused += f->refused;
	}
	if (status == PIPGATE_OK)
		status = insert_begin(w, "INSERT INTO refused VALUES(?,?,?,?)", error);
	for (size_t i = 0; i < b->refused.n && status == PIPGATE_OK; i++) {
		sqlite3_bind_int64(w->insert, 1, (int64_t)i);
		sqlite3_bind_int64(w->insert, 2, out[i].feed);
		bind_text(w, 3, out[i].item);
		bind_text(w, 4, out[i].reason);
		status = insert_end(w, error);
	}
	return status;
}

static int word_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Little endian, whatever the machine. */
static void set_settle(struct writer *w)
{
	if (w->n_set)
		qsort(w->set, w->n_set, sizeof(*w->set), word_order);
	for (size_t i = 0; i < w->n_set; i++)
		w->set[i] = htole64(w->set[i]);
}

static enum pipgate_status number_insert(struct writer *w, const char *key, int64_t value, struct pipgate_error *error)
{
	bind_text(w, 1, span_of(key));
	sqlite3_bind_int64(w->insert, 2, value);
	return insert_end(w, error);
}

/* Of what has been written so far: all but itself. */
static enum pipgate_status check_make(struct writer *w, const char *sql, uint64_t *check, struct pipgate_error *error)
{
	sqlite3_stmt *s;
	int code;

	if (schema_prepare(w->db, sql, &s, error) != PIPGATE_OK)
		return refused(w, error);
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		schema_check_add(check, s);
	sqlite3_finalize(s);
	return code == SQLITE_DONE ? PIPGATE_OK : refused(w, error);
}

static enum pipgate_status meta_write(struct writer *w, struct pipgate_error *error)
{
	struct database_build *b = w->build;
	enum pipgate_status status = insert_begin(w, "INSERT INTO meta VALUES(?,?)", error);
	uint64_t check = 0;

	b->totals.names = (int64_t)w->n_set;
	set_settle(w);
	if (status != PIPGATE_OK)
		return status;
	bind_text(w, 1, SPAN("schema"));
	bind_text(w, 2, SPAN(SCHEMA_NAME));
	status = insert_end(w, error);
	if (status == PIPGATE_OK)
		status = number_insert(w, "built", b->time, error);
	if (status == PIPGATE_OK)
		status = number_insert(w, "names", b->totals.names, error);
	if (status == PIPGATE_OK)
		status = number_insert(w, "records", b->totals.records, error);
	if (status == PIPGATE_OK)
		status = number_insert(w, "serial", history_next(&b->beside), error);
	if (status == PIPGATE_OK) {
		bind_text(w, 1, SPAN("set"));
		sqlite3_bind_blob64(w->insert, 2, w->set, w->n_set * sizeof(*w->set), SQLITE_STATIC);
		status = insert_end(w, error);
	}
	if (status == PIPGATE_OK)
		status = check_make(w, SCHEMA_META_ROWS, &check, error);
	if (status == PIPGATE_OK)
		status = check_make(w, SCHEMA_FEED_ROWS, &check, error);
	if (status == PIPGATE_OK)
		status = number_insert(w, "check", (int64_t)check, error);
	return status;
}

static enum pipgate_status exec(struct writer *w, const char *sql, struct pipgate_error *error)
{
	return sqlite3_exec(w->db, sql, NULL, NULL, NULL) == SQLITE_OK ? PIPGATE_OK : refused(w, error);
}

static enum pipgate_status tables_write(struct writer *w, struct pipgate_error *error)
{
	enum pipgate_status status = exec(w, schema_sql, error);

	if (status == PIPGATE_OK)
		status = rows_write(w, error);
	if (status == PIPGATE_OK)
		status = texts_write(w, error);
	if (status == PIPGATE_OK)
		status = feeds_write(w, error);
	if (status == PIPGATE_OK)
		status = meta_write(w, error);
	sqlite3_finalize(w->insert);
	w->insert = NULL;
	return status == PIPGATE_OK ? exec(w, "COMMIT", error) : status;
}

enum pipgate_status build_write(struct database_build *b, struct pipgate_error *error)
{
	struct writer w = {.build = b};
	enum pipgate_status status;

	ledger_sort(&b->ledger);
	if (sqlite3_open_v2(b->beside.temporary, &w.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL) != SQLITE_OK)
		status = refused(&w, error);
	else
		status = tables_write(&w, error);
	if (sqlite3_close(w.db) != SQLITE_OK && status == PIPGATE_OK)
		status = error_set(error, PIPGATE_FAILED, "cannot be written: SQLite does not close it");
	free(w.set);
	if (status != PIPGATE_OK)
		error_before(error, "%s", b->beside.target);
	return status;
}
