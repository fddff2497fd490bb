/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the decoder of OSV records: what its two files share. A record is a tree (base/json, base/yaml) here; text
 * leaves it as copies in the run. Every step gives OK, NO_MEMORY or, with the error set, INVALID.
 */
#ifndef PIPGATE_ADVISORY_OSV_H
#define PIPGATE_ADVISORY_OSV_H

#include "matcher/base/arena.h"
#include "matcher/base/json.h"

#define OSV_TOKEN_MAX 128    /* bytes of an id; the longest real ones have some 40 */
#define OSV_ALIASES_MAX 256  /* of one record; real ones stay below 20, and each is a row's bytes */
#define OSV_SPECIFIERS "pipgate_specifiers"
#define OSV_NOTES_MAX 32     /* what a reader would still read */

struct osv {
	struct pipgate_run *run;
	struct pipgate_error *error;
	bool yaml;         /* a plain null in a list of versions was written "~" or "null" */
	struct list notes; /* struct span */
};

/* ---- osv.c ---- */
enum pipgate_status osv_note(struct osv *osv, const char *format, ...) __attribute__((format(printf, 2, 3))) PIPGATE_MUST_USE;
/* A member that is text; missing or null: empty, or refused where it is required. */
enum pipgate_status osv_text(struct osv *osv, const cJSON *object, const char *name, bool required, struct span *out) PIPGATE_MUST_USE;
/* A member that is an array; missing or null: NULL. */
enum pipgate_status osv_array(struct osv *osv, const cJSON *object, const char *name, const cJSON **out) PIPGATE_MUST_USE;
/* The member "severity". No value of it refuses the record: what is broken is a note, and the severity stays unknown. */
enum pipgate_status osv_severity(struct osv *osv, const cJSON *object, struct pipgate_severity *out) PIPGATE_MUST_USE;

/* ---- affected.c ---- */
/* The entries of the ecosystem PyPI. fallback: the severity of those that have none of their own. */
enum pipgate_status osv_affected(struct osv *osv, const cJSON *record, const struct pipgate_severity *fallback,
	struct pipgate_advisory *out) PIPGATE_MUST_USE;

#endif
