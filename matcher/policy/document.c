/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of document and the top of each: one row a schema, one row a list. */
#include "matcher/policy/document.h"

#include <stdarg.h>
#include <stdio.h>

#include "matcher/base/json.h"
#include "matcher/base/yaml.h"
#include "matcher/policy/exception_fold.h"

#include "matcher/base/banned.h"

#define NEAR_MAX 40 /* bytes of a name that may be a slip */

/* ---- places ---- */

static unsigned line_number(const struct document *d, size_t at)
{
	struct document_counted *c = d->counted;

	if (at < c->at)
		*c = (struct document_counted){0, 0};
	for (; c->at < at && c->at < d->text.n; c->at++)
		c->lines += d->text.p[c->at] == '\n';
	return d->lines_before + c->lines + 1;
}

static struct span line_of(const struct document *d, size_t at, size_t *start)
{
	size_t end;

	for (*start = at < d->text.n ? at : d->text.n; *start && d->text.p[*start - 1] != '\n'; --*start)
		;
	for (end = *start; end < d->text.n && d->text.p[end] != '\n'; end++)
		;
	return (struct span){d->text.p + *start, end - *start};
}

unsigned document_line(const struct document *d, const cJSON *node)
{
	return line_number(d, (size_t)node->valuedouble);
}

enum pipgate_status document_refuse(const struct document *d, const cJSON *node, bool key, const char *format, ...)
{
	size_t at = key ? (size_t)node->valuedouble : (size_t)node->valueint, start;
	char what[300];
	struct span line = line_of(d, at, &start);
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	error_set(d->error, PIPGATE_INVALID, "line %u, column %zu: %s", line_number(d, at), at - start + 1, what);
	error_caret(d->error, line, at - start);
	return PIPGATE_INVALID;
}

enum pipgate_status document_no_memory(const struct document *d)
{
	return error_set(d->error, PIPGATE_NO_MEMORY, "out of memory");
}

enum pipgate_status document_left_out(const struct document *d, const cJSON *node, const char *what)
{
	return policy_left_out(d->policy, &d->layer, document_line(d, node), span_of(what), d->error);
}

/* ---- the nearest name ---- */

/* Edits (insert, delete, replace) between two short names. */
static size_t distance(struct span a, struct span b)
{
	size_t row[NEAR_MAX + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t least = corner + (ascii_lower(a.p[i - 1]) != ascii_lower(b.p[j - 1]));

			corner = row[j];
			if (row[j] + 1 < least)
				least = row[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			row[j] = least;
		}
	}
	return row[b.n];
}

const char *document_nearest(struct span wrong, const char *const *names)
{
	const char *best = NULL;
	size_t least = wrong.n < 6 ? 2 : 3; /* more edits are another word */

	if (wrong.n > NEAR_MAX)
		return NULL;
	for (; *names; names++) {
		size_t n = strlen(*names) <= NEAR_MAX ? distance(wrong, span_of(*names)) : least;

		if (n < least) {
			least = n;
			best = *names;
		}
	}
	return best;
}

/* ---- lists ---- */

enum pipgate_status document_each(const struct document *d, const cJSON *sequence, document_item *each)
{
	enum pipgate_status status = PIPGATE_OK;
	size_t n = 0;

	if (cJSON_IsNull(sequence))
		return PIPGATE_OK; /* "rules:" with nothing below */
	if (!cJSON_IsArray(sequence))
		return document_refuse(d, sequence, false, "a list belongs here, '- …' a line");
	for (const cJSON *item = sequence->child; item && status == PIPGATE_OK; item = item->next) {
		if (++n > DOCUMENT_ITEMS_MAX)
			return document_refuse(d, item, false, "more than %d of them", DOCUMENT_ITEMS_MAX);
		status = each(d, item);
	}
	return status;
}

static enum pipgate_status block_read(const struct document *d, const cJSON *item)
{
	struct pipgate_error why = {""};
	enum pipgate_status status =
		policy_set(d->policy, &d->layer, document_line(d, item), SPAN("block"), json_string(item), &why);

