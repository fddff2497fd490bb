/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/policy.h"

#include "matcher/base/buf.h"
#include "matcher/policy/risk.h"
#include "matcher/policy/when.h"

#include "matcher/base/banned.h"

struct choice {
	const char *word;
	int64_t value;
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
static const struct choice locals[] = {{"affected", POLICY_LOCAL_AFFECTED}, {"warn", POLICY_LOCAL_WARN}, {NULL, 0}};
static const struct choice on_blocks[] = {{"show", POLICY_ON_BLOCK_SHOW}, {"resolve", POLICY_ON_BLOCK_RESOLVE}, {NULL, 0}};
static const struct choice asks[] = {{"never", POLICY_ASK_NEVER}, {"warn", PIPGATE_WARN}, {"block", PIPGATE_BLOCK}, {NULL, 0}};
static const struct choice approvals[] = {{"free", POLICY_APPROVAL_FREE}, {"required", POLICY_APPROVAL_REQUIRED}, {NULL, 0}};
static const struct choice projects[] = {{"tighten", POLICY_PROJECT_TIGHTEN}, {"trust", POLICY_PROJECT_TRUST}, {NULL, 0}};
static const struct choice profiles[] = {{"developer", 1}, {"ci", 2}, {"image", 3}, {"strict", 4}, {NULL, 0}};
static const struct choice gate_modes[] = {{"auto", 1}, {"plan", 2}, {"inline", 3}, {NULL, 0}};
static const struct choice remedies[] = {{"auto", 1}, {"on", 2}, {"off", 3}, {NULL, 0}};

enum strictness { /* which of two values is the stricter one */
	STRICT_NOT_SAID = 0, /* neither: a layer that may not loosen cannot set it */
	STRICT_HIGHER,
	STRICT_LOWER,
};

struct row {
	const char *name;
	enum pipgate_status (*read)(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
		struct policy_value *out, struct pipgate_error *error);
	const struct choice *choices; /* of read_choice */
	const char *fallback;
	enum strictness strictness;
};

static enum pipgate_status read_choice(struct pipgate_policy *, const struct row *, struct span, const char *, struct policy_value *,
	struct pipgate_error *);
static enum pipgate_status read_probability(struct pipgate_policy *, const struct row *, struct span, const char *, struct policy_value *,
	struct pipgate_error *);
static enum pipgate_status read_local(struct pipgate_policy *, const struct row *, struct span, const char *, struct policy_value *,
	struct pipgate_error *);
static enum pipgate_status read_duration(struct pipgate_policy *, const struct row *, struct span, const char *, struct policy_value *,
	struct pipgate_error *);
static enum pipgate_status read_days(struct pipgate_policy *, const struct row *, struct span, const char *, struct policy_value *,
	struct pipgate_error *);
static enum pipgate_status read_text(struct pipgate_policy *, const struct row *, struct span, const char *, struct policy_value *,
	struct pipgate_error *);

static const struct row rows[POLICY_KEYS] = {
	[POLICY_MODE] = {"mode", read_choice, modes, "block", STRICT_LOWER},
	[POLICY_FAIL_ON] = {"fail-on", read_choice, thresholds, "high", STRICT_LOWER},
	[POLICY_UNKNOWN] = {"unknown", read_choice, unknowns, "high", STRICT_NOT_SAID},
	[POLICY_MALICIOUS] = {"malicious", read_choice, actions, "block", STRICT_HIGHER},
	[POLICY_EXPLOITED] = {"exploited", read_choice, actions, "block", STRICT_HIGHER},
	[POLICY_EPSS] = {"epss", read_probability, NULL, "none", STRICT_LOWER},
	[POLICY_NO_FIX] = {"no-fix-available", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_YANKED] = {"yanked", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_QUARANTINED] = {"quarantined", read_choice, actions, "block", STRICT_HIGHER},
	[POLICY_DEPRECATED] = {"deprecated", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_ARCHIVED] = {"archived", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_SDIST] = {"sdist", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_CACHED_BUILD] = {"cached-build", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_SATISFIED] = {"satisfied", read_choice, satisfied_actions, "warn", STRICT_HIGHER},
	[POLICY_UNAUDITED] = {"unaudited", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_DIRECT_VCS] = {"direct-vcs", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_DIRECT_URL] = {"direct-url", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_DIRECT_LOCAL] = {"direct-local", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_UNPINNED] = {"unpinned", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_REQUIRE_LOCK] = {"require-lock", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_ATTESTATION] = {"attestation", read_choice, actions, "allow", STRICT_HIGHER},
	[POLICY_SIMILAR] = {"similar", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_TWO_INDEXES] = {"two-indexes", read_choice, actions, "warn", STRICT_HIGHER},
	[POLICY_LOCAL_VERSIONS] = {"local-versions", read_local, locals, "affected", STRICT_NOT_SAID},
	[POLICY_MIN_AGE] = {"min-age", read_duration, NULL, "0", STRICT_HIGHER},
	[POLICY_TOO_YOUNG] = {"too-young", read_choice, actions, "block", STRICT_HIGHER},
	[POLICY_DATABASE_MISSING] = {"database-missing", read_choice, actions, "block", STRICT_HIGHER},
	[POLICY_DATABASE_OLD] = {"database-old", read_choice, actions, "block", STRICT_HIGHER},
	[POLICY_DATABASE_WARN_AGE] = {"database-warn-age", read_duration, NULL, "3d", STRICT_LOWER},
	[POLICY_DATABASE_MAX_AGE] = {"database-max-age", read_duration, NULL, "14d", STRICT_LOWER},
	[POLICY_ON_BLOCK] = {"on-block", read_choice, on_blocks, "show", STRICT_NOT_SAID},
	[POLICY_ASK] = {"ask", read_choice, asks, "never", STRICT_NOT_SAID},
	[POLICY_APPROVAL] = {"approval", read_choice, approvals, "free", STRICT_HIGHER},
	[POLICY_EXCEPTION_DAYS] = {"exception-days", read_days, NULL, "365", STRICT_LOWER},
	[POLICY_PROJECT] = {"project", read_choice, projects, "tighten", STRICT_LOWER},
	[POLICY_PROFILE] = {"profile", read_choice, profiles, NULL, STRICT_NOT_SAID},
	[POLICY_DATABASE] = {"database", read_text, NULL, NULL, STRICT_NOT_SAID},
	[POLICY_GATE_MODE] = {"gate-mode", read_choice, gate_modes, "auto", STRICT_NOT_SAID},
	[POLICY_REMEDY] = {"remedy", read_choice, remedies, "auto", STRICT_NOT_SAID},
	[POLICY_BASELINE] = {"baseline", read_text, NULL, NULL, STRICT_NOT_SAID},
	[POLICY_OWNERS] = {"owners", read_text, NULL, NULL, STRICT_NOT_SAID},
	[POLICY_FEEDS] = {"feeds", read_text, NULL, NULL, STRICT_NOT_SAID},
	[POLICY_AUTO_UPDATE] = {"auto-update", read_duration, NULL, "0", STRICT_NOT_SAID},
};

/* The one key that is set like a value and adds to a list. */
static const char pattern_key[] = "block";

const char *policy_key_name(enum policy_key key)
{
	return rows[key].name;
}

bool policy_is_set(const struct pipgate_policy *policy, enum policy_key key)
{
	const struct policy_value *v = &policy->values[key];

	return v->word && (rows[key].read != read_choice || v->value || !rows[key].fallback);
}

bool policy_key_find(struct span name, enum policy_key *out)
{
	for (size_t i = 0; i < POLICY_KEYS; i++)
		if (span_is(name, rows[i].name)) {
			*out = (enum policy_key)i;
			return true;
		}
	return false;
}

/* ---- one reader a kind of value ---- */

static enum pipgate_status no_memory(struct pipgate_error *error)
{
	return error_set(error, PIPGATE_NO_MEMORY, "out of memory");
}

static enum pipgate_status no_such_value(const struct row *row, struct span value, const char *more, struct pipgate_error *error)
{
	char words[200] = "";
	struct buf list = {.p = words, .capacity = sizeof(words), .ceiling = sizeof(words) - 1, .status = PIPGATE_OK};

