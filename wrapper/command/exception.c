/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/command/exception.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "matcher/policy/when.h"
#include "wrapper/command/command.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define IDS_MAX 64
#define WHERE " [--file FILE | --user | --project]"

static const struct sub {
	const char *name;
	int (*run)(struct exception_options *options);
	const char *takes; /* names of its options */
	int least, most;   /* words */
	const char *usage;
} subs[] = {
	{"add", exception_add, "rule distribution versions place kind reason approved-by ticket expires file user project", 0, 1,
		"pipgate exception add ID|--rule RULE [--distribution NAME] [--versions SPECIFIER] [--place PATTERN]…\n"
		"           [--kind accepted|not-affected|false-positive|mitigated] --reason TEXT [--approved-by WHO] [--ticket T]\n"
		"           --expires DATE|30d" WHERE},
	{"list", exception_list, "expiring json", 0, 0, "pipgate exception list [--expiring 14d] [--json]"},
	{"renew", exception_renew, "rule distribution expires file user project", 0, IDS_MAX,
		"pipgate exception renew ID…|--rule RULE [--distribution NAME] --expires DATE|30d" WHERE},
	{"remove", exception_remove, "rule distribution file user project", 0, IDS_MAX,
		"pipgate exception remove ID…|--rule RULE [--distribution NAME]" WHERE},
	{"check", exception_check, "expiring db", 0, 0, "pipgate exception check [--expiring 14d] [--db FILE]"},
};
#define N_SUBS (sizeof(subs) / sizeof(*subs))

enum takes {
	TAKES_FLAG,
	TAKES_TEXT,
	TAKES_LIST,
};
#define FIELD(f) offsetof(struct exception_options, f)

static const struct row {
	const char *name;
	enum takes takes;
	size_t field;
} rows[] = {
	{"rule", TAKES_TEXT, FIELD(rule)},
	{"distribution", TAKES_TEXT, FIELD(distribution)},
	{"versions", TAKES_TEXT, FIELD(versions)},
	{"place", TAKES_LIST, FIELD(places)},
	{"kind", TAKES_TEXT, FIELD(kind)},
	{"reason", TAKES_TEXT, FIELD(reason)},
	{"approved-by", TAKES_TEXT, FIELD(approved_by)},
	{"ticket", TAKES_TEXT, FIELD(ticket)},
	{"expires", TAKES_TEXT, FIELD(expires)},
	{"expiring", TAKES_TEXT, FIELD(expiring)},
	{"file", TAKES_TEXT, FIELD(file)},
	{"user", TAKES_FLAG, FIELD(user)},
	{"project", TAKES_FLAG, FIELD(project)},
	{"json", TAKES_FLAG, FIELD(json)},
	{"db", TAKES_TEXT, FIELD(database)},
	{"help", TAKES_FLAG, FIELD(help)},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static int usage_print(const struct sub *sub)
{
	puts("usage:");
	for (size_t i = 0; i < N_SUBS; i++)
		if (!sub || sub == &subs[i])
			printf("  %s\n", subs[i].usage);
	puts("An exception lets a finding, or what a rule says of a distribution, pass until a day (docs/policy.md). Without a file it goes to\n"
		"the project's .pipgate.yaml, outside of a project to the user's policy.yaml.");
	return EXIT_OK;
}

static bool takes(const struct sub *sub, const char *name)
{
	struct span rest = span_of(sub->takes);

	while (rest.n)
		if (span_is(span_split(&rest, ' '), name))
			return true;
	return strcmp(name, "help") == 0;
}

static void store(struct exception_options *out, const struct row *row)
{
	void *field = (char *)out + row->field;

	if (row->takes == TAKES_FLAG)
		*(bool *)field = true;
	else if (row->takes == TAKES_TEXT)
		*(const char **)field = optarg;
	else
		*(const char **)must(list_push(out->run, field, sizeof(char *))) = optarg;
}

/* 0, or the exit status for what is wrong, said already. */
static int options_parse(const struct sub *sub, int argc, char **argv, struct exception_options *out)
{
	struct option table[N_ROWS + 1] = {{0}};
	int c;

	for (size_t i = 0; i < N_ROWS; i++)
		table[i] = (struct option){rows[i].name, rows[i].takes == TAKES_FLAG ? no_argument : required_argument, NULL, (int)i + 256};
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
		const struct row *row = c >= 256 ? &rows[c - 256] : NULL;

		if (c == 'h')
			out->help = true;
		else if (c == ':')
			return say_error(EXIT_USAGE, "exception %s: %s needs a value; usage: %s", sub->name, argv[optind - 1], sub->usage);
		else if (!row || !takes(sub, row->name))
			return say_error(EXIT_USAGE, "exception %s: %s is not understood; usage: %s", sub->name, argv[optind - 1], sub->usage);
		else
			store(out, row);
	}
	out->words = argv + optind;
	out->n_words = argc - optind;
	if (!out->help && (out->n_words < sub->least || out->n_words > sub->most))
		return say_error(EXIT_USAGE, "exception %s: too many words; usage: %s", sub->name, sub->usage);
	if ((out->file != NULL) + out->user + out->project > 1)
		return say_error(EXIT_USAGE, "exception %s: one of --file, --user and --project", sub->name);
	return 0;
}

