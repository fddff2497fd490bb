/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/feed/frames.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "matcher/base/buf.h"
#include "matcher/base/error.h"
#include "shims/hook/protocol.h"
#include "wrapper/fetch/names.h"

#include "matcher/base/banned.h"

#define CHUNK ((size_t)128 << 10)
#define NOTES_MAX 100000u /* some a second for the longest job */

struct stream {
	int fd;
	int64_t deadline;
	const struct transport_job *job;
	const struct transport_sink *sink;
	struct transport_result *result;
	struct pipgate_error *error;
	uint64_t max_bytes;
	uint32_t max_entries;
	uint64_t entries; /* items and skips */
	uint32_t notes;
	bool helo, meta, ended;
	bool failed;           /* the job's own FAIL came: of many, the others go on */
	struct frames_many *many; /* NULL: one job alone */
	struct buf name, body;
	size_t at, n; /* of what was read and not yet taken */
	char chunk[CHUNK];
};

static enum pipgate_status fault(struct stream *s, const char *what)
{
	return error_set(s->error, PIPGATE_FAILED, "pipgate-fetch: %s", what);
}

int64_t clock_monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum pipgate_status wait_for(int fd, short events, int64_t deadline, struct pipgate_error *error)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline - clock_monotonic_ms();
		int ready;

		if (left <= 0)
			return error_set(error, PIPGATE_FAILED, "pipgate-fetch: does not answer in time");
		ready = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (ready > 0)
			return PIPGATE_OK;
		if (ready < 0 && errno != EINTR)
			return error_set(error, PIPGATE_FAILED, "pipgate-fetch: %s", strerror(errno));
	}
}

/* ---- bytes ---- */

/* Sends what the socket takes. A child that is gone says why in its frames, or by their end. */
static void jobs_send(struct frames_many *many)
{
	ssize_t n = send(many->to, many->jobs_text.p, many->jobs_text.n, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		many->jobs_text = span_from(many->jobs_text, (size_t)n);
	else if (errno != EINTR && errno != EAGAIN)
		many->jobs_text.n = 0;
	if (!many->jobs_text.n)
		shutdown(many->to, SHUT_WR);
}

/* Until there is something to read; meanwhile jobs go out, as the child reads no more of them than it can run. */
static enum pipgate_status wait_for_frames(struct stream *s)
{
	int64_t deadline = s->deadline;

	if (s->many && clock_monotonic_ms() + s->many->idle_ms < deadline)
		deadline = clock_monotonic_ms() + s->many->idle_ms;
	while (s->many && s->many->jobs_text.n) {
		struct pollfd p[] = {{.fd = s->fd, .events = POLLIN}, {.fd = s->many->to, .events = POLLOUT}};
		int64_t left = deadline - clock_monotonic_ms();

		if (left <= 0)
			break;
		if (poll(p, 2, left > 60000 ? 60000 : (int)left) < 0 && errno != EINTR)
			return error_set(s->error, PIPGATE_FAILED, "pipgate-fetch: %s", strerror(errno));
		if (p[1].revents)
			jobs_send(s->many);
		if (p[0].revents)
			return PIPGATE_OK;
	}
	return wait_for(s->fd, POLLIN, deadline, s->error);
}

/* More bytes into the empty chunk; n 0 behind it: end of file. */
static enum pipgate_status fill(struct stream *s)
{
	for (;;) {
		ssize_t got;

		if (wait_for_frames(s) != PIPGATE_OK)
			return PIPGATE_FAILED;
		got = read(s->fd, s->chunk, sizeof(s->chunk));
		if (got >= 0) {
			s->at = 0;
			s->n = (size_t)got;
			return PIPGATE_OK;
		}
		if (errno != EINTR && errno != EAGAIN)
			return error_set(s->error, PIPGATE_FAILED, "pipgate-fetch: %s", strerror(errno));
	}
}

/* n bytes behind what is in out. Memory follows the bytes that came, not the length that was claimed. */
static enum pipgate_status take(struct stream *s, uint64_t n, struct buf *out)
{
	while (n) {
		size_t part = s->n < n ? s->n : (size_t)n;

		buf_add(out, s->chunk + s->at, part);
		s->at += part;
		s->n -= part;
		n -= part;
		if (n && fill(s) != PIPGATE_OK)
			return PIPGATE_FAILED;
		if (n && !s->n)
			return fault(s, "ended in the middle of a frame");
	}
	if (buf_status(out) != PIPGATE_OK)
		return error_set(s->error, buf_status(out), "pipgate-fetch: a frame does not fit into memory");
	return PIPGATE_OK;
}

static uint64_t little_endian(const char *p, size_t n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | (unsigned char)p[n];
	return value;
}

/* ---- what each frame means ---- */

static enum pipgate_status on_helo(struct stream *s)
{
	if (s->helo)
		return fault(s, "says HELO twice");
	if (!span_is(buf_view(&s->name), PROTOCOL_VERSION))
		return fault(s, "speaks another version of the protocol");
	s->helo = true;
	return PIPGATE_OK;
}

static void text_keep(char *to, size_t room, struct span text)
{
	if (text.n >= room || memchr(text.p ? text.p : "", 0, text.n))
		text.n = 0;
	if (text.n)
		memcpy(to, text.p, text.n);
	to[text.n] = 0;
}

static bool date_parse(struct span text, int64_t *out)
{
	bool minus = text.n && text.p[0] == '-';
	int64_t value = 0;

	if (minus)
		text = span_from(text, 1);
	if (!text.n || text.n > 15)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!ascii_digit(text.p[i]))
			return false;
		value = value * 10 + (text.p[i] - '0');
	}
	*out = minus ? -value : value;
	return true;
}

