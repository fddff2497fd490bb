/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `pipgate advisory check`: what a feed of the kind dir would say of these files, each with its line. A record that is refused is bad,
 * and so is an id that is there twice, as it ends the feed. What is odd, and how it is read, is a note.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "wrapper/command/advisory.h"
#include "wrapper/feed/folder.h"
#include "wrapper/feed/reading.h"
#include "wrapper/keep.h"

#include "matcher/base/banned.h"

#define NOTES_EACH 20 /* of one record: a list of 10,000 odd versions is one mistake */

struct seen {
	struct span id, path;
};

struct checking {
	struct pipgate_run *kept;
	struct pipgate_run *run; /* of the record at hand */
	const char *folder;      /* what stands before a name, "" of a file */
	struct list seen;        /* struct seen */
	struct span path, bytes; /* of the record at hand */
	cJSON *places;           /* in it, NULL: cannot be told */
	size_t good, bad, notes, of_this;
};

/* ---- saying ---- */

static void complain(struct checking *c, size_t line, const char *what)
{
	if (line)
		say_error(EXIT_NO, SPAN_FMT ":%zu: %s", SPAN_ARG(c->path), line, what);
	else
		say_error(EXIT_NO, SPAN_FMT ": %s", SPAN_ARG(c->path), what);
	c->bad++;
}

/* member: it is about ("affected[0]: versions: "), NULL: about the whole. */
static void note(struct checking *c, const char *member, const char *what)
{
	const char *ignored;
	size_t line;

	c->notes++;
	if (c->of_this++ >= NOTES_EACH)
		return;
	line = member ? advisory_line(c->bytes, c->places, member, &ignored) : 0;
	if (line)
		say(SPAN_FMT ":%zu: note: %s", SPAN_ARG(c->path), line, what);
	else
		say(SPAN_FMT ": note: %s", SPAN_ARG(c->path), what);
}

/* ---- what is odd ---- */

/* Entries of other ecosystems are not among the decoded ones: then which is which cannot be told. */
static const char *entry_member(const struct checking *c, const struct pipgate_advisory *a, size_t i, const char *member)
{
	bool all = (size_t)cJSON_GetArraySize(json_member(c->places, "affected")) == a->n_affected;

	return all ? text_format(c->run, "affected[%zu]: %s", i, member) : "affected: ";
}

static void note_version(struct checking *c, const char *member, struct span version)
{
	struct pipgate_version ignored;

	if (pipgate_version_parse(c->run, version, &ignored) == PIPGATE_INVALID)
		note(c, member,
			text_format(c->run, "versions: '%.*s' is no version; it matches that very text alone",
				(int)(version.n > 100 ? 100 : version.n), version.p));
}

static void note_affected(struct checking *c, const struct pipgate_advisory *a, size_t i)
{
	const struct pipgate_affected *one = &a->affected[i];
	const char *member = entry_member(c, a, i, ""), *versions = entry_member(c, a, i, "versions: ");

	if (!one->n_ranges && !one->n_versions && !one->n_specifiers)
		note(c, member, "no range and no version: it affects nothing");
	else if (!one->n_ranges && !one->n_specifiers)
		note(c, member, "no range: a release that is not listed is not affected");
	if (one->severity.level == PIPGATE_LEVEL_UNKNOWN)
		note(c, member, "unknown severity: the policy's key unknown says what it counts as (severity needs a CVSS vector)");
	for (size_t k = 0; k < one->n_versions; k++)
		note_version(c, versions, one->versions[k]);
}

/* Members that the schema has; another one may be a slip of the pen. */
static void note_members(struct checking *c)
{
	static const char *const known[] = {"schema_version", "id", "modified", "published", "withdrawn", "aliases", "upstream", "related",
		"summary", "details", "severity", "affected", "references", "credits", "database_specific"};

	for (const cJSON *item = c->places ? c->places->child : NULL; item; item = item->next) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			found |= strcmp(item->string, known[i]) == 0;
		if (!found)
			note(c, text_format(c->run, "%s: ", item->string),
				text_format(c->run, "'%.40s' is no member of a record; it is ignored", item->string));
	}
}

static void note_all(struct checking *c, const struct pipgate_advisory *a)
{
	c->of_this = 0;
	if (!reading_named_so(c->path, a->id))
		note(c, "id: ", text_format(c->run, "the file is not named %s", a->id.p));
	if (a->withdrawn.n)
		note(c, "withdrawn: ", "withdrawn: it matches nothing");
	if (!a->n_aliases)
		note(c, NULL, "no alias: it is a finding of its own beside what other feeds say of the same vulnerability");
	if (!a->n_affected)
		note(c, NULL, "it affects no distribution of PyPI");
	for (size_t i = 0; i < a->n_affected; i++)
		note_affected(c, a, i);
	note_members(c);
	for (size_t i = 0; i < a->n_notes; i++)
		note(c, NULL, a->notes[i].p);
	if (c->of_this > NOTES_EACH)
		say(SPAN_FMT ": … and %zu notes more", SPAN_ARG(c->path), c->of_this - NOTES_EACH);
}

