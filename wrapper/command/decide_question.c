/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook asks: keys on one descriptor, pip's report on another. Both are read as if someone else had written them. */
#include "shims/hook/protocol.h"
#include "wrapper/command/decide.h"
#include "wrapper/file.h"
#include "wrapper/pip/hint.h"

#include "matcher/base/banned.h"

/* ---- the keys ---- */

static void take_key(struct pipgate_run *run, struct span key, struct span value, struct question *out)
{
	const struct {
		const char *key;
		const char **place;
	} table[] = {
		{"protocol", &out->protocol}, {"ask", &out->ask}, {"pip", &out->pip}, {"python", &out->python}, {"road", &out->road},
		{"command", &out->command}, {"parent", &out->parent}, {"file", &out->file}, {"url", &out->url}, {"name", &out->name},
		{"version", &out->version}, {"origin", &out->origin}, {"quiet", &out->quiet}, {"dry-run", &out->dry_run},
		{"terminal", &out->terminal}, {"judged", &out->judged},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (span_is(key, table[i].key))
			*table[i].place = text_copy(run, value);
	if (span_is(key, "argument"))
		words_add(&out->arguments, text_copy(run, value));
	if (span_is(key, "setting"))
		words_add(&out->settings, text_copy(run, value));
	if (span_is(key, "bundled"))
		words_add(&out->bundled, text_copy(run, value));
}

static bool one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (value && strcmp(value, *words) == 0)
			return true;
	return false;
}

static enum pipgate_status question_check(const struct question *q, struct pipgate_error *error)
{
	static const char *const asks[] = {"plan", "nested", "build", NULL};
	static const char *const commands[] = {"install", "download", "wheel", "lock", NULL};

	if (!one_of(q->protocol, (const char *const[]){PROTOCOL_VERSION, NULL}))
		return error_set(error, PIPGATE_INVALID, "the hook speaks another protocol than " PROTOCOL_VERSION);
	if (!one_of(q->ask, asks))
		return error_set(error, PIPGATE_INVALID, "the hook asks nothing that is known");
	if (q->command && !one_of(q->command, commands))
		return error_set(error, PIPGATE_INVALID, "the hook asks about a command that is not known");
	if (q->judged && strcmp(q->judged, "6") != 0)
		return error_set(error, PIPGATE_INVALID, "what was judged is wanted in a place that is not known");
	return PIPGATE_OK;
}

enum pipgate_status question_read(struct pipgate_run *run, struct question *out, struct pipgate_error *error)
{
	enum pipgate_status status;
	struct span rest;
	struct buf bytes;

	*out = (struct question){.arguments = {.run = run}, .settings = {.run = run}, .bundled = {.run = run}};
	buf_init(&bytes, NULL, DECIDE_KEYS_MAX);
	status = file_read_fd(DECIDE_FD_KEYS, "the hook's question", &bytes, error);
	rest = buf_view(&bytes);
	if (status == PIPGATE_OK && rest.n && rest.p[rest.n - 1])
		status = error_set(error, PIPGATE_INVALID, "the hook's question has no end");
	while (status == PIPGATE_OK && rest.n) {
		struct span value = span_split(&rest, 0);
		struct span key = span_split(&value, '=');

		take_key(run, key, value, out);
	}
	buf_fini(&bytes);
	return status == PIPGATE_OK ? question_check(out, error) : status;
}

const char *question_exception(struct pipgate_run *run, const struct question *q)
{
	struct question copy = *q;
	const char *command = q->command ? q->command : "install";
	bool ours = q->road && strcmp(q->road, "pip") == 0;

	if (q->parent)
		return NULL; /* its arguments are pip's own, not the user's */
	return hint_line(run,
		ours ? text_format(run, "pip %s --gate-policy mode=warn", command)
		     : text_format(run, "PIPGATE_POLICY=mode=warn python -m pip %s", command),
		words_end(&copy.arguments));
}

/* ---- the report ---- */

static struct span copy(struct pipgate_run *run, const cJSON *object, const char *name)
{
	struct span text = json_string(json_member(object, name));

	return text.n ? must_span(arena_copy(run, text)) : text;
}

static const struct span *copies(struct pipgate_run *run, const cJSON *array, size_t *n)
{
	struct list list = {0};
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		struct span *place = must(list_push(run, &list, sizeof(*place)));

		*place = must_span(arena_copy(run, json_string(item)));
	}
	*n = list.n;
	return list.items;
}