	return status == PIPGATE_INVALID || status == PIPGATE_LIMIT ? document_refuse(d, item, false, "%s", why.text) : status;
}

static enum pipgate_status vex_read_path(const struct document *d, const cJSON *item)
{
	struct span path = arena_copy(d->policy->run, json_string(item));
	struct policy_path *place;

	if (!json_string(item).n)
		return document_refuse(d, item, false, "a file belongs here");
	place = list_push(d->policy->run, &d->policy->vex, sizeof(*place));
	if (!path.p || !place)
		return document_no_memory(d);
	*place = (struct policy_path){path.p, d->layer};
	return PIPGATE_OK;
}

static enum pipgate_status lock_read(const struct document *d, const cJSON *item);

static const struct list_row {
	const char *name;
	document_item *each;  /* of a sequence; NULL: a mapping, read whole */
	enum pipgate_status (*whole)(const struct document *d, const cJSON *mapping);
	bool loosens;         /* from a layer that may not loosen it is left out; others look at each item */
	bool system_only;     /* the system's alone */
} lists[POLICY_LISTS] = {
	[POLICY_LIST_BLOCK] = {"block", block_read, NULL, false, false},
	[POLICY_LIST_RULES] = {"rules", rule_read, NULL, false, false},
	[POLICY_LIST_EXCEPTIONS] = {"exceptions", exception_read, NULL, true, false},
	[POLICY_LIST_INDEX] = {"index", NULL, index_read, true, false},
	[POLICY_LIST_ALLOWED_INDEXES] = {"allowed-indexes", allowed_index_read, NULL, false, false},
	[POLICY_LIST_CHECKS] = {"checks", check_read, NULL, true, false},
	[POLICY_LIST_PRIORITY] = {"priority", NULL, weights_read, true, false},
	[POLICY_LIST_APPROVERS] = {"approvers", approver_read, NULL, false, true},
	[POLICY_LIST_VEX] = {"vex", vex_read_path, NULL, true, false},
	[POLICY_LIST_LOCK] = {"lock", lock_read, NULL, false, true},
};

static bool list_find(struct span name, enum policy_list *out)
{
	for (size_t i = 0; i < POLICY_LISTS; i++)
		if (span_is(name, lists[i].name)) {
			*out = (enum policy_list)i;
			return true;
		}
	return false;
}

static enum pipgate_status unknown_key(const struct document *d, const cJSON *node, bool key)
{
	const char *names[POLICY_KEYS + POLICY_LISTS + 4] = {"schema", "direct"}, *near;
	struct span wrong = key ? span_of(node->string) : json_string(node);
	size_t n = 2;

	for (size_t i = 0; i < POLICY_KEYS; i++)
		names[n++] = policy_key_name((enum policy_key)i);
	for (size_t i = 0; i < POLICY_LISTS; i++)
		names[n++] = lists[i].name;
	near = document_nearest(wrong, names);
	if (near)
		return document_refuse(d, node, key, "a policy has no key '" SPAN_FMT "'; did you mean '%s'?", SPAN_ARG(wrong), near);
	return document_refuse(d, node, key, "a policy has no key '" SPAN_FMT "'", SPAN_ARG(wrong));
}

/* The system's stays its own. */
static void lock_set(const struct document *d, enum policy_key key)
{
	struct policy_value *v = &d->policy->values[key];

	v->locked = v->locked ? v->locked : d->layer.kind;
}

static void list_lock(const struct document *d, enum policy_list list)
{
	d->policy->locked_lists |= 1u << list;
	if (d->layer.kind == PIPGATE_LAYER_SYSTEM)
		d->policy->system_locked_lists |= 1u << list;
}

static enum pipgate_status lock_read(const struct document *d, const cJSON *item)
{
	struct span name = json_string(item);
	enum policy_list list;
	enum policy_key key;

