/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/fetch/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "wrapper/fetch/address.h"

#include "matcher/base/banned.h"

#define REDIRECTS 5
#define TRIES 3
#define FIRST_WAIT_MS 300            /* doubled at each try, where the server names no time */
#define CONNECT_MS 15000
#define SLOW_BYTES 100L              /* a second, for SLOW_SECONDS: given up */
#define SLOW_SECONDS 30L
#define HEADERS ((size_t)256 << 10)  /* curl bounds a line, not their number */
#define NOTE_MS 250

/* One place, over all redirects and tries. */
struct transfer {
	struct fetch *fetch;
	const struct http_taker *taker;
	struct http_answer *answer;
	CURL *easy;
	struct curl_slist *headers;
	char *url; /* owned by curl */
	uint64_t received;
	size_t header_bytes;
	int64_t noted;
	bool strange; /* Content-Encoding is not one that was asked for */
	unsigned redirects, tries;
	long status;
	char why[CURL_ERROR_SIZE];
};

/* ---- callbacks ---- */

/* "Name: value" where line is that header. */
static bool header_is(struct span line, struct span name, struct span *value)
{
	if (line.n < name.n || strncasecmp(line.p, name.p, name.n) != 0)
		return false;
	*value = span_trim(span_from(line, name.n));
	return true;
}

/* Only what can be sent back without harm: visible ASCII that fits. */
static void etag_keep(struct http_answer *answer, struct span value)
{
	if (value.n >= sizeof(answer->etag))
		return;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < 0x21 || value.p[i] > 0x7e)
			return;
	if (value.n)
		memcpy(answer->etag, value.p, value.n);
	answer->etag[value.n] = 0;
}

/* Seconds since 1970; -1: it is none. */
static int64_t date_read(struct span value)
{
	char text[64];

	if (value.n >= sizeof(text))
		return -1;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	return curl_getdate(text, NULL);
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	struct span text = {line, size * count}, value;

	t->header_bytes += text.n;
	if (t->header_bytes > HEADERS) {
		fetch_fail(t->fetch, FETCH_CLASS_LIMIT, "the server's headers exceed %zu bytes", HEADERS);
		return 0;
	}
	if (span_starts(text, SPAN("HTTP/"))) {
		t->answer->etag[0] = 0;
		t->answer->answered = -1;
		t->answer->gzip = t->strange = false;
	} else if (header_is(text, SPAN("etag:"), &value)) {
		etag_keep(t->answer, value);
	} else if (header_is(text, SPAN("date:"), &value)) {
		t->answer->answered = date_read(value);
	} else if (header_is(text, SPAN("content-encoding:"), &value)) {
		t->strange |= t->answer->gzip || !(span_equal_nocase(value, SPAN("gzip")) || span_equal_nocase(value, SPAN("identity")));
		t->answer->gzip |= span_equal_nocase(value, SPAN("gzip"));
	}
	return text.n;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t n = size * count;
	long status = 0;
	curl_off_t date = -1;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && t->received == 0) {
		curl_easy_getinfo(t->easy, CURLINFO_FILETIME_T, &date);
		t->answer->date = date;
	}
	if (n > t->fetch->job->max_bytes - t->received) {
		fetch_fail(t->fetch, FETCH_CLASS_LIMIT, "more than %" PRIu64 " bytes", t->fetch->job->max_bytes);
		return 0;
	}
	t->received += n;
	if (status != 200) /* words of an error or a redirect */
		return n;
	if (t->strange) {
		fetch_fail(t->fetch, FETCH_CLASS_HTTP, "the server packs its answer in a way that was not asked for");
		return 0;
	}
	return t->taker->take(t->taker->ctx, bytes, n) == PIPGATE_OK ? n : 0;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct transfer *t = ctx;
	int64_t clock = clock_ms();

	(void)up_total;
	(void)up;
	if (now <= 0 || t->fetch->silent || clock - t->noted < NOTE_MS)
		return 0;
	t->noted = clock;
	if (total > 0)
		frames_note(t->fetch->out, "downloaded %.1f of %.1f MiB", (double)now / 1048576, (double)total / 1048576);
	else
		frames_note(t->fetch->out, "downloaded %.1f MiB", (double)now / 1048576);
	return 0;
}

/* ---- options ---- */

