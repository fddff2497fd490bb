/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requirements that were read, of whatever kind of file, become components: as they stand where they pin everything and pip is not
 * wanted, else resolved by the real pip.
 */
#ifndef WRAPPER_SOURCE_REQUIREMENT_SET_H
#define WRAPPER_SOURCE_REQUIREMENT_SET_H

#include "wrapper/source/requirement_file.h"
#include "wrapper/source/source.h"

struct requirement_set {
	struct requirement_files files; /* what was read, with its places */
	/* The same for pip: */
	struct list paths; /* of const char *: requirements files */
	struct list lines; /* of struct span: lines that stand in no file that pip could read */
	const char *self;  /* a project's folder (real path) that pip has to build to know what it asks for, NULL: none */
	const char *extras; /* of it: "[a,b]" */
	const char *file;  /* what is drawn in is said to be of this file */
};

void requirement_set_init(struct requirement_set *set, struct gathering *gathering, const char *file);
/* One line, as it would stand in a requirements file; path, line: where it really stands. */
enum pipgate_status requirement_set_line(struct requirement_set *set, const char *path, size_t line, struct span text,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* The same, and pip is given another one: it reads it in another folder. */
enum pipgate_status requirement_set_line_as(struct requirement_set *set, const char *path, size_t line, struct span text, struct span for_pip,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* May a project be built to learn what it asks for? INVALID: why not, and what to do. */
enum pipgate_status requirement_set_may_build(const struct gathering *gathering, const struct requirement_set *set, struct pipgate_error *error)
	PIPGATE_MUST_USE;
/* Is it audited as it stands, without pip? */
bool requirement_set_stands(const struct gathering *gathering, const struct requirement_set *set);
/* Everything into the inventory's last input. */
enum pipgate_status requirement_set_audit(struct gathering *gathering, struct requirement_set *set, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The part of requirement_set_audit() that starts no pip. */
enum pipgate_status requirements_as_they_stand(struct gathering *gathering, const struct requirement_files *files, struct pipgate_error *error)
	PIPGATE_MUST_USE;

#endif
