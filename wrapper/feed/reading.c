/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "matcher/advisory/date.h"
#include "matcher/base/arena.h"
#include "matcher/base/text.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/transport.h"
#include "wrapper/memory.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define PROGRESS_MS 100
#define LINES_MAX ((size_t)64 << 10) /* READING_NAMED lines of a name and an error */

/* ---- progress, on a terminal only ---- */

static void progress(struct reading *r, struct span text)
{
	struct timespec now;
	struct buf line;
	int64_t ms;

	if (!r->progress)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (text.n && ms - r->shown_at < PROGRESS_MS)
		return;
	r->shown_at = ms;
	buf_init(&line, NULL, 256);
	buf_text(&line, "\r\033[K");
	if (text.n) {
		buf_format(&line, "pipgate: %s: ", r->name);
		text_escape(&line, (struct span){text.p, text.n > 50 ? 50 : text.n});
	}
	if (line.n && write(STDERR_FILENO, line.p, line.n) < 0)
		r->progress = false;
	buf_fini(&line);
}

static void progress_count(struct reading *r)
{
	char text[48];

	if (r->progress && snprintf(text, sizeof(text), "%" PRIu64 " advisories", r->accepted) > 0)
		progress(r, span_of(text));
}

static void progress_note(void *ctx, struct span text)
{
	progress(ctx, text);
}

/* ---- counting ---- */

static void tally_begin(struct tally *t)
{
	*t = (struct tally){0};
	buf_init(&t->lines, NULL, LINES_MAX);
}

static void tally_add(struct tally *t, struct span name, struct span reason)
{
	if (t->n++ >= READING_NAMED)
		return;
	buf_text(&t->lines, "\n  ");
	text_escape(&t->lines, (struct span){name.p, name.n > 200 ? 200 : name.n}); /* say() would break lines at its \n */
	buf_text(&t->lines, ": ");
	text_escape(&t->lines, reason);
}

static void tally_say(const struct reading *r, struct tally *t, const char *what)
{
	if (t->n > READING_NAMED)
		buf_format(&t->lines, "\n  … and %" PRIu64 " more", t->n - READING_NAMED);
	if (t->n)
		say("%s: %" PRIu64 " of %" PRIu64 " %s:%s", r->name, t->n, r->accepted + r->refused.n, what, t->lines.p ? t->lines.p : "");
	buf_fini(&t->lines);
}

/* ---- items ---- */

struct span reading_base(struct span path)
{
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/')
			return span_from(path, i);
	return path;
}

enum pipgate_status reading_refuse(void *ctx, struct span name, struct span reason, struct pipgate_error *error)
{
	struct reading *r = ctx;

	tally_add(&r->refused, name, reason);
	return database_build_refuse(r->build, r->feed, name, reason, error);
}

bool reading_named_so(struct span name, struct span id)
{
	struct span base = reading_base(name);

	return span_starts(base, id) && (base.n == id.n || base.p[id.n] == '.');
}

enum pipgate_status reading_advisory(struct reading *r, struct span name, const struct pipgate_advisory *advisory, struct pipgate_error *error)
{
	struct pipgate_error why = {.text = ""};
	enum pipgate_status status = database_build_add(r->build, r->feed, advisory, &why);

	if (status == PIPGATE_INVALID || status == PIPGATE_LIMIT)
		return reading_refuse(r, name, span_of(why.text), error);
	if (status != PIPGATE_OK)
		return error_set(error, status, SPAN_FMT ": %s", SPAN_ARG(name), why.text);
	r->accepted++;
	for (size_t i = 0; i < advisory->n_notes; i++)
		log_stage("feed", SPAN_FMT ": " SPAN_FMT, SPAN_ARG(advisory->id), SPAN_ARG(advisory->notes[i]));
	progress_count(r);
	return PIPGATE_OK;
}

enum pipgate_encoding reading_encoding(struct span name)
{
	if (span_ends(name, SPAN(".json")))
		return PIPGATE_OSV_JSON;
	return span_ends(name, SPAN(".yaml")) || span_ends(name, SPAN(".yml")) ? PIPGATE_PYSEC_YAML : 0;
}

enum pipgate_status reading_item(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct reading *r = ctx;
	enum pipgate_encoding encoding = r->source->kind->encoding ? r->source->kind->encoding : reading_encoding(name);
	struct pipgate_advisory advisory;
	struct pipgate_error why = {.text = ""};
	enum pipgate_status status;
	uint64_t before = r->accepted;

	pipgate_run_reset(r->run);
	status = pipgate_advisory_decode(r->run, encoding, bytes, &advisory, &why);
	if (status == PIPGATE_INVALID || status == PIPGATE_LIMIT)
		return reading_refuse(r, name, span_of(why.text), error);
	if (status != PIPGATE_OK)
		return error_set(error, status, SPAN_FMT ": %s", SPAN_ARG(name), why.text);
	status = reading_advisory(r, name, &advisory, error);
	if (r->accepted > before && !reading_named_so(name, advisory.id))
		tally_add(&r->renamed, name, advisory.id);
	return status;
}

