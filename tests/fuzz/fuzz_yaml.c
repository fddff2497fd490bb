/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML reader on any bytes. */
#include "matcher/base/yaml.h"

#include "tests/fuzz/tree.h"
#include "tests/fuzz/yaml_library.h"

#include "matcher/base/banned.h"

/* Scalars stay text, but for null. */
static void require_kinds(const cJSON *item)
{
	require(cJSON_IsString(item) || cJSON_IsNull(item) || cJSON_IsObject(item) || cJSON_IsArray(item));
	for (const cJSON *child = item->child; child; child = child->next)
		require_kinds(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pipgate_error error = {""};
	cJSON *tree = NULL;
	enum pipgate_status status = yaml_parse(input_of(data, size), &tree, &error);

	require(status == PIPGATE_OK || (status == PIPGATE_INVALID && error.text[0] && !tree));
	if (status == PIPGATE_OK) {
		require_kinds(tree);
		require_sound(tree);
	}
	cJSON_Delete(tree);
	return 0;
}
