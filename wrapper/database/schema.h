/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of an advisory database, shared by its writer and its reader; private to this folder.
 *
 *   meta(key, value)           schema, built, names, records, serial, set, check
 *   feed(n, name, kind, …)     the sources, in the order of the command line
 *   refused(n, feed, item, reason)   the first few records that were not taken
 *   row(name, bytes, sum)      a normalized name's compiled records
 *   text(id, bytes, sum)       an advisory as OSV JSON, for showing
 *
 * SQLite checks the shape of its pages, not their content. So that a flipped bit is never read as "no advisory": sum is
 * schema_sum() over key and bytes; meta's `set` holds the sums of all names, sorted, 8 bytes little endian each, and
 * answers alone for a name that is not there (a name in the set without a row is damage); meta's `check` covers meta
 * and feed. Damage, not forgery: who can write the file can write the sums.
 */
#ifndef WRAPPER_DATABASE_SCHEMA_H
#define WRAPPER_DATABASE_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

#include "matcher/base/error.h"

#define SCHEMA_NAME "pipgate/advisories/3"
#define SCHEMA_NAME_PREFIX "pipgate/advisories/"
#define SCHEMA_APPLICATION_ID 0x70674144 /* "pgAD" */
#define SCHEMA_VERSION 3                 /* user_version: SCHEMA_NAME's number */
#define SCHEMA_PAGE 16384 /* 4096: a file 6 % larger; look-ups are as fast */
#define SCHEMA_BLOB_MAX (64 << 20) /* one row or text: an item of a feed has at most 16 MiB */
#define SCHEMA_COMPANIONS "-wal", "-journal", "-shm" /* what SQLite looks for beside a file; ours has none */
#define SCHEMA_FEEDS_MAX 64        /* more sources in one file are a mistake */

/* Bytes to 64 bits; a change within one aligned group of eight always shows. Not for keeping secrets. */
uint64_t schema_sum(uint64_t start, struct span bytes);
/* The sum that a row or a text carries. */
static inline int64_t schema_sum_pair(struct span key, struct span bytes)
{
	return (int64_t)schema_sum(schema_sum(0, key), bytes);
}

/* `check` runs over the rows of these two, in their order, but for its own. */
#define SCHEMA_META_ROWS "SELECT key, value FROM meta ORDER BY key"
#define SCHEMA_FEED_ROWS "SELECT n, name, kind, place, sha256, time, accepted, withdrawn, refused, max_age, weight FROM feed ORDER BY n"
void schema_check_add(uint64_t *check, sqlite3_stmt *row);

/* SQLite's last error as ours: NO_MEMORY, FAILED for the world (disk, rights, locks), else INVALID. */
enum pipgate_status schema_failed(sqlite3 *db, struct pipgate_error *error, const char *what);
/* The same of a file that is written: what to do is said where it is the disk. */
enum pipgate_status schema_not_written(sqlite3 *db, struct pipgate_error *error);
enum pipgate_status schema_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out, struct pipgate_error *error) PIPGATE_MUST_USE;

static inline struct span schema_column(sqlite3_stmt *statement, int column)
{
	const void *p = sqlite3_column_blob(statement, column); /* before column_bytes, as SQLite asks */
	int n = sqlite3_column_bytes(statement, column);

	return (struct span){p, p && n > 0 ? (size_t)n : 0};
}

#endif
