/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/audit/options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "matcher/base/text.h"
#include "wrapper/audit/audit.h"
#include "wrapper/report/audit_report.h"

#include "matcher/base/banned.h"

#define USAGE_STATUS 2 /* as argparse ends */
#define MESSAGE_MAX 1024
#define AS_VERSION "2.10.1" /* of pip-audit, whose command line this is */

enum kind {
	KIND_FLAG,   /* bool */
	KIND_TEXT,   /* const char * */
	KIND_SWITCH, /* const char *: on, off, auto; on where no value stands */
	KIND_LIST,   /* struct list of const char * */
	KIND_COUNT,  /* unsigned, one more each time */
	KIND_NUMBER, /* unsigned */
};

struct row {
	const char *name;
	char letter;
	enum kind kind;
	size_t place;         /* in struct audit_options */
	const char *metavar;
	const char *type;     /* as argparse names it in "invalid TYPE value" */
	const char *choices;  /* words with a space between; "formats": those of the table */
	const char *variable;
	int group;            /* options of one group exclude each other; 0: none */
	const char *help;
};

#define AT(member) offsetof(struct audit_options, member)
enum { GROUP_NONE, GROUP_SOURCE };

/* pip-audit's in its order, then ours. -f and -o are read in pairs (the lists of read_state). */
static const struct row rows[] = {
	{"help", 'h', KIND_FLAG, AT(help), NULL, NULL, NULL, NULL, 0, "show this help message and exit"},
	{"version", 'V', KIND_FLAG, AT(version), NULL, NULL, NULL, NULL, 0, "show the version and exit"},
	{"local", 'l', KIND_FLAG, AT(source.local), NULL, NULL, NULL, NULL, 0, "only what is installed in the environment itself"},
	{"requirement", 'r', KIND_LIST, AT(requirements), "REQUIREMENT", NULL, NULL, NULL, GROUP_SOURCE,
		"audit a requirements file, - for stdin (repeat)"},
	{"locked", 0, KIND_FLAG, AT(source.locked), NULL, NULL, NULL, NULL, 0, "audit the lock files of the project path"},
	{"format", 'f', KIND_LIST, AT(formats), "FORMAT", "OutputFormatChoice", "formats", "PIP_AUDIT_FORMAT", 0,
		"the report's format; several -f F -o FILE pairs write several"},
	{"vulnerability-service", 's', KIND_TEXT, AT(service), "SERVICE", "VulnerabilityServiceChoice", "osv pypi esms",
		"PIP_AUDIT_VULNERABILITY_SERVICE", 0, "ask a live service and not the advisory database: osv, pypi, esms"},
	{"osv-url", 0, KIND_TEXT, AT(osv_url), "OSV_URL", NULL, NULL, "PIP_AUDIT_OSV_URL", 0, "where the OSV API is, for -s osv"},
	{"dry-run", 'd', KIND_FLAG, AT(dry_run), NULL, NULL, NULL, NULL, 0, "collect and do not audit; with --fix: audit and do not fix"},
	{"strict", 'S', KIND_FLAG, AT(strict), NULL, NULL, NULL, NULL, 0, "fail where anything cannot be audited"},
	{"desc", 0, KIND_SWITCH, AT(desc), "on,off,auto", "VulnerabilityDescriptionChoice", "on off auto", "PIP_AUDIT_DESC", 0,
		"show descriptions; auto: in json"},
	{"aliases", 0, KIND_SWITCH, AT(aliases), "on,off,auto", "VulnerabilityAliasChoice", "on off auto", NULL, 0, "show aliases; auto: in json"},
	{"cache-dir", 0, KIND_TEXT, AT(source.cache_dir), "CACHE_DIR", NULL, NULL, NULL, 0, "where answers and resolutions are kept"},
	{"progress-spinner", 0, KIND_TEXT, AT(spinner), "on,off", "ProgressSpinnerChoice", "on off", "PIP_AUDIT_PROGRESS_SPINNER", 0,
		"taken and without effect: there is no time for one"},
	{"timeout", 0, KIND_NUMBER, AT(source.timeout), "TIMEOUT", "int", NULL, NULL, 0, "seconds that a server may take (15)"},
	{"path", 0, KIND_LIST, AT(paths), "PATH", NULL, NULL, NULL, GROUP_SOURCE, "audit what is installed in this folder (repeat)"},
	{"verbose", 'v', KIND_COUNT, AT(verbose), NULL, NULL, NULL, NULL, 0, "say more of what is done"},
	{"fix", 0, KIND_FLAG, AT(fix), NULL, NULL, NULL, NULL, 0, "upgrade what is vulnerable"},
	{"require-hashes", 0, KIND_FLAG, AT(source.require_hashes), NULL, NULL, NULL, NULL, 0, "every requirement must carry a hash"},
	{"index-url", 0, KIND_TEXT, AT(source.index_url), "INDEX_URL", NULL, NULL, NULL, 0, "the index that pip resolves by; pip's own by default"},
	{"extra-index-url", 0, KIND_LIST, AT(source.extra_index_urls), "URL", NULL, NULL, NULL, 0, "one more index (repeat)"},
	{"skip-editable", 0, KIND_FLAG, AT(source.skip_editable), NULL, NULL, NULL, NULL, 0, "leave out what is installed editable"},
	{"no-deps", 0, KIND_FLAG, AT(source.no_deps), NULL, NULL, NULL, NULL, 0, "what the files name is all there is; all must be pinned"},
	{"output", 'o', KIND_LIST, AT(files), "FILE", NULL, NULL, "PIP_AUDIT_OUTPUT", 0, "write the report to this file, - for stdout"},
	{"ignore-vuln", 0, KIND_LIST, AT(ignored), "ID", NULL, NULL, NULL, 0, "leave out a vulnerability by any of its ids (repeat)"},
	{"disable-pip", 0, KIND_FLAG, AT(source.disable_pip), NULL, NULL, NULL, NULL, 0, "do not start pip; for hashed files or with --no-deps"},
	/* ours */
	{"python", 0, KIND_TEXT, AT(source.python), "PYTHON", NULL, NULL, NULL, 0, "whose environment is audited"},
	{"user", 0, KIND_FLAG, AT(source.user), NULL, NULL, NULL, NULL, 0, "only what is installed in the user site"},
	{"db", 0, KIND_TEXT, AT(database), "FILE", NULL, NULL, NULL, 0, "the advisory database (also --gate-db, PIPGATE_DB)"},
	{"fail-on", 0, KIND_TEXT, AT(fail_on), "SEVERITY", NULL, "any none low medium high critical", "PIPGATE_AUDIT_FAIL_ON", 0,
		"findings from this severity on end with 1 (any)"},
	{"exit-codes", 0, KIND_TEXT, AT(exit_codes), "STYLE", NULL, "pip-audit distinct", "PIPGATE_AUDIT_EXIT_CODES", 0,
		"distinct: 41 for a failure, 44 where not all could be audited"},
	{"baseline", 0, KIND_TEXT, AT(baseline), "FILE", NULL, NULL, NULL, 0, "only what is not in this baseline fails (pipgate baseline create)"},
	{"baseline-shrink", 0, KIND_FLAG, AT(baseline_shrink), NULL, NULL, NULL, NULL, 0, "take out of the baseline what is no longer found"},
	{"vex", 0, KIND_LIST, AT(vex), "FILE", NULL, NULL, NULL, 0, "what this OpenVEX or CycloneDX VEX document clears passes (repeat)"},
	{"recursive", 0, KIND_TEXT, AT(recursive), "DIR", NULL, NULL, NULL, 0, "audit every input below a folder"},
	{"against", 0, KIND_TEXT, AT(against), "REV", NULL, NULL, NULL, 0, "only what is new since this git revision"},
	{"drift", 0, KIND_TEXT, AT(drift), "LOCK", NULL, NULL, NULL, 0, "compare the environment with its lock file"},
	{"since-db", 0, KIND_TEXT, AT(since_db), "SERIAL", NULL, NULL, NULL, 0, "only what is new or changed since this database fails (or FILE)"},
	{"at", 0, KIND_TEXT, AT(at), "DATE", NULL, NULL, NULL, 0, "as of this day or time, by what was published"},
	{"extra", 0, KIND_LIST, AT(source.extras), "NAME", NULL, NULL, NULL, 0, "with this extra of a project (repeat)"},
	{"group", 0, KIND_LIST, AT(source.groups), "NAME", NULL, NULL, NULL, 0, "with this dependency group of a project (repeat)"},
	{"target", 0, KIND_TEXT, AT(source.target), "PLATFORM", NULL, NULL, NULL, 0, "as another machine would have it: linux/aarch64"},
	{"target-python", 0, KIND_TEXT, AT(source.target_python), "VERSION", NULL, NULL, NULL, 0, "as another Python would have it: 3.12"},
	{"no-cache", 0, KIND_FLAG, AT(source.no_cache), NULL, NULL, NULL, NULL, 0, "resolve and ask anew"},
	{"allow-downgrades", 0, KIND_FLAG, AT(downgrades), NULL, NULL, NULL, NULL, 0, "--fix may take an older release"},
	{"allow-prereleases", 0, KIND_FLAG, AT(prereleases), NULL, NULL, NULL, NULL, 0, "--fix may take a pre-release"},
};
#define N_ROWS (sizeof(rows) / sizeof(*rows))

