/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in a record's text an error is. The decoder says which member ("affected[0]: ranges[1]: events: …"), not where it stands; the
 * reader of YAML knows places, and reads JSON as well.
 */
#include <stdio.h>
#include <stdlib.h>

#include "matcher/base/yaml.h"
#include "wrapper/command/advisory.h"

#include "matcher/base/banned.h"

size_t advisory_line_of(struct span record, size_t byte)
{
	size_t line = 1;

	for (size_t i = 0; i < byte && i < record.n; i++)
		line += record.p[i] == '\n';
	return line;
}

/* "ranges[1]: events: …" → "ranges" and 1, and the rest; false: it does not begin with a member. */
static bool step_take(struct span *rest, struct span *name, long *index)
{
	const char *colon = memmem(rest->p, rest->n, ": ", 2), *bracket;

	if (!colon)
		return false;
	*name = (struct span){rest->p, (size_t)(colon - rest->p)};
	*rest = span_from(*rest, name->n + 2);
	bracket = memchr(name->p, '[', name->n);
	*index = bracket ? strtol(bracket + 1, NULL, 10) : -1;
	if (bracket)
		name->n = (size_t)(bracket - name->p);
	return name->n > 0;
}

static const cJSON *member_of(const cJSON *object, struct span name)
{
	for (const cJSON *item = cJSON_IsObject(object) ? object->child : NULL; item; item = item->next)
		if (span_is(name, item->string))
			return item;
	return NULL;
}

/* As deep as the members lead. */
static size_t byte_of(const cJSON *tree, struct span error)
{
	const cJSON *node = tree;
	size_t at = 0;
	struct span name;
	long index;

	while (step_take(&error, &name, &index) && (node = member_of(node, name)) != NULL) {
		at = (size_t)node->valuedouble;
		for (node = index < 0 ? node : node->child; node && index > 0; index--)
			node = node->next;
		if (!node)
			break;
		at = index < 0 ? at : (size_t)node->valueint;
	}
	return at;
}

cJSON *advisory_places(struct span record)
{
	cJSON *tree = NULL;

	if (record.n > ADVISORY_LOCATE_BYTES || yaml_parse_long(record, ADVISORY_LOCATE_BYTES, &tree, NULL) != PIPGATE_OK)
		return NULL;
	return tree;
}

size_t advisory_line(struct span record, const cJSON *places, const char *error, const char **what)
{
	size_t at, line;
	int n = 0;

	*what = error;
	if (sscanf(error, "line %zu, %n", &line, &n) == 1 && n) {
		*what = error + n;
		return line;
	}
	if (sscanf(error, "byte %zu: %n", &at, &n) == 1 && n) {
		*what = error + n;
		return advisory_line_of(record, at);
	}
	return places ? advisory_line_of(record, byte_of(places, span_of(error))) : 0;
}
