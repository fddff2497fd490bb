/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lock file on its way into the inventory. A kind of lock is one file here (lock_uv.c, …) with one function that makes packages of
 * its tree and says which are wanted; all else (what was chosen, markers, lines, wheels, repeats) is done here for all of them.
 *
 * Chosen: without --extra and --group all of a lock counts, as that is what was asked about; with them, what is always installed and
 * what they name.
 */
#ifndef WRAPPER_SOURCE_LOCK_H
#define WRAPPER_SOURCE_LOCK_H

#include "matcher/base/json.h"
#include "wrapper/source/source.h"
#include "wrapper/source/target.h"

#define LOCK_PACKAGES ((size_t)100000) /* of one lock; the largest that is known has some 2,000 */

struct lock_package {
	struct span name, shown_name; /* normalized, as written; of the tree or the run */
	struct span version;          /* n 0: none is told */
	enum pipgate_origin origin;
	struct span url;
	size_t line;                  /* of its entry; 0: not found */
	const cJSON *item;            /* its entry; NULL for the repeats of one */
	bool wanted;                  /* it would be installed */
	bool project;                 /* what the lock is for, no dependency */
	bool direct;
	struct list requires;         /* of struct span: requirements, in the run */
	struct list extras;           /* of struct span: that were asked of it */
};

struct lock {
	struct gathering *gathering;
	const struct source_file *file;
	const struct lock_kind *kind;
	const cJSON *root;
	struct list packages;        /* of struct lock_package */
	const cJSON *default_groups; /* an array: those that count where no group is chosen; NULL: none */
	struct list known;           /* of struct span: names of the extras and groups that it has */
	struct span unread;          /* of the file's text: where the next entry is looked for */
	size_t unread_line;          /* the number of its first line */
	bool other;                  /* another machine or Python is meant: */
	struct target target;
	struct pipgate_error *error;
};

enum lock_encoding { LOCK_TOML = 1, LOCK_JSON, LOCK_YAML };

struct lock_kind {
	const char *name; /* the source's: "uv.lock" */
	source_takes *takes;
	enum lock_encoding encoding;
	/* Fills packages and known. */
	enum pipgate_status (*read)(struct lock *lock);
};
extern const struct lock_kind lock_kinds[]; /* ends with a NULL name */

/* The kind that takes this file; NULL: none. */
const struct lock_kind *lock_kind_of(const struct source_file *file);
/* A parsed lock into the inventory, as an input of its own. YAML: root is NULL, the kind reads the text. */
enum pipgate_status lock_take(struct gathering *gathering, const struct lock_kind *kind, const struct source_file *file, const cJSON *root,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* Its text as a tree, the caller's (YAML: NULL). TOML starts a Python. */
enum pipgate_status lock_parse(struct gathering *gathering, const struct lock_kind *kind, const struct source_file *file, cJSON **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- for the kinds ---- */

/* A new package with these; INVALID: no name, or too many. */
enum pipgate_status lock_package(struct lock *lock, const cJSON *item, struct span name, struct span version, struct lock_package **out)
	PIPGATE_MUST_USE;
/* A new package for each table of the root's array KEY (none: there is no package), with its name, its version and its line in TOML,
 * handed to read, which may use it until it ends. */
enum pipgate_status lock_tables(struct lock *lock, const char *key, enum pipgate_status (*read)(struct lock *lock, struct lock_package *p))
	PIPGATE_MUST_USE;
/* "NAME: what" and INVALID */
enum pipgate_status lock_refuse(struct lock *lock, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Was it chosen? */
bool lock_chooses_extra(const struct lock *lock, struct span name);
bool lock_chooses_group(const struct lock *lock, struct span name);
bool lock_chooses_all(const struct lock *lock);
/* Names of its extras or groups: an array's strings, an object's keys, or one. */
void lock_knows(struct lock *lock, const cJSON *names);
void lock_knows_name(struct lock *lock, struct span name);
/* Does a marker (n 0: none) hold where it is meant, with what was chosen? `extra == "x"`, `"x" in extras` and `"x" in
 * dependency_groups` ask for what was chosen. Where all is chosen, whatever they ask for holds. */
enum pipgate_status lock_marker(struct lock *lock, struct span marker, bool *holds) PIPGATE_MUST_USE;
/* "name[extras]; marker" into requires; extra: behind this extra of its own, n 0: always. */
void lock_require(struct lock *lock, struct lock_package *package, struct span name, const cJSON *extras, struct span marker, struct span extra);
/* Notes that this lock was made for other Pythons than the one that is meant. */
void lock_python(struct lock *lock, struct span specifiers);

#endif
