/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/bundle_manifest.h"

#include <stdio.h>

#include "wrapper/database/moment.h"
#include "wrapper/feed/transport.h"
#include "wrapper/keep.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define NUMBER_MAX 9007199254740991.0 /* a double holds every whole number up to here */

/* ---- reading ---- */

/* A whole number from 1 on; 0: none. */
static int64_t number(const cJSON *object, const char *name)
{
	const cJSON *item = json_member(object, name);
	double value = cJSON_IsNumber(item) ? item->valuedouble : 0;

	if (!(value >= 1) || value > NUMBER_MAX || (double)(int64_t)value != value)
		return 0;
	return (int64_t)value;
}

static bool is_digest(struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!ascii_digit(text.p[i]) && (text.p[i] < 'a' || text.p[i] > 'f'))
			return false;
	return text.n == 64;
}

static enum pipgate_status part_parse(struct pipgate_run *run, const cJSON *object, struct bundle *out, struct pipgate_error *error)
{
	struct bundle_part *part = &out->parts[out->n_parts];
	struct span path = json_string(json_member(object, "path"));

	if (out->n_parts == BUNDLE_PARTS)
		return error_set(error, PIPGATE_LIMIT, "more than %d parts", BUNDLE_PARTS);
	*part = (struct bundle_part){.name = keep_member(run, object, "name"), .sha256 = keep_member(run, object, "sha256"),
		.size = number(object, "size")};
	if (!part->name.n || !is_digest(part->sha256) || !part->size || (uint64_t)part->size > TRANSPORT_BYTES)
		return error_set(error, PIPGATE_INVALID, "a part without name, size or sha256");
	snprintf(part->path, sizeof(part->path), BUNDLE_PATH "%.64s", part->sha256.p);
	if (!span_is(path, part->path))
		return error_set(error, PIPGATE_INVALID, "the part %.40s is not where its digest says", part->name.p);
	for (size_t i = 0; i < out->n_parts; i++)
		if (span_equal(out->parts[i].name, part->name))
			return error_set(error, PIPGATE_INVALID, "two parts of the name %.40s", part->name.p);
	out->n_parts++;
	return PIPGATE_OK;
}

static enum pipgate_status tree_read(struct pipgate_run *run, const cJSON *root, struct bundle *out, struct pipgate_error *error)
{
	struct span schema = json_string(json_member(root, "schema"));
	const cJSON *parts = json_member(root, "parts"), *part;
	struct moment created, expires;

	if (!span_is(schema, BUNDLE_SCHEMA))
		return error_set(error, PIPGATE_INVALID, "its schema is '" SPAN_FMT "', and not " BUNDLE_SCHEMA, SPAN_ARG(schema));
	out->serial = number(root, "serial");
	if (!out->serial || !moment_parse(json_string(json_member(root, "created")), &created) ||
	    !moment_parse(json_string(json_member(root, "expires")), &expires))
		return error_set(error, PIPGATE_INVALID, "no serial, or no times of when it was created and expires");
	out->created = created.seconds;
	out->expires = expires.seconds;
	cJSON_ArrayForEach(part, parts)
	{
		enum pipgate_status status = part_parse(run, part, out, error);

		if (status != PIPGATE_OK)
			return status;
	}
	return bundle_part(out, BUNDLE_DATABASE) ? PIPGATE_OK : error_set(error, PIPGATE_INVALID, "no part " BUNDLE_DATABASE);
}

enum pipgate_status bundle_parse(struct pipgate_run *run, struct span text, struct bundle *out, struct pipgate_error *error)
{
	cJSON *root = NULL;
	enum pipgate_status status = json_parse(text, &root, error);

	*out = (struct bundle){0};
	if (status == PIPGATE_OK)
		status = tree_read(run, root, out, error);
	cJSON_Delete(root);
	if (status != PIPGATE_OK)
		error_before(error, BUNDLE_MANIFEST);
	return status;
}

const struct bundle_part *bundle_part(const struct bundle *bundle, const char *name)
{
	for (size_t i = 0; i < bundle->n_parts; i++)
		if (span_is(bundle->parts[i].name, name))
			return &bundle->parts[i];
	return NULL;
}

bool bundle_manifest_named(struct span signature, char path[BUNDLE_PATH_CHARS + 1])
{
	struct span comment = {NULL, 0};

	for (size_t i = 0; i < 3; i++)
		comment = span_split(&signature, '\n');
	while (comment.n) {
		struct span word = span_split(&comment, '\t');

		if (!span_starts(word, SPAN(BUNDLE_NAMED BUNDLE_PATH)) || !is_digest(span_from(word, sizeof(BUNDLE_NAMED BUNDLE_PATH) - 1)))
			continue;
		snprintf(path, BUNDLE_PATH_CHARS + 1, SPAN_FMT, SPAN_ARG(span_from(word, sizeof(BUNDLE_NAMED) - 1)));
		return true;
	}
	return false;
}

/* ---- writing ---- */

void bundle_part_digest(struct pipgate_run *run, struct bundle_part *part, const unsigned char sha256[32])
{
	char hex[TRANSPORT_HEX];

	transport_hex(sha256, hex);
	part->sha256 = must_span(arena_copy(run, span_of(hex)));
	snprintf(part->path, sizeof(part->path), BUNDLE_PATH "%s", hex);
}

static void part_write(struct buf *out, const struct bundle_part *part)
{
	json_begin(out, '{');
	json_text(out, "name", part->name);
	json_text(out, "path", span_of(part->path));
	json_number(out, "size", part->size);
	json_text(out, "sha256", part->sha256);
	json_end(out, '}');
}

static void feed_write(struct buf *out, const struct database_feed *feed)
{
	json_begin(out, '{');
	json_text(out, "name", feed->name);
	json_text(out, "kind", feed->kind);
	json_time(out, "newest", feed->time);
	json_number(out, "accepted", feed->accepted);
	json_end(out, '}');
}

void bundle_write(struct buf *out, const struct bundle *bundle, const struct database_info *info)
{
	json_begin(out, '{');
	json_text(out, "schema", SPAN(BUNDLE_SCHEMA));
	json_number(out, "serial", bundle->serial);
	json_time(out, "created", bundle->created);
	json_time(out, "expires", bundle->expires);
	json_key(out, "parts");
	json_begin(out, '[');
	for (size_t i = 0; i < bundle->n_parts; i++)
		part_write(out, &bundle->parts[i]);
	json_end(out, ']');
	json_time(out, "built", info->built);
	json_key(out, "feeds");
	json_begin(out, '[');
	for (size_t i = 0; i < info->n_feeds; i++)
		feed_write(out, &info->feeds[i]);
	json_end(out, ']');
	json_end(out, '}');
	buf_byte(out, '\n');
}
