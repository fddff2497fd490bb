/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says of external programs; wrapper/check runs them. */
#include "matcher/policy/document.h"
#include "matcher/policy/when.h"

#include "matcher/base/banned.h"

#define TIMEOUT_DEFAULT 30 /* seconds */
#define TIMEOUT_MAX 600    /* nobody waits longer for an install */

struct read {
	struct span name, format;
	struct texts run;
	int64_t on, timeout, then;
	enum pipgate_answer may_loosen;
};
#define AT(member) offsetof(struct read, member)

static const struct field_choice ons[] = {{"plan", POLICY_CHECK_PLAN}, {"archive", POLICY_CHECK_ARCHIVE}, {NULL, 0}};
static const struct field_choice thens[] = {{"warn", PIPGATE_WARN}, {"block", PIPGATE_BLOCK}, {NULL, 0}};

static const struct field fields[] = {
	{"run", FIELD_TEXTS, AT(run), true, NULL},
	{"name", FIELD_TEXT, AT(name), false, NULL},
	{"format", FIELD_TEXT, AT(format), false, NULL},
	{"on", FIELD_CHOICE, AT(on), false, ons},
	{"timeout", FIELD_DURATION, AT(timeout), false, NULL},
	{"then", FIELD_CHOICE, AT(then), false, thens},
	{"may-loosen", FIELD_ANSWER, AT(may_loosen), false, NULL},
	{NULL, 0, 0, false, NULL},
};

/* The program's last part. */
static const char *name_of(const struct read *read)
{
	const char *slash = strrchr(read->run.v[0].p, '/');

	return read->name.n ? read->name.p : slash ? slash + 1 : read->run.v[0].p;
}

enum pipgate_status check_read(const struct document *d, const cJSON *item)
{
	struct read read = {.on = POLICY_CHECK_PLAN, .timeout = TIMEOUT_DEFAULT, .then = PIPGATE_BLOCK};
	enum pipgate_status status = fields_read(d, item, fields, &read);
	struct policy_check *place;
	char **words;

	if (status != PIPGATE_OK)
		return status;
	if (!read.run.n || read.timeout < 1 || read.timeout > TIMEOUT_MAX)
		return document_refuse(d, item, false, "a check has a program to run, and a timeout of 1s to %ds", TIMEOUT_MAX);
	if (read.may_loosen == PIPGATE_YES && d->layer.kind != PIPGATE_LAYER_SYSTEM)
		return document_refuse(d, item, false, "only a check of the system's policy may loosen");
	words = arena_array(d->policy->run, read.run.n + 1, sizeof(*words));
	place = list_push(d->policy->run, &d->policy->checks, sizeof(*place));
	if (!words || !place)
		return document_no_memory(d);
	for (size_t i = 0; i < read.run.n; i++)
		memcpy(&words[i], &read.run.v[i].p, sizeof(words[i]));
	*place = (struct policy_check){
		.name = name_of(&read),
		.run = words,
		.format = read.format.n ? read.format.p : "pipgate",
		.on = (enum policy_check_on)read.on,
		.timeout_ms = read.timeout * 1000,
		.then = (enum pipgate_action)read.then,
		.may_loosen = read.may_loosen == PIPGATE_YES,
		.layer = d->layer.name,
	};
	return PIPGATE_OK;
}

static const struct field approver_fields[] = {
	{"name", FIELD_TEXT, offsetof(struct read, name), true, NULL},
	{"key", FIELD_TEXT, offsetof(struct read, format), true, NULL},
	{NULL, 0, 0, false, NULL},
};

enum pipgate_status approver_read(const struct document *d, const cJSON *item)
{
	struct read read = {0};
	enum pipgate_status status = fields_read(d, item, approver_fields, &read);
	struct policy_approver *place;

	if (status != PIPGATE_OK)
		return status;
	place = list_push(d->policy->run, &d->policy->approvers, sizeof(*place));
	if (!place)
		return document_no_memory(d);
	*place = (struct policy_approver){read.name.p, read.format.p};
	return PIPGATE_OK;
}
