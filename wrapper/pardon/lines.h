/* SPDX-License-Identifier: Apache-2.0 */
/* Where a list of the document and its items stand in a text of YAML, by lines and indentation: a guess that pardon_file.c proves. */
#ifndef WRAPPER_PARDON_LINES_H
#define WRAPPER_PARDON_LINES_H

#include "wrapper/memory.h"

struct line {
	size_t begin, end, next; /* end: without its line end; next: behind that */
	size_t indent;           /* blanks at its begin */
	bool blank, comment;
};

/* The line that begins at this place; at the end of the text an empty one. */
struct line line_at(struct span text, size_t begin);
static inline struct span line_text(struct span text, const struct line *line)
{
	return (struct span){text.p + line->begin + line->indent, line->end - line->begin - line->indent};
}
/* How the text ends its lines. */
const char *line_end(struct span text);

struct item_lines {
	size_t begin, end; /* from its dash's line to behind its last line */
};

struct list_lines {
	bool there;
	size_t value;      /* behind "list:", where a value on the key's own line stands */
	struct span own;   /* that value, without comment; empty: items follow */
	size_t end;        /* where the next item goes: behind the last item, else behind the key's line */
	size_t indent;     /* of the dashes */
	struct list items; /* of struct item_lines */
};

/* A key at the begin of a line. */
void lines_of_list(struct pipgate_run *run, struct span text, const char *list, struct list_lines *out);
/* Where the document's last line ends (before a "..." line). */
size_t lines_document_end(struct span text);

struct value_lines {
	bool flow;         /* the item is written as { … } */
	bool there;
	size_t begin, end; /* of the value */
	size_t indent;     /* of the item's keys */
};
void lines_of_value(struct span text, const struct item_lines *item, const char *key, struct value_lines *out);

#endif