/* One reading of a command line. */
struct reading {
	struct pipgate_run *run;
	struct audit_options *out;
	const struct row *source; /* the first of GROUP_SOURCE that was given */
	bool given[N_ROWS];
	int status;
};

/* ---- what argparse says ---- */

static const char *usage_of(const struct row *row, char text[96])
{
	char name[48];

	if (row->letter)
		snprintf(name, sizeof(name), "-%c", row->letter);
	else
		snprintf(name, sizeof(name), "--%s", row->name);
	snprintf(text, 96, row->kind == KIND_SWITCH ? "[%s [{%s}]]" : row->metavar ? "[%s %s]" : "[%s]", name, row->metavar);
	return text;
}

static void print_usage(FILE *out)
{
	size_t column = (size_t)fprintf(out, "usage: pip-audit");

	for (size_t i = 0; i < N_ROWS + 1; i++) {
		char text[96];
		const char *word = i < N_ROWS ? usage_of(&rows[i], text) : "[project_path ...]";

		if (column + 1 + strlen(word) > 78)
			column = (size_t)fprintf(out, "\n                ") - 1;
		column += (size_t)fprintf(out, " %s", word);
	}
	putc('\n', out);
}

static void print_help(void)
{
	print_usage(stdout);
	puts("\naudit environments, requirement files, lock files and projects for known vulnerabilities\n");
	puts("  project_path            a project's folder, or any other input (several): a requirements or lock file, a notebook,\n"
		"                          what pip freeze, pip list --format=json, pip inspect or a pip report print, an environment\n");
	for (size_t i = 0; i < N_ROWS; i++) {
		char left[80];
		const struct row *r = &rows[i];
		int n = snprintf(left, sizeof(left), "%s%c%s--%s%s%s", r->letter ? "-" : "  ", r->letter ? r->letter : ' ', r->letter ? ", " : " ",
			r->name, r->metavar ? " " : "", r->metavar ? r->metavar : "");

		printf("  %-30s%s%s%s%s%s\n", left, n > 29 ? "\n                                " : "", r->help, r->variable ? " [" : "",
			r->variable ? r->variable : "", r->variable ? "]" : "");
	}
}

