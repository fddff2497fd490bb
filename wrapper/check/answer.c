/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/check/answer.h"

#include "matcher/base/buf.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define REASONS_SHOWN 3
#define REASONS_BYTES ((size_t)2048)

struct reading {
	struct pipgate_run *run;
	struct list *list;
	struct span level; /* behind the format's ":" */
	struct pipgate_error *error;
};

static enum pipgate_status nonsense(struct reading *r, const char *what)
{
	return error_set(r->error, PIPGATE_INVALID, "its answer is %s", what);
}

static struct said *add(struct reading *r, enum pipgate_action action, struct span text)
{
	struct said *said = must(list_push(r->run, r->list, sizeof(*said)));

	*said = (struct said){.action = action, .text = text};
	return said;
}

static bool action_of(struct span word, enum pipgate_action *out)
{
	static const struct {
		const char *word;
		enum pipgate_action action;
	} words[] = {{"allow", PIPGATE_ALLOW}, {"warn", PIPGATE_WARN}, {"block", PIPGATE_BLOCK}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (span_is(word, words[i].word)) {
			*out = words[i].action;
			return true;
		}
	return false;
}

/* ---- our own ---- */

static enum pipgate_status opinion(struct reading *r, const cJSON *object, bool component)
{
	struct span name = component ? keep_member(r->run, object, "name") : SPAN("");
	enum pipgate_action action;
	struct said *said;

	if (!action_of(json_string(json_member(object, "opinion")), &action))
		return nonsense(r, "no opinion of allow, warn or block");
	if (component && (!name.n || pipgate_name_normalize(r->run, name, &name) != PIPGATE_OK))
		return nonsense(r, "about a component without a name");
	said = add(r, action, keep_member(r->run, object, "message"));
	said->name = name;
	if (component)
		said->version = keep_member(r->run, object, "version");
	return PIPGATE_OK;
}

/* The whole's opinion is kept beside those of components: a stricter whole is not lost by naming some. */
static enum pipgate_status read_pipgate(struct reading *r, const cJSON *tree)
{
	const cJSON *components = json_member(tree, "components"), *c;
	enum pipgate_status status = PIPGATE_OK;

	if (!cJSON_IsObject(tree))
		return nonsense(r, "no JSON object");
	if (components && !cJSON_IsArray(components))
		return nonsense(r, "no list of components");
	for (c = components ? components->child : NULL; c && status == PIPGATE_OK; c = c->next)
		status = opinion(r, c, true);
	if (status == PIPGATE_OK && (!r->list->n || json_member(tree, "opinion")))
		status = opinion(r, tree, false);
	return status;
}

/* ---- reasons for a no ---- */

/* The first few of n. key: the member that says it; NULL: they are texts. severity: the member that is at least `least`; NULL: all are. */
struct reasons {
	const char *key, *severity;
	enum pipgate_level least;
};

static bool counts(const struct reasons *reasons, const cJSON *c, bool *known)
{
	enum pipgate_level level;

	*known = !reasons->severity || pipgate_level_parse(json_string(json_member(c, reasons->severity)), &level);
	return *known && (!reasons->severity || level >= reasons->least);
}

static struct span words_of(struct reading *r, const struct reasons *reasons, const cJSON *list, size_t n)
{
	struct span text;
	struct buf out;
	size_t shown = 0;
	bool known;

	buf_init(&out, NULL, REASONS_BYTES);
	for (const cJSON *c = list->child; c && shown < REASONS_SHOWN; c = c->next) {
		struct span one = json_string(reasons->key ? json_member(c, reasons->key) : c);

		if (!counts(reasons, c, &known) || !one.n || out.n + one.n > REASONS_BYTES - 64)
			continue;
		buf_text(&out, shown++ ? "; " : "");
		buf_span(&out, one);
	}
	if (n > shown)
		buf_format(&out, "%s%zu%s", shown ? "; and " : "", n - shown, shown ? " more" : " issues");
	text = must_span(arena_copy(r->run, buf_view(&out)));
	buf_fini(&out);
	return text;
}

/* A no where one of the list counts. */
static enum pipgate_status read_reasons(struct reading *r, const struct reasons *reasons, const cJSON *list)
{
	size_t n = 0;
	bool known;

	for (const cJSON *c = list->child; c; c = c->next) {
		n += counts(reasons, c, &known);
		if (!known)
			return nonsense(r, "about an issue without a severity");
	}
	add(r, n ? PIPGATE_UNDECIDED : PIPGATE_ALLOW, words_of(r, reasons, list, n));
	return PIPGATE_OK;
}

static enum pipgate_level least_of(const struct reading *r)
{
	enum pipgate_level least = PIPGATE_LEVEL_HIGH;

	if (r->level.n && !pipgate_level_parse(r->level, &least))
		least = PIPGATE_LEVEL_UNKNOWN; /* the strictest: format_find() has refused it */
	return least;
}

static enum pipgate_status read_opa(struct reading *r, const cJSON *tree)
{
	const cJSON *results = json_member(tree, "result");
	const cJSON *expressions = json_member(results ? results->child : NULL, "expressions");
	const cJSON *value = json_member(expressions ? expressions->child : NULL, "value");
	const struct reasons all = {NULL};

	if (!value) /* opa prints {} for a rule that is not defined */
		return nonsense(r, "without a value (is the rule defined?)");
	if (!cJSON_IsArray(value))
		return read_pipgate(r, value);
	for (const cJSON *c = value->child; c; c = c->next)
		if (!cJSON_IsString(c))
			return nonsense(r, "a list of something else than texts");
	return read_reasons(r, &all, value);
}

/* Its `issues` count single signs, which honest packages have, too; its `risks` are those that together mean something. */
static enum pipgate_status read_guarddog(struct reading *r, const cJSON *tree)
{
	const cJSON *risks = json_member(tree, "risks"), *errors = json_member(tree, "errors");
	const struct reasons levelled = {"threat_description", "severity", least_of(r)};

	if (!cJSON_IsArray(risks))
		return nonsense(r, "without a list of risks, which guarddog has from version 3 on");
	if (errors && errors->child)
		return nonsense(r, "incomplete: some of its rules failed");
	return read_reasons(r, &levelled, risks);
}

static enum pipgate_status read_bandit(struct reading *r, const cJSON *tree)
{
	const cJSON *results = json_member(tree, "results"), *errors = json_member(tree, "errors");
	const struct reasons levelled = {"issue_text", "issue_severity", least_of(r)};

	if (!cJSON_IsArray(results))
		return nonsense(r, "without results");
	if (errors && errors->child)
		return nonsense(r, "incomplete: some files could not be read");
	return read_reasons(r, &levelled, results);
}

/* ---- the table ---- */

static const struct format {
	const char *name;
	enum pipgate_status (*read)(struct reading *reading, const cJSON *tree);
	int most; /* exit statuses from 0 to this one are an answer */
	bool levels;
} formats[] = {
	{"pipgate", read_pipgate, 0, false},
	{"opa", read_opa, 0, false},
	{"guarddog", read_guarddog, 1, true},
	{"bandit", read_bandit, 1, true},
};

static const struct format *format_find(const char *name, struct span *level)
{
	struct span rest = span_of(name ? name : formats[0].name), word = span_split(&rest, ':');
	enum pipgate_level parsed;

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (span_is(word, formats[i].name)) {
			*level = rest;
			return !rest.n || (formats[i].levels && pipgate_level_parse(rest, &parsed)) ? &formats[i] : NULL;
		}
	return NULL;
}

bool answer_format_known(const char *format)
{
	struct span level;

	return format_find(format, &level) != NULL;
}

enum pipgate_status answer_read(struct pipgate_run *run, const char *name, int code, struct span bytes, const struct said **out, size_t *n,
	struct pipgate_error *error)
{
	struct list list = {0};
	struct reading reading = {.run = run, .list = &list, .error = error};
	const struct format *format = format_find(name, &reading.level);
	enum pipgate_status status;
	cJSON *tree;

	if (!format)
		return error_set(error, PIPGATE_INVALID, "there is no format %s", name);
	if (code > 256)
		return error_set(error, PIPGATE_INVALID, "it was ended by signal %d", code - 256);
	if (code < 0 || code > format->most)
		return error_set(error, PIPGATE_INVALID, "it ended with status %d", code);
	status = json_parse(bytes, &tree, error);
	if (status != PIPGATE_OK) {
		error_before(error, "its answer is no JSON");
		return status;
	}
	status = format->read(&reading, tree);
	cJSON_Delete(tree);
	*out = list.items;
	*n = list.n;
	return status;
}