static enum pipgate_status on_meta(struct stream *s)
{
	struct span rest = buf_view(&s->body);

	if (s->meta)
		return fault(s, "says META twice");
	s->meta = true;
	text_keep(s->result->place, sizeof(s->result->place), buf_view(&s->name));
	while (rest.n) {
		struct span value = span_split(&rest, 0);
		struct span key = span_split(&value, '=');

		if (span_is(key, "etag"))
			text_keep(s->result->etag, sizeof(s->result->etag), value);
		else if (span_is(key, "date") && !date_parse(value, &s->result->date))
			return fault(s, "says a date that is none");
		else if (span_is(key, "answered") && !date_parse(value, &s->result->answered))
			return fault(s, "says an answer's date that is none");
	}
	return PIPGATE_OK;
}

static enum pipgate_status entry_count(struct stream *s)
{
	const char *why;

	if (!s->meta)
		return fault(s, "sends items before META");
	if (++s->entries > s->max_entries)
		return error_set(s->error, PIPGATE_LIMIT, "limit: more than %" PRIu32 " entries", s->max_entries);
	if (strcmp(s->job->verb, "unpack") != 0)
		return PIPGATE_OK;
	why = name_fault(buf_view(&s->name));
	return why ? fault(s, why) : PIPGATE_OK;
}

static enum pipgate_status on_item(struct stream *s)
{
	if (entry_count(s) != PIPGATE_OK)
		return s->entries > s->max_entries ? PIPGATE_LIMIT : PIPGATE_FAILED;
	if (s->body.n > s->max_bytes - s->result->bytes)
		return error_set(s->error, PIPGATE_LIMIT, "limit: more than %" PRIu64 " bytes", s->max_bytes);
	s->result->bytes += s->body.n;
	s->result->items++;
	if (s->many)
		return s->many->sink->item(s->many->sink->ctx, s->many->current, buf_view(&s->body), s->error);
	return s->sink->item ? s->sink->item(s->sink->ctx, buf_view(&s->name), buf_view(&s->body), s->error) : PIPGATE_OK;
}

static enum pipgate_status on_skip(struct stream *s)
{
	if (entry_count(s) != PIPGATE_OK)
		return s->entries > s->max_entries ? PIPGATE_LIMIT : PIPGATE_FAILED;
	if (!s->many && s->sink->skip)
		s->sink->skip(s->sink->ctx, buf_view(&s->name), buf_view(&s->body));
	return PIPGATE_OK;
}

static enum pipgate_status on_note(struct stream *s)
{
	if (++s->notes > NOTES_MAX)
		return fault(s, "sends too many notes");
	if (!s->many && s->sink->note)
		s->sink->note(s->sink->ctx, buf_view(&s->body));
	return PIPGATE_OK;
}

