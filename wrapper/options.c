/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "matcher/policy/policy.h"

#include "matcher/base/banned.h"

enum takes {
	TAKES_FLAG,
	TAKES_TEXT,    /* into the field at offset */
	TAKES_SETTING, /* a policy key: key, else its own name */
	TAKES_PAIRS,   /* KEY=VALUE, several apart by spaces */
};

#define CARRIER "PIPGATE_OPTIONS" /* words of ours, each ended by SEPARATOR */
#define OPTIONS_MAX ((size_t)1 << 20)
#define SEPARATOR '\x1f'
#define FIELD(f) offsetof(struct options, f)

static const struct row {
	const char *name;     /* behind --gate- */
	const char *variable; /* NULL: none */
	enum takes takes;
	size_t field;
	const char *argument, *help, *key;
} rows[] = {
	{"fail-on", "PIPGATE_FAIL_ON", TAKES_SETTING, 0, "LEVEL",
		"block from this severity on: low, medium, high (default), critical, any, none", NULL},
	{"sdist", "PIPGATE_SDIST", TAKES_SETTING, 0, "ACTION", "source distributions, whose build code runs: allow, warn (default), block", NULL},
	{"satisfied", "PIPGATE_SATISFIED", TAKES_SETTING, 0, "ACTION", "findings on what is already installed: ignore, warn (default), block", NULL},
	{"block", "PIPGATE_BLOCK", TAKES_SETTING, 0, "PATTERN", "block distributions whose whole normalized name matches (PCRE2; repeats)", NULL},
	{"policy", "PIPGATE_POLICY", TAKES_PAIRS, 0, "KEY=VALUE", "any policy key: mode=block|warn|off, unknown=…, malicious=…, …", NULL},
	{"mode", "PIPGATE_MODE", TAKES_SETTING, 0, "MODE", "how pip is held: auto (default), plan, inline", "gate-mode"},
	{"db", "PIPGATE_DB", TAKES_SETTING, 0, "FILE", "the advisory database", "database"},
	{"cached-build", "PIPGATE_CACHED_BUILD", TAKES_SETTING, 0, "ACTION",
		"inline: wheels that pip built here earlier and kept: allow, warn, block", "cached-build"},
	{"report", "PIPGATE_REPORT", TAKES_TEXT, FIELD(report), "FILE", "write the verdict as JSON (docs/gate-report.schema.json)", NULL},
	{"plan", NULL, TAKES_FLAG, FIELD(plan_only), NULL, "show the plan and the verdict, and stop", NULL},
	{"python", "PIPGATE_PYTHON", TAKES_TEXT, FIELD(python), "PYTHON", "the interpreter whose pip is meant", NULL},
	{"remedy", "PIPGATE_REMEDY", TAKES_SETTING, 0, "WHEN", "on a block, look for the nearest clean set: auto (on a terminal), on, off", "remedy"},
	{"project", "PIPGATE_PROJECT", TAKES_TEXT, FIELD(project), "DIR", "the folder whose .pipgate.yaml counts, - for none", NULL},
	{"resolve", NULL, TAKES_TEXT, FIELD(resolve), NULL, NULL, NULL},
	{"fallback", NULL, TAKES_FLAG, FIELD(fallback), NULL, NULL, NULL},
	{"profile", "PIPGATE_PROFILE", TAKES_SETTING, 0, "NAME", "developer (on a terminal), ci, image, strict", "profile"},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static void add_setting(struct pipgate_run *run, struct options *out, struct span key, struct span value, const char *layer)
{
	struct policy_setting *setting = must(list_push(run, &out->settings, sizeof(*setting)));

	*setting = (struct policy_setting){key, value, layer, strncmp(layer, "--", 2) == 0};
}

static enum pipgate_status take(struct pipgate_run *run, const struct row *row, const char *value, const char *layer, struct options *out,
	struct pipgate_error *error)
{
	struct span rest = span_of(value);
	char *field = (char *)out + row->field;

	switch (row->takes) {
	case TAKES_FLAG:
		*(bool *)(void *)field = true;
		break;
	case TAKES_TEXT:
		*(const char **)(void *)field = value;
		break;
	case TAKES_SETTING:
		add_setting(run, out, span_of(row->key ? row->key : row->name), rest, layer);
		break;
	case TAKES_PAIRS:
		while (rest.n) {
			struct span pair = span_split(&rest, ' ');
			struct span key = span_split(&pair, '=');

			if (!pair.n)
				return error_set(error, PIPGATE_INVALID, "%s takes KEY=VALUE, not '" SPAN_FMT "'", layer, SPAN_ARG(key));
			add_setting(run, out, key, pair, layer);
		}
		break;
	}
	return PIPGATE_OK;
}

static enum pipgate_status read_variables(struct pipgate_run *run, struct options *out, struct pipgate_error *error)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = rows[i].variable ? getenv(rows[i].variable) : NULL;
		enum pipgate_status status = value && *value ? take(run, &rows[i], value, rows[i].variable, out, error) : PIPGATE_OK;

		if (status != PIPGATE_OK)
			return status;
	}
	return PIPGATE_OK;
}

