/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document of a policy while it is read: YAML with its places, mappings read by tables of fields, and errors that show the line.
 */
#ifndef PIPGATE_POLICY_DOCUMENT_H
#define PIPGATE_POLICY_DOCUMENT_H

#include "matcher/base/buf.h"
#include "matcher/base/error.h"
#include "matcher/base/json.h"
#include "matcher/policy/policy.h"

#define DOCUMENT_BYTES ((size_t)4 << 20) /* 20,000 exceptions; from a layer that may not loosen: YAML_BYTES */
#define DOCUMENT_ITEMS_MAX 20000         /* of one list */

struct document {
	struct pipgate_policy *policy;
	struct pipgate_layer layer; /* its name lives in the run */
	struct span text;
	unsigned lines_before; /* of the file that the text is a part of */
	struct document_counted { /* lines before a byte: places are asked for in their order */
		size_t at;
		unsigned lines;
	} *counted;
	struct pipgate_error *error;
};

unsigned document_line(const struct document *d, const cJSON *node); /* from 1, of its key */
/* INVALID, with the place of the node's key (key) or value, the line and a caret. */
enum pipgate_status document_refuse(const struct document *d, const cJSON *node, bool key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
enum pipgate_status document_no_memory(const struct document *d);
/* What a layer that may not loosen had to leave out: a note "FILE:LINE: WHAT". */
enum pipgate_status document_left_out(const struct document *d, const cJSON *node, const char *what) PIPGATE_MUST_USE;
/* The name of the closest of names (NULL-ended) to a wrong one; NULL: none is close. */
const char *document_nearest(struct span wrong, const char *const *names);

struct texts {
	const struct span *v;
	size_t n;
};

enum field_kind {
	FIELD_TEXT = 1,  /* struct span, not empty */
	FIELD_TEXTS,     /* struct texts: a sequence, or one text */
	FIELD_CHOICE,    /* int64_t, of a table of words */
	FIELD_BITS,      /* unsigned, a sequence of words of a table, or one */
	FIELD_ANSWER,    /* enum pipgate_answer: true, false */
	FIELD_PATTERN,   /* struct pattern */
	FIELD_SPECIFIER, /* struct span: a version specifier set */
	FIELD_DATE,      /* int64_t, UNIX seconds */
	FIELD_DURATION,  /* int64_t, seconds, or a word of a table */
	FIELD_NAME,      /* struct span, normalized */
	FIELD_NUMBER,    /* int64_t, 0 to a million */
	FIELD_LOWER,     /* struct span, ASCII letters lowered: an id */
	FIELD_RAW,       /* const cJSON *: read by its own function */
};
struct field_choice {
	const char *word;
	int64_t value;
};
struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	bool must;
	const struct field_choice *choices; /* ends with a NULL word */
};

/* The members of a mapping into a zeroed struct. fields end with a NULL name. An unknown member is refused with the nearest known one. */
enum pipgate_status fields_read(const struct document *d, const cJSON *mapping, const struct field *fields, void *out) PIPGATE_MUST_USE;

/* Calls each for every item of a sequence. */
typedef enum pipgate_status document_item(const struct document *d, const cJSON *item);
enum pipgate_status document_each(const struct document *d, const cJSON *sequence, document_item *each) PIPGATE_MUST_USE;

/* The lists of a policy: a file each. */
document_item rule_read, exception_read, baseline_read, owner_read, allowed_index_read, check_read, approver_read, feed_read;
enum pipgate_status index_read(const struct document *d, const cJSON *mapping) PIPGATE_MUST_USE;
enum pipgate_status weights_read(const struct document *d, const cJSON *mapping) PIPGATE_MUST_USE;

#endif
