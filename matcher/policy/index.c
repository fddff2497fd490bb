/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/index.h"

#include "matcher/base/json.h"

#include "matcher/base/banned.h"

#define AT(member) offsetof(struct policy_allowed_index, member)

static const struct field_choice kinds[] = {
	{"public", PIPGATE_INDEX_PUBLIC}, {"mirror", PIPGATE_INDEX_MIRROR}, {"private", PIPGATE_INDEX_PRIVATE}, {NULL, 0},
};

enum pipgate_status index_read(const struct document *d, const cJSON *mapping)
{
	for (const cJSON *node = mapping->child; node; node = node->next) {
		struct policy_index *place = list_push(d->policy->run, &d->policy->indexes, sizeof(*place));
		const struct field_choice *kind = kinds;
		struct span pattern = arena_copy(d->policy->run, span_of(node->string));

		if (!place || !pattern.p)
			return document_no_memory(d);
		while (kind->word && !span_is(json_string(node), kind->word))
			kind++;
		if (!kind->word)
			return document_refuse(d, node, false, "an index is public, mirror or private");
		*place = (struct policy_index){pattern.p, (enum pipgate_index_kind)kind->value};
	}
	return PIPGATE_OK;
}

static const struct field fields[] = {
	{"name", FIELD_PATTERN, AT(name), true, NULL},
	{"index", FIELD_TEXT, AT(index), true, NULL},
	{NULL, 0, 0, false, NULL},
};

enum pipgate_status allowed_index_read(const struct document *d, const cJSON *item)
{
	struct policy_allowed_index allowed = {.layer = d->layer, .line = document_line(d, item)}, *place;
	enum pipgate_status status = fields_read(d, item, fields, &allowed);

	if (status != PIPGATE_OK)
		return status;
	place = list_push(d->policy->run, &d->policy->allowed_indexes, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = allowed;
	return PIPGATE_OK;
}

/* Without scheme and user; "host[:port]/path". */
static struct span place_of(struct span url)
{
	size_t i = 0, host;

	while (i + 2 < url.n && memcmp(url.p + i, "://", 3) != 0)
		i++;
	if (i + 2 < url.n)
		url = span_from(url, i + 3);
	for (host = 0; host < url.n && url.p[host] != '/'; host++)
		if (url.p[host] == '@') {
			url = span_from(url, host + 1);
			host = (size_t)-1;
		}
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	return url;
}

static size_t host_end(struct span place)
{
	size_t n = 0;

	while (n < place.n && place.p[n] != '/')
		n++;
	return n;
}

bool policy_index_matches(const char *pattern, struct span url)
{
	struct span wanted = place_of(span_of(pattern)), place = place_of(url);
	size_t host = host_end(wanted);
	struct span host_here = {place.p, host_end(place)};

	if (!span_equal_nocase((struct span){wanted.p, host}, host_here))
		return false;
	wanted = span_from(wanted, host);
	place = span_from(place, host);
	return span_starts(place, wanted) && (place.n == wanted.n || !wanted.n || place.p[wanted.n] == '/');
}

enum pipgate_index_kind policy_index_kind(const struct pipgate_policy *policy, struct span url)
{
	const struct policy_index *indexes = policy->indexes.items;

	for (size_t i = policy->indexes.n; url.n && i-- > 0;)
		if (policy_index_matches(indexes[i].pattern, url))
			return indexes[i].kind;
	return PIPGATE_INDEX_UNKNOWN;
}