/* ---- records ---- */

static void record_good(struct checking *c, const struct pipgate_advisory *advisory)
{
	struct seen *seen = must(list_push(c->kept, &c->seen, sizeof(*seen)));

	*seen = (struct seen){must_span(arena_copy(c->kept, advisory->id)), must_span(arena_copy(c->kept, c->path))};
	c->good++;
	note_all(c, advisory);
}

static enum pipgate_status record_check(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct checking *c = ctx;
	struct pipgate_advisory advisory;
	struct pipgate_error why = {.text = ""};
	const char *what;
	size_t line;
	enum pipgate_status status;

	(void)error;
	pipgate_run_reset(c->run);
	c->path = must_span(arena_format(c->run, "%s" SPAN_FMT, c->folder, SPAN_ARG(name)));
	c->bytes = bytes;
	c->places = advisory_places(bytes);
	status = pipgate_advisory_decode(c->run, reading_encoding(name), bytes, &advisory, &why);
	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status == PIPGATE_OK) {
		record_good(c, &advisory);
	} else {
		line = advisory_line(bytes, c->places, why.text, &what);
		complain(c, line, what);
	}
	cJSON_Delete(c->places);
	c->places = NULL;
	return PIPGATE_OK;
}

static enum pipgate_status record_refuse(void *ctx, struct span name, struct span reason, struct pipgate_error *error)
{
	struct checking *c = ctx;

	(void)error;
	pipgate_run_reset(c->run);
	c->path = must_span(arena_format(c->run, "%s" SPAN_FMT, c->folder, SPAN_ARG(name)));
	complain(c, 0, text_copy(c->run, reason));
	return PIPGATE_OK;
}

/* 0, or 41 or 42, said. */
static int path_check(struct checking *c, const char *path)
{
	const struct folder_walk files = {
		.prefix = "",
		.suffix = READING_RECORDS,
		.deep = true,
		.max_bytes = READING_ITEM_MAX,
		.ctx = c,
		.item = record_check,
		.refuse = record_refuse,
	};
	struct pipgate_error error;
	struct span bytes;
	struct stat st;

	if (stat(path, &st) != 0)
		return say_error(EXIT_UNDECIDED, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		c->folder = text_format(c->kept, "%s%s", path, span_ends(span_of(path), SPAN("/")) ? "" : "/");
		return folder_each(path, &files, &error) == PIPGATE_OK ? 0 : say_error(EXIT_UNDECIDED, "%s: %s", path, error.text);
	}
	if (!reading_encoding(span_of(path)))
		return say_error(EXIT_USAGE, "%s: expected a folder, or a file that ends in .yaml, .yml or .json", path);
	if (keep_file(c->kept, path, READING_ITEM_MAX, &bytes, &error) != PIPGATE_OK)
		return say_error(EXIT_UNDECIDED, "%s", error.text);
	c->folder = "";
	return record_check(c, span_of(path), bytes, &error) == PIPGATE_OK ? 0 : EXIT_UNDECIDED;
}

/* ---- all of them ---- */

static int seen_order(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = span_compare(x->id, y->id);

	return order ? order : span_compare(x->path, y->path);
}

static void complain_of_twins(struct checking *c)
{
	struct seen *v = c->seen.items;

	if (c->seen.n > 1)
		qsort(v, c->seen.n, sizeof(*v), seen_order);
	for (size_t i = 1; i < c->seen.n; i++) {
		if (!span_equal(v[i].id, v[i - 1].id))
			continue;
		c->path = v[i].path;
		c->good--;
		complain(c, 0, text_format(c->kept, "id: " SPAN_FMT " is that of " SPAN_FMT ", too; that refuses a feed as a whole",
			SPAN_ARG(v[i].id), SPAN_ARG(v[i - 1].path)));
	}
}

int advisory_check(struct advisory_options *o)
{
	struct checking c = {.kept = o->run};
	int code = 0;

	if (pipgate_run_new(NULL, &c.run) != PIPGATE_OK)
		die_no_memory();
	for (int i = 0; i < o->n_words; i++) {
		int one = path_check(&c, o->words[i]);

		code = one > code ? one : code;
	}
	complain_of_twins(&c);
	pipgate_run_free(&c.run);
	if (!code && !c.good && !c.bad)
		return say_error(EXIT_UNDECIDED, "no record is there: expected files that end in .yaml, .yml or .json");
	say("%zu good, %zu bad, %zu notes", c.good, c.bad, c.notes);
	return code ? code : c.bad ? EXIT_NO : EXIT_OK;
}