	if (policy_key_find(name, &key))
		lock_set(d, key);
	else if (list_find(name, &list))
		list_lock(d, list);
	else
		return unknown_key(d, item, false);
	return PIPGATE_OK;
}

/* An organisation's policy locks, too; who may approve is said on the machine itself. */
static bool may_govern(const struct document *d, enum policy_list list)
{
	return d->layer.kind == PIPGATE_LAYER_SYSTEM || (d->layer.kind == PIPGATE_LAYER_ORGANISATION && list == POLICY_LIST_LOCK);
}

static bool list_is_locked(const struct document *d, enum policy_list list)
{
	unsigned lists_locked = d->layer.kind > PIPGATE_LAYER_ORGANISATION ? d->policy->locked_lists
		: d->layer.kind > PIPGATE_LAYER_SYSTEM ? d->policy->system_locked_lists : 0;

	return lists_locked & 1u << list;
}

static enum pipgate_status list_read(const struct document *d, const cJSON *node, enum policy_list list)
{
	const struct list_row *row = &lists[list];

	if (row->system_only && !may_govern(d, list))
		return document_refuse(d, node, true, "'%s' is the system's policy's alone", row->name);
	if (list_is_locked(d, list))
		return document_refuse(d, node, true, "'%s' is locked by the %s policy", row->name,
			policy_locker(d->policy->system_locked_lists & 1u << list));
	if (row->loosens && !d->layer.may_loosen)
		return document_left_out(d, node, row->name);
	if (row->each)
		return document_each(d, node, row->each);
	if (!cJSON_IsObject(node))
		return document_refuse(d, node, false, "a mapping belongs here");
	return row->whole(d, node);
}

/* ---- keys ---- */

static enum pipgate_status value_read(const struct document *d, const cJSON *node, struct span key)
{
	struct pipgate_error why = {""};
	struct span value = json_string(node);
	enum pipgate_status status;

	if (!cJSON_IsString(node))
		return document_refuse(d, node, false, SPAN_FMT " takes one value", SPAN_ARG(key));
	status = policy_set(d->policy, &d->layer, document_line(d, node), key, value, &why);
	return status == PIPGATE_INVALID || status == PIPGATE_LIMIT ? document_refuse(d, node, false, "%s", why.text) : status;
}

/* "direct: warn" is all three; "direct: {vcs: block, url: warn}" is what it names. */
static enum pipgate_status direct_read(const struct document *d, const cJSON *node)
{
	static const char *const kinds[] = {"vcs", "url", "local", NULL};
	enum pipgate_status status = PIPGATE_OK;

	for (size_t i = 0; kinds[i] && status == PIPGATE_OK; i++) {
		const cJSON *one = cJSON_IsObject(node) ? json_member(node, kinds[i]) : node;
		struct span key = arena_format(d->policy->run, "direct-%s", kinds[i]);

		if (!key.p)
			return document_no_memory(d);
		if (one)
			status = value_read(d, one, key);
	}
	for (const cJSON *one = cJSON_IsObject(node) ? node->child : NULL; one && status == PIPGATE_OK; one = one->next)
		if (strcmp(one->string, "vcs") && strcmp(one->string, "url") && strcmp(one->string, "local"))
			status = document_refuse(d, one, true, "direct has vcs, url and local");
	return status;
}

static enum pipgate_status member_read(const struct document *d, const cJSON *node)
{
	struct span name = span_of(node->string);
	enum policy_list list;
	enum policy_key key;

	if (strcmp(node->string, "schema") == 0)
		return PIPGATE_OK;
	if (strcmp(node->string, "direct") == 0)
		return direct_read(d, node);
	if (policy_key_find(name, &key))
		return value_read(d, node, name);
	if (list_find(name, &list))
		return list_read(d, node, list);
	return unknown_key(d, node, true);
}

/* The lock comes last: it holds what this document itself sets. */
static enum pipgate_status policy_read(const struct document *d, const cJSON *root)
{
	enum pipgate_status status = PIPGATE_OK;

