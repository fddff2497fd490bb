/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's manifest and the name in its signature: whatever the bytes, a path that comes out is that of a digest. */
#include "tests/fuzz/fuzz.h"
#include "wrapper/feed/bundle_manifest.h"

#include "matcher/base/banned.h"

static void require_path(const char *path)
{
	require(strlen(path) == BUNDLE_PATH_CHARS && strncmp(path, BUNDLE_PATH, sizeof(BUNDLE_PATH) - 1) == 0);
	require(strspn(path + sizeof(BUNDLE_PATH) - 1, "0123456789abcdef") == 64);
}

static void require_sound(const struct bundle *bundle)
{
	require(bundle->serial >= 1 && bundle->n_parts >= 1 && bundle->n_parts <= BUNDLE_PARTS);
	require(bundle_part(bundle, BUNDLE_DATABASE) != NULL);
	for (size_t i = 0; i < bundle->n_parts; i++) {
		require_path(bundle->parts[i].path);
		require(bundle->parts[i].size >= 1);
		touch(bundle->parts[i].name);
		touch(bundle->parts[i].sha256);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pipgate_run *run = new_run();
	struct pipgate_error error = {""};
	char path[BUNDLE_PATH_CHARS + 1];
	struct bundle bundle;
	enum pipgate_status status = bundle_parse(run, input_of(data, size), &bundle, &error);

	require(status == PIPGATE_OK || error.text[0]);
	if (status == PIPGATE_OK)
		require_sound(&bundle);
	if (bundle_manifest_named(input_of(data, size), path))
		require_path(path);
	pipgate_run_free(&run);
	return 0;
}
