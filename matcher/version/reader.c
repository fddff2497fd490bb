/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/version/reader.h"

#include "matcher/base/text.h"
#include "matcher/version/pep440.h"

#include "matcher/base/banned.h"

enum pipgate_status reader_init(struct reader *reader, struct pipgate_run *run, struct span text,
	struct pipgate_error *error)
{
	size_t valid = text_valid(text);

	*reader = (struct reader){.run = run, .text = text, .error = error};
	if (valid != text.n)
		return error_set(error, PIPGATE_INVALID, "byte %zu: not UTF-8", valid);
	return PIPGATE_OK;
}

enum pipgate_status reader_refuse(const struct reader *reader, const char *what)
{
	return error_set(reader->error, PIPGATE_INVALID, "byte %zu: expected %s", reader->at, what);
}

bool reader_space(struct reader *reader)
{
	size_t start = reader->at;

	while (reader_peek(reader, ' ') || reader_peek(reader, '\t'))
		reader->at++;
	return reader->at > start;
}

bool reader_peek(const struct reader *reader, char c)
{
	return reader->at < reader->text.n && reader->text.p[reader->at] == c;
}

bool reader_take(struct reader *reader, char c)
{
	if (!reader_peek(reader, c))
		return false;
	reader->at++;
	return true;
}

/* Python's \w; beyond ASCII all of it, since no token may stand there anyway. */
static bool word_byte(const struct reader *reader, size_t at)
{
	char c;

	if (at >= reader->text.n)
		return false;
	c = reader->text.p[at];
	return ascii_alpha(c) || ascii_digit(c) || c == '_' || ((unsigned char)c & 0x80);
}

bool reader_word(struct reader *reader, const char *word)
{
	struct span wanted = span_of(word);

	if (!span_starts(reader_rest(reader), wanted) || word_byte(reader, reader->at + wanted.n))
		return false;
	reader->at += wanted.n;
	return true;
}

struct span reader_identifier(struct reader *reader)
{
	struct span name = reader_rest(reader);
	size_t n = 0;

	if (!name.n || !(ascii_alpha(*name.p) || ascii_digit(*name.p)))
		return (struct span){name.p, 0};
	while (n < name.n && (ascii_alpha(name.p[n]) || ascii_digit(name.p[n]) || version_separator(name.p[n])))
		n++;
	/* back to where a word ends: a name does not end with "." or "-", nor before a letter beyond ASCII */
	while (n && (name.p[n - 1] == '.' || name.p[n - 1] == '-' || word_byte(reader, reader->at + n)))
		n--;
	reader->at += n;
	return (struct span){name.p, n};
}