	for (const struct choice *c = row->choices; c && c->word; c++)
		buf_format(&list, "%s%s", list.n ? ", " : "", c->word);
	buf_text(&list, more);
	return error_set(error, PIPGATE_INVALID, "%s: '" SPAN_FMT "' is none of %s", row->name, SPAN_ARG(value), words);
}

static enum pipgate_status read_choice(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
	struct policy_value *out, struct pipgate_error *error)
{
	(void)policy;
	(void)layer;
	for (const struct choice *c = row->choices; c->word; c++)
		if (span_equal_nocase(span_of(c->word), text)) {
			out->value = c->value;
			out->word = c->word;
			return PIPGATE_OK;
		}
	return no_such_value(row, text, "", error);
}

static enum pipgate_status keep_word(struct pipgate_policy *policy, struct span text, struct policy_value *out, struct pipgate_error *error)
{
	out->word = arena_copy(policy->run, text).p;
	return out->word ? PIPGATE_OK : no_memory(error);
}

static enum pipgate_status read_text(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
	struct policy_value *out, struct pipgate_error *error)
{
	(void)layer;
	if (!text.n)
		return error_set(error, PIPGATE_INVALID, "%s: an empty value", row->name);
	out->value = 1;
	return keep_word(policy, text, out, error);
}

/* "0.25", "1", "none" */
static enum pipgate_status read_probability(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
	struct policy_value *out, struct pipgate_error *error)
{
	int64_t value = 0, scale = 10000;
	size_t i = 1;
	bool good = text.n && (text.p[0] == '0' || text.p[0] == '1') && text.n <= 6;

