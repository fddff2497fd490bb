/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader on any bytes; whatever bytes a text has, json_quote() makes a string of it that is read back. */
#include "tests/fuzz/tree.h"

#include "matcher/base/banned.h"

/* Bytes that are no UTF-8 come back as U+FFFD; a NUL is the one character that the reader refuses in a string. */
static void check_quote(struct span text)
{
	bool has_nul = text.n && memchr(text.p, 0, text.n);
	struct buf quoted;
	cJSON *tree = NULL;

	if (text_valid(text) == text.n && !has_nul) {
		require_quoted_same(text);
		return;
	}
	buf_init(&quoted, NULL, QUOTED_MAX);
	json_quote(&quoted, text);
	require(buf_status(&quoted) == PIPGATE_OK);
	for (size_t i = 0; i < quoted.n; i++)
		require(quoted.p[i] >= ' ' && quoted.p[i] < 0x7F);
	require(json_parse(buf_view(&quoted), &tree, NULL) == (has_nul ? PIPGATE_INVALID : PIPGATE_OK));
	cJSON_Delete(tree);
	buf_fini(&quoted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = input_of(data, size);
	struct pipgate_error error = {""};
	cJSON *tree = NULL;
	enum pipgate_status status = json_parse(text, &tree, &error);

	require(status == PIPGATE_OK || (status == PIPGATE_INVALID && error.text[0] && !tree));
	if (status == PIPGATE_OK)
		require_sound(tree);
	cJSON_Delete(tree);
	check_quote(text);
	return 0;
}
