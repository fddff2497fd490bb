/* SPDX-License-Identifier: Apache-2.0 */
/* OSV records as JSON: an archive of ID.json files (OSV's all.zip), a folder of them, or one; local or by address. */
#include <fcntl.h>

#include "wrapper/feed/folder.h"
#include "wrapper/feed/reading.h"
#include "wrapper/file.h"

#include "matcher/base/banned.h"

static enum pipgate_status file_take(struct reading *r, struct pipgate_error *error)
{
	const char *path = r->source->place;
	struct buf bytes;
	enum pipgate_status status;

	buf_init(&bytes, NULL, READING_ITEM_MAX);
	status = file_read(AT_FDCWD, path, &bytes, error);
	if (status == PIPGATE_OK)
		status = reading_item(r, reading_base(span_of(path)), buf_view(&bytes), error);
	buf_fini(&bytes);
	return status;
}

enum pipgate_status feed_read_osv(struct reading *r, struct pipgate_error *error)
{
	const struct folder_walk files = {
		.prefix = "",
		.suffix = ".json",
		.max_bytes = READING_ITEM_MAX,
		.ctx = r,
		.item = reading_item,
		.refuse = reading_refuse,
	};
	bool single = reading_place_ends(r, SPAN(".json"));
	enum reading_form form;
	enum pipgate_status status = reading_form(r, &form, error);

	if (status != PIPGATE_OK)
		return status;
	if (form == READING_FOLDER)
		return folder_each(r->source->place, &files, error);
	if (form == READING_FILE && single)
		return file_take(r, error);
	return single ? reading_transport(r, "get", SPAN(""), reading_item, error)
		      : reading_transport(r, "unpack", SPAN(".json"), reading_item, error);
}
