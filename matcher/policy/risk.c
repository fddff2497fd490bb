/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/policy/risk.h"

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "matcher/policy/document.h"

#include "matcher/base/banned.h"

#define WEIGHT_MAX 1000

static const struct {
	const char *name;
	unsigned fallback;
} rows[WEIGHTS] = {
	[WEIGHT_CRITICAL] = {"critical", 40}, [WEIGHT_HIGH] = {"high", 30},           [WEIGHT_MEDIUM] = {"medium", 20},
	[WEIGHT_LOW] = {"low", 10},           [WEIGHT_UNKNOWN] = {"unknown", 25},     [WEIGHT_MALICIOUS] = {"malicious", 100},
	[WEIGHT_EXPLOITED] = {"exploited", 50}, [WEIGHT_EPSS] = {"epss", 30},         [WEIGHT_EXPLOIT] = {"exploit", 10},
	[WEIGHT_FIX] = {"fix", 5},            [WEIGHT_DIRECT] = {"direct", 5},
};

void weights_default(struct pipgate_policy *policy)
{
	for (size_t i = 0; i < WEIGHTS; i++)
		policy->weights[i] = rows[i].fallback;
}

static bool weight_parse(struct span text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_digit(text.p[i]) || *out > WEIGHT_MAX)
			return false;
		*out = *out * 10 + (unsigned)(text.p[i] - '0');
	}
	return text.n && *out <= WEIGHT_MAX;
}

/* A worse severity never weighs less. */
static bool rising(const unsigned *w)
{
	return w[WEIGHT_LOW] <= w[WEIGHT_MEDIUM] && w[WEIGHT_MEDIUM] <= w[WEIGHT_HIGH] && w[WEIGHT_HIGH] <= w[WEIGHT_CRITICAL];
}

enum pipgate_status weights_read(const struct document *d, const cJSON *mapping)
{
	for (const cJSON *node = mapping->child; node; node = node->next) {
		size_t i = 0;

		while (i < WEIGHTS && strcmp(rows[i].name, node->string) != 0)
			i++;
		if (i == WEIGHTS)
			return document_refuse(d, node, true, "there is no weight '%.60s'", node->string);
		if (!weight_parse(json_string(node), &d->policy->weights[i]))
			return document_refuse(d, node, false, "a weight is a number from 0 to %d", WEIGHT_MAX);
	}
	if (!rising(d->policy->weights))
		return document_refuse(d, mapping, false, "low, medium, high and critical have to rise");
	return PIPGATE_OK;
}

/* ---- the sum ---- */

struct sum {
	const struct pipgate_policy *policy;
	struct buf words;
	unsigned total;
};

static void term(struct sum *s, enum policy_weight weight, unsigned share, unsigned of)
{
	unsigned value = s->policy->weights[weight] * share / of;

	if (!value)
		return;
	buf_format(&s->words, "%s%s %u", s->words.n ? " + " : "", rows[weight].name, value);
	s->total += value;
}

static void severity_term(struct sum *s, enum pipgate_level level)
{
	static const struct {
		enum pipgate_level level;
		enum policy_weight weight;
	} levels[] = {
		{PIPGATE_LEVEL_CRITICAL, WEIGHT_CRITICAL}, {PIPGATE_LEVEL_HIGH, WEIGHT_HIGH}, {PIPGATE_LEVEL_MEDIUM, WEIGHT_MEDIUM},
		{PIPGATE_LEVEL_LOW, WEIGHT_LOW},           {PIPGATE_LEVEL_UNKNOWN, WEIGHT_UNKNOWN},
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (levels[i].level == level)
			term(s, levels[i].weight, 1, 1);
}

enum pipgate_status risk_of(struct pipgate_run *run, const struct pipgate_policy *policy, const struct pipgate_component *component,
	const struct pipgate_finding *f, struct pipgate_risk *out)
{
	char room[256];
	struct sum s = {.policy = policy, .words = {.p = room, .capacity = sizeof(room), .ceiling = sizeof(room) - 1, .status = PIPGATE_OK}};

	severity_term(&s, f->severity.level);
	term(&s, WEIGHT_MALICIOUS, f->malicious, 1);
	term(&s, WEIGHT_EXPLOITED, f->exploited, 1);
	term(&s, WEIGHT_EPSS, f->has_epss ? f->epss : 0, 10000);
	term(&s, WEIGHT_EXPLOIT, f->exploit_public, 1);
	term(&s, WEIGHT_FIX, f->n_fixed > 0, 1);
	term(&s, WEIGHT_DIRECT, component->requested, 1);
	*out = (struct pipgate_risk){s.total, arena_copy(run, buf_view(&s.words))};
	return out->sum.p ? PIPGATE_OK : PIPGATE_NO_MEMORY;
}
