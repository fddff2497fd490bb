/* SPDX-License-Identifier: Apache-2.0 */
/* A record's tree as YAML, in the form that the PyPA advisory database has. */
#include "wrapper/command/advisory.h"
#include "wrapper/pardon/pardon_file.h"

#include "matcher/base/banned.h"

static void put_node(struct buf *out, const cJSON *node, unsigned depth);

static void put_text(struct buf *out, struct span text)
{
	buf_byte(out, ' ');
	if (text.n && ascii_digit(text.p[0])) /* 1.10 would be a number elsewhere, 2026-01-01 a day */
		pardon_file_quote(out, text);
	else
		pardon_file_value(out, text);
	buf_byte(out, '\n');
}

static void indent(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_text(out, "  ");
}

static void put_value(struct buf *out, const cJSON *value, unsigned depth)
{
	if (cJSON_IsString(value)) {
		put_text(out, json_string(value));
		return;
	}
	buf_byte(out, '\n');
	put_node(out, value, depth);
}

/* The first line of an object in a list stands behind its dash. */
static void put_node(struct buf *out, const cJSON *node, unsigned depth)
{
	for (const cJSON *item = node->child; item; item = item->next) {
		if (cJSON_IsArray(node)) {
			indent(out, depth);
			buf_byte(out, '-');
			if (cJSON_IsString(item)) {
				put_text(out, json_string(item));
				continue;
			}
			buf_byte(out, ' ');
			put_node(out, item, depth + 1);
			continue;
		}
		if (item != node->child || !out->n || out->p[out->n - 1] == '\n')
			indent(out, depth);
		buf_format(out, "%s:", item->string);
		put_value(out, item, cJSON_IsArray(item) ? depth : depth + 1);
	}
}

void advisory_yaml(struct buf *out, const cJSON *tree)
{
	put_node(out, tree, 0);
}
