/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every tree that a reader of ours gives away. */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "matcher/base/text.h"
#include "tests/fuzz/fuzz.h"

#define QUOTED_MAX ((size_t)64 << 20)

/* Text as json_quote() writes it is read back as the same text. */
static inline void require_quoted_same(struct span text)
{
	struct buf quoted;
	cJSON *again = NULL;

	buf_init(&quoted, NULL, QUOTED_MAX);
	json_quote(&quoted, text);
	require(buf_status(&quoted) == PIPGATE_OK);
	require(json_parse(buf_view(&quoted), &again, NULL) == PIPGATE_OK);
	require(cJSON_IsString(again) && span_equal(json_string(again), text));
	cJSON_Delete(again);
	buf_fini(&quoted);
}

static inline void require_text(const char *text)
{
	struct span s = span_of(text);

	require(text_valid(s) == s.n);
	require_quoted_same(s);
}

static inline void require_tree(const cJSON *item, size_t depth)
{
	const char *key = NULL;

	require(depth <= JSON_DEPTH);
	if (cJSON_IsString(item))
		require_text(item->valuestring);
	if (cJSON_IsObject(item)) {
		require(json_repeated_key(item, &key) == PIPGATE_OK && !key);
		for (const cJSON *child = item->child; child; child = child->next)
			require_text(child->string);
	}
	for (const cJSON *child = item->child; child; child = child->next)
		require_tree(child, depth + (cJSON_IsObject(child) || cJSON_IsArray(child)));
}

/* A tree, written by cJSON itself, is accepted again. */
static inline void require_printed_accepted(const cJSON *tree)
{
	char *printed = cJSON_PrintUnformatted(tree);
	cJSON *again = NULL;

	require(printed);
	require(json_parse(span_of(printed), &again, NULL) == PIPGATE_OK);
	cJSON_Delete(again);
	cJSON_free(printed);
}

static inline void require_sound(const cJSON *tree)
{
	require_tree(tree, cJSON_IsObject(tree) || cJSON_IsArray(tree));
	require_printed_accepted(tree);
}

#endif