enum pipgate_status reading_exploitation(struct reading *r, struct span name, struct span cve, const struct pipgate_exploitation *said,
	struct pipgate_error *error)
{
	struct pipgate_error why;
	enum pipgate_status status = database_build_exploitation(r->build, r->feed, cve, said, &why);

	if (status == PIPGATE_INVALID)
		return reading_refuse(r, name, span_of(why.text), error);
	if (status != PIPGATE_OK)
		return error_set(error, status, SPAN_FMT ": %s", SPAN_ARG(name), why.text);
	r->accepted++;
	return PIPGATE_OK;
}

enum pipgate_status reading_time(struct reading *r, const char *what, struct span text, struct pipgate_error *error)
{
	struct span utc = text;
	struct moment moment;
	enum pipgate_status status = date_utc(r->run, text, &utc);

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK || !moment_parse(utc, &moment))
		return error_set(error, PIPGATE_INVALID, "%s: it is no date and time (RFC 3339)", what);
	return database_build_time(r->build, r->feed, moment.seconds, error);
}

/* ---- places ---- */

static bool is_address(const char *place)
{
	return strncasecmp(place, "http://", 7) == 0 || strncasecmp(place, "https://", 8) == 0;
}

enum pipgate_status reading_form(const struct reading *r, enum reading_form *out, struct pipgate_error *error)
{
	struct stat st;

	if (is_address(r->source->place)) {
		*out = READING_ADDRESS;
		return PIPGATE_OK;
	}
	if (stat(r->source->place, &st) != 0)
		return error_set(error, PIPGATE_FAILED, "%s", strerror(errno));
	*out = S_ISDIR(st.st_mode) ? READING_FOLDER : READING_FILE;
	return PIPGATE_OK;
}

bool reading_place_ends(const struct reading *r, struct span suffix)
{
	struct span place = is_address(r->source->place) ? r->shown : span_of(r->source->place);

	return span_ends(place, suffix);
}

static enum pipgate_status digest_keep(struct reading *r, const struct transport_result *result, struct pipgate_error *error)
{
	char hex[2 * sizeof(result->sha256) + 1];

	for (size_t i = 0; i < sizeof(result->sha256); i++)
		snprintf(hex + 2 * i, 3, "%02x", result->sha256[i]);
	return database_build_digest(r->build, r->feed, span_of(hex), error);
}

enum pipgate_status reading_transport(struct reading *r, const char *verb, struct span suffix, reading_taker *take,
	struct pipgate_error *error)
{
	uint64_t most = r->source->kind->max_bytes;
	const struct transport_job job = {
		.verb = verb,
		.place = span_of(r->source->place),
		.suffix = suffix,
		.max_bytes = most ? most : strcmp(verb, "get") == 0 ? READING_ITEM_MAX : 0, /* one record */
		.deadline_ms = r->deadline_ms,
	};
	const struct transport_sink sink = {.ctx = r, .item = take, .note = progress_note};
	struct transport_result result;
	enum pipgate_status status = transport_run(&job, &sink, &result, error);

	return status == PIPGATE_OK ? digest_keep(r, &result, error) : status;
}

/* ---- the feed as a whole ---- */

static enum pipgate_status judge(const struct reading *r, struct pipgate_error *error)
{
	uint64_t all = r->accepted + r->refused.n;

	if (!r->accepted && r->refused.n)
		return error_set(error, PIPGATE_INVALID, "none of its %" PRIu64 " records could be read", r->refused.n);
	if (!r->accepted)
		return error_set(error, PIPGATE_INVALID, "%s in it; expected %s",
				 r->source->kind->enriches ? "nothing" : "no advisory", r->source->kind->forms);
	if (r->refused.n >= READING_REFUSED_LEAST && r->refused.n * 100 > all * READING_REFUSED_PERCENT)
		return error_set(error, PIPGATE_INVALID, "%" PRIu64 " of %" PRIu64 " records were refused, more than %d %%", r->refused.n, all,
				 READING_REFUSED_PERCENT);
	return PIPGATE_OK;
}

enum pipgate_status reading_run(struct reading *r, struct pipgate_error *error)
{
	enum pipgate_status status;

	r->accepted = 0;
	tally_begin(&r->refused);
	tally_begin(&r->renamed);
	status = r->source->kind->read(r, error);
	progress(r, SPAN(""));
	if (status == PIPGATE_OK)
		status = judge(r, error);
	tally_say(r, &r->refused, "records refused");
	tally_say(r, &r->renamed, "records bear another id than their file's name");
	log_stage("feed", "%s: %" PRIu64 " accepted, %" PRIu64 " refused", r->name, r->accepted, r->refused.n);
	return status;
}
