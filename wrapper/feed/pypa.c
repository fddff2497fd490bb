/* SPDX-License-Identifier: Apache-2.0 */
/* The PyPA advisory database: a checkout of it, or its tar.gz (as GitHub packs it, too): vulns/…/PYSEC-….yaml. */
#include <stdio.h>

#include "wrapper/feed/folder.h"
#include "wrapper/feed/reading.h"

#include "matcher/base/banned.h"

#define FOLDER "vulns"
#define PREFIX "PYSEC-"
#define SUFFIX ".yaml"

static enum pipgate_status folder_take(struct reading *r, struct pipgate_error *error)
{
	const struct folder_walk files = {
		.prefix = PREFIX,
		.suffix = SUFFIX,
		.deep = true,
		.max_bytes = READING_ITEM_MAX,
		.ctx = r,
		.item = reading_item,
		.refuse = reading_refuse,
	};
	char path[4096];
	enum pipgate_status status;

	if (snprintf(path, sizeof(path), "%s/" FOLDER, r->source->place) >= (int)sizeof(path))
		return error_set(error, PIPGATE_FAILED, "the path is too long");
	status = folder_each(path, &files, error);
	if (status != PIPGATE_OK)
		error_before(error, "its folder " FOLDER);
	return status;
}

/* An archive has one folder around it or none, and other files beside vulns. */
static enum pipgate_status entry_take(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct span rest = name, first = span_split(&rest, '/');

	if (!span_is(first, FOLDER))
		first = span_split(&rest, '/');
	if (!span_is(first, FOLDER) || !span_starts(reading_base(name), SPAN(PREFIX)))
		return PIPGATE_OK;
	return reading_item(ctx, name, bytes, error);
}

enum pipgate_status feed_read_pypa(struct reading *r, struct pipgate_error *error)
{
	enum reading_form form;
	enum pipgate_status status = reading_form(r, &form, error);

	if (status != PIPGATE_OK)
		return status;
	return form == READING_FOLDER ? folder_take(r, error) : reading_transport(r, "unpack", SPAN(SUFFIX), entry_take, error);
}