static enum pipgate_status on_fail(struct stream *s)
{
	static const struct {
		const char *class;
		enum pipgate_status status;
	} classes[] = {
		{FETCH_CLASS_JOB, PIPGATE_INVALID},     {FETCH_CLASS_FILE, PIPGATE_FAILED}, {FETCH_CLASS_NETWORK, PIPGATE_FAILED},
		{FETCH_CLASS_HTTP, PIPGATE_FAILED},     {FETCH_CLASS_TLS, PIPGATE_FAILED},  {FETCH_CLASS_ARCHIVE, PIPGATE_INVALID},
		{FETCH_CLASS_LIMIT, PIPGATE_LIMIT},    {FETCH_CLASS_SIGNATURE, PIPGATE_INVALID},
	};
	struct span class = buf_view(&s->name), text = buf_view(&s->body);

	if (span_is(class, FETCH_CLASS_UNCHANGED)) {
		if (!s->job->etag.n || s->result->items)
			return fault(s, "says unchanged where nothing was known");
		s->result->unchanged = s->ended = true;
		return PIPGATE_OK;
	}
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (span_is(class, classes[i].class)) {
			s->failed = true;
			return error_set(s->error, classes[i].status, "%s: " SPAN_FMT, classes[i].class, SPAN_ARG(text));
		}
	}
	return fault(s, "fails for a reason that is not in the protocol");
}

static enum pipgate_status on_done(struct stream *s)
{
	if (!s->meta)
		return fault(s, "says DONE before META");
	if (s->body.n != FETCH_DONE_BYTES)
		return fault(s, "a DONE of the wrong length");
	if (little_endian(s->body.p, 8) != s->result->items || little_endian(s->body.p + 8, 8) != s->result->bytes)
		return fault(s, "sent other items than DONE counts");
	memcpy(s->result->sha256, s->body.p + 16, sizeof(s->result->sha256));
	s->ended = true;
	return PIPGATE_OK;
}

static const struct kind {
	const char *tag;
	uint32_t name_most;
	uint64_t body_most;
	enum pipgate_status (*take)(struct stream *s);
} kinds[] = {
	{FETCH_ITEM, FETCH_NAME_MAX, FETCH_ITEM_MAX, on_item},
	{FETCH_SKIP, FETCH_NAME_MAX, FETCH_TEXT_MAX, on_skip},
	{FETCH_NOTE, 0, FETCH_TEXT_MAX, on_note},
	{FETCH_HELO, 16, FETCH_TEXT_MAX, on_helo},
	{FETCH_META, FETCH_NAME_MAX, FETCH_TEXT_MAX, on_meta},
	{FETCH_FAIL, 16, FETCH_TEXT_MAX, on_fail},
	{FETCH_DONE, 0, FETCH_DONE_BYTES, on_done},
};

static const struct kind *kind_find(const char tag[4])
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (memcmp(tag, kinds[i].tag, 4) == 0)
			return &kinds[i];
	return NULL;
}

static void job_begin(struct stream *s, const struct transport_job *job)
{
	*s->result = (struct transport_result){.date = -1, .answered = -1};
	s->job = job;
	s->max_bytes = job->max_bytes ? job->max_bytes : TRANSPORT_BYTES;
	s->max_entries = job->max_entries ? job->max_entries : TRANSPORT_ENTRIES;
	s->entries = 0;
	s->meta = s->ended = s->failed = false;
}

/* The job that these frames may belong to. Of many: the one whose frames have begun, else any that has no answer yet. */
static bool job_is(struct stream *s, uint32_t number)
{
	struct frames_many *many = s->many;

	if (!many)
		return number == FRAMES_JOB;
	if (many->begun)
		return number == many->current + 1;
	if (number < 1 || number > many->n || many->answered[number - 1])
		return false;
	many->current = number - 1;
	many->begun = true;
	job_begin(s, &many->jobs[many->current]);
	return true;
}

static enum pipgate_status frame_take(struct stream *s)
{
	const struct kind *kind;
	uint64_t name_n, body_n;
	uint32_t number;