static __attribute__((format(printf, 2, 3))) bool refuse(struct reading *r, const char *format, ...)
{
	char text[MESSAGE_MAX];
	struct buf shown;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	buf_init(&shown, NULL, 8 * sizeof(text));
	text_escape(&shown, span_of(text));
	print_usage(stderr);
	fprintf(stderr, "pip-audit: error: %s\n", shown.p ? shown.p : "");
	buf_fini(&shown);
	r->status = USAGE_STATUS;
	return false;
}

/* "-f/--format" */
static const char *title_of(struct reading *r, const struct row *row)
{
	return row->letter ? text_format(r->run, "-%c/--%s", row->letter, row->name) : text_format(r->run, "--%s", row->name);
}

/* ---- values ---- */

static bool is_choice(const struct row *row, const char *value)
{
	struct span rest = span_of(row->choices);

	if (strcmp(row->choices, "formats") == 0)
		return audit_format_find(value) != NULL;
	while (rest.n)
		if (span_is(span_split(&rest, ' '), value))
			return true;
	return false;
}

static void *place_of(struct reading *r, const struct row *row)
{
	return (char *)r->out + row->place;
}

static bool store_number(struct reading *r, const struct row *row, const char *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno || end == value || *end)
		return refuse(r, "argument %s: invalid int value: '%s'", title_of(r, row), value);
	*(unsigned *)place_of(r, row) = n < 1 ? 1 : n > 86400 ? 86400 : (unsigned)n;
	return true;
}

