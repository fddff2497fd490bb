/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One place over http or https, a request at a time, so that one alone (http_get) and many at once (together.c) go the same way
 * through redirects and tries. Whoever drives it calls transfer_begin(), lets curl run the handle, and asks transfer_end() for what
 * comes next.
 */
#ifndef FETCH_TRANSFER_H
#define FETCH_TRANSFER_H

#include <curl/curl.h>

#include "wrapper/fetch/http.h"

struct transfer;

/* NULL: the fetch holds class and text. All three are borrowed until transfer_free(). */
struct transfer *transfer_new(struct fetch *fetch, const struct http_taker *taker, struct http_answer *answer);
void transfer_free(struct transfer **transfer);
CURL *transfer_easy(const struct transfer *transfer);

/* The next request is set up; another code than CURLE_OK goes to transfer_end() as if curl had given it. */
CURLcode transfer_begin(struct transfer *transfer);

enum transfer_next { TRANSFER_FAILED = 0, TRANSFER_DONE, TRANSFER_AGAIN };
/* AGAIN: begin anew after *wait milliseconds. FAILED: the fetch holds class and text. */
enum transfer_next transfer_end(struct transfer *transfer, CURLcode code, int64_t *wait);

#endif