	for (const cJSON *node = root->child; node && status == PIPGATE_OK; node = node->next)
		if (strcmp(node->string, "lock") != 0)
			status = member_read(d, node);
	if (status == PIPGATE_OK && json_member(root, "lock"))
		status = member_read(d, json_member(root, "lock"));
	return status;
}

/* A document that holds one list beside its schema. */
static enum pipgate_status one_list_find(const struct document *d, const cJSON *root, const char *name, const cJSON **out)
{
	for (const cJSON *node = root->child; node; node = node->next)
		if (strcmp(node->string, "schema") != 0 && strcmp(node->string, name) != 0)
			return document_refuse(d, node, true, "there is no '%.60s' here, only '%s'", node->string, name);
	*out = json_member(root, name);
	return PIPGATE_OK;
}

static enum pipgate_status one_list_read(const struct document *d, const cJSON *root, const char *name, document_item *each)
{
	const cJSON *list = NULL;
	enum pipgate_status status = one_list_find(d, root, name, &list);

	return status == PIPGATE_OK && list ? document_each(d, list, each) : status;
}

static enum pipgate_status exceptions_read(const struct document *d, const cJSON *root)
{
	const cJSON *list = NULL;
	enum pipgate_status status = one_list_find(d, root, "exceptions", &list);

	return status == PIPGATE_OK && list ? list_read(d, list, POLICY_LIST_EXCEPTIONS) : status;
}

static enum pipgate_status baseline_file_read(const struct document *d, const cJSON *root)
{
	if (!d->layer.may_loosen)
		return document_left_out(d, root, "the baseline");
	d->policy->has_baseline = true;
	return one_list_read(d, root, "findings", baseline_read);
}

static enum pipgate_status owners_read(const struct document *d, const cJSON *root)
{
	return one_list_read(d, root, "owners", owner_read);
}

static enum pipgate_status feeds_read(const struct document *d, const cJSON *root)
{
	return one_list_read(d, root, "feeds", feed_read);
}

static const struct {
	const char *schema;
	enum pipgate_status (*read)(const struct document *d, const cJSON *root);
} schemas[] = {
	{"pipgate/policy/1", policy_read},
	{"pipgate/exceptions/1", exceptions_read},
	{"pipgate/baseline/1", baseline_file_read},
	{"pipgate/owners/1", owners_read},
	{"pipgate/feeds/1", feeds_read},
};

static enum pipgate_status root_read(const struct document *d, const cJSON *root)
{
	const cJSON *schema = json_member(root, "schema");
	struct span name = json_string(schema);

	if (!cJSON_IsObject(root))
		return document_refuse(d, root, false, "a policy is a mapping that begins with 'schema: pipgate/policy/1'");
	if (!name.n)
		return document_refuse(d, schema ? schema : root, false, "'schema: pipgate/policy/1' is missing");
	for (size_t i = 0; i < sizeof(schemas) / sizeof(*schemas); i++)
		if (span_is(name, schemas[i].schema))
			return schemas[i].read(d, root);
	return document_refuse(d, schema, false, "schema '" SPAN_FMT "' is not known to this version of pipgate", SPAN_ARG(name));
}

enum pipgate_status pipgate_policy_add(struct pipgate_policy *policy, const struct pipgate_layer *layer, struct span text,
	struct pipgate_error *error)
{
	struct document_counted counted = {0, 0};
	struct document d = {.policy = policy, .layer = *layer, .text = text, .counted = &counted, .error = error};
	enum pipgate_status status;
	cJSON *root = NULL;

	d.layer.name = arena_copy(policy->run, span_of(layer->name)).p;
	if (!d.layer.name)
		return document_no_memory(&d);
	if (policy->folds && exceptions_fold(policy, &d.layer, text, &status))
		return status == PIPGATE_OK ? status : document_no_memory(&d);
	status = yaml_parse_long(text, layer->may_loosen ? DOCUMENT_BYTES : YAML_BYTES, &root, error);
	if (status == PIPGATE_OK)
		status = root_read(&d, root);
	cJSON_Delete(root);
	return status;
}
