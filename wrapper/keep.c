/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/keep.h"

#include <fcntl.h>

#include "wrapper/file.h"

#include "matcher/base/banned.h"

struct span keep_buf(struct pipgate_run *run, const struct buf *buf)
{
	return must_span(arena_copy(run, buf->n ? buf_view(buf) : SPAN("")));
}

enum pipgate_status keep_file(struct pipgate_run *run, const char *path, size_t limit, struct span *out, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct buf bytes;

	buf_init(&bytes, NULL, limit);
	status = file_read(AT_FDCWD, path, &bytes, error);
	if (status == PIPGATE_OK)
		*out = keep_buf(run, &bytes);
	buf_fini(&bytes);
	return status;
}

struct span keep_member(struct pipgate_run *run, const cJSON *object, const char *name)
{
	struct span text = json_string(json_member(object, name));

	return text.n ? must_span(arena_copy(run, text)) : (struct span){NULL, 0};
}

const struct span *keep_texts(struct pipgate_run *run, const cJSON *array, size_t *n)
{
	struct list list = {0};
	const cJSON *item;

	cJSON_ArrayForEach(item, array)
		if (cJSON_IsString(item))
			*(struct span *)must(list_push(run, &list, sizeof(struct span))) = must_span(arena_copy(run, json_string(item)));
	*n = list.n;
	return list.items;
}