static void certificates_from_environment(CURL *easy)
{
	const char *bundle = getenv("CURL_CA_BUNDLE");
	const char *folder = getenv("SSL_CERT_DIR");

	if (!bundle || !*bundle)
		bundle = getenv("SSL_CERT_FILE");
	if (bundle && *bundle) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, bundle);
		curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, bundle);
	}
	if (folder && *folder) {
		curl_easy_setopt(easy, CURLOPT_CAPATH, folder);
		curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, folder);
	}
}

static CURLcode limit_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static bool header_add(struct transfer *t, const char *name, const char *value)
{
	char line[FETCH_NAME_MAX + 64];
	struct curl_slist *longer;

	snprintf(line, sizeof(line), "%s:%s%s", name, *value ? " " : "", value); /* "Name:" alone takes one of curl's away */
	longer = curl_slist_append(t->headers, line);
	if (longer)
		t->headers = longer;
	return longer != NULL;
}

static bool request_headers(struct transfer *t)
{
	const struct job *job = t->fetch->job;

	for (const char *p = job->etag; *p; p++)
		if (*p < 0x21 || *p > 0x7e)
			return false;
	/* by hand: curl's own unpacking takes a stream that is cut short for a whole one */
	if (job->verb != JOB_UNPACK && !header_add(t, "Accept-Encoding", "gzip"))
		return false;
	if (*job->accept && !header_add(t, "Accept", job->accept))
		return false;
	if (*job->etag && !header_add(t, "If-None-Match", job->etag))
		return false;
	if (job->verb == JOB_QUERY && (!header_add(t, "Content-Type", "application/json") || !header_add(t, "Expect", "")))
		return false;
	return curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

/* What pip is configured with for its index. */
static bool options_of_index(struct transfer *t)
{
	const struct job *job = t->fetch->job;
	const char *netrc = getenv("NETRC");
	CURL *easy = t->easy;

	if (job->netrc && curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL) != CURLE_OK)
		return false;
	if (job->netrc && netrc && *netrc && curl_easy_setopt(easy, CURLOPT_NETRC_FILE, netrc) != CURLE_OK)
		return false;
	if (*job->authority && curl_easy_setopt(easy, CURLOPT_CAINFO, job->authority) != CURLE_OK)
		return false;
	if (*job->client && (curl_easy_setopt(easy, CURLOPT_SSLCERT, job->client) != CURLE_OK ||
		curl_easy_setopt(easy, CURLOPT_SSLKEY, job->client) != CURLE_OK))
		return false;
	return !*job->proxy || curl_easy_setopt(easy, CURLOPT_PROXY, job->proxy) == CURLE_OK;
}

/* What protects must be taken by curl; what it does not know may be missing. */
static bool options_set(struct transfer *t)
{
	const struct job *job = t->fetch->job;
	CURL *easy = t->easy;

	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->why);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "pipgate/" PIPGATE_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	curl_easy_setopt(easy, CURLOPT_FILETIME, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (job->verb == JOB_QUERY) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->body_bytes);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, job->body ? job->body : "");
	}
	certificates_from_environment(easy);
	return request_headers(t) && options_of_index(t) && limit_protocols(easy) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, job->trusted ? 0L : 1L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, job->trusted ? 0L : 2L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)job->max_bytes) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK;
}

/* ---- what came of one request ---- */

enum next { NEXT_DONE, NEXT_REDIRECT, NEXT_AGAIN, NEXT_FAIL };

static const struct code_class {
	CURLcode code;
	const char *class;
	bool again; /* another try may do better */
} code_classes[] = {
	{CURLE_PEER_FAILED_VERIFICATION, FETCH_CLASS_TLS, false},
	{CURLE_SSL_CONNECT_ERROR, FETCH_CLASS_TLS, false},
	{CURLE_SSL_CACERT_BADFILE, FETCH_CLASS_TLS, false},
	{CURLE_SSL_CERTPROBLEM, FETCH_CLASS_TLS, false},
	{CURLE_SSL_CIPHER, FETCH_CLASS_TLS, false},
	{CURLE_SSL_ISSUER_ERROR, FETCH_CLASS_TLS, false},
	{CURLE_SSL_INVALIDCERTSTATUS, FETCH_CLASS_TLS, false},
	{CURLE_SSL_ENGINE_INITFAILED, FETCH_CLASS_TLS, false},
	{CURLE_FILESIZE_EXCEEDED, FETCH_CLASS_LIMIT, false},
	{CURLE_UNSUPPORTED_PROTOCOL, FETCH_CLASS_HTTP, false}, /* HTTP/0.9: no headers */
	{CURLE_URL_MALFORMAT, FETCH_CLASS_JOB, false},
	{CURLE_BAD_CONTENT_ENCODING, FETCH_CLASS_HTTP, false},
	{CURLE_WEIRD_SERVER_REPLY, FETCH_CLASS_HTTP, false},
	{CURLE_COULDNT_CONNECT, FETCH_CLASS_NETWORK, true},
	{CURLE_COULDNT_RESOLVE_HOST, FETCH_CLASS_NETWORK, true},
	{CURLE_GOT_NOTHING, FETCH_CLASS_NETWORK, true},
	{CURLE_SEND_ERROR, FETCH_CLASS_NETWORK, true},
	{CURLE_RECV_ERROR, FETCH_CLASS_NETWORK, true},
	{CURLE_PARTIAL_FILE, FETCH_CLASS_NETWORK, true},
	{CURLE_HTTP2, FETCH_CLASS_NETWORK, true}, /* the connection that many share was cut */
	{CURLE_HTTP2_STREAM, FETCH_CLASS_NETWORK, true},
};

