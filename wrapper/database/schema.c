/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/schema.h"

#include <endian.h>

#include "matcher/base/banned.h"

static uint64_t sum_step(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return sum ^ sum >> 32;
}

/* Up to eight bytes as a number, the same on every machine. */
static inline uint64_t word_load(const char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return le64toh(word);
}

uint64_t schema_sum(uint64_t start, struct span bytes)
{
	uint64_t sum = sum_step(start, bytes.n);
	size_t i = 0;

	for (; bytes.n - i >= 8; i += 8)
		sum = sum_step(sum, word_load(bytes.p + i, 8));
	if (i < bytes.n)
		sum = sum_step(sum, word_load(bytes.p + i, bytes.n - i));
	return sum_step(sum, 0); /* the last word reaches the low bits too */
}

enum pipgate_status schema_failed(sqlite3 *db, struct pipgate_error *error, const char *what)
{
	int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
	enum pipgate_status status = PIPGATE_INVALID;

	switch (code) {
	case SQLITE_NOMEM:
		return error_set(error, PIPGATE_NO_MEMORY, "%s: out of memory", what);
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_CANTOPEN:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		status = PIPGATE_FAILED;
		break;
	default:
		break;
	}
	return error_set(error, status, "%s: %s", what, sqlite3_errmsg(db));
}

enum pipgate_status schema_not_written(sqlite3 *db, struct pipgate_error *error)
{
	int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;

	if (schema_failed(db, error, "cannot be written") == PIPGATE_NO_MEMORY)
		return PIPGATE_NO_MEMORY;
	if (code == SQLITE_FULL || code == SQLITE_IOERR)
		error_set(error, PIPGATE_FAILED, "cannot be written: %s; make room on its disk, or raise the limit on the size of files",
			  sqlite3_errmsg(db));
	return PIPGATE_FAILED;
}

enum pipgate_status schema_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct pipgate_error *error)
{
	*out = NULL;
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
		return schema_failed(db, error, "cannot be read");
	return PIPGATE_OK;
}

void schema_check_add(uint64_t *check, sqlite3_stmt *row)
{
	for (int i = 0; i < sqlite3_column_count(row); i++)
		*check = schema_sum(*check, schema_column(row, i));
}
