/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's side of pipgate-fetch: starts it, writes one job, reads its frames with a deadline, enforces every limit a
 * second time. It moves bytes to a sink and knows no feed and no advisory.
 *
 * pipgate-fetch is found beside /proc/self/exe, else in the compiled PIPGATE_LIBEXEC; never by PATH or environment.
 *
 * A job counts only when transport_run() gives PIPGATE_OK: DONE came, its item count and byte total are what was
 * received, nothing came behind it, and the program ended with 0. Whatever the sink took before another status must be
 * thrown away: the last good data stay.
 *
 * Deviation: the digest of DONE is recorded, not computed again. This program links no libcrypto (start-up time at every
 * pip call), and the bytes come over a pipe from a child of ours: count and byte total show a cut stream, a second
 * SHA-256 would show only a child that lies, which could as well lie about the items.
 */
#ifndef WRAPPER_FEED_TRANSPORT_H
#define WRAPPER_FEED_TRANSPORT_H

#include "matcher/base/span.h"

/* get: the bytes of place, in ITEMs of at most 16 MiB, in order, all with one name (the last part of place).
 * unpack: place is a zip, a tar.gz or the gzip of one file; one item a regular entry (a lone gzip: ITEMs as for get).
 * query: POSTs body to place; the answer as for get.
 * verify, sign, keygen: wrapper/signature.h.
 * place: an http or https address, or a path. Addresses may carry credentials: they go to the child's stdin alone. */
struct transport_job {
	const char *verb;
	struct span place;
	struct span etag;           /* of the last good copy; n 0: fetch in any case */
	struct span suffix, prefix; /* unpack: only entries whose names end and start so, n 0: all; a folder of prefix
	                               written * stands for any one folder. No prefix: silent; no suffix: a skip */
	struct span body;           /* query; verify and sign, where there is no place */
	struct span accept;         /* media types; n 0: whatever there is */
	struct span authority, client, proxy; /* files of certificates to trust and to show, a proxy's address; n 0: as curl has it */
	bool netrc;                 /* the user's netrc knows a password */
	bool trusted;               /* the host's certificate is not looked at (pip's trusted-host); no redirect leaves it */
	struct span signature, public_key, secret_key, comment; /* of verify and sign (wrapper/signature.h): texts */
	uint64_t max_bytes;         /* of all items, and of what is downloaded; 0: TRANSPORT_BYTES */
	uint32_t max_entries;       /* 0: TRANSPORT_ENTRIES; entries not sent count too */
	uint32_t max_ratio;         /* unpacked : packed of the whole container; 0: TRANSPORT_RATIO */
	uint32_t deadline_ms;       /* for the whole job; 0: TRANSPORT_DEADLINE_MS */
	bool pieces;                /* unpack: what is larger than an ITEM comes in several, of one name, one after the other */
};

#define TRANSPORT_BYTES ((uint64_t)2 << 30) /* OSV's all.zip for PyPI unpacks to some 100 MiB */
#define TRANSPORT_ENTRIES 1000000u          /* PyPI has some 30,000 advisories */
#define TRANSPORT_RATIO 200u                /* advisories pack 3 to 20 times; deflate's own bound is 1032 */
#define TRANSPORT_DEADLINE_MS 300000u

/* Names, bodies, reasons and texts are borrowed for the call, and are bytes from outside: escape what is shown. */
struct transport_sink {
	void *ctx;
	/* An item. Another status than OK ends the job with that status and the sink's error. NULL: items are dropped. */
	enum pipgate_status (*item)(void *ctx, struct span name, struct span body, struct pipgate_error *error);
	void (*skip)(void *ctx, struct span name, struct span reason); /* an entry that was not sent; may be NULL */
	void (*note)(void *ctx, struct span text);                     /* progress, a few a second at most; may be NULL */
};

struct transport_result {
	char etag[256];   /* "" where the server gave none, or one too long to keep */
	char place[4096]; /* after redirects */
	int64_t date;     /* Last-Modified or the file's mtime, seconds since 1970; -1: unknown */
	int64_t answered;         /* when, by the server's clock (Date); -1: unknown */
	uint64_t items, bytes;
	unsigned char sha256[32]; /* of all bodies, one after the other (see the deviation above) */
	bool unchanged;           /* the etag still holds: no items, status OK */
};

#define TRANSPORT_HEX 65
/* A digest in hexadecimal digits, into out. */
const char *transport_hex(const unsigned char sha256[32], char out[TRANSPORT_HEX]);

/* Errors read "class: text" with pipgate-fetch's class (network, http, tls, archive, limit), else "pipgate-fetch: text". */
enum pipgate_status transport_run(const struct transport_job *job, const struct transport_sink *sink,
				  struct transport_result *result, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- many small answers ---- */

#define TRANSPORT_TOGETHER_BYTES ((uint64_t)16 << 20) /* of one of many: an answer waits whole until it is sent on */

/* item: a piece of the body of jobs[index], in order. done: that job is over; with another status than OK its body is nothing, and
 * error says why, as for transport_run(). Each is called for one job after the other, never for two in turns. Another status
 * than OK ends everything with that status and error. */
struct transport_many_sink {
	void *ctx;
	enum pipgate_status (*item)(void *ctx, size_t index, struct span body, struct pipgate_error *error);
	enum pipgate_status (*done)(void *ctx, size_t index, enum pipgate_status status, const struct transport_result *result,
		struct pipgate_error *error);
};

/* Several gets and queries of addresses in one child, some at once over few connections (HTTP/2 where the server has it), answered
 * in any order. max_bytes 0: TRANSPORT_TOGETHER_BYTES, which is also the most. A job's deadline begins when its turn comes;
 * deadline_ms is for all of them. OK: each has had its done(), well or not. */
enum pipgate_status transport_many(const struct transport_job *jobs, size_t n, uint32_t deadline_ms, const struct transport_many_sink *sink,
				   struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
