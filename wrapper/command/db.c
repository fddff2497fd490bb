/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/command/db.h"

#include <getopt.h>
#include <stdlib.h>

#include "wrapper/command/command.h"
#include "wrapper/file.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define TIMEOUT_MAX 86400 /* a day; more is a mistake of units */
#define EXPIRES_DAYS 3650 /* ten years are for ever */

static const struct sub {
	const char *name;
	int (*run)(const struct db_options *options);
	const char *takes; /* letters of its options */
	int least, most;   /* words */
	const char *usage;
} subs[] = {
	{"build", db_build, "otkn", 1, 64,
		"pipgate db build [-o FILE] [--timeout SECONDS] [--names FILE] [--key FILE|BASE64] KIND=PLACE…"},
	{"update", db_update, "otkfFain", 0, 0,
		"pipgate db update [-o FILE] [--feeds FILE] [--feed NAME] [--if-older-than 6h] [--accept NAME]\n"
		"                    [--timeout SECONDS] [--names FILE] [--key FILE|BASE64]"},
	{"export", db_export, "dkep", 1, 1, "pipgate db export DIR -k KEY [--expires 7d] [--policy FILE] [--db FILE]"},
	{"status", db_status, "dj", 0, 0, "pipgate db status [--db FILE] [--json]"},
	{"diff", db_diff, "dj", 0, 2, "pipgate db diff [--db FILE] [--json] [OLD [NEW]]"},
	{"show", db_show, "d", 1, 2, "pipgate db show [--db FILE] NAME [VERSION]"},
};
#define N_SUBS (sizeof(subs) / sizeof(*subs))

static const char explanation[] =
	"KIND=PLACE: osv=  a zip or tar.gz of OSV records, a folder of *.json, one .json file\n"
	"            pypa= a checkout of the PyPA advisory database, or its tar.gz\n"
	"            osv-api= OSV's API (https://api.osv.dev), asked about the names of --names FILE\n"
	"            pypi= an index's JSON API (https://host/pypi), or the word index: pip's own; asked about what FILE pins\n"
	"            kev=  CISA's catalogue of known exploited vulnerabilities (JSON)\n"
	"            epss= FIRST's EPSS scores (csv or csv.gz)\n"
	"            pipgate= a folder that `db export` made, or its address: alone, and with the public key (--key)\n"
	"FILE: what `pip freeze` prints, a requirements file, a lock.\n"
	"PLACE is a path or an http(s) address. `db update` reads --feeds FILE, PIPGATE_FEEDS (such words,\n"
	"spaces between them), feeds.yaml in the user's or the system's folder of pipgate, else OSV's own feed (docs/feeds.md).\n"
	"OLD, NEW: files, or serials of what updates replaced (db status; the last three are kept). Without: the last one against what is in use.\n";

static int usage_print(const struct sub *sub)
{
	struct buf out;

	buf_init(&out, NULL, DB_OUTPUT_MAX);
	buf_text(&out, "usage:\n");
	for (size_t i = 0; i < N_SUBS; i++)
		if (!sub || sub == &subs[i])
			buf_format(&out, "  %s\n", subs[i].usage);
	buf_text(&out, explanation);
	return db_print(&out);
}

static bool seconds_parse(const char *text, uint32_t *ms)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!ascii_digit(text[0]) || *end || value < 1 || value > TIMEOUT_MAX)
		return false;
	*ms = (uint32_t)value * 1000;
	return true;
}

/* "7d", "12h", "30m" */
static bool period_parse(const char *text, int64_t *seconds)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}};
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!ascii_digit(text[0]) || strcmp(end, units[i].name) != 0)
			continue;
		if (value < 1 || value > (unsigned long)(EXPIRES_DAYS * 86400L / units[i].seconds))
			return false;
		*seconds = (int64_t)value * units[i].seconds;
		return true;
	}
	return false;
}

static int period_wrong(const char *name, const char *option, const char *value)
{
	return say_error(EXIT_USAGE, "db %s: --%s %s: expected days, hours or minutes as 7d, 12h, 30m; %d days at the most", name, option, value,
			 EXPIRES_DAYS);
}

