/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a service: over pipgate-fetch, many at once, and the words for what goes wrong. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "wrapper/service/asking.h"

#include "shims/hook/protocol.h"

#include "matcher/base/banned.h"

struct running {
	struct asking *asking;
	struct request *requests;
	struct buf body;   /* of the one whose pieces come */
	const char *about; /* of the one that failed */
	bool told;         /* the error stands as it is */
};

static enum pipgate_status on_item(void *ctx, size_t index, struct span body, struct pipgate_error *error)
{
	struct running *running = ctx;

	(void)index;
	buf_span(&running->body, body);
	if (buf_status(&running->body) == PIPGATE_NO_MEMORY)
		die_no_memory();
	return buf_status(&running->body) == PIPGATE_OK ? PIPGATE_OK : error_set(error, PIPGATE_LIMIT, "an answer is too large");
}

/* The status that the server answered with; 0: it was something else. */
static unsigned answered(const struct pipgate_error *error)
{
	const char *at = strstr(error->text, ": " FETCH_ANSWERED);
	char *end;
	unsigned long status;

	if (!at)
		return 0;
	status = strtoul(at + 2 + strlen(FETCH_ANSWERED), &end, 10);
	return *end || status > 999 ? 0 : (unsigned)status;
}

static enum pipgate_status answer_take(struct running *running, struct request *r, struct pipgate_error *error)
{
	struct asking *asking = running->asking;
	struct span body = buf_view(&running->body);
	enum pipgate_status status = PIPGATE_OK;

	asking->received += body.n;
	if (asking->received > SERVICE_BYTES)
		return error_set(error, PIPGATE_LIMIT, "its answers are more than %" PRIu64 " bytes", SERVICE_BYTES);
	if (r->answered > 0 && (!asking->oldest || r->answered < asking->oldest))
		asking->oldest = r->answered;
	if (!asking->take) {
		r->body = must_span(arena_copy(asking->run, body));
	} else {
		status = asking->take(asking, r, body, error);
		running->told = status != PIPGATE_OK;
	}
	return status;
}

static enum pipgate_status on_done(void *ctx, size_t index, enum pipgate_status status, const struct transport_result *result,
	struct pipgate_error *error)
{
	struct running *running = ctx;
	struct request *r = &running->requests[index];

	if (status == PIPGATE_OK) {
		r->unchanged = result->unchanged;
		r->etag = text_copy(running->asking->run, span_of(result->etag));
		r->date = result->date;
		r->answered = result->answered;
		status = answer_take(running, r, error);
	} else {
		unsigned code = answered(error);

		r->lacks = (r->may_lack && code == 404) || (r->may_refuse && (code == 404 || code == 405 || code == 501));
		if (!r->lacks)
			running->about = r->about;
	}
	buf_clear(&running->body);
	return r->lacks ? PIPGATE_OK : status;
}

enum pipgate_status requests_run(struct asking *asking, struct request *requests, size_t n, struct pipgate_error *error)
{
	struct running running = {.asking = asking, .requests = requests};
	const struct transport_many_sink sink = {&running, on_item, on_done};
	struct transport_job *jobs = must(arena_array(asking->run, n + 1, sizeof(*jobs)));
	enum pipgate_status status;

	for (size_t i = 0; i < n; i++) {
		requests[i].lacks = requests[i].unchanged = false;
		requests[i].etag = "";
		jobs[i] = requests[i].job;
		jobs[i].deadline_ms = asking->timeout_ms;
	}
	buf_init(&running.body, NULL, (size_t)TRANSPORT_TOGETHER_BYTES);
	status = transport_many(jobs, n, SERVICE_PATIENCE_MS, &sink, error);
	buf_fini(&running.body);
	if (status == PIPGATE_OK || running.told)
		return status;
	error_before(error, "could not ask %s%s%s", asking->title, running.about ? " about " : "", running.about ? running.about : "");
	return status;
}

enum pipgate_status answer_strange(const struct asking *asking, const char *about, const char *what, struct pipgate_error *error)
{
	return error_set(error, PIPGATE_INVALID, "could not understand what %s answered about %s: %s", asking->title, about, what);
}

enum pipgate_status answer_parse(const struct asking *asking, const char *about, struct span body, cJSON **out,
	struct pipgate_error *error)
{
	struct pipgate_error why = {""};
	enum pipgate_status status = json_parse(body, out, &why);

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	return status == PIPGATE_OK ? status : answer_strange(asking, about, why.text, error);
}

/* ---- addresses ---- */

const char *url_escape(struct pipgate_run *run, struct span text)
{
	char *out = must(arena_alloc(run, text.n * 3 + 1)), *p = out;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (ascii_alpha((char)c) || ascii_digit((char)c) || strchr("-._~", c ? c : '/'))
			*p++ = (char)c;
		else
			p += snprintf(p, 4, "%%%02X", c);
	}
	*p = 0;
	return out;
}

const char *url_public(struct pipgate_run *run, const char *url)
{
	const char *host = strstr(url, "://");
	const char *end, *at = NULL;

	if (!host)
		return "";
	host += 3;
	end = host + strcspn(host, "/?#");
	for (const char *p = host; p < end; p++)
		if (*p == '@')
			at = p + 1;
	if (!at)
		at = host;
	end = at + strcspn(at, "?#");
	return text_format(run, "%.*s%.*s", (int)(host - url), url, (int)(end - at), at);
}