static enum next judge_code(struct transfer *t, CURLcode code)
{
	const char *why = t->why[0] ? t->why : curl_easy_strerror(code);

	if (t->fetch->class || fetch_in_time(t->fetch) != PIPGATE_OK)
		return NEXT_FAIL;
	for (size_t i = 0; i < sizeof(code_classes) / sizeof(code_classes[0]); i++) {
		if (code_classes[i].code != code)
			continue;
		if (!code_classes[i].again)
			fetch_fail(t->fetch, code_classes[i].class, "%s", why);
		return code_classes[i].again ? NEXT_AGAIN : NEXT_FAIL;
	}
	fetch_fail(t->fetch, FETCH_CLASS_NETWORK, "%s", why);
	return NEXT_FAIL;
}

static enum next judge_status(struct transfer *t)
{
	bool query = t->fetch->job->verb == JOB_QUERY;

	switch (t->status) {
	case 200:
		return NEXT_DONE;
	case 304:
		if (*t->fetch->job->etag)
			fetch_fail(t->fetch, FETCH_CLASS_UNCHANGED, "not changed since the last time");
		break;
	case 301:
	case 302:
	case 303:
		if (!query) /* these would turn a POST into a GET */
			return NEXT_REDIRECT;
		break;
	case 307:
	case 308:
		return NEXT_REDIRECT;
	case 408:
	case 429:
	case 502:
	case 503:
	case 504:
		return NEXT_AGAIN;
	default:
		break;
	}
	fetch_fail(t->fetch, FETCH_CLASS_HTTP, FETCH_ANSWERED "%ld", t->status);
	return NEXT_FAIL;
}

/* ---- the way from request to request ---- */

static enum pipgate_status redirect(struct transfer *t)
{
	char *to = NULL, *next;

	curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &to); /* curl's own */
	if (!to)
		return fetch_fail(t->fetch, FETCH_CLASS_HTTP, FETCH_ANSWERED "%ld without saying where to", t->status);
	if (++t->redirects > REDIRECTS)
		return fetch_fail(t->fetch, FETCH_CLASS_HTTP, "more than %d redirects", REDIRECTS);
	if (!address_is(to, "https") && !(address_is(to, "http") && address_is(t->url, "http")))
		return fetch_fail(t->fetch, FETCH_CLASS_HTTP, "redirected from %s to another scheme: refused",
				  address_is(t->url, "https") ? "https" : "http");
	next = address_next(t->url, to);
	if (next && (t->fetch->job->trusted || *t->fetch->job->client) && !address_same(t->url, next)) { /* neither is for another host */
		curl_free(next);
		return fetch_fail(t->fetch, FETCH_CLASS_HTTP,
			"redirected to another host, which is not the one that is trusted or shown a certificate: refused");
	}
	if (!next)
		return fetch_fail(t->fetch, FETCH_CLASS_HTTP, "redirected to what is no address");
	curl_free(t->url);
	t->url = next;
	return PIPGATE_OK;
}

/* When the next try begins, or a failure: too many, no time for it, or bytes are out that cannot be called back. */
static enum pipgate_status again(struct transfer *t, CURLcode code, int64_t *wait)
{
	curl_off_t seconds = 0;
	int64_t left = t->fetch->deadline - clock_ms();
	char why[CURL_ERROR_SIZE + 64];
	const char *class = code == CURLE_OK ? FETCH_CLASS_HTTP : FETCH_CLASS_NETWORK;

