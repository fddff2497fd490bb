/* SPDX-License-Identifier: Apache-2.0 */
/* `pipgate advisory new`: a record of an organisation's own, in a file that was not there; read back before it is written. */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wrapper/command/advisory.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/folder.h"
#include "wrapper/feed/reading.h"
#include "wrapper/file.h"
#include "wrapper/pardon/pardon_file.h"
#include "wrapper/report/json_writer.h"

#include "matcher/base/banned.h"

#define TEXT_MAX 1000            /* of a summary */
#define RECORD_MAX ((size_t)1 << 20)
#define NUMBER_MAX 999999        /* of an id that we make */
#define PREFIX "ORG-"

/* OSV knows vectors and no words: the vector of a fault that is reached over the network, with the word's score. */
static const struct {
	const char *word, *vector;
} levels[] = {
	{"critical", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, /* 9.8 */
	{"high", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"},     /* 7.5 */
	{"medium", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"},   /* 5.3 */
	{"low", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N"},      /* 3.7 */
};

struct making {
	const struct advisory_options *o;
	struct pipgate_run *run;
	struct span name, id, vector;
	struct list versions; /* of struct span */
	const char *folder, *path; /* path NULL: to be made of the id */
	bool json;
};

/* ---- what was given ---- */

static int name_take(struct making *m)
{
	struct span word = span_of(m->o->words[0]);
	struct pipgate_requirement requirement;

	if (pipgate_requirement_parse(m->run, word, &requirement, NULL) != PIPGATE_OK || !span_equal(requirement.name, word))
		return say_error(EXIT_USAGE, "advisory new: '%s' is no distribution's name", m->o->words[0]);
	if (pipgate_name_normalize(m->run, word, &m->name) != PIPGATE_OK)
		die_no_memory();
	return 0;
}

static int version_check(struct making *m, const char *option, struct span text, struct span *key)
{
	struct pipgate_version version;

	if (pipgate_version_parse(m->run, text, &version) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "%s " SPAN_FMT ": it is no version (PEP 440)", option, SPAN_ARG(text));
	*key = version.key;
	return 0;
}

static int versions_take(struct making *m)
{
	const char *const *given = m->o->versions.items;
	struct span first = SPAN(""), fixed = SPAN(""), key;
	int code = 0;

	for (size_t i = 0; i < m->o->versions.n; i++) {
		struct span rest = span_of(given[i]);

		while (rest.n && !code) {
			struct span one = span_trim(span_split(&rest, ','));

			code = version_check(m, "--versions", one, &key);
			*(struct span *)must(list_push(m->run, &m->versions, sizeof(one))) = one;
		}
	}
	if (!code && m->o->introduced)
		code = version_check(m, "--introduced", span_of(m->o->introduced), &first);
	if (!code && m->o->fixed)
		code = version_check(m, "--fixed", span_of(m->o->fixed), &fixed);
	if (!code && m->o->fixed && m->o->introduced && pipgate_key_compare(first, fixed) >= 0)
		return say_error(EXIT_USAGE, "--introduced %s is not before --fixed %s", m->o->introduced, m->o->fixed);
	return code;
}

static int severity_take(struct making *m)
{
	struct pipgate_severity ignored;

	if (!m->o->severity)
		return 0;
	m->vector = span_of(m->o->severity);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (span_equal_nocase(span_of(m->o->severity), span_of(levels[i].word)))
			m->vector = span_of(levels[i].vector);
	if (pipgate_cvss_score(m->vector, &ignored) != PIPGATE_OK)
		return say_error(EXIT_USAGE, "--severity %s: expected critical, high, medium, low or a CVSS vector", m->o->severity);
	return 0;
}

/* ---- where it goes, and its id ---- */

static int place_take(struct making *m)
{
	const char *output = m->o->output ? m->o->output : ".";
	struct span word = span_of(output), base = reading_base(word); /* empty behind a last slash */
	struct stat st;
	bool there;
	char *slash;

	there = stat(output, &st) == 0;
	if (there ? S_ISDIR(st.st_mode) : !span_is(word, "-") && !memchr(base.p, '.', base.n)) {
		m->folder = output;
		return 0;
	}
	if (!reading_encoding(word) && !span_is(word, "-"))
		return say_error(EXIT_USAGE, "-o %s: expected a folder, or a file that ends in .yaml, .yml or .json", output);
	m->path = output;
	m->json = reading_encoding(word) == PIPGATE_OSV_JSON;
	slash = strrchr(output, '/');
	m->folder = slash ? text_copy(m->run, ((struct span){output, (size_t)(slash - output) + 1})) : ".";
	return 0;
}

/* The highest number of a folder's records. */
struct numbering {
	struct pipgate_run *run;
	struct span prefix;
	long highest;
};

/* "ORG-2026-0007", or with an end behind a point. */
static void number_look(struct numbering *n, struct span text)
{
	struct span digits = span_from(text, n->prefix.n);
	long number = 0;
	size_t i = 0;

	if (!span_starts(text, n->prefix))
		return;
	for (; i < digits.n && ascii_digit(digits.p[i]) && number <= NUMBER_MAX; i++)
		number = number * 10 + (digits.p[i] - '0');
	if (i && number <= NUMBER_MAX && (i == digits.n || digits.p[i] == '.') && number > n->highest)
		n->highest = number;
}

/* A file counts by its name and by the id in it. */
static enum pipgate_status record_look(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct numbering *n = ctx;
	struct pipgate_advisory advisory;
	enum pipgate_status status;

	(void)error;
	pipgate_run_reset(n->run);
	number_look(n, name);
	status = pipgate_advisory_decode(n->run, reading_encoding(name), bytes, &advisory, NULL);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status == PIPGATE_OK)
		number_look(n, advisory.id);
	return PIPGATE_OK;
}

static enum pipgate_status name_look(void *ctx, struct span name, struct span reason, struct pipgate_error *error)
{
	(void)reason, (void)error;
	number_look(ctx, name);
	return PIPGATE_OK;
}

static int number_next(struct making *m, struct span prefix, long *out)
{
	struct numbering n = {.prefix = prefix};
	const struct folder_walk files = {
		.prefix = "",
		.suffix = READING_RECORDS,
		.max_bytes = READING_ITEM_MAX,
		.ctx = &n,
		.item = record_look,
		.refuse = name_look,
	};
	struct pipgate_error error;
	enum pipgate_status status = PIPGATE_OK;

	if (pipgate_run_new(NULL, &n.run) != PIPGATE_OK)
		die_no_memory();
	if (access(m->folder, F_OK) == 0) /* else it is made, with a first one */
		status = folder_each(m->folder, &files, &error);
	pipgate_run_free(&n.run);
	*out = n.highest + 1;
	return status == PIPGATE_OK ? 0 : say_error(EXIT_UNDECIDED, "%s: %s", m->folder, error.text);
}

static int id_take(struct making *m)
{
	const char *given = m->o->id ? m->o->id : PREFIX;
	struct span prefix;
	time_t now = time(NULL);
	struct tm tm;
	long number;
	int code;

	m->id = span_of(given);
	if (!span_ends(m->id, SPAN("-")))
		return 0;
	if (!gmtime_r(&now, &tm))
		return say_error(EXIT_UNDECIDED, "the clock shows no year");
	prefix = must_span(arena_format(m->run, "%s%04d-", given, tm.tm_year + 1900));
	code = number_next(m, prefix, &number);
	m->id = must_span(arena_format(m->run, SPAN_FMT "%04ld", SPAN_ARG(prefix), number));
	return code;
}

/* ---- the record ---- */

static void put_range(struct buf *out, const struct making *m)
{
	json_key(out, "ranges");
	json_begin(out, '[');
	json_begin(out, '{');
	json_text(out, "type", SPAN("ECOSYSTEM"));
	json_key(out, "events");
	json_begin(out, '[');
	json_begin(out, '{');
	json_text(out, "introduced", span_of(m->o->introduced ? m->o->introduced : "0"));
	json_end(out, '}');
	if (m->o->fixed) {
		json_begin(out, '{');
		json_text(out, "fixed", span_of(m->o->fixed));
		json_end(out, '}');
	}
	json_end(out, ']');
	json_end(out, '}');
	json_end(out, ']');
}

static void put_affected(struct buf *out, const struct making *m)
{
	json_key(out, "affected");
	json_begin(out, '[');
	json_begin(out, '{');
	json_key(out, "package");
	json_begin(out, '{');
	json_text(out, "ecosystem", SPAN("PyPI"));
	json_text(out, "name", m->name);
	json_end(out, '}');
	if (m->o->introduced || m->o->fixed || !m->versions.n)
		put_range(out, m);
	if (m->versions.n)
		json_texts(out, "versions", m->versions.items, m->versions.n);
	json_end(out, '}');
	json_end(out, ']');
}

static void put_severity(struct buf *out, struct span vector)
{
	json_key(out, "severity");
	json_begin(out, '[');
	json_begin(out, '{');
	json_text(out, "type", span_starts(vector, SPAN("CVSS:4")) ? SPAN("CVSS_V4") : span_starts(vector, SPAN("CVSS:3")) ? SPAN("CVSS_V3")
		: SPAN("CVSS_V2"));
	json_text(out, "score", vector);
	json_end(out, '}');
	json_end(out, ']');
}

static void put_record(struct buf *out, const struct making *m)
{
	const char *const *given = m->o->aliases.items;
	struct span *aliases = must(arena_array(m->run, m->o->aliases.n + 1, sizeof(*aliases)));
	char now[MOMENT_TEXT];

	for (size_t i = 0; i < m->o->aliases.n; i++)
		aliases[i] = span_of(given[i]);
	moment_text(time(NULL), now);
	json_begin(out, '{');
	json_text(out, "schema_version", SPAN("1.6.0"));
	json_text(out, "id", m->id);
	json_text(out, "modified", span_of(now));
	json_text(out, "published", span_of(now));
	if (m->o->aliases.n)
		json_texts(out, "aliases", aliases, m->o->aliases.n);
	if (m->o->summary)
		json_text(out, "summary", span_of(m->o->summary));
	if (m->vector.n)
		put_severity(out, m->vector);
	put_affected(out, m);
	json_end(out, '}');
}

/* As the feed would take it. */
static int text_make(struct making *m, struct buf *out)
{
	struct pipgate_advisory advisory;
	struct pipgate_error error;
	struct buf record;
	cJSON *tree = NULL;
	enum pipgate_status status;

	buf_init(&record, NULL, RECORD_MAX);
	put_record(&record, m);
	buf_byte(&record, '\n');
	status = buf_status(&record) == PIPGATE_OK ? json_parse(buf_view(&record), &tree, &error)
		: error_set(&error, PIPGATE_INVALID, "it is too long");
	if (status == PIPGATE_OK && m->json)
		buf_span(out, buf_view(&record));
	else if (status == PIPGATE_OK)
		advisory_yaml(out, tree);
	cJSON_Delete(tree);
	buf_fini(&record);
	if (status == PIPGATE_OK)
		status = pipgate_advisory_decode(m->run, m->json ? PIPGATE_OSV_JSON : PIPGATE_PYSEC_YAML, buf_view(out), &advisory, &error);
	if (status != PIPGATE_OK)
		return say_error(EXIT_USAGE, "advisory new: %s", error.text);
	for (size_t i = 0; i < advisory.n_notes; i++)
		say("note: " SPAN_FMT, SPAN_ARG(advisory.notes[i]));
	return 0;
}

static int record_write(struct making *m, struct span text)
{
	struct pipgate_error error;
	const char *path = m->path;

	if (path && strcmp(path, "-") == 0)
		return file_write(path, text, &error) == PIPGATE_OK ? EXIT_OK : say_error(EXIT_UNDECIDED, "%s", error.text);
	if (!path)
		path = text_format(m->run, "%s%s" SPAN_FMT ".yaml", strcmp(m->folder, ".") == 0 ? "" : m->folder,
			strcmp(m->folder, ".") == 0 || span_ends(span_of(m->folder), SPAN("/")) ? "" : "/", SPAN_ARG(m->id));
	if (!file_folders(text_copy(m->run, span_of(m->folder)), 0755))
		return say_error(EXIT_UNDECIDED, "%s: %s", m->folder, strerror(errno));
	if (file_make(path, 0644, text, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	say("made %s", path);
	return EXIT_OK;
}

int advisory_new(struct advisory_options *o)
{
	struct making m = {.o = o, .run = o->run};
	struct buf text;
	int code = name_take(&m);

	if (!code)
		code = versions_take(&m);
	if (!code)
		code = severity_take(&m);
	if (!code && o->summary && !pardon_file_shown(span_of(o->summary), TEXT_MAX))
		code = say_error(EXIT_USAGE, "--summary: expected a text of one line, at most %d bytes", TEXT_MAX);
	if (!code)
		code = place_take(&m);
	if (!code)
		code = id_take(&m);
	if (code)
		return code;
	buf_init(&text, NULL, RECORD_MAX);
	code = text_make(&m, &text);
	if (!code)
		code = record_write(&m, buf_view(&text));
	buf_fini(&text);
	return code;
}