	(void)layer;
	if (span_equal_nocase(text, SPAN("none"))) {
		out->value = POLICY_EPSS_NEVER;
		return keep_word(policy, SPAN("none"), out, error);
	}
	if (good)
		value = (text.p[0] - '0') * scale;
	if (good && text.n > 1)
		good = text.p[i++] == '.' && text.n > 2;
	for (; good && i < text.n; i++) {
		good = ascii_digit(text.p[i]);
		scale /= 10;
		value += (text.p[i] - '0') * scale;
	}
	if (!good || value > 10000)
		return error_set(error, PIPGATE_INVALID, "%s: '" SPAN_FMT "' is no probability from 0 to 1 with at most four digits, nor none",
			row->name, SPAN_ARG(text));
	out->value = value;
	return keep_word(policy, text, out, error);
}

static enum pipgate_status read_local(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
	struct policy_value *out, struct pipgate_error *error)
{
	enum pipgate_status status;

	if (read_choice(policy, row, text, layer, out, NULL) == PIPGATE_OK)
		return PIPGATE_OK;
	status = pattern_compile(policy->run, text, layer, &policy->local_pattern, error);
	if (status != PIPGATE_OK)
		return error_before(error, "%s", row->name), status;
	out->value = POLICY_LOCAL_PATTERN;
	return keep_word(policy, text, out, error);
}

static enum pipgate_status read_duration(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
	struct policy_value *out, struct pipgate_error *error)
{
	(void)layer;
	if (!when_duration(text, &out->value))
		return error_set(error, PIPGATE_INVALID, "%s: '" SPAN_FMT "' is no span of time, such as 3d or 12h", row->name, SPAN_ARG(text));
	return keep_word(policy, text, out, error);
}

static enum pipgate_status read_days(struct pipgate_policy *policy, const struct row *row, struct span text, const char *layer,
	struct policy_value *out, struct pipgate_error *error)
{
	int64_t value = 0;

	(void)layer;
	for (size_t i = 0; i < text.n && value < 100000; i++)
		value = ascii_digit(text.p[i]) ? value * 10 + (text.p[i] - '0') : 100000;
	if (value < 1 || value > 36500)
		return error_set(error, PIPGATE_INVALID, "%s: '" SPAN_FMT "' is no number of days", row->name, SPAN_ARG(text));
	out->value = value;
	return keep_word(policy, text, out, error);
}

/* ---- a policy ---- */

enum pipgate_status pipgate_policy_new(struct pipgate_run *run, struct pipgate_policy **out)
{
	struct pipgate_policy *policy = arena_alloc(run, sizeof(*policy));