static bool store(struct reading *r, const struct row *row, const char *value)
{
	if (row->choices && !is_choice(row, value)) {
		if (row->type)
			return refuse(r, "argument %s: invalid %s value: '%s'", title_of(r, row), row->type, value);
		return refuse(r, "argument %s: invalid choice: '%s' (choose from %s)", title_of(r, row), value, row->choices);
	}
	switch (row->kind) {
	case KIND_FLAG:
		*(bool *)place_of(r, row) = true;
		return true;
	case KIND_COUNT:
		++*(unsigned *)place_of(r, row);
		return true;
	case KIND_NUMBER:
		return store_number(r, row, value);
	case KIND_TEXT:
	case KIND_SWITCH:
		*(const char **)place_of(r, row) = value;
		return true;
	case KIND_LIST:
		*(const char **)must(list_push(r->run, place_of(r, row), sizeof(char *))) = value;
		return true;
	}
	return false;
}

static bool takes_value(const struct row *row)
{
	return row->kind != KIND_FLAG && row->kind != KIND_COUNT;
}

static const struct row project_row = {.name = "project_path", .group = GROUP_SOURCE};

static bool group_is_free(struct reading *r, const struct row *row)
{
	if (row->group != GROUP_SOURCE)
		return true;
	if (r->source && r->source != row)
		return refuse(r, "argument %s: not allowed with argument %s", row == &project_row ? row->name : title_of(r, row),
			r->source == &project_row ? r->source->name : title_of(r, r->source));
	r->source = row;
	return true;
}

/* ---- words ---- */

/* Looks like an option: a dash and more, but no negative number. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && !(ascii_digit(word[1]) && !word[1 + strspn(word + 1, "0123456789.")]);
}

/* One option with its value, which may stand in the word itself (joined) or be the next word. */
static bool take(struct reading *r, const struct row *row, const char *joined, char *const *words, size_t *at)
{
	const char *value = joined;

	r->given[row - rows] = true;
	if (!group_is_free(r, row))
		return false;
	if (!takes_value(row)) {
		if (joined)
			return refuse(r, "argument %s: ignored explicit argument '%s'", title_of(r, row), joined);
		return store(r, row, NULL);
	}
	if (!value && words[*at] && strcmp(words[*at], "--") != 0 && !is_option(words[*at]))
		value = words[(*at)++];
	if (!value && row->kind == KIND_SWITCH)
		value = "on";
	if (!value)
		return refuse(r, "argument %s: expected one argument", title_of(r, row));
	return store(r, row, value);
}

/* By its whole name, else by a beginning that only one has. */
static bool find_long(struct reading *r, struct span name, const char *word, const struct row **out)
{
	char list[512] = "";
	struct buf could = {.p = list, .capacity = sizeof(list), .ceiling = sizeof(list) - 1, .status = PIPGATE_OK};
	size_t n = 0;

	*out = NULL;
	for (size_t i = 0; i < N_ROWS; i++) {
		if (span_is(name, rows[i].name)) {
			*out = &rows[i];
			return true;
		}
		if (name.n && span_starts(span_of(rows[i].name), name)) {
			*out = &rows[i];
			buf_format(&could, "%s--%s", n++ ? ", " : "", rows[i].name);
		}
	}
	if (n > 1)
		return refuse(r, "ambiguous option: %s could match %s", word, list);
	return n == 1 || refuse(r, "unrecognized arguments: %s", word);
}

static bool take_long(struct reading *r, const char *word, char *const *words, size_t *at)
{
	const char *equals = strchr(word, '=');
	struct span name = {word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word) - 2};
	const struct row *row;

	return find_long(r, name, word, &row) && take(r, row, equals ? equals + 1 : NULL, words, at);
}

static bool take_short(struct reading *r, const char *word, char *const *words, size_t *at)
{
	for (const char *p = word + 1; *p; p++) {
		const struct row *row = rows;

		while (row < rows + N_ROWS && row->letter != *p)
			row++;
		if (row == rows + N_ROWS)
			return refuse(r, "unrecognized arguments: %s", word);
		if (takes_value(row))
			return take(r, row, p[1] ? p + 1 + (p[1] == '=') : NULL, words, at);
		if (!take(r, row, NULL, words, at))
			return false;
	}
	return true;
}

static bool take_input(struct reading *r, const char *word)
{
	if (!group_is_free(r, &project_row))
		return false;
	*(const char **)must(list_push(r->run, &r->out->inputs, sizeof(char *))) = word;
	return true;
}

static bool take_word(struct reading *r, char *const *words, size_t *at, bool *ended)
{
	const char *word = words[(*at)++];

	if (*ended || !is_option(word))
		return take_input(r, word);
	if (strcmp(word, "--") == 0) {
		*ended = true;
		return true;
	}
	return word[1] == '-' ? take_long(r, word, words, at) : take_short(r, word, words, at);
}

