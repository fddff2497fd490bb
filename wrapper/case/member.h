/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of an object into fields of a struct, by a table: a row a member. Values come typed (JSON) or as text (YAML): 7.5 and
 * "7.5", true and "true" are the same. What is missing or null leaves its field as it was.
 */
#ifndef WRAPPER_CASE_MEMBER_H
#define WRAPPER_CASE_MEMBER_H

#include "matcher/base/json.h"
#include "wrapper/case/words.h"

enum member_kind {
	MEMBER_OTHER,  /* read elsewhere */
	MEMBER_TEXT,   /* struct span */
	MEMBER_TEXTS,  /* const struct span *, and a size_t at `count` */
	MEMBER_BOOL,   /* bool */
	MEMBER_ANSWER, /* enum pipgate_answer: true or false */
	MEMBER_TIME,   /* int64_t: a day, or RFC 3339 in UTC */
	MEMBER_WORD,   /* an enum, by its words */
	MEMBER_SHARE,  /* uint16_t: 0 … 1, × 10,000; the bool at `count` becomes true */
};
struct member {
	const char *name; /* NULL ends the table */
	enum member_kind kind;
	size_t field, count; /* offsets */
	word_of *words;
};

struct member_reader {
	struct pipgate_run *run;
	bool strict;      /* a member that no table names is refused */
	const cJSON *bad; /* what an error is about */
	struct pipgate_error *error;
};

/* The error says what, and reader->bad where. INVALID: no object, or no such value. */
enum pipgate_status member_refuse(struct member_reader *reader, const cJSON *item, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
enum pipgate_status members_read(struct member_reader *reader, const cJSON *object, const struct member *table,
	void *out) PIPGATE_MUST_USE;
/* A text or a number as text; n 0: neither. Lives in the run where it was a number. */
struct span member_scalar(struct member_reader *reader, const cJSON *item);

#endif
