/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/database/schema.h"

#include "matcher/base/banned.h"

static uint64_t sum_step(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
	return sum ^ sum >> 32;
}

static uint64_t word_load(const char *p, size_t n)
{
	unsigned char b[8] = {0};

	memcpy(b, p, n);
	return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
	       (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
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

enum pipgate_status schema_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct pipgate_error *error)
{
	*out = NULL;
	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) != SQLITE_OK)
		return schema_failed(db, error, "cannot be read");
	return PIPGATE_OK;
}

static enum pipgate_status check_table(sqlite3 *db, const char *sql, uint64_t *sum, struct pipgate_error *error)
{
	sqlite3_stmt *s;
	enum pipgate_status status = schema_prepare(db, sql, &s, error);
	int code;

	if (status != PIPGATE_OK)
		return status;
	while ((code = sqlite3_step(s)) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(s); i++)
			*sum = schema_sum(*sum, schema_column(s, i));
	if (code != SQLITE_DONE)
		status = schema_failed(db, error, "cannot be read");
	sqlite3_finalize(s);
	return status;
}

enum pipgate_status schema_check(sqlite3 *db, uint64_t *out, struct pipgate_error *error)
{
	uint64_t sum = 0;
	enum pipgate_status status = check_table(db, "SELECT key, value FROM meta WHERE key <> 'check' ORDER BY key", &sum, error);

	if (status == PIPGATE_OK)
		status = check_table(db, "SELECT n, name, kind, place, time, accepted, withdrawn, refused, sha256 FROM feed ORDER BY n",
				     &sum, error);
	if (status == PIPGATE_OK)
		*out = sum;
	return status;
}
