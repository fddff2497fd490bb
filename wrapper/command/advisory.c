/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate advisory`: its sub-commands and their options. */
#include "wrapper/command/advisory.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#include "wrapper/command/command.h"

#include "matcher/base/banned.h"

#define PATHS_MAX 100000

static const struct sub {
	const char *name;
	int (*run)(struct advisory_options *options);
	const char *takes; /* letters of its options */
	int most;          /* words, at least one */
	const char *usage;
} subs[] = {
	{"new", advisory_new, "iasFfvSo", 1,
		"pipgate advisory new NAME [--id ID|PREFIX-] [--alias ID]… [--summary TEXT] [--introduced V] [--fixed V]\n"
		"           [--versions V,V…]… [--severity critical|high|medium|low|VECTOR] [-o FILE|FOLDER]"},
	{"check", advisory_check, "", PATHS_MAX, "pipgate advisory check FILE|FOLDER…"},
};
#define N_SUBS (sizeof(subs) / sizeof(*subs))

static const char explanation[] =
	"An organisation's own advisories: OSV records (docs/advisory.schema.json) as YAML or JSON, by the file's end. They are read by\n"
	"`pipgate db build dir=FOLDER` (docs/feeds.md).\n"
	"new: without -o into this folder, as ID.yaml; an id that is not given is the next free ORG-YEAR-0001. Overwrites nothing.\n"
	"check: 1 if a record is bad; what is odd is noted.\n";

static int usage_print(const struct sub *sub)
{
	puts("usage:");
	for (size_t i = 0; i < N_SUBS; i++)
		if (!sub || sub == &subs[i])
			printf("  %s\n", subs[i].usage);
	fputs(explanation, stdout);
	return EXIT_OK;
}

static const struct row {
	const char *name;
	int letter;
	size_t field;
	bool list;
} rows[] = {
	{"id", 'i', offsetof(struct advisory_options, id), false},
	{"alias", 'a', offsetof(struct advisory_options, aliases), true},
	{"summary", 's', offsetof(struct advisory_options, summary), false},
	{"introduced", 'F', offsetof(struct advisory_options, introduced), false},
	{"fixed", 'f', offsetof(struct advisory_options, fixed), false},
	{"versions", 'v', offsetof(struct advisory_options, versions), true},
	{"severity", 'S', offsetof(struct advisory_options, severity), false},
	{"output", 'o', offsetof(struct advisory_options, output), false},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

static void store(struct advisory_options *out, const struct row *row)
{
	void *field = (char *)out + row->field;

	if (row->list)
		*(const char **)must(list_push(out->run, field, sizeof(char *))) = optarg;
	else
		*(const char **)field = optarg;
}

static const struct row *row_of(const struct sub *sub, int letter)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].letter == letter && strchr(sub->takes, letter))
			return &rows[i];
	return NULL;
}

/* 0, or the exit status for what is wrong, said already. */
static int options_parse(const struct sub *sub, int argc, char **argv, struct advisory_options *out)
{
	struct option table[N_ROWS + 2] = {{"help", no_argument, NULL, 'h'}};
	int c;

	for (size_t i = 0; i < N_ROWS; i++)
		table[i + 1] = (struct option){rows[i].name, required_argument, NULL, rows[i].letter};
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, argv, ":o:h", table, NULL)) != -1) {
		const struct row *row = row_of(sub, c);

		if (c == 'h')
			out->help = true;
		else if (c == ':')
			return say_error(EXIT_USAGE, "advisory %s: %s needs a value; usage: %s", sub->name, argv[optind - 1], sub->usage);
		else if (!row)
			return say_error(EXIT_USAGE, "advisory %s: %s is not understood; usage: %s", sub->name, argv[optind - 1],
				sub->usage);
		else
			store(out, row);
	}
	out->words = argv + optind;
	out->n_words = argc - optind;
	if (!out->help && (out->n_words < 1 || out->n_words > sub->most))
		return say_error(EXIT_USAGE, "advisory %s: %s; usage: %s", sub->name, out->n_words ? "too many words" : "a word is missing",
			sub->usage);
	return 0;
}

static int sub_run(const struct sub *sub, int argc, char **argv)
{
	struct advisory_options options = {.run = NULL};
	int status;

	if (pipgate_run_new(NULL, &options.run) != PIPGATE_OK)
		die_no_memory();
	status = options_parse(sub, argc, argv, &options);
	if (!status)
		status = options.help ? usage_print(sub) : sub->run(&options);
	pipgate_run_free(&options.run);
	return status;
}

int command_advisory(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (command_is_help(name))
		return usage_print(NULL);
	for (size_t i = 0; i < N_SUBS; i++)
		if (strcmp(subs[i].name, name) == 0)
			return sub_run(&subs[i], argc - 1, argv + 1);
	return command_one_of("advisory", "new, check", name);
}