/* 0, or the exit status for what is wrong, said already. */
static int options_parse(const struct sub *sub, int argc, char **argv, struct db_options *out)
{
	static const struct option table[] = {
		{"db", required_argument, NULL, 'd'},    {"output", required_argument, NULL, 'o'}, {"json", no_argument, NULL, 'j'},
		{"key", required_argument, NULL, 'k'},   {"expires", required_argument, NULL, 'e'}, {"policy", required_argument, NULL, 'p'},
		{"feeds", required_argument, NULL, 'f'},  {"feed", required_argument, NULL, 'F'},   {"accept", required_argument, NULL, 'a'},
		{"if-older-than", required_argument, NULL, 'i'}, {"names", required_argument, NULL, 'n'},
		{"timeout", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	int c;

	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((c = getopt_long(argc, argv, ":o:k:h", table, NULL)) != -1) {
		if (c == '?' || (c != 'h' && c != ':' && !strchr(sub->takes, c)))
			return say_error(EXIT_USAGE, "db %s: %s is not understood; usage: %s", sub->name, argv[optind - 1], sub->usage);
		if (c == ':')
			return say_error(EXIT_USAGE, "db %s: %s needs a value; usage: %s", sub->name, argv[optind - 1], sub->usage);
		if (c == 'd')
			out->database = optarg;
		else if (c == 'o')
			out->output = optarg;
		else if (c == 'k')
			out->key = optarg;
		else if (c == 'p')
			out->policy = optarg;
		else if (c == 'n')
			out->names = optarg;
		else if (c == 'f')
			out->feeds = optarg;
		else if (c == 'F')
			out->feed = optarg;
		else if (c == 'a')
			out->accept = optarg;
		else if (c == 'i' && !period_parse(optarg, &out->if_older_s))
			return period_wrong(sub->name, "if-older-than", optarg);
		else if (c == 'e' && !period_parse(optarg, &out->expires_s))
			return period_wrong(sub->name, "expires", optarg);
		else if (c == 'j')
			out->json = true;
		else if (c == 'h')
			out->help = true;
		else if (c == 't' && !seconds_parse(optarg, &out->deadline_ms))
			return say_error(EXIT_USAGE, "db %s: --timeout %s: expected seconds, 1 to %d", sub->name, optarg, TIMEOUT_MAX);
	}
	out->words = argv + optind;
	out->n_words = argc - optind;
	if (!out->help && (out->n_words < sub->least || out->n_words > sub->most))
		return say_error(EXIT_USAGE, "db %s: %s; usage: %s", sub->name,
				 out->n_words < sub->least ? "something is missing" : "too many words", sub->usage);
	return 0;
}

int command_db(int argc, char **argv)
{
	struct db_options options = {0};
	const char *name = argc > 1 ? argv[1] : "";

	if (command_is_help(name))
		return usage_print(NULL);
	for (size_t i = 0; i < N_SUBS; i++) {
		int status;

		if (strcmp(subs[i].name, name) != 0)
			continue;
		status = options_parse(&subs[i], argc - 1, argv + 1, &options);
		if (status)
			return status;
		return options.help ? usage_print(&subs[i]) : subs[i].run(&options);
	}
	return command_one_of("db", "build, update, export, status, diff, show", name);
}

struct database *db_open(const struct db_options *options, struct database_place *place)
{
	struct database *database = NULL;
	struct pipgate_error error;

	if (database_find(options->database, place, &error) != PIPGATE_OK || database_open(place->path, &database, &error) != PIPGATE_OK) {
		say_error(EXIT_UNDECIDED, "%s", error.text);
		return NULL;
	}
	return database;
}

int db_print(struct buf *out)
{
	struct pipgate_error error;
	enum pipgate_status status = buf_status(out);

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status == PIPGATE_OK)
		status = file_write("-", buf_view(out), &error);
	else
		error_set(&error, status, "too much to print");
	buf_fini(out);
	return status == PIPGATE_OK ? EXIT_OK : say_error(EXIT_UNDECIDED, "stdout: %s", error.text);
}
