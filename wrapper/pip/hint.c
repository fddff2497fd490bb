/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/pip/hint.h"

#include <string.h>

#include "matcher/base/banned.h"

static const char *without_credentials(struct pipgate_run *run, const char *word)
{
	const char *host = strstr(word, "://"), *at;

	if (!host)
		return word;
	host += 3;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	return at ? text_format(run, "%.*s****%s", (int)(host - word), word, at) : word;
}

const char *hint_quoted(struct pipgate_run *run, const char *word)
{
	char *text;
	size_t n = 0;

	if (*word && !strpbrk(word, " \t\n\"'$`<>;|&*?()[]{}!~\\#"))
		return word;
	text = must(arena_alloc(run, 4 * strlen(word) + 3)); /* an apostrophe ends the quotes, stands by itself, and begins new ones */
	text[n++] = '\'';
	for (; *word; word++) {
		if (*word == '\'') {
			memcpy(text + n, "'\\'", 3);
			n += 3;
		}
		text[n++] = *word;
	}
	text[n++] = '\'';
	text[n] = 0;
	return text;
}

const char *hint_line(struct pipgate_run *run, const char *begin, char *const *words)
{
	const char *line = begin;

	for (; *words; words++)
		line = text_format(run, "%s %s", line, hint_quoted(run, without_credentials(run, *words)));
	return line;
}
