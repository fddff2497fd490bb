/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/feed.h"

#include "matcher/base/banned.h"

#define AT(member) offsetof(struct policy_feed, member)
#define NAME_MAX_BYTES 64

static const struct field_choice ages[] = {{"never", POLICY_FEED_AGELESS}, {NULL, 0}};

static const struct field fields[] = {
	{"name", FIELD_TEXT, AT(name), true, NULL},
	{"kind", FIELD_TEXT, AT(kind), true, NULL},
	{"place", FIELD_TEXT, AT(place), true, NULL},
	{"weight", FIELD_NUMBER, AT(weight), false, NULL},
	{"required", FIELD_ANSWER, AT(required), false, NULL},
	{"max-age", FIELD_DURATION, AT(max_age), false, ages},
	{"max-shrink", FIELD_NUMBER, AT(max_shrink), false, NULL},
	{"key", FIELD_TEXT, AT(key), false, NULL},
	{"names", FIELD_TEXT, AT(names), false, NULL},
	{NULL, 0, 0, false, NULL},
};

/* A name is a file's, and a word of messages. */
static bool name_good(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_alpha(name.p[i]) && !ascii_digit(name.p[i]) && (i == 0 || !memchr("-_.", name.p[i], 3)))
			return false;
	return name.n <= NAME_MAX_BYTES;
}

enum pipgate_status feed_read(const struct document *d, const cJSON *item)
{
	struct policy_feed feed = {.max_shrink = -1}, *place;
	const struct policy_feed *others = d->policy->feeds.items;
	enum pipgate_status status = fields_read(d, item, fields, &feed);

	if (status != PIPGATE_OK)
		return status;
	if (!name_good(feed.name))
		return document_refuse(d, json_member(item, "name"), false, "a feed's name has letters, digits, '-', '_' and '.', %d at most",
			NAME_MAX_BYTES);
	if (feed.max_shrink > 100)
		return document_refuse(d, json_member(item, "max-shrink"), false, "max-shrink is per cent, 0 to 100");
	for (size_t i = 0; i < d->policy->feeds.n; i++)
		if (span_equal(others[i].name, feed.name))
			return document_refuse(d, json_member(item, "name"), false, "there are two feeds with this name");
	feed.line = document_line(d, item);
	place = list_push(d->policy->run, &d->policy->feeds, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = feed;
	return PIPGATE_OK;
}
