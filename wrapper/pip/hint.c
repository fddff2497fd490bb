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

static const char *quoted(struct pipgate_run *run, const char *word)
{
	char quote = strchr(word, '\'') ? '"' : '\'';

	if (*word && !strpbrk(word, " \t\n\"'$`<>;|&*?()[]{}!~\\#"))
		return word;
	return text_format(run, "%c%s%c", quote, word, quote);
}

const char *hint_line(struct pipgate_run *run, const char *begin, char *const *words)
{
	const char *line = begin;

	for (; *words; words++)
		line = text_format(run, "%s %s", line, quoted(run, without_credentials(run, *words)));
	return line;
}
