/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One place over http or https, by libcurl: certificates are verified, redirects are few and never from https to http,
 * a server that asks for patience is obeyed within the deadline. Proxies and extra certificates come from the
 * environment, as for curl (http_proxy, https_proxy, no_proxy, SSL_CERT_FILE, SSL_CERT_DIR, CURL_CA_BUNDLE).
 */
#ifndef FETCH_HTTP_H
#define FETCH_HTTP_H

#include "wrapper/fetch/run.h"

/* Where the body goes. again: forget what was taken, a new try begins; false: that cannot be. */
struct http_taker {
	void *ctx;
	enum pipgate_status (*take)(void *ctx, const void *bytes, size_t n);
	bool (*again)(void *ctx);
};

struct http_answer {
	char place[FETCH_NAME_MAX + 1]; /* after redirects, by address_public() */
	char etag[256];
	bool gzip;    /* the bytes are packed: Content-Encoding. Asked for by get and query only */
	int64_t date; /* Last-Modified; -1 */
	int64_t answered; /* Date: by the server's clock; -1 */
	uint64_t length;
};

/* The answer is filled before the first byte is taken; length after the last. */
enum pipgate_status http_get(struct fetch *fetch, const struct http_taker *taker, struct http_answer *answer) PIPGATE_MUST_USE;

#endif
