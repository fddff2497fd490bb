/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/case/report_members.h"

#include <stddef.h>

#include "wrapper/memory.h"

#include "matcher/base/banned.h"

#define C(f) offsetof(struct component_members, component.f)
#define T(f) offsetof(struct pipgate_facts, f)
#define F(f) offsetof(struct finding_members, finding.f)
#define J(f) offsetof(struct finding_members, judgement.f)
#define M(f) offsetof(struct finding_members, f)
#define R(f) offsetof(struct case_members, f)

const struct member component_members[] = {
	{"name", MEMBER_TEXT, C(name), 0, NULL},
	{"version", MEMBER_TEXT, C(version), 0, NULL},
	{"origin", MEMBER_WORD, C(origin), 0, word_origin},
	{"url", MEMBER_TEXT, C(url), 0, NULL},
	{"sha256", MEMBER_TEXT, C(sha256), 0, NULL},
	{"extras", MEMBER_TEXTS, C(extras), C(n_extras), NULL},
	{"requested", MEMBER_BOOL, C(requested), 0, NULL},
	{"sdist", MEMBER_BOOL, C(sdist), 0, NULL},
	{"yanked", MEMBER_BOOL, C(yanked), 0, NULL},
	{"unpinned", MEMBER_BOOL, C(unpinned), 0, NULL},
	{"unlocked", MEMBER_BOOL, C(unlocked), 0, NULL},
	{"cached_build", MEMBER_BOOL, C(cached_build), 0, NULL},
	{"groups", MEMBER_TEXTS, C(groups), C(n_groups), NULL},
	{"place", MEMBER_TEXT, C(place), 0, NULL},
	{"unknown", MEMBER_BOOL, offsetof(struct component_members, unknown), 0, NULL},
	{"facts", MEMBER_OTHER, 0, 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

const struct member facts_members[] = {
	{"index", MEMBER_TEXT, T(index), 0, NULL},
	{"kind", MEMBER_WORD, T(kind), 0, word_kind},
	{"default_index", MEMBER_BOOL, T(default_index), 0, NULL},
	{"elsewhere", MEMBER_ANSWER, T(elsewhere), 0, NULL},
	{"yanked", MEMBER_ANSWER, T(yanked), 0, NULL},
	{"yanked_reason", MEMBER_TEXT, T(yanked_reason), 0, NULL},
	{"status", MEMBER_WORD, T(status), 0, word_status},
	{"status_reason", MEMBER_TEXT, T(status_reason), 0, NULL},
	{"attested", MEMBER_ANSWER, T(attested), 0, NULL},
	{"uploaded", MEMBER_TIME, T(uploaded), 0, NULL},
	{"project_begun", MEMBER_TIME, T(project_begun), 0, NULL},
	{"old_enough", MEMBER_TEXT, T(old_enough), 0, NULL},
	{"fixes", MEMBER_BOOL, T(fixes), 0, NULL},
	{"none_clean", MEMBER_BOOL, T(none_clean), 0, NULL},
	{"similar", MEMBER_TEXT, T(similar), 0, NULL},
	{"listed", MEMBER_ANSWER, T(listed), 0, NULL},
	{"opinions", MEMBER_OTHER, 0, 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

static const struct member opinion_members[] = {
	{"engine", MEMBER_TEXT, offsetof(struct pipgate_opinion, engine), 0, NULL},
	{"action", MEMBER_WORD, offsetof(struct pipgate_opinion, action), 0, word_action},
	{"text", MEMBER_TEXT, offsetof(struct pipgate_opinion, text), 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

/* Of a finding with what was said of it, and of what was said of a component. */
const struct member finding_members[] = {
	{"component", MEMBER_TEXT, M(component), 0, NULL},
	{"version", MEMBER_TEXT, M(version), 0, NULL},
	{"id", MEMBER_TEXT, F(id), 0, NULL},
	{"ids", MEMBER_TEXTS, F(ids), F(n_ids), NULL},
	{"severity", MEMBER_OTHER, 0, 0, NULL},
	{"records", MEMBER_OTHER, 0, 0, NULL},
	{"fixed", MEMBER_TEXTS, F(fixed), F(n_fixed), NULL},
	{"has_end", MEMBER_ANSWER, M(has_end), 0, NULL},
	{"malicious", MEMBER_BOOL, F(malicious), 0, NULL},
	{"exploited", MEMBER_BOOL, F(exploited), 0, NULL},
	{"exploit_public", MEMBER_BOOL, F(exploit_public), 0, NULL},
	{"epss", MEMBER_SHARE, F(epss), F(has_epss), NULL},
	{"epss_percentile", MEMBER_SHARE, F(epss_percentile), F(has_epss), NULL},
	{"chain", MEMBER_OTHER, 0, 0, NULL},
	{"broken_chain", MEMBER_BOOL, M(broken_chain), 0, NULL},
	{"action", MEMBER_WORD, J(action), 0, word_action},
	{"rule", MEMBER_WORD, J(rule), 0, word_rule},
	{"reason", MEMBER_TEXT, J(reason), 0, NULL},
	{"where", MEMBER_TEXT, J(where), 0, NULL},
	{"message", MEMBER_TEXT, J(message), 0, NULL},
	{"blocks_from", MEMBER_TIME, J(blocks_from), 0, NULL},
	{"pardon", MEMBER_WORD, J(pardon), 0, word_pardon},
	{"owner", MEMBER_TEXT, J(owner), 0, NULL},
	{"code", MEMBER_OTHER, 0, 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

const struct member verdict_members[] = {
	{"action", MEMBER_WORD, offsetof(struct pipgate_judgement, action), 0, word_action},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

const struct member case_members[] = {
	{"title", MEMBER_OTHER, 0, 0, NULL}, /* of a test's case, as expect */
	{"now", MEMBER_TIME, R(now), 0, NULL},
	{"command", MEMBER_TEXT, R(command), 0, NULL},
	{"mode", MEMBER_TEXT, R(mode), 0, NULL},
	{"profile", MEMBER_TEXT, R(profile), 0, NULL},
	{"components", MEMBER_OTHER, 0, 0, NULL},
	{"findings", MEMBER_OTHER, 0, 0, NULL},
	{"judgements", MEMBER_OTHER, 0, 0, NULL},
	{"verdict", MEMBER_OTHER, 0, 0, NULL},
	{"expect", MEMBER_OTHER, 0, 0, NULL},
	{NULL, MEMBER_OTHER, 0, 0, NULL},
};

/* ---- what is more than a value ---- */

/* Where a level comes without a score: the least that has it (CVSS). */
static uint8_t least_score(enum pipgate_level level)
{
	static const uint8_t tenths[] = {
		[PIPGATE_LEVEL_LOW] = 1, [PIPGATE_LEVEL_MEDIUM] = 40, [PIPGATE_LEVEL_HIGH] = 70, [PIPGATE_LEVEL_CRITICAL] = 90};

	return tenths[level];
}

static enum pipgate_status level_read(struct member_reader *r, const cJSON *item, struct pipgate_severity *out)
{
	struct span text = json_string(item);

	if (pipgate_level_parse(text, &out->level)) {
		out->tenths = least_score(out->level);
		return PIPGATE_OK;
	}
	text = must_span(arena_copy(r->run, text));
	if (!text.n || pipgate_cvss_score(text, out) != PIPGATE_OK)
		return member_refuse(r, item, "severity: '" SPAN_FMT "' is no level and no CVSS vector", SPAN_ARG(text));
	return PIPGATE_OK;
}

/* "7.5" */
static bool score_read(struct span text, uint8_t *tenths)
{
	unsigned value = 0;
	struct span rest = text;
	struct span whole = span_split(&rest, '.');

	if (!whole.n || whole.n > 2 || rest.n > 1)
		return false;
	for (size_t i = 0; i < whole.n; i++) {
		if (!ascii_digit(whole.p[i]))
			return false;
		value = value * 10 + (unsigned)(whole.p[i] - '0');
	}
	if (rest.n && !ascii_digit(rest.p[0]))
		return false;
	value = value * 10 + (rest.n ? (unsigned)(rest.p[0] - '0') : 0);
	*tenths = (uint8_t)value;
	return value <= 100;
}

enum pipgate_status severity_read(struct member_reader *r, const cJSON *item, struct pipgate_severity *out)
{
	const cJSON *level = json_member(item, "level"), *score = json_member(item, "score"), *vector = json_member(item, "vector");
	enum pipgate_status status = PIPGATE_OK;

	*out = (struct pipgate_severity){.level = PIPGATE_LEVEL_UNKNOWN};
	if (!item || cJSON_IsNull(item))
		return PIPGATE_OK;
	if (!cJSON_IsObject(item))
		return level_read(r, item, out);
	if (level && !cJSON_IsNull(level))
		status = level_read(r, level, out);
	if (status == PIPGATE_OK && score && !cJSON_IsNull(score) && !score_read(member_scalar(r, score), &out->tenths))
		status = member_refuse(r, score, "severity: a score from 0 to 10 is wanted");
	if (status == PIPGATE_OK && json_string(vector).n)
		out->vector = must_span(arena_copy(r->run, json_string(vector)));
	return status;
}

enum pipgate_status records_read(struct member_reader *r, const cJSON *array, struct pipgate_finding *out)
{
	static const struct member table[] = {
		{"id", MEMBER_TEXT, offsetof(struct pipgate_record, id), 0, NULL},
		{"feed", MEMBER_OTHER, 0, 0, NULL},
		{"severity", MEMBER_OTHER, 0, 0, NULL},
		{"fixed", MEMBER_TEXTS, offsetof(struct pipgate_record, fixed), offsetof(struct pipgate_record, n_fixed), NULL},
		{NULL, MEMBER_OTHER, 0, 0, NULL},
	};
	enum pipgate_status status = PIPGATE_OK;
	struct list list = {0};
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		struct pipgate_record *record = must(list_push(r->run, &list, sizeof(*record)));

		*record = (struct pipgate_record){.feed = UINT32_MAX};
		status = members_read(r, item, table, record);
		if (status == PIPGATE_OK)
			status = severity_read(r, json_member(item, "severity"), &record->severity);
		if (status != PIPGATE_OK)
			return status;
	}
	out->records = list.items;
	out->n_records = list.n;
	return PIPGATE_OK;
}

enum pipgate_status opinions_read(struct member_reader *r, const cJSON *array, struct pipgate_facts *out)
{
	enum pipgate_status status = PIPGATE_OK;
	struct list list = {0};
	const cJSON *item;

	cJSON_ArrayForEach(item, array) {
		struct pipgate_opinion *opinion = must(list_push(r->run, &list, sizeof(*opinion)));

		*opinion = (struct pipgate_opinion){.action = PIPGATE_UNDECIDED};
		status = members_read(r, item, opinion_members, opinion);
		if (status != PIPGATE_OK)
			return status;
	}
	out->opinions = list.items;
	out->n_opinions = list.n;
	return PIPGATE_OK;
}