	*wait = (int64_t)FIRST_WAIT_MS << t->tries;
	if (code == CURLE_OK)
		snprintf(why, sizeof(why), FETCH_ANSWERED "%ld", t->status);
	else
		snprintf(why, sizeof(why), "%s", t->why[0] ? t->why : curl_easy_strerror(code));
	if (code == CURLE_OK)
		curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &seconds);
	if (seconds > 0)
		*wait = seconds > 86400 ? 86400000 : (int64_t)seconds * 1000;
	if (++t->tries >= TRIES || !t->taker->again(t->taker->ctx))
		return fetch_fail(t->fetch, class, "%s", why);
	if (*wait >= left)
		return fetch_fail(t->fetch, class, "%s, and asks to come back in %" PRId64 " s: later than this job may take", why, *wait / 1000);
	if (!t->fetch->silent)
		frames_note(t->fetch->out, "%s: again in %.1f s", why, (double)*wait / 1000);
	return PIPGATE_OK;
}

/* curl counts on a clock of its own: a little later than ours, so that the deadline is ours to call. */
#define CURL_CLOCK_MS 10

CURLcode transfer_begin(struct transfer *t)
{
	int64_t left = t->fetch->deadline - clock_ms();

	t->received = t->header_bytes = 0;
	t->status = 0;
	t->why[0] = 0;
	address_public(t->url, t->answer->place);
	if (left <= 0)
		return CURLE_OPERATION_TIMEDOUT;
	if (curl_easy_setopt(t->easy, CURLOPT_URL, t->url) != CURLE_OK ||
	    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)left + CURL_CLOCK_MS) != CURLE_OK)
		return CURLE_OUT_OF_MEMORY;
	return CURLE_OK;
}

enum transfer_next transfer_end(struct transfer *t, CURLcode code, int64_t *wait)
{
	*wait = 0;
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
	switch (code == CURLE_OK ? judge_status(t) : judge_code(t, code)) {
	case NEXT_DONE:
		t->answer->length = t->received;
		return TRANSFER_DONE;
	case NEXT_REDIRECT:
		return redirect(t) == PIPGATE_OK ? TRANSFER_AGAIN : TRANSFER_FAILED;
	case NEXT_AGAIN:
		return again(t, code, wait) == PIPGATE_OK ? TRANSFER_AGAIN : TRANSFER_FAILED;
	case NEXT_FAIL:
		break;
	}
	return TRANSFER_FAILED;
}

void transfer_free(struct transfer **transfer)
{
	struct transfer *t = *transfer;

	*transfer = NULL;
	if (!t)
		return;
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	curl_free(t->url);
	free(t);
}

struct transfer *transfer_new(struct fetch *fetch, const struct http_taker *taker, struct http_answer *answer)
{
	struct transfer *t = calloc(1, sizeof(*t));

	answer->date = answer->answered = -1;
	if (!t || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(t->easy = curl_easy_init())) {
		fetch_fail(fetch, FETCH_CLASS_NETWORK, "libcurl cannot start");
		goto fail;
	}
	t->fetch = fetch;
	t->taker = taker;
	t->answer = answer;
	t->noted = clock_ms();
	if (!address_is(fetch->job->place, "http") && !address_is(fetch->job->place, "https")) {
		fetch_fail(fetch, FETCH_CLASS_JOB, "an address must begin with http:// or https://");
		goto fail;
	}
	t->url = address_next(fetch->job->place, fetch->job->place);
	if (!t->url)
		fetch_fail(fetch, FETCH_CLASS_JOB, "the place is not a proper address");
	else if (!options_set(t))
		fetch_fail(fetch, FETCH_CLASS_JOB, "libcurl does not take the job's options");
	else
		return t;
fail:
	transfer_free(&t);
	return NULL;
}

CURL *transfer_easy(const struct transfer *t)
{
	return t->easy;
}

/* ---- one alone ---- */

static void sleep_ms(int64_t ms)
{
	struct timespec rest = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
		;
}

enum pipgate_status http_get(struct fetch *fetch, const struct http_taker *taker, struct http_answer *answer)
{
	struct transfer *t = transfer_new(fetch, taker, answer);
	enum transfer_next next = t ? TRANSFER_AGAIN : TRANSFER_FAILED;
	int64_t wait = 0;

	while (next == TRANSFER_AGAIN) {
		CURLcode code;

		sleep_ms(wait);
		code = transfer_begin(t);
		if (code == CURLE_OK)
			code = curl_easy_perform(t->easy);
		next = transfer_end(t, code, &wait);
	}
	transfer_free(&t);
	return next == TRANSFER_DONE ? PIPGATE_OK : PIPGATE_FAILED;
}