/* false: it has no name or no version, and is passed over as in any environment. */
static bool read_satisfied(struct pipgate_run *run, const cJSON *item, struct pipgate_component *c)
{
	const cJSON *metadata = json_member(item, "metadata");

	*c = (struct pipgate_component){
		.origin = PIPGATE_ORIGIN_INSTALLED,
		.shown_name = copy(run, metadata, "name"),
		.version = copy(run, metadata, "version"),
		.requested = cJSON_IsTrue(json_member(item, "requested")),
	};
	c->requires_dist = copies(run, json_member(metadata, "requires_dist"), &c->n_requires_dist);
	c->extras = copies(run, json_member(item, "requested_extras"), &c->n_extras);
	if (!c->shown_name.n || !c->version.n)
		return false;
	if (pipgate_name_normalize(run, c->shown_name, &c->name) != PIPGATE_OK)
		die_no_memory();
	return true;
}

static bool there(const struct pipgate_component *v, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_equal(v[i].name, name))
			return true;
	return false;
}

/* The plan's components, then those that are installed; one that is both is planned. */
static void add_satisfied(struct pipgate_run *run, const cJSON *satisfied, struct plan *plan)
{
	struct list list = {0};
	const cJSON *item;

	for (size_t i = 0; i < plan->n; i++)
		*(struct pipgate_component *)must(list_push(run, &list, sizeof(*plan->components))) = plan->components[i];
	cJSON_ArrayForEach(item, satisfied) {
		struct pipgate_component c;

		if (read_satisfied(run, item, &c) && !there(list.items, list.n, c.name))
			*(struct pipgate_component *)must(list_push(run, &list, sizeof(c))) = c;
	}
	plan->components = list.items;
	plan->n = list.n;
}

enum pipgate_status question_plan(struct pipgate_run *run, struct plan *out, size_t *planned, struct pipgate_error *error)
{
	enum pipgate_status status;
	cJSON *root = NULL;
	struct buf bytes;

	buf_init(&bytes, NULL, DECIDE_REPORT_MAX);
	status = file_read_fd(DECIDE_FD_REPORT, "pip's report", &bytes, error);
	if (status == PIPGATE_OK)
		status = report_read(run, buf_view(&bytes), out, error);
	if (status == PIPGATE_OK) {
		*planned = out->n;
		status = json_parse(buf_view(&bytes), &root, error);
	}
	if (status == PIPGATE_OK)
		add_satisfied(run, json_member(root, "satisfied"), out);
	cJSON_Delete(root);
	buf_fini(&bytes);
	return status;
}

/* ---- a build ---- */

static enum pipgate_origin build_origin(const struct question *q, struct span url)
{
	if (q->origin && strcmp(q->origin, "vcs") == 0)
		return PIPGATE_ORIGIN_VCS;
	if (q->origin && strcmp(q->origin, "folder") == 0)
		return PIPGATE_ORIGIN_DIRECTORY;
	return span_starts(url, SPAN("file:")) ? PIPGATE_ORIGIN_ARCHIVE : PIPGATE_ORIGIN_INDEX;
}

enum pipgate_status question_build(struct pipgate_run *run, const struct question *q, struct plan *out, struct pipgate_error *error)
{
	struct span file = q->file ? span_of(q->file) : (struct span){NULL, 0}, url = q->url ? span_of(q->url) : file;
	struct pipgate_filename parsed = {0};
	struct pipgate_component *c = must(arena_array(run, 1, sizeof(*c)));
	bool named = file.n && pipgate_filename_parse(run, file, &parsed) == PIPGATE_OK;

	if (!url.n && !q->name)
		return error_set(error, PIPGATE_INVALID, "the hook asks about a build of nothing");
	*c = (struct pipgate_component){.origin = build_origin(q, url), .url = url, .sdist = true, .requested = true};
	c->shown_name = q->name ? span_of(q->name) : named ? parsed.name : file.n ? file : url;
	/* no version is known before the code has run: 0 is in every range that has no beginning */
	c->version = q->version ? span_of(q->version) : named ? parsed.version : SPAN("0");
	if (pipgate_name_normalize(run, c->shown_name, &c->name) != PIPGATE_OK)
		die_no_memory();
	*out = (struct plan){.components = c, .n = 1};
	return PIPGATE_OK;
}
