/* SPDX-License-Identifier: Apache-2.0 */
/* What the services share while they ask: whom about what, requests that run together, what came back. One file each, one row in
 * service.c. */
#ifndef WRAPPER_SERVICE_ASKING_H
#define WRAPPER_SERVICE_ASKING_H

#include "matcher/base/buf.h"
#include "matcher/base/json.h"
#include "wrapper/cache.h"
#include "wrapper/feed/transport.h"
#include "wrapper/service/service.h"

#define SERVICE_PATIENCE_MS 600000u /* for everything: thousands of records from a slow server end some time */
#define SERVICE_PAGES 100           /* of one name's answer; the largest has some 10 */
#define SERVICE_BYTES ((uint64_t)2 << 30) /* of all answers; OSV has some 100 MiB for PyPI, an index some 100 KiB for a version */
#define SERVICE_ID_MAX 128          /* of an advisory's id; the longest known has 40 characters */

struct release { /* one thing to ask about */
	struct span name, version; /* normalized; canonical (as written where it is no version) */
};

struct asking;
struct request;
/* An answer as it comes, borrowed for the call. Another status than OK ends everything with it and the error, as it stands. */
typedef enum pipgate_status service_taker(struct asking *asking, const struct request *request, struct span body,
	struct pipgate_error *error);

struct asking {
	struct pipgate_run *run;
	const struct service_settings *settings;
	const char *name, *title; /* "osv", "osv (https://…)" */
	unsigned timeout_ms;
	struct cache cache;
	const struct release *releases; /* each once, by name, then version */
	size_t n_releases;
	service_taker *take; /* NULL: answers stay in the run, in request.body */
	void *ctx;           /* take's */
	/* while it asks */
	uint64_t received; /* bytes of all answers */
	int64_t oldest;    /* answered, of all that tell it; 0: none did */
	/* out */
	struct list advisories;     /* of struct pipgate_advisory; an id comes once */
	const char **skipped;       /* one a release; NULL: it was answered */
};

/* ---- requests ---- */

struct request {
	struct transport_job job; /* verb, place, etag, body are the asker's */
	const char *about;        /* for errors: "jinja2 2.10", "PYSEC-2021-1" */
	const void *ctx;          /* the asker's own */
	bool may_lack;            /* 404 is an answer */
	bool may_refuse;          /* so is 405 or 501: the server does not have this way of asking */
	/* out */
	bool lacks, unchanged;
	struct span body;
	const char *etag;         /* "": none */
	int64_t date, answered;   /* Last-Modified, and the server's clock at its answer; -1 */
};

/* All of them, some at once. An error names the service and what was asked about; the others are given up then. */
enum pipgate_status requests_run(struct asking *asking, struct request *requests, size_t n, struct pipgate_error *error) PIPGATE_MUST_USE;

/* The body as JSON (*out is for cJSON_Delete); errors as above. */
enum pipgate_status answer_parse(const struct asking *asking, const char *about, struct span body, cJSON **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* INVALID, "could not understand SERVICE about ABOUT: WHAT". */
enum pipgate_status answer_strange(const struct asking *asking, const char *about, const char *what, struct pipgate_error *error);

/* ---- what came back ---- */

/* An OSV record → advisories. wanted: the id it must have; n 0: any. Another copy of one that is there is dropped. */
enum pipgate_status record_take(struct asking *asking, const char *about, struct span wanted, struct span json,
	struct pipgate_advisory *out, struct pipgate_error *error) PIPGATE_MUST_USE;

/* A service that says which release is affected, without ranges: the same, made of its words. */
struct claim {
	struct span id, summary, details, published;
	struct span modified, withdrawn; /* n 0: not told; not withdrawn */
	struct span name, version;
	struct list aliases, fixed; /* of struct span */
};
/* Several releases of one name may be claimed by one id: they become one advisory, which is withdrawn where all claims of it are; else
 * those count that are not. */
enum pipgate_status claims_take(struct asking *asking, const struct claim *claims, size_t n, struct pipgate_error *error) PIPGATE_MUST_USE;

/* Text for a URL's path: all but the unreserved characters of RFC 3986 as %XX. */
const char *url_escape(struct pipgate_run *run, struct span text);
/* Without user and password, query and fragment: for people and for the cache's keys. */
const char *url_public(struct pipgate_run *run, const char *url);

/* ---- the JSON API of an index ---- */

/* Where it is: "…/simple" has it at "…/pypi". NULL: the address does not end so. */
const char *index_json_root(struct pipgate_run *run, const char *index);
/* Of a release, below that root. */
const char *index_json_path(struct pipgate_run *run, const struct release *release);
/* What an answer says of the release becomes claims. kept, not NULL: takes what of the answer is worth keeping. */
enum pipgate_status index_json_read(struct asking *asking, const char *about, const struct release *release, struct span body,
	struct list *claims, struct span *kept, struct pipgate_error *error) PIPGATE_MUST_USE;

/* ---- the kinds ---- */

enum pipgate_status osv_ask(struct asking *asking, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status pypi_ask(struct asking *asking, struct pipgate_error *error) PIPGATE_MUST_USE;
enum pipgate_status esms_ask(struct asking *asking, struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