const char *exception_day(int64_t seconds, char out[WHEN_TEXT])
{
	when_day(seconds, out);
	return out;
}

/* As long as the policy lets one last. */
static int check_length(const struct exception_options *o, int64_t until)
{
	struct pipgate_policy *policy;
	struct pipgate_error error;
	const struct policy_value *days;

	if (exception_all(o, &policy, &error) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s", error.text);
	days = &policy->values[POLICY_EXCEPTION_DAYS];
	if (until - o->now / WHEN_DAY * WHEN_DAY <= days->value * WHEN_DAY)
		return 0;
	return say_error(EXIT_USAGE, "--expires %s: exception-days is %lld (%s); a longer one would not count", o->expires, (long long)days->value,
		days->layer);
}

int exception_until(const struct exception_options *options, int64_t *out)
{
	int64_t duration;

	if (!options->expires)
		return say_error(EXIT_USAGE, "--expires is wanted: a day (2027-02-01) or a number of days (30d); no exception is for ever");
	if (when_duration(span_of(options->expires), &duration))
		*out = (options->now + duration) / WHEN_DAY * WHEN_DAY;
	else if (!when_date(span_of(options->expires), out))
		return say_error(EXIT_USAGE, "--expires %s: expected a day (2027-02-01) or a number of days (30d)", options->expires);
	if (*out <= options->now)
		return say_error(EXIT_USAGE, "--expires %s: that is over already", options->expires);
	return check_length(options, *out);
}

static int run_sub(const struct sub *sub, char **words)
{
	struct exception_options options = {.now = time(NULL)};
	struct pipgate_error error;
	char **rest;
	int status, n = 0;

	if (pipgate_run_new(NULL, &options.run) != PIPGATE_OK)
		die_no_memory();
	if (options_read(options.run, words, &options.gate, &rest, &error) != PIPGATE_OK) {
		status = say_error(EXIT_USAGE, "%s", error.text);
	} else {
		while (rest[n])
			n++;
		status = options_parse(sub, n, rest, &options);
		if (!status)
			status = options.help ? usage_print(sub) : sub->run(&options);
	}
	pipgate_run_free(&options.run);
	return status;
}

int command_exception(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (command_is_help(name))
		return usage_print(NULL);
	for (size_t i = 0; i < N_SUBS; i++)
		if (strcmp(subs[i].name, name) == 0)
			return run_sub(&subs[i], argv + 1);
	return command_one_of("exception", "add, list, renew, remove, check", name);
}
