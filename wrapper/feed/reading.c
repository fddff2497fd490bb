/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "matcher/advisory/date.h"
#include "matcher/base/arena.h"
#include "matcher/base/text.h"
#include "wrapper/database/moment.h"
#include "wrapper/feed/transport.h"
#include "wrapper/feed/trust.h"
#include "wrapper/memory.h"
#include "wrapper/say.h"

#include "matcher/base/banned.h"

#define LINES_MAX ((size_t)64 << 10) /* READING_NAMED lines of a name and an error */

static void progress_note(void *ctx, struct span text)
{
	const struct reading *r = ctx;

	if (r->progress)
		r->progress(r->progress_ctx, text);
}

static void progress_count(struct reading *r)
{
	char text[48];

	if (r->progress && snprintf(text, sizeof(text), "%" PRIu64, r->accepted) > 0)
		progress_note(r, span_of(text));
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
		say("%s: %" PRIu64 " of %" PRIu64 " %s:%s", r->source->name, t->n, r->accepted + r->refused.n, what, t->lines.p ? t->lines.p : "");
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

enum pipgate_status reading_begin(struct reading *r, enum store_writing how, struct pipgate_error *error)
{
	if (r->writing)
		return PIPGATE_OK;
	r->writing = how;
	return store_begin(r->store, how, error);
}

enum pipgate_status reading_refuse(void *ctx, struct span name, struct span reason, struct pipgate_error *error)
{
	struct reading *r = ctx;
	enum pipgate_status status = reading_begin(r, STORE_WHOLE, error);

	tally_add(&r->refused, name, reason);
	return status == PIPGATE_OK ? store_refuse(r->store, name, reason, error) : status;
}

bool reading_named_so(struct span name, struct span id)
{
	struct span base = reading_base(name);

	return span_starts(base, id) && (base.n == id.n || base.p[id.n] == '.');
}

enum pipgate_status reading_advisory(struct reading *r, struct span name, const struct pipgate_advisory *advisory,
	struct pipgate_error *error)
{
	struct pipgate_error why = {.text = ""};
	enum pipgate_status status = reading_begin(r, STORE_WHOLE, error);

	if (status != PIPGATE_OK)
		return status;
	status = store_add(r->store, advisory, &why);
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
	enum pipgate_status status = reading_begin(r, STORE_WHOLE, error);

	if (status != PIPGATE_OK)
		return status;
	status = store_exploitation(r->store, cve, said, &why);
	if (status == PIPGATE_INVALID)
		return reading_refuse(r, name, span_of(why.text), error);
	if (status != PIPGATE_OK)
		return error_set(error, status, SPAN_FMT ": %s", SPAN_ARG(name), why.text);
	r->accepted++;
	progress_count(r);
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
	status = reading_begin(r, STORE_WHOLE, error);
	store_time(r->store, moment.seconds);
	return status;
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

static void result_keep(struct reading *r, const struct transport_result *result)
{
	char hex[TRANSPORT_HEX];

	store_digest(r->store, transport_hex(result->sha256, hex));
	snprintf(r->etag, sizeof(r->etag), "%s", result->etag);
}

enum pipgate_status reading_transport(struct reading *r, const char *verb, struct span suffix, reading_taker *take,
	struct pipgate_error *error)
{
	uint64_t most = r->source->kind->max_bytes;
	const struct transport_job job = {
		.verb = verb,
		.place = span_of(r->source->place),
		.etag = is_address(r->source->place) && !r->anew ? store_state(r->store)->etag : SPAN(""),
		.suffix = suffix,
		.max_bytes = most ? most : strcmp(verb, "get") == 0 ? READING_ITEM_MAX : 0, /* one record */
		.deadline_ms = r->deadline_ms,
	};
	const struct transport_sink sink = {.ctx = r, .item = take, .note = progress_note};
	struct transport_result result;
	enum pipgate_status status = transport_run(&job, &sink, &result, error);

	if (status != PIPGATE_OK)
		return status;
	r->unchanged = result.unchanged;
	if (!result.unchanged)
		status = reading_begin(r, STORE_WHOLE, error);
	if (!result.unchanged && status == PIPGATE_OK)
		result_keep(r, &result);
	return status;
}

static enum pipgate_status bytes_take(void *ctx, struct span name, struct span bytes, struct pipgate_error *error)
{
	struct buf *out = ctx;

	(void)name;
	buf_span(out, bytes);
	return buf_status(out) == PIPGATE_OK ? PIPGATE_OK : error_set(error, buf_status(out), "it is too large");
}

enum pipgate_status reading_get(struct reading *r, struct span place, const char *etag, struct buf *out, struct transport_result *result,
	struct pipgate_error *error)
{
	const struct transport_job job = {.verb = "get", .place = place, .etag = span_of(etag ? etag : ""), .max_bytes = out->ceiling,
		.deadline_ms = r->deadline_ms};
	const struct transport_sink sink = {.ctx = out, .item = bytes_take};

	return transport_run(&job, &sink, result, error);
}

/* ---- the feed as a whole ---- */

static enum pipgate_status finish(struct reading *r, struct pipgate_error *error)
{
	struct store_state old = *store_state(r->store), new = old;
	enum pipgate_status status;

	if (r->unchanged) {
		new.checked = r->now;
		new.failed = 0;
		new.failure = SPAN("");
		return store_note(r->store, &new, error);
	}
	status = reading_begin(r, STORE_WHOLE, error);
	if (status == PIPGATE_OK)
		status = store_settle(r->store, r->now, &new, error);
	new.etag = span_of(r->etag);
	if (status == PIPGATE_OK)
		status = trust_judge(r, &old, &new, error);
	return status == PIPGATE_OK ? store_commit(r->store, &new, error) : status;
}

/* The data stay, and say that they were not renewed. */
static void failure_note(struct reading *r, const struct pipgate_error *why)
{
	struct store_state state = *store_state(r->store);
	struct pipgate_error ignored;

	if (!state.there)
		return;
	state.failed = r->now;
	state.failure = span_of(why->text);
	if (store_note(r->store, &state, &ignored) != PIPGATE_OK)
		log_stage("feed", "%s: %s", r->source->name, ignored.text);
}

enum pipgate_status reading_run(struct reading *r, struct pipgate_error *error)
{
	enum pipgate_status status;

	tally_begin(&r->refused);
	tally_begin(&r->renamed);
	status = r->source->kind->read(r, error);
	if (status == PIPGATE_OK)
		status = finish(r, error);
	tally_say(r, &r->refused, "records refused");
	tally_say(r, &r->renamed, "records bear another id than their file's name");
	log_stage("feed", "%s: %" PRIu64 " accepted, %" PRIu64 " refused%s", r->source->name, r->accepted, r->refused.n,
		r->unchanged ? ", unchanged" : "");
	if (status != PIPGATE_OK) {
		store_drop(r->store);
		failure_note(r, error);
	}
	return status;
}
