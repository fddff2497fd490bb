/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate match`: pairs of name and version in, what applies to each out, a line each: ids, or with --json an object. Streams:
 * nothing of a line outlives it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matcher/match.h"
#include "wrapper/command/command.h"
#include "wrapper/command/db.h"
#include "wrapper/report/json_writer.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define OUTPUT_BUFFER ((size_t)256 << 10) /* a write for some thousand lines */

struct matching {
	struct pipgate_run *run;
	struct pipgate_cursor cursor;
	bool json;
	uint64_t line;
	int status; /* the worst so far */
};

/* ---- a line ---- */

static struct span next_word(struct span *rest)
{
	struct span word = span_trim(*rest);
	size_t n = 0;

	while (n < word.n && !ascii_space(word.p[n]))
		n++;
	*rest = span_from(word, n);
	word.n = n;
	return word;
}

/* "name<tab>version", where the version may hold blanks and end at another tab, or "name version". */
static bool pair_of(struct span line, struct span *name, struct span *version)
{
	struct span rest = line;

	if (line.n && memchr(line.p, '\t', line.n)) {
		*name = span_split(&rest, '\t');
		*version = span_split(&rest, '\t');
		return true;
	}
	*name = next_word(&rest);
	*version = next_word(&rest);
	return version->n > 0;
}

static void put(struct span text)
{
	fwrite_unlocked(text.p, 1, text.n, stdout);
}

/* Ids of one record's several entries stand next to each other: told once. */
static void print_group(const struct match_hits *found, size_t at)
{
	struct span last = {NULL, 0};

	for (; at != MATCH_NO_HIT; at = found->hits[at].next) {
		struct span id = found->hits[at].id;

		if (span_equal(id, last))
			continue;
		if (last.n)
			putc_unlocked('=', stdout);
		put(id);
		last = id;
	}
}

static void print_pair(struct span name, struct span version, const struct match_hits *found)
{
	bool any = false;

	put(name);
	putc_unlocked('\t', stdout);
	put(version);
	put(found->unknown ? SPAN("\tunknown\t") : SPAN("\tok\t"));
	for (size_t i = 0; i < found->n; i++) {
		if (!found->hits[i].first)
			continue;
		if (any)
			putc_unlocked(' ', stdout);
		print_group(found, i);
		any = true;
	}
	putc_unlocked('\n', stdout);
}

/* ---- the same as JSON, with all that is known ---- */

static void put_finding(struct buf *out, const struct pipgate_finding *f)
{
	json_begin(out, '{');
	json_text(out, "id", f->id);
	json_texts(out, "ids", f->ids, f->n_ids);
	json_text(out, "severity", span_of(pipgate_level_name(f->severity.level)));
	json_key(out, "score");
	if (f->severity.level == PIPGATE_LEVEL_UNKNOWN)
		buf_text(out, "null");
	else
		buf_format(out, "%u.%u", f->severity.tenths / 10, f->severity.tenths % 10);
	json_bool(out, "malicious", f->malicious);
	json_bool(out, "exploited", f->exploited);
	json_bool(out, "exploit_public", f->exploit_public);
	json_share(out, "epss", f->has_epss, f->epss);
	json_share(out, "epss_percentile", f->has_epss, f->epss_percentile);
	json_texts(out, "fixed", f->fixed, f->n_fixed);
	json_end(out, '}');
}

static void print_json(struct span name, struct span version, const struct pipgate_match *match)
{
	struct buf out;

	buf_init(&out, NULL, DB_OUTPUT_MAX);
	json_begin(&out, '{');
	json_text(&out, "name", name);
	json_text(&out, "version", version);
	json_bool(&out, "unknown", match->unknown);
	json_key(&out, "findings");
	json_begin(&out, '[');
	for (size_t i = 0; i < match->n_findings; i++)
		put_finding(&out, &match->findings[i]);
	json_end(&out, ']');
	json_end(&out, '}');
	buf_byte(&out, '\n');
	if (buf_status(&out) != PIPGATE_OK)
		die_no_memory();
	put(buf_view(&out));
	buf_fini(&out);
}

static enum pipgate_status match_one(struct matching *m, struct span name, struct span version, struct span normalized,
	struct pipgate_error *error)
{
	const struct pipgate_component component = {.name = normalized, .shown_name = name, .version = version};
	struct match_hits found;
	struct pipgate_match match;
	enum pipgate_status status;

	if (m->json) {
		status = pipgate_match(m->run, &component, 0, &m->cursor, &match, error);
		if (status == PIPGATE_OK)
			print_json(name, version, &match);
	} else {
		status = match_find(m->run, normalized, version, &m->cursor, &found, error);
		if (status == PIPGATE_OK)
			print_pair(name, version, &found);
	}
	return status;
}

/* false: no sense in going on. */
static bool match_line(struct matching *m, struct span line)
{
	struct span name, version, normalized;
	struct pipgate_error error;

	if (!span_trim(line).n)
		return true;
	if (!pair_of(line, &name, &version)) {
		m->status = say_error(EXIT_USAGE, "line %llu: name and version expected", (unsigned long long)m->line);
		return true;
	}
	pipgate_run_reset(m->run);
	if (pipgate_name_normalize(m->run, span_trim(name), &normalized) != PIPGATE_OK)
		die_no_memory();
	if (match_one(m, name, version, normalized, &error) != PIPGATE_OK) {
		m->status = say_error(EXIT_UNDECIDED, "line %llu: %s", (unsigned long long)m->line, error.text);
		return false;
	}
	return true;
}

/* ---- the input ---- */

static struct span without_end(const char *line, size_t n)
{
	n -= n && line[n - 1] == '\n';
	n -= n && line[n - 1] == '\r';
	return (struct span){line, n};
}

static int match_stream(struct database *database, bool json, FILE *in, const char *name)
{
	struct matching m = {.cursor = database_cursor(database), .json = json, .status = EXIT_OK};
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (pipgate_run_new(NULL, &m.run) != PIPGATE_OK)
		die_no_memory();
	while ((n = getline(&line, &room, in)) > 0) {
		m.line++;
		if (!match_line(&m, without_end(line, (size_t)n)))
			break;
	}
	if (n < 0 && !feof(in)) {
		if (errno == ENOMEM)
			die_no_memory();
		m.status = say_error(EXIT_UNDECIDED, "%s: %s", name, strerror(errno));
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		m.status = say_error(EXIT_UNDECIDED, "stdout: %s", strerror(errno));
	free(line);
	pipgate_run_free(&m.run);
	return m.status;
}

static int match_file(const struct db_options *options, const char *path)
{
	static char buffer[OUTPUT_BUFFER]; /* stdio holds on to it until the program ends */
	bool standard = !path || strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	struct database_place place;
	struct database *database;
	int status = EXIT_UNDECIDED;

	if (!in)
		return say_error(EXIT_USAGE, "%s: %s", path, strerror(errno));
	database = db_open(options, &place);
	if (database) {
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
		status = match_stream(database, options->json, in, standard ? "stdin" : path);
		database_close(&database);
	}
	if (!standard)
		fclose(in);
	return status;
}

int command_match(int argc, char **argv)
{
	struct db_options options = {.database = NULL};
	const char *path = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--db") == 0 && i + 1 < argc)
			options.database = argv[++i];
		else if (strncmp(argv[i], "--db=", 5) == 0)
			options.database = argv[i] + 5;
		else if (strcmp(argv[i], "--json") == 0)
			options.json = true;
		else if ((argv[i][0] == '-' && argv[i][1]) || path)
			return say_error(EXIT_USAGE, "usage: pipgate match [--db FILE] [--json] [FILE|-]");
		else
			path = argv[i];
	}
	return match_file(&options, path);
}