	buf_clear(&s->name);
	buf_clear(&s->body);
	if (take(s, FETCH_HEADER_BYTES, &s->body) != PIPGATE_OK)
		return PIPGATE_FAILED;
	kind = kind_find(s->body.p);
	number = (uint32_t)little_endian(s->body.p + 4, 4);
	name_n = little_endian(s->body.p + 8, 4);
	body_n = little_endian(s->body.p + 16, 8);
	if (!kind || little_endian(s->body.p + 12, 4) != 0)
		return fault(s, "sent what is not a frame");
	if (name_n > kind->name_most || body_n > kind->body_most)
		return fault(s, "a frame longer than its kind may be");
	if (kind->take == on_helo ? number != 0 : !job_is(s, number))
		return fault(s, "answers another job");
	if (s->helo == (kind->take == on_helo))
		return fault(s, "does not begin with HELO, or says it twice");
	buf_clear(&s->body);
	if (take(s, name_n, &s->name) != PIPGATE_OK || take(s, body_n, &s->body) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return kind->take(s);
}

static enum pipgate_status frames_take(struct stream *s)
{
	while (!s->ended) {
		enum pipgate_status status;

		if (!s->n && fill(s) != PIPGATE_OK)
			return PIPGATE_FAILED;
		if (!s->n)
			return fault(s, "ended before it was done");
		status = frame_take(s);
		if (status != PIPGATE_OK)
			return status;
	}
	if (!s->n && fill(s) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return s->n ? fault(s, "sent something behind DONE") : PIPGATE_OK;
}

/* A job of many is over, by DONE or by its own FAIL. */
static enum pipgate_status job_end(struct stream *s, enum pipgate_status status)
{
	struct frames_many *many = s->many;

	many->begun = false;
	many->answered[many->current] = true;
	many->left--;
	status = many->sink->done(many->sink->ctx, many->current, status, s->result, s->error);
	s->ended = s->failed = false;
	return status;
}

static enum pipgate_status frames_take_many(struct stream *s)
{
	enum pipgate_status status = PIPGATE_OK;

	while (s->many->left && status == PIPGATE_OK) {
		if (!s->n && fill(s) != PIPGATE_OK)
			return PIPGATE_FAILED;
		if (!s->n)
			return fault(s, "ended before it was done");
		status = frame_take(s);
		if (status == PIPGATE_OK ? s->ended : s->failed)
			status = job_end(s, status);
	}
	if (status != PIPGATE_OK)
		return status;
	if (!s->n && fill(s) != PIPGATE_OK)
		return PIPGATE_FAILED;
	return s->n ? fault(s, "sent something behind the last job") : PIPGATE_OK;
}

static struct stream *stream_new(int fd, int64_t deadline, struct transport_result *result, struct pipgate_error *error)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s) {
		error_set(error, PIPGATE_NO_MEMORY, "pipgate-fetch: no memory");
		return NULL;
	}
	s->fd = fd;
	s->deadline = deadline;
	s->result = result;
	s->error = error;
	buf_init(&s->name, NULL, FETCH_NAME_MAX);
	buf_init(&s->body, NULL, FETCH_ITEM_MAX);
	return s;
}

static void stream_free(struct stream *s)
{
	buf_fini(&s->name);
	buf_fini(&s->body);
	free(s);
}

enum pipgate_status frames_read(int fd, int64_t deadline, const struct transport_job *job, const struct transport_sink *sink,
				struct transport_result *result, struct pipgate_error *error)
{
	struct stream *s = stream_new(fd, deadline, result, error);
	enum pipgate_status status;

	*result = (struct transport_result){.date = -1, .answered = -1};
	if (!s)
		return PIPGATE_NO_MEMORY;
	s->sink = sink;
	job_begin(s, job);
	status = frames_take(s);
	stream_free(s);
	return status;
}

enum pipgate_status frames_read_many(int fd, int64_t deadline, struct frames_many *many, struct pipgate_error *error)
{
	struct transport_result result;
	struct stream *s = stream_new(fd, deadline, &result, error);
	enum pipgate_status status;

	if (!s)
		return PIPGATE_NO_MEMORY;
	s->many = many;
	many->left = many->n;
	many->begun = false;
	many->answered = calloc(many->n ? many->n : 1, sizeof(*many->answered));
	status = many->answered ? frames_take_many(s) : error_set(error, PIPGATE_NO_MEMORY, "pipgate-fetch: no memory");
	free(many->answered);
	many->answered = NULL;
	stream_free(s);
	return status;
}
