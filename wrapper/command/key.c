/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate key`: its sub-commands and their options. */
#include "wrapper/command/key.h"

#include <getopt.h>
#include <stdio.h>

#include "wrapper/command/command.h"

#include "matcher/base/banned.h"

static const struct sub {
	const char *name;
	int (*run)(struct pipgate_run *run, const struct key_options *options);
	const char *takes; /* letters of its options */
	bool file;         /* a FILE is wanted, else no word */
	const char *usage;
} subs[] = {
	{"new", key_new, "o", false, "pipgate key new -o KEY"},
	{"sign", key_sign, "kc", true, "pipgate key sign FILE -k KEY [-c COMMENT]"},
	{"verify", key_verify, "kP", true, "pipgate key verify FILE -k KEY.pub|-P BASE64"},
};
#define N_SUBS (sizeof(subs) / sizeof(*subs))

static const char explanation[] =
	"Keys and signatures are minisign's: KEY and KEY.pub, FILE.minisig. KEY is not encrypted: keep it where nobody else reads.\n";

static int usage_print(const struct sub *sub)
{
	puts("usage:");
	for (size_t i = 0; i < N_SUBS; i++)
		if (!sub || sub == &subs[i])
			printf("  %s\n", subs[i].usage);
	fputs(explanation, stdout);
	return EXIT_OK;
}

static void option_set(struct key_options *out, int letter, const char *value)
{
	switch (letter) {
	case 'o':
		out->output = value;
		break;
	case 'k':
		out->key = value;
		break;
	case 'P':
		out->public_key = value;
		break;
	case 'c':
		out->comment = value;
		break;
	default:
		out->help = true;
	}
}

/* 0, or the exit status for what is wrong, said already. */
static int options_parse(const struct sub *sub, int argc, char **argv, struct key_options *out)
{
	static const struct option table[] = {
		{"output", required_argument, NULL, 'o'},  {"key", required_argument, NULL, 'k'}, {"public", required_argument, NULL, 'P'},
		{"comment", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
	};
	int c;

	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, argv, ":o:k:P:c:h", table, NULL)) != -1) {
		if (c == '?' || (c != 'h' && c != ':' && !strchr(sub->takes, c)))
			return say_error(EXIT_USAGE, "key %s: %s is not understood; usage: %s", sub->name, argv[optind - 1], sub->usage);
		if (c == ':')
			return say_error(EXIT_USAGE, "key %s: %s needs a value; usage: %s", sub->name, argv[optind - 1], sub->usage);
		option_set(out, c, optarg);
	}
	if (!out->help && argc - optind != (sub->file ? 1 : 0))
		return say_error(EXIT_USAGE, "key %s: %s; usage: %s", sub->name, sub->file ? "one file is wanted" : "too many words", sub->usage);
	out->file = sub->file ? argv[optind] : NULL;
	return 0;
}

static int sub_run(const struct sub *sub, int argc, char **argv)
{
	struct key_options options = {0};
	struct pipgate_run *run = NULL;
	int status = options_parse(sub, argc, argv, &options);

	if (status)
		return status;
	if (options.help)
		return usage_print(sub);
	if (sub->file ? !options.key == !options.public_key : !options.output)
		return say_error(EXIT_USAGE, "key %s: %s; usage: %s", sub->name, sub->file ? "one key is wanted" : "-o KEY is missing", sub->usage);
	if (pipgate_run_new(NULL, &run) != PIPGATE_OK)
		die_no_memory();
	status = sub->run(run, &options);
	pipgate_run_free(&run);
	return status;
}

int command_key(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (command_is_help(name))
		return usage_print(NULL);
	for (size_t i = 0; i < N_SUBS; i++)
		if (strcmp(subs[i].name, name) == 0)
			return sub_run(&subs[i], argc - 1, argv + 1);
	return command_one_of("key", "new, sign, verify", name);
}
