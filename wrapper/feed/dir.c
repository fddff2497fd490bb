/* SPDX-License-Identifier: Apache-2.0 */
/* An organisation's own advisories: OSV records as JSON or YAML, by the file's end, anywhere below a folder or in an archive. */
#include "wrapper/feed/folder.h"
#include "wrapper/feed/reading.h"

#include "matcher/base/banned.h"

/* As folder_each() leaves them alone: what begins with a point, or is below such a folder. */
static bool hidden(struct span name)
{
	while (name.n)
		if (span_starts(span_split(&name, '/'), SPAN(".")))
			return true;
	return false;
}

static enum pipgate_status entry_take(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	return reading_encoding(name) && !hidden(name) ? reading_item(ctx, name, bytes, error) : PIPGATE_OK;
}

enum pipgate_status feed_read_dir(struct reading *r, struct pipgate_error *error)
{
	const struct folder_walk files = {
		.prefix = "",
		.suffix = READING_RECORDS,
		.deep = true,
		.max_bytes = READING_ITEM_MAX,
		.ctx = r,
		.item = reading_item,
		.refuse = reading_refuse,
	};
	enum reading_form form;
	enum pipgate_status status = reading_form(r, &form, error);

	if (status != PIPGATE_OK)
		return status;
	return form == READING_FOLDER ? folder_each(r->source->place, &files, error)
				      : reading_transport(r, "unpack", SPAN(""), entry_take, error);
}