/* ---- after the words ---- */

static bool take_variables(struct reading *r)
{
	for (size_t i = 0; i < N_ROWS; i++) {
		const char *value = rows[i].variable && !r->given[i] ? getenv(rows[i].variable) : NULL;

		if (value && !store(r, &rows[i], value))
			return false;
	}
	return true;
}

static bool only_with_requirements(struct reading *r)
{
	const struct source_settings *s = &r->out->source;
	const struct {
		bool given;
		const char *name;
	} table[] = {
		{s->require_hashes, "require-hashes"}, {s->index_url, "index-url"}, {s->extra_index_urls.n, "extra-index-url"},
		{s->no_deps, "no-deps"}, {s->disable_pip, "disable-pip"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].given && !r->out->requirements.n && !r->out->inputs.n && !r->out->recursive)
			return refuse(r, "The --%s flag can only be used with --requirement (-r)", table[i].name);
	return true;
}

/* -f and -o in pairs; a single -o, or none, is the last -f's. */
static bool pair_outputs(struct reading *r)
{
	struct audit_options *o = r->out;
	const char *const *formats = o->formats.items, *const *files = o->files.items;
	size_t n = o->files.n > 1 ? o->files.n : 1;

	if (o->files.n > 1 && o->formats.n != o->files.n)
		return refuse(r, "several -o want as many -f: %zu of them for %zu", o->formats.n, o->files.n);
	for (size_t i = 0; i < n; i++) {
		const char *file = o->files.n ? files[i] : "-";
		const char *format = !o->formats.n ? "columns" : formats[n > 1 ? i : o->formats.n - 1];

		*(struct audit_output *)must(list_push(r->run, &o->outputs, sizeof(struct audit_output))) = (struct audit_output){
			.format = format, .file = strcmp(file, "stdout") == 0 ? "-" : file};
	}
	return true;
}

/* What tells of another time is for looking, not for mending. */
static bool check_past(struct reading *r)
{
	struct audit_options *o = r->out;

	if (o->fix && (o->since_db || o->at))
		return refuse(r, "argument --fix: not allowed with argument %s", o->at ? "--at" : "--since-db");
	if (o->service && o->since_db)
		return refuse(r, "argument --since-db: not allowed with argument -s/--vulnerability-service");
	if (o->since_db && o->at)
		return refuse(r, "argument --at: not allowed with argument --since-db");
	if (o->at && !audit_at_parse(r->run, o->at, &o->at_seconds))
		return refuse(r, "argument --at: invalid day or RFC 3339 time: '%s'", o->at);
	if (o->at && o->at_seconds > (int64_t)time(NULL)) {
		if (o->at_seconds - (int64_t)time(NULL) >= 86400 || strlen(o->at) != sizeof("2027-01-31") - 1)
			return refuse(r, "argument --at: '%s' is in the future", o->at);
		o->at_seconds = (int64_t)time(NULL); /* today, so far */
	}
	return true;
}

static bool check(struct reading *r)
{
	if (!check_past(r))
		return false;
	if (r->out->source.locked && !r->out->inputs.n && !r->out->recursive)
		return refuse(r, "The --locked flag can only be used with a project path");
	if (r->out->fix && r->out->against)
		return refuse(r, "argument --fix: not allowed with argument --against");
	if (r->out->baseline_shrink && !r->out->baseline)
		return refuse(r, "The --baseline-shrink flag can only be used with --baseline");
	return only_with_requirements(r) && pair_outputs(r);
}

enum audit_parsed audit_options_read(struct pipgate_run *run, char *const *words, struct audit_options *out, int *status)
{
	struct reading r = {.run = run, .out = out};
	bool ended = false, good = true;
	size_t at = 0;

	*out = (struct audit_options){.desc = "auto", .aliases = "auto", .exit_codes = "pip-audit"};
	out->source.timeout = 15;
	while (good && words[at] && !out->help && !out->version)
		good = take_word(&r, words, &at, &ended);
	if (good && out->help)
		print_help();
	else if (good && out->version)
		puts("pip-audit " AS_VERSION " (pipgate " PIPGATE_VERSION ")");
	else if (good)
		good = take_variables(&r) && check(&r);
	*status = r.status;
	return good && !out->help && !out->version ? AUDIT_GO : AUDIT_ENDED;
}
