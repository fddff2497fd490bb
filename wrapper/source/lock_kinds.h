/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of lock files: one file and one row in source_locks.c each. */
#ifndef WRAPPER_SOURCE_LOCK_KINDS_H
#define WRAPPER_SOURCE_LOCK_KINDS_H

#include "wrapper/source/lock.h"

enum pipgate_status lock_read_pylock(struct lock *lock) PIPGATE_MUST_USE;
enum pipgate_status lock_read_uv(struct lock *lock) PIPGATE_MUST_USE;
enum pipgate_status lock_read_poetry(struct lock *lock) PIPGATE_MUST_USE;
enum pipgate_status lock_read_pdm(struct lock *lock) PIPGATE_MUST_USE;
enum pipgate_status lock_read_pipfile(struct lock *lock) PIPGATE_MUST_USE;
enum pipgate_status lock_read_conda(struct lock *lock) PIPGATE_MUST_USE;

#endif
