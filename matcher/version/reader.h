/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place in the text of a requirement or a marker (PEP 508), and the tokens that both are made of. Like packaging's
 * tokenizer it looks for one kind of token at a time and keeps where it was when that one is not there.
 */
#ifndef PIPGATE_VERSION_READER_H
#define PIPGATE_VERSION_READER_H

#include "matcher/base/error.h"

struct reader {
	struct pipgate_run *run;
	struct span text;
	size_t at;
	struct pipgate_error *error;
};

/* PIPGATE_INVALID: text is no UTF-8. */
enum pipgate_status reader_init(struct reader *reader, struct pipgate_run *run, struct span text,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* "byte N: expected what", and PIPGATE_INVALID back. */
enum pipgate_status reader_refuse(const struct reader *reader, const char *what);

static inline struct span reader_rest(const struct reader *reader)
{
	return span_from(reader->text, reader->at);
}

static inline bool reader_end(const struct reader *reader)
{
	return reader->at >= reader->text.n;
}

/* Goes over spaces and tabs; any? */
bool reader_space(struct reader *reader);
bool reader_peek(const struct reader *reader, char c);
bool reader_take(struct reader *reader, char c);
/* Takes the word where it stands as a whole one: no letter, digit or underscore follows. */
bool reader_word(struct reader *reader, const char *word);
/* A name of a distribution or an extra: letters, digits, ".", "_", "-", from a letter or digit to the end of a word.
 * n 0: none. */
struct span reader_identifier(struct reader *reader);

#endif
