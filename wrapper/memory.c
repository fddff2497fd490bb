/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/memory.h"

#include "matcher/base/banned.h"

void words_add(struct words *words, const char *word)
{
	const char **place = must(list_push(words->run, &words->list, sizeof(*place)));

	*place = word;
}

void words_add_all(struct words *words, char *const *more)
{
	while (more && *more)
		words_add(words, *more++);
}

char **words_end(struct words *words)
{
	words_add(words, NULL);
	words->list.n--; /* the next word_add writes over the end */
	return words->list.items;
}
