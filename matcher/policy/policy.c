/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/policy.h"

#include "matcher/base/buf.h"

#include "matcher/base/banned.h"

struct choice {
	const char *word;
	int value;
};

static const struct choice modes[] = {
	{"block", POLICY_MODE_BLOCK}, {"warn", POLICY_MODE_WARN}, {"off", POLICY_MODE_OFF}, {NULL, 0},
};
static const struct choice thresholds[] = {
	{"low", PIPGATE_LEVEL_LOW},           {"medium", PIPGATE_LEVEL_MEDIUM}, {"high", PIPGATE_LEVEL_HIGH},
	{"critical", PIPGATE_LEVEL_CRITICAL}, {"any", POLICY_FAIL_ON_ANY},      {"none", POLICY_FAIL_ON_NEVER},
	{NULL, 0},
};
static const struct choice unknowns[] = {
	{"low", PIPGATE_LEVEL_LOW},           {"medium", PIPGATE_LEVEL_MEDIUM}, {"high", PIPGATE_LEVEL_HIGH},
	{"critical", PIPGATE_LEVEL_CRITICAL}, {"warn", POLICY_UNKNOWN_WARN},    {"ignore", POLICY_UNKNOWN_IGNORE},
	{NULL, 0},
};
static const struct choice actions[] = {
	{"block", PIPGATE_BLOCK}, {"warn", PIPGATE_WARN}, {"allow", PIPGATE_ALLOW}, {NULL, 0},
};
static const struct choice satisfied_actions[] = {
	{"ignore", PIPGATE_ALLOW}, {"warn", PIPGATE_WARN}, {"block", PIPGATE_BLOCK}, {NULL, 0},
};

static const struct row {
	const char *name;
	const struct choice *choices;
	const char *fallback;
} rows[POLICY_KEYS] = {
	[POLICY_MODE] = {"mode", modes, "block"},
	[POLICY_FAIL_ON] = {"fail-on", thresholds, "high"},
	[POLICY_UNKNOWN] = {"unknown", unknowns, "high"},
	[POLICY_MALICIOUS] = {"malicious", actions, "block"},
	[POLICY_NO_FIX] = {"no-fix-available", actions, "warn"},
	[POLICY_SDIST] = {"sdist", actions, "warn"},
	[POLICY_SATISFIED] = {"satisfied", satisfied_actions, "warn"},
};

/* The one key that holds a list and not a value. */
static const char pattern_key[] = "block";

const char *policy_key_name(enum policy_key key)
{
	return rows[key].name;
}

static const struct choice *choice_find(const struct choice *choices, struct span word)
{
	for (const struct choice *c = choices; c->word; c++)
		if (span_equal_nocase(span_of(c->word), word))
			return c;
	return NULL;
}

static enum pipgate_status no_such_value(const struct row *row, struct span value, struct pipgate_error *error)
{
	char words[200] = "";
	struct buf list = {.p = words, .capacity = sizeof(words), .ceiling = sizeof(words) - 1, .status = PIPGATE_OK};

	for (const struct choice *c = row->choices; c->word; c++)
		buf_format(&list, "%s%s", list.n ? ", " : "", c->word);
	return error_set(error, PIPGATE_INVALID, "%s: '" SPAN_FMT "' is none of %s", row->name, SPAN_ARG(value), words);
}

static enum pipgate_status no_such_key(struct span key, struct pipgate_error *error)
{
	char words[200] = "";
	struct buf list = {.p = words, .capacity = sizeof(words), .ceiling = sizeof(words) - 1, .status = PIPGATE_OK};

	for (size_t i = 0; i < POLICY_KEYS; i++)
		buf_format(&list, "%s, ", rows[i].name);
	buf_text(&list, pattern_key);
	return error_set(error, PIPGATE_INVALID, "a policy has no key '" SPAN_FMT "': the keys are %s", SPAN_ARG(key), words);
}

enum pipgate_status pipgate_policy_new(struct pipgate_run *run, struct pipgate_policy **out)
{
	struct pipgate_policy *policy = arena_alloc(run, sizeof(*policy));

	if (!policy)
		return PIPGATE_NO_MEMORY;
	policy->run = run;
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		const struct choice *c = choice_find(rows[i].choices, span_of(rows[i].fallback));

		policy->values[i] = (struct policy_value){c->value, c->word, POLICY_DEFAULT_LAYER};
	}
	*out = policy;
	return PIPGATE_OK;
}

static enum pipgate_status pattern_add(struct pipgate_policy *policy, struct span text, const char *layer, struct pipgate_error *error)
{
	struct pattern pattern, *place;
	enum pipgate_status status;

	if (policy->patterns.n >= POLICY_PATTERNS_MAX)
		return error_set(error, PIPGATE_LIMIT, "%s: more than %d patterns", pattern_key, POLICY_PATTERNS_MAX);
	status = pattern_compile(policy->run, text, layer, &pattern, error);
	if (status != PIPGATE_OK) {
		error_before(error, "%s", pattern_key);
		return status;
	}
	place = list_push(policy->run, &policy->patterns, sizeof(*place));
	if (!place)
		return PIPGATE_NO_MEMORY;
	*place = pattern;
	return PIPGATE_OK;
}

enum pipgate_status pipgate_policy_set(struct pipgate_policy *policy, struct span key, struct span value, const char *layer,
	struct pipgate_error *error)
{
	const struct choice *choice;
	const char *kept;
	size_t i = 0;

	while (i < POLICY_KEYS && !span_is(key, rows[i].name))
		i++;
	if (i == POLICY_KEYS && !span_is(key, pattern_key))
		return no_such_key(key, error);
	kept = arena_copy(policy->run, span_of(layer)).p;
	if (!kept)
		return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
	if (i == POLICY_KEYS)
		return pattern_add(policy, value, kept, error);
	choice = choice_find(rows[i].choices, value);
	if (!choice)
		return no_such_value(&rows[i], value, error);
	policy->values[i] = (struct policy_value){choice->value, choice->word, kept};
	return PIPGATE_OK;
}
