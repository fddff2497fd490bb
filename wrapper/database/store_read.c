/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a store: single entries, all ids, and the whole of it into a build. */
#include "wrapper/database/store_file.h"

#include "matcher/base/banned.h"

static enum pipgate_status damaged(const struct store *s, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID, "%s: damaged; remove it and it is made anew", s->path);
}

static enum pipgate_status rows_end(struct store *s, sqlite3_stmt *rows, int code, struct pipgate_error *error)
{
	sqlite3_finalize(rows);
	return code == SQLITE_DONE ? PIPGATE_OK : damaged(s, error);
}

bool store_modified(struct store *s, struct span id, struct moment *out)
{
	sqlite3_stmt *find = s->db ? store_statement(s, STORE_FIND) : NULL;
	bool there;

	if (!find)
		return false;
	sqlite3_bind_text64(find, 1, id.p, id.n, SQLITE_STATIC, SQLITE_UTF8);
	there = sqlite3_step(find) == SQLITE_ROW;
	if (there)
		*out = (struct moment){sqlite3_column_int64(find, 1), (uint32_t)sqlite3_column_int(find, 2)};
	sqlite3_reset(find);
	return there;
}

bool store_was_refused(struct store *s, struct span id)
{
	sqlite3_stmt *find = s->db ? store_statement(s, STORE_WAS_REFUSED) : NULL;
	bool there;

	if (!find)
		return false;
	sqlite3_bind_text64(find, 1, id.p, id.n, SQLITE_STATIC, SQLITE_UTF8);
	there = sqlite3_step(find) == SQLITE_ROW;
	sqlite3_reset(find);
	return there;
}

enum pipgate_status store_each(struct store *s,
	enum pipgate_status (*each)(void *ctx, struct span id, struct moment modified, struct pipgate_error *error), void *ctx,
	struct pipgate_error *error)
{
	enum pipgate_status status = PIPGATE_OK;
	sqlite3_stmt *rows;
	int code = SQLITE_DONE;

	if (!s->db)
		return PIPGATE_OK;
	if (schema_prepare(s->db, "SELECT id, seconds, nanos FROM entry ORDER BY id", &rows, error) != PIPGATE_OK)
		return damaged(s, error);
	while (status == PIPGATE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW)
		status = each(ctx, schema_column(rows, 0), (struct moment){sqlite3_column_int64(rows, 1), (uint32_t)sqlite3_column_int(rows, 2)},
			error);
	if (status != PIPGATE_OK) {
		sqlite3_finalize(rows);
		return status;
	}
	return rows_end(s, rows, code, error);
}

/* ---- into a build ---- */

static enum pipgate_status record_take(struct store *s, sqlite3_stmt *row, struct database_build *build, uint32_t feed,
	struct pipgate_error *error)
{
	const struct compiled c = {
		.id = schema_column(row, 0),
		.modified = {sqlite3_column_int64(row, 1), (uint32_t)sqlite3_column_int(row, 2)},
		.withdrawn = sqlite3_column_int(row, 3) != 0,
		.text = schema_column(row, 5),
		.pieces = schema_column(row, 6),
	};

	if (!c.id.n || store_sum(&c) != sqlite3_column_int64(row, 4))
		return damaged(s, error);
	return database_build_add(build, feed, &c, error);
}

static enum pipgate_status said_take(struct store *s, sqlite3_stmt *row, struct database_build *build, uint32_t feed,
	struct pipgate_error *error)
{
	int epss = sqlite3_column_int(row, 2), percentile = sqlite3_column_int(row, 3);
	const struct pipgate_exploitation said = {
		.exploited = sqlite3_column_int(row, 1) != 0,
		.has_epss = epss >= 0,
		.epss = (uint16_t)(epss >= 0 ? epss : 0),
		.epss_percentile = (uint16_t)percentile,
	};

	(void)s;
	return database_build_exploitation(build, feed, schema_column(row, 0), &said, error);
}

static enum pipgate_status refused_take(struct store *s, sqlite3_stmt *row, struct database_build *build, uint32_t feed,
	struct pipgate_error *error)
{
	(void)s;
	return database_build_refuse(build, feed, schema_column(row, 0), schema_column(row, 1), error);
}

static const struct {
	const char *sql;
	enum pipgate_status (*take)(struct store *s, sqlite3_stmt *row, struct database_build *build, uint32_t feed, struct pipgate_error *error);
} parts[] = {
	{"SELECT e.id, e.seconds, e.nanos, e.withdrawn, e.sum, r.text, r.pieces FROM entry e JOIN record r ON r.n = e.n ORDER BY e.id",
		record_take},
	{"SELECT cve, exploited, epss, percentile FROM said ORDER BY cve", said_take},
	{"SELECT item, reason FROM refused ORDER BY item, reason", refused_take},
};

enum pipgate_status store_merge(struct store *s, struct database_build *build, const struct database_feed *feed, struct pipgate_error *error)
{
	struct database_feed own = *feed;
	enum pipgate_status status;
	uint32_t number;

	own.time = s->state.time;
	own.sha256 = s->state.sha256;
	status = database_build_feed(build, &own, &number, error);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts) && status == PIPGATE_OK; i++) {
		sqlite3_stmt *rows;
		int code = SQLITE_DONE;

		if (!s->db || schema_prepare(s->db, parts[i].sql, &rows, error) != PIPGATE_OK)
			return damaged(s, error);
		while (status == PIPGATE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW)
			status = parts[i].take(s, rows, build, number, error);
		if (status != PIPGATE_OK)
			sqlite3_finalize(rows);
		else
			status = rows_end(s, rows, code, error);
	}
	return status;
}
