/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/suite.h"

#include <stddef.h>

#include "matcher/base/yaml.h"
#include "matcher/policy/document.h"
#include "wrapper/case/policy_alone.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define WORDS_MAX ((size_t)64 << 10) /* of one result */

struct head {
	int64_t now;
	struct span schema, profile;
};

static const struct member head_members[] = {
	{"schema", MEMBER_TEXT, offsetof(struct head, schema), 0, NULL},
	{"profile", MEMBER_TEXT, offsetof(struct head, profile), 0, NULL},
	{"now", MEMBER_TIME, offsetof(struct head, now), 0, NULL},
	{"policy", MEMBER_OTHER, 0, 0, NULL},
	{"cases", MEMBER_OTHER, 0, 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

struct suite_reading {
	struct member_reader members;
	struct pipgate_run *run;
	const char *path;
	struct head head;
	struct pipgate_policy *policy;
	struct suite *out;
};

/* ---- the policy ---- */

/* A mapping in the file, as a text of its own: JSON is YAML, too. */
static enum pipgate_status policy_inline(struct suite_reading *r, const cJSON *item, const char *profile)
{
	char *text = must(cJSON_PrintUnformatted(item));
	struct span kept = must_span(arena_copy(r->run, span_of(text)));

	cJSON_free(text);
	return policy_alone(r->run, kept, text_format(r->run, "%s (policy)", r->path), profile, &r->policy, r->members.error);
}

static enum pipgate_status policy_read(struct suite_reading *r, const cJSON *item)
{
	const char *profile = r->head.profile.n ? r->head.profile.p : NULL;
	const char *slash = strrchr(r->path, '/');
	struct span name = json_string(item);

	if (cJSON_IsObject(item))
		return policy_inline(r, item, profile);
	if (!item && profile)
		return policy_alone(r->run, SPAN("schema: pipgate/policy/1\n"), r->path, profile, &r->policy, r->members.error);
	if (!name.n)
		return member_refuse(&r->members, item, "policy: a file beside this one, or a mapping, is wanted");
	if (name.p[0] != '/' && slash)
		name = must_span(arena_format(r->run, "%.*s/" SPAN_FMT, (int)(slash - r->path), r->path, SPAN_ARG(name)));
	return policy_alone_file(r->run, text_copy(r->run, name), profile, &r->policy, r->members.error);
}

/* ---- a case ---- */

static struct span words(struct suite_reading *r, const struct expectation *e, const struct audit *audit)
{
	struct span kept;
	struct buf out;

	buf_init(&out, NULL, WORDS_MAX);
	if (audit)
		expectation_came(&out, e, audit);
	else
		expectation_words(&out, e);
	if (buf_status(&out) == PIPGATE_NO_MEMORY)
		die_no_memory();
	kept = keep_buf(r->run, &out);
	buf_fini(&out);
	return kept;
}

static enum pipgate_status case_run(struct suite_reading *r, const cJSON *item)
{
	struct expectation expected;
	struct kept_case kept;
	struct pipgate_case subject;
	struct suite_result *result;
	enum pipgate_status status = case_read(r->run, item, true, r->head.now, &kept, &r->members.bad, r->members.error);

	if (status == PIPGATE_OK)
		status = expectation_read(&r->members, json_member(item, "expect"), &expected);
	if (status != PIPGATE_OK)
		return status;
	subject = audit_case(&kept.audit, kept.now);
	status = pipgate_decide(r->run, r->policy, &subject, &kept.audit.verdict, r->members.error);
	if (status != PIPGATE_OK)
		return status;
	result = must(list_push(r->run, &r->out->results, sizeof(*result)));
	*result = (struct suite_result){.title = keep_member(r->run, item, "title"), .passed = expectation_met(&expected, &kept.audit)};
	r->out->passed += result->passed;
	r->out->failed += !result->passed;
	if (!result->passed) {
		result->expected = words(r, &expected, NULL);
		result->came = words(r, &expected, &kept.audit);
	}
	return PIPGATE_OK;
}

static enum pipgate_status cases_run(struct suite_reading *r, const cJSON *array)
{
	enum pipgate_status status = PIPGATE_OK;
	const cJSON *item;
	size_t n = 0;

	if (!cJSON_IsArray(array))
		return member_refuse(&r->members, array, "cases: a list is wanted");
	for (item = array->child; item && status == PIPGATE_OK; item = item->next) {
		n++;
		status = case_run(r, item);
		if (status != PIPGATE_OK)
			error_before(r->members.error, "case %zu", n);
	}
	return status;
}

static enum pipgate_status tree_run(struct suite_reading *r, const cJSON *tree)
{
	enum pipgate_status status = members_read(&r->members, tree, head_members, &r->head);

	if (status == PIPGATE_OK && !span_is(r->head.schema, SUITE_SCHEMA))
		status = member_refuse(&r->members, json_member(tree, "schema"), "schema: " SUITE_SCHEMA " is wanted");
	if (status == PIPGATE_OK)
		status = policy_read(r, json_member(tree, "policy"));
	if (status == PIPGATE_OK)
		status = cases_run(r, json_member(tree, "cases"));
	return status;
}

/* The same words, with the line that they are about and a caret. */
static void show_line(struct span text, const cJSON *bad, struct pipgate_error *error)
{
	struct document_counted counted = {0};
	const struct document document = {.text = text, .counted = &counted, .error = error};
	const struct pipgate_error words = *error;

	(void)document_refuse(&document, bad, false, "%s", words.text);
}

enum pipgate_status suite_run(struct pipgate_run *run, const char *path, struct span text, int64_t now, struct suite *out,
	struct pipgate_error *error)
{
	struct suite_reading r = {.members = {.run = run, .strict = true, .error = error}, .run = run, .path = path, .out = out};
	cJSON *tree = NULL;
	enum pipgate_status status = yaml_parse(text, &tree, error);

	r.head.now = now;
	*out = (struct suite){.passed = 0};
	if (status == PIPGATE_OK)
		status = tree_run(&r, tree);
	if (status == PIPGATE_INVALID && r.members.bad)
		show_line(text, r.members.bad, error);
	cJSON_Delete(tree);
	if (status != PIPGATE_OK)
		error_before(error, "%s", path);
	return status;
}
