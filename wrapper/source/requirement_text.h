/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a requirements file: bytes to UTF-8, cut into logical lines and words as pip's own reader cuts them (str.splitlines,
 * \s of Unicode, shlex). It knows nothing of what a line means.
 */
#ifndef WRAPPER_SOURCE_REQUIREMENT_TEXT_H
#define WRAPPER_SOURCE_REQUIREMENT_TEXT_H

#include "wrapper/memory.h"

/* The bytes in UTF-8, by a byte order mark, a coding line (PEP 263), else as UTF-8, else as Latin-1. *out lies in bytes where nothing
 * had to be converted. INVALID: the encoding is not known, or the bytes are none of it. */
enum pipgate_status requirement_text_decode(struct pipgate_run *run, const char *path, struct span bytes, struct span *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

struct logical_line {
	struct span text;  /* joined, without comment, ${VARIABLES} filled in; n 0: nothing is left */
	struct span bytes; /* all of it as it stands, with comments and line ends */
	size_t line;       /* of its first line, from 1 */
	size_t lines;      /* how many it takes */
	bool too_long;     /* with its variables; text is a part of it */
};

struct line_reader {
	struct pipgate_run *run;
	struct span rest;
	size_t line; /* how many were read */
};
bool next_logical_line(struct line_reader *reader, struct logical_line *out); /* false: there is none */

/* Like Python's str.strip(). */
struct span strip(struct span text);
/* Where the options of a line begin: at the first word, by blanks, with a dash. */
size_t options_begin(struct span line);
/* Words as shlex.split() cuts them, into a list of struct span. INVALID: an open quote, a backslash at the end. */
enum pipgate_status split_words(struct pipgate_run *run, struct span text, struct list *words) PIPGATE_MUST_USE;

#endif
