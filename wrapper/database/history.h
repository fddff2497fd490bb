/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a database file was before: where one is replaced, the old one stays readable as a hard link beside it,
 * NAME.history/SERIAL.db, the newest HISTORY_KEPT of them. Where a file system or its rights allow no link, there is none:
 * nothing of this makes an update fail. All of it happens under the lock that the replacing holds.
 */
#ifndef WRAPPER_DATABASE_HISTORY_H
#define WRAPPER_DATABASE_HISTORY_H

#include <stdint.h>

#include "wrapper/database/beside.h"

#define HISTORY_SUFFIX ".history"
#define HISTORY_KEPT 3 /* enough for "since the day before yesterday"; each is a whole database */

/* The serial of what is about to be put in place: one more than that of the file that is there and of all that are kept; 1 where none is. */
int64_t history_next(const struct beside *beside);
/* beside_commit(); what it replaces is kept. */
enum pipgate_status history_commit(struct beside *beside, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- reading; path: of the database that is in use ---- */

/* FAILED: none of that serial is kept, nor is the one in use of it. */
enum pipgate_status history_find(const char *path, int64_t serial, char out[4096], struct pipgate_error *error) PIPGATE_MUST_USE;
/* The one that was replaced last. FAILED: none is kept. */
enum pipgate_status history_newest(const char *path, char out[4096], struct pipgate_error *error) PIPGATE_MUST_USE;
/* "17": a serial, and no file's name. */
bool history_serial(const char *word, int64_t *serial);

#endif