static enum pipgate_status unknown_option(struct span name, struct pipgate_error *error)
{
	char known[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < N_ROWS && used < sizeof(known); i++)
		if (rows[i].help)
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", rows[i].name);
	return error_set(error, PIPGATE_INVALID, "no option --gate-" SPAN_FMT "; there are: %s (`pipgate help pip`)", SPAN_ARG(name), known);
}

static const struct row *find_row(struct span name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

/* words[*at] is one of ours; moves *at behind it. */
static enum pipgate_status read_option(struct pipgate_run *run, char *const *words, size_t *at, struct options *out,
	struct pipgate_error *error)
{
	struct span value = span_of(words[*at] + sizeof("--gate-") - 1);
	struct span name = span_split(&value, '=');
	const char *text = strchr(words[*at], '='), *option;
	const struct row *row = find_row(name);

	if (!row)
		return unknown_option(name, error);
	++*at;
	if (row->takes == TAKES_FLAG && text)
		return error_set(error, PIPGATE_INVALID, "--gate-%s takes no value", row->name);
	if (text)
		text++;
	else if (row->takes != TAKES_FLAG)
		text = words[*at] ? words[(*at)++] : NULL;
	if (row->takes != TAKES_FLAG && !(text && *text))
		return error_set(error, PIPGATE_INVALID, "--gate-%s needs a value: %s", row->name, row->help ? row->help : "");
	option = text_format(run, "--gate-%s", row->name);
	if (text && strchr(text, SEPARATOR))
		return error_set(error, PIPGATE_INVALID, "%s has a control character in its value", option);
	if (row->takes != TAKES_FLAG)
		words_add(&out->given, text_format(run, "%s=%s", option, text));
	return take(run, row, text, option, out, error);
}

/* What a gate that this process runs below was given. */
static enum pipgate_status read_carried(struct pipgate_run *run, struct options *out, struct pipgate_error *error)
{
	struct span rest = span_of(getenv(CARRIER));
	enum pipgate_status status = PIPGATE_OK;

	while (rest.n && status == PIPGATE_OK) {
		char *words[] = {text_copy(run, span_split(&rest, SEPARATOR)), NULL};
		size_t at = 0;

		if (strncmp(words[0], "--gate-", sizeof("--gate-") - 1) != 0)
			return error_set(error, PIPGATE_INVALID, CARRIER " is set by pipgate alone; unset it");
		status = read_option(run, words, &at, out, error);
	}
	return status;
}

enum pipgate_status options_read(struct pipgate_run *run, char *const *words, struct options *out, char ***rest,
	struct pipgate_error *error)
{
	struct words kept = {.run = run};
	struct pipgate_policy *bare;
	enum pipgate_status status;
	bool ended = false;
	size_t at = 0;

	*out = (struct options){.profile = isatty(STDERR_FILENO) ? "developer" : "ci", .given = {.run = run}};
	status = read_variables(run, out, error);
	if (status == PIPGATE_OK)
		status = read_carried(run, out, error);
	while (status == PIPGATE_OK && words[at]) {
		ended |= strcmp(words[at], "--") == 0;
		if (!ended && strncmp(words[at], "--gate-", sizeof("--gate-") - 1) == 0)
			status = read_option(run, words, &at, out, error);
		else
			words_add(&kept, words[at++]);
	}
	if (status == PIPGATE_OK)
		status = options_policy(run, out, &bare, error);
	if (status != PIPGATE_OK)
		return status;
	options_settle(out, bare);
	*rest = words_end(&kept);
	return PIPGATE_OK;
}

void options_export(const struct options *options)
{
	char *const *given = options->given.list.items;
	struct buf text;

	buf_init(&text, NULL, OPTIONS_MAX);
	for (size_t i = 0; i < options->given.list.n; i++)
		buf_format(&text, "%s%c", given[i], SEPARATOR);
	if (options->project)
		buf_format(&text, "--gate-project=%s%c", options->project, SEPARATOR);
	if (buf_status(&text) != PIPGATE_OK)
		die_no_memory();
	if (text.n)
		setenv(CARRIER, text.p, 1);
	buf_fini(&text);
}

enum pipgate_status options_policy(struct pipgate_run *run, const struct options *options, struct pipgate_policy **out,
	struct pipgate_error *error)
{
	const struct policy_setting *settings = options->settings.items;
	enum pipgate_status status = pipgate_policy_new(run, out);

	for (size_t i = 0; i < options->settings.n && status == PIPGATE_OK; i++) {
		status = pipgate_policy_set(*out, settings[i].key, settings[i].value, settings[i].layer, error);
		if (status != PIPGATE_OK)
			error_before(error, "%s", settings[i].layer);
	}
	return status;
}

static const char *word_of(const struct pipgate_policy *policy, enum policy_key key)
{
	const char *word = policy->values[key].word;

	return *word ? word : NULL;
}

void options_settle(struct options *options, const struct pipgate_policy *policy)
{
	const char *profile = word_of(policy, POLICY_PROFILE);

	options->mode = word_of(policy, POLICY_GATE_MODE);
	options->remedy = word_of(policy, POLICY_REMEDY);
	options->database = word_of(policy, POLICY_DATABASE);
	options->cached_build = word_of(policy, POLICY_CACHED_BUILD);
	if (profile)
		options->profile = profile;
	if (options->fallback && strcmp(options->mode, "auto") == 0)
		options->mode = "plan";
}

void options_resolving(const struct options *options, struct pipgate_policy *policy)
{
	static const struct {
		const char *resolve;
		enum policy_key key;
		int64_t value;
	} table[] = {
		{NULL, POLICY_FAIL_ON, POLICY_FAIL_ON_NEVER},
		{NULL, POLICY_EXPLOITED, PIPGATE_WARN},
		{NULL, POLICY_EPSS, POLICY_EPSS_NEVER},
		{NULL, POLICY_DATABASE_MISSING, PIPGATE_WARN},
		{NULL, POLICY_DATABASE_OLD, PIPGATE_WARN},
		{"wheels", POLICY_SDIST, PIPGATE_BLOCK},
		{"malice", POLICY_MALICIOUS, PIPGATE_WARN},
	};

	for (size_t i = 0; options->resolve && i < sizeof(table) / sizeof(*table); i++)
		if (!table[i].resolve || strcmp(table[i].resolve, options->resolve) == 0)
			policy->values[table[i].key].value = table[i].value;
}

void options_describe(struct buf *out)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		char left[48];

		if (!rows[i].help)
			continue; /* between our own programs */

		snprintf(left, sizeof(left), "--gate-%s%s%s", rows[i].name, rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		buf_format(out, "  %-26s %s%s%s%s\n", left, rows[i].help, rows[i].variable ? " [" : "", rows[i].variable ? rows[i].variable : "",
			rows[i].variable ? "]" : "");
	}
}
