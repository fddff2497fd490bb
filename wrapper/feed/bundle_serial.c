/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/bundle_serial.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "wrapper/file.h"
#include "wrapper/home.h"
#include "wrapper/keep.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define SCHEMA "pipgate/bundle-serial/1"
#define BYTES ((size_t)32 << 10) /* a place, written in ASCII, and a number */

static char *folder(struct pipgate_run *run)
{
	char *state = home_folder(run, HOME_STATE);

	return state ? state : text_format(run, "/var/lib/pipgate");
}

/* FNV-1a: two places that meet are told apart by what stands in the file. */
static const char *file_path(struct pipgate_run *run, struct span place)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < place.n; i++)
		hash = (hash ^ (unsigned char)place.p[i]) * 0x100000001b3u;
	return text_format(run, "%s/bundle-%016" PRIx64 ".json", folder(run), hash);
}

static bool content_read(struct span text, struct span place, int64_t *out)
{
	cJSON *root = NULL;
	struct pipgate_error why;
	bool good = json_parse(text, &root, &why) == PIPGATE_OK;
	const cJSON *serial = good ? json_member(root, "serial") : NULL;

	good = good && span_is(json_string(json_member(root, "schema")), SCHEMA) && span_equal(json_string(json_member(root, "place")), place) &&
	       cJSON_IsNumber(serial) && serial->valuedouble >= 1;
	if (good)
		*out = (int64_t)serial->valuedouble;
	cJSON_Delete(root);
	return good;
}

enum pipgate_status bundle_serial_read(struct pipgate_run *run, struct span place, int64_t *out, struct pipgate_error *error)
{
	const char *path = file_path(run, place);
	enum pipgate_status status;
	struct span text;

	*out = 0;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return PIPGATE_OK;
	status = keep_file(run, path, BYTES, &text, error);
	if (status == PIPGATE_OK && !content_read(text, place, out))
		status = error_set(error, PIPGATE_INVALID, "%s: holds no serial of this place; whoever knows why may remove it", path);
	return status;
}

enum pipgate_status bundle_serial_keep(struct pipgate_run *run, struct span place, int64_t serial, struct pipgate_error *error)
{
	const char *path = file_path(run, place);
	char *in = folder(run);
	enum pipgate_status status;
	struct buf text;

	if (!file_folders(in, 0700))
		return error_set(error, PIPGATE_FAILED, "%s: %s", in, strerror(errno));
	buf_init(&text, NULL, BYTES);
	json_begin(&text, '{');
	json_text(&text, "schema", SPAN(SCHEMA));
	json_text(&text, "place", place);
	json_number(&text, "serial", serial);
	json_end(&text, '}');
	buf_byte(&text, '\n');
	status = buf_status(&text) == PIPGATE_OK ? file_write(path, buf_view(&text), error)
						 : error_set(error, PIPGATE_LIMIT, "the place is too long to be kept");
	buf_fini(&text);
	return status;
}