	if (!policy)
		return PIPGATE_NO_MEMORY;
	policy->run = run;
	weights_default(policy);
	for (size_t i = 0; i < POLICY_KEYS; i++) {
		struct policy_value *v = &policy->values[i];

		*v = (struct policy_value){.word = "", .layer = POLICY_DEFAULT_LAYER};
		if (rows[i].fallback && rows[i].read(policy, &rows[i], span_of(rows[i].fallback), POLICY_DEFAULT_LAYER, v, NULL) != PIPGATE_OK)
			return PIPGATE_NO_MEMORY;
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
		return no_memory(error);
	*place = pattern;
	return PIPGATE_OK;
}

static enum pipgate_status no_such_key(struct span key, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID, "a policy has no key '" SPAN_FMT "' (`pipgate policy show` lists them)", SPAN_ARG(key));
}

const char *policy_locker(bool of_system)
{
	return of_system ? "system's" : "organisation's";
}

static enum pipgate_status is_locked(const struct pipgate_policy *policy, enum policy_key key, struct pipgate_error *error)
{
	const struct policy_value *v = &policy->values[key];
	const char *who = policy_locker(v->locked == PIPGATE_LAYER_SYSTEM);

	if (!v->line)
		return error_set(error, PIPGATE_INVALID, "%s is locked by the %s policy (%s, %s)", rows[key].name, who, v->word, v->layer);
	return error_set(error, PIPGATE_INVALID, "%s is locked by the %s policy (%s, %s:%u)", rows[key].name, who, v->word, v->layer, v->line);
}

static bool loosens(const struct row *row, int64_t old, int64_t new)
{
	return row->strictness == STRICT_HIGHER ? new < old : row->strictness == STRICT_LOWER ? new > old : new != old;
}

enum pipgate_status policy_left_out(struct pipgate_policy *policy, const struct pipgate_layer *layer, unsigned line, struct span what,
	struct pipgate_error *error)
{
	struct span *note = what.p ? list_push(policy->run, &policy->notes, sizeof(*note)) : NULL;

	if (note)
		*note = arena_format(policy->run, "%s:%u: " SPAN_FMT " is left out: it could loosen the policy, and this project is not trusted",
			layer->name, line, SPAN_ARG(what));
	return note && note->p ? PIPGATE_OK : no_memory(error);
}

enum pipgate_status policy_set(struct pipgate_policy *policy, const struct pipgate_layer *layer, unsigned line, struct span key,
	struct span value, struct pipgate_error *error)
{
	struct policy_value next = {.line = line, .layer = arena_copy(policy->run, span_of(layer->name)).p};
	enum pipgate_status status;
	enum policy_key at;

	if (!next.layer)
		return no_memory(error);
	if (span_is(key, pattern_key))
		return pattern_add(policy, value, next.layer, error);
	if (!policy_key_find(key, &at))
		return no_such_key(key, error);
	if (policy->values[at].locked && layer->kind > policy->values[at].locked)
		return is_locked(policy, at, error);
	status = rows[at].read(policy, &rows[at], value, next.layer, &next, error);
	if (status != PIPGATE_OK)
		return status;
	if (!layer->may_loosen && loosens(&rows[at], policy->values[at].value, next.value))
		return policy_left_out(policy, layer, line, arena_format(policy->run, "'%s: %s'", rows[at].name, next.word), error);
	next.locked = policy->values[at].locked;
	policy->values[at] = next;
	return PIPGATE_OK;
}

enum pipgate_status pipgate_policy_set(struct pipgate_policy *policy, struct span key, struct span value, const char *layer,
	struct pipgate_error *error)
{
	const struct pipgate_layer option = {.kind = PIPGATE_LAYER_OPTION, .name = layer, .may_loosen = true};

	return policy_set(policy, &option, 0, key, value, error);
}
