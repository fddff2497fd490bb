/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zip's central directory, judged before libarchive sees the file. libarchive takes names from the local headers, does
 * not compare the count, and drops one of two entries that share a local header: so the directory's own names are
 * gathered here, and what libarchive hands out is compared with them.
 *
 * Refused: no or several disks, bytes before the first entry or behind the end, a count that is not what is there,
 * repeated and unsafe names, encryption, methods other than stored and deflate, entries that overlap.
 */
#ifndef FETCH_DIRECTORY_H
#define FETCH_DIRECTORY_H

#include "wrapper/fetch/names.h"
#include "wrapper/fetch/run.h"

/* Adds every name to names; *count: the entries. fd is read by offset. */
enum pipgate_status directory_check(struct fetch *fetch, int fd, uint64_t size, struct names *names, uint64_t *count) PIPGATE_MUST_USE;

#endif
