/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSV records as JSON: an archive of ID.json files, a folder of them, or one; local or by address. Of OSV's own all.zip, later on, only
 * what has changed (osv_changes.h).
 */
#include <fcntl.h>

#include "wrapper/feed/folder.h"
#include "wrapper/feed/osv_changes.h"
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

/* The whole archive; with the list, what it lacks as well. */
static enum pipgate_status archive_take(struct reading *r, struct span folder, struct osv_list *list, struct pipgate_error *error)
{
	enum pipgate_status status;

	r->anew = list->there;
	status = reading_transport(r, "unpack", SPAN(".json"), reading_item, error);

	if (status != PIPGATE_OK || !list->there || r->unchanged)
		return status;
	status = osv_list_compare(r, list, error);
	if (status == PIPGATE_OK)
		status = osv_list_follow(r, folder, list, false, error);
	memcpy(r->etag, list->etag, sizeof(r->etag));
	return status;
}

static enum pipgate_status changes_take(struct reading *r, struct span folder, struct osv_list *list, struct pipgate_error *error)
{
	enum pipgate_status status = reading_begin(r, STORE_CHANGES, error);

	if (status == PIPGATE_OK)
		status = osv_list_follow(r, folder, list, true, error);
	memcpy(r->etag, list->etag, sizeof(r->etag));
	return status;
}

/* folder: the address without the archive's name. */
static enum pipgate_status dump_take(struct reading *r, struct span folder, struct pipgate_error *error)
{
	const struct store_state *state = store_state(r->store);
	bool few;
	struct osv_list list;
	enum pipgate_status status = osv_list_get(r, folder, state->etag, &list, error);

	r->unchanged = list.unchanged;
	if (status == PIPGATE_OK && !list.unchanged && list.there && state->there)
		status = osv_list_compare(r, &list, error);
	few = state->there && list.there && list.wanted <= OSV_FEW;
	if (status == PIPGATE_OK && !list.unchanged)
		status = few ? changes_take(r, folder, &list, error) : archive_take(r, folder, &list, error);
	osv_list_free(&list);
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
	struct span place = span_of(r->source->place);
	bool single = reading_place_ends(r, SPAN(".json"));
	enum reading_form form;
	enum pipgate_status status = reading_form(r, &form, error);

	if (status != PIPGATE_OK)
		return status;
	if (form == READING_FOLDER)
		return folder_each(r->source->place, &files, error);
	if (form == READING_FILE && single)
		return file_take(r, error);
	if (form == READING_ADDRESS && span_ends(place, SPAN("/" OSV_ARCHIVE)))
		return dump_take(r, (struct span){place.p, place.n - (sizeof(OSV_ARCHIVE) - 1)}, error);
	return single ? reading_transport(r, "get", SPAN(""), reading_item, error)
		      : reading_transport(r, "unpack", SPAN(".json"), reading_item, error);
}
