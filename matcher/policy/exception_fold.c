/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/exception_fold.h"

#include "matcher/base/yaml.h"
#include "matcher/policy/document.h"

#include "matcher/base/banned.h"

#define HEAD "schema: pipgate/exceptions/1\nexceptions:\n"
#define ITEM "  - "
#define NAME_MAX_BYTES 256 /* of an id or a name: a longer one is no plain item */

bool exceptions_fold(struct pipgate_policy *policy, const struct pipgate_layer *layer, struct span text, enum pipgate_status *status)
{
	struct folded_exceptions *place;

	if (text.n < FOLD_BYTES || !span_starts(text, SPAN(HEAD ITEM)) || !layer->may_loosen || policy->locked_lists & 1u << POLICY_LIST_EXCEPTIONS)
		return false;
	place = list_push(policy->run, &policy->folded, sizeof(*place));
	*status = place ? PIPGATE_OK : PIPGATE_NO_MEMORY;
	if (*status == PIPGATE_OK)
		*place = (struct folded_exceptions){*layer, text};
	return true;
}

/* ---- items ---- */

struct item {
	struct span text;
	unsigned line; /* lines before it */
	struct span id, distribution;
	bool plain;    /* both are known without YAML */
};

/* "KEY: value" with a plain value that means itself. */
static bool value_of(struct span line, const char *key, struct span *out)
{
	struct span name = span_split(&line, ':'), value = span_trim(line);

	if (!span_is(name, key))
		return false;
	*out = value;
	return true;
}

static bool is_plain(struct span value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!ascii_alpha(value.p[i]) && !ascii_digit(value.p[i]) && value.p[i] != '-' && value.p[i] != '_' && value.p[i] != '.')
			return false;
	return value.n && value.n <= NAME_MAX_BYTES;
}

/* Takes one item off the front of *rest: from its "  - " to the next line that begins so. */
static struct item item_next(struct span *rest, unsigned *line)
{
	struct item item = {.text = {rest->p, 0}, .line = *line, .plain = true};
	bool first = true;

	while (rest->n && (first || !span_starts(*rest, SPAN(ITEM)))) {
		struct span text = span_split(rest, '\n'), value;

		if (text.n > 4 && (first || span_starts(text, SPAN("    "))) && text.p[4] != ' ') {
			struct span member = span_from(text, 4);

			if (member.p[0] == 'i' && value_of(member, "id", &value))
				item.id = value;
			else if (member.p[0] == 'd' && value_of(member, "distribution", &value))
				item.distribution = value;
			else
				item.plain &= ascii_alpha(member.p[0]); /* no flow mapping, no quoted key */
		}
		first = false;
		++*line;
	}
	item.text.n = (size_t)(rest->p - item.text.p);
	item.plain &= (!item.id.n || is_plain(item.id)) && (!item.distribution.n || is_plain(item.distribution));
	return item;
}

static struct span lowered(struct span text, char room[NAME_MAX_BYTES])
{
	for (size_t i = 0; i < text.n; i++)
		room[i] = ascii_lower(text.p[i]);
	return (struct span){room, text.n};
}

/* As PEP 503 has it, for plain ASCII: runs of "-", "_" and "." are one "-". */
static struct span normalized(struct span text, char room[NAME_MAX_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		bool dash = text.p[i] == '-' || text.p[i] == '_' || text.p[i] == '.';

		if (!dash)
			room[n++] = ascii_lower(text.p[i]);
		else if (!n || room[n - 1] != '-')
			room[n++] = '-';
	}
	return (struct span){room, n};
}

static bool is_wanted(const struct item *item, exception_wanted *wanted, const void *ctx)
{
	char id[NAME_MAX_BYTES], distribution[NAME_MAX_BYTES];

	return !item->plain || wanted(ctx, lowered(item->id, id), normalized(item->distribution, distribution));
}

static enum pipgate_status item_read(struct pipgate_policy *scratch, const struct folded_exceptions *folded, const struct item *item,
	struct pipgate_error *error)
{
	struct document_counted counted = {0, 0};
	const struct document d = {.policy = scratch, .layer = folded->layer, .text = item->text, .lines_before = item->line,
		.counted = &counted, .error = error};
	cJSON *root = NULL;
	enum pipgate_status status = yaml_parse(item->text, &root, error);

	if (status == PIPGATE_OK)
		status = document_each(&d, root, exception_read);
	cJSON_Delete(root);
	if (status != PIPGATE_OK)
		error_before(error, "%s, in the exception that begins in line %u", folded->layer.name, item->line + 1);
	return status;
}

enum pipgate_status exceptions_unfold(struct pipgate_run *run, const struct pipgate_policy *policy, exception_wanted *wanted, const void *ctx,
	struct list *out, struct pipgate_error *error)
{
	const struct folded_exceptions *all = policy->folded.items;
	struct pipgate_policy scratch = *policy;
	enum pipgate_status status = PIPGATE_OK;

	scratch.run = run;
	scratch.exceptions = *out;
	for (size_t i = 0; i < policy->folded.n; i++) {
		struct span rest = span_from(all[i].text, sizeof(HEAD) - 1);
		unsigned line = 2;

		while (rest.n && status == PIPGATE_OK) {
			struct item item = item_next(&rest, &line);

			if (is_wanted(&item, wanted, ctx))
				status = item_read(&scratch, &all[i], &item, error);
		}
	}
	*out = scratch.exceptions;
	return status;
}
