/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live sources of advisories (-s NAME): asked once for all components, over pipgate-fetch; the answer is one cursor over compiled
 * rows. The matcher knows no difference to the database, and it decides what applies: a service that says which records name a
 * distribution is believed, one that would say which version is affected is asked for the record where it has one.
 *
 * A service that is down, cut, slow or talks nonsense is an error that names it ("could not ask osv: …"), never "nothing found".
 */
#ifndef WRAPPER_SERVICE_H
#define WRAPPER_SERVICE_H

#include "wrapper/memory.h"

#define SERVICE_OSV_URL "https://api.osv.dev/v1/query" /* --osv-url's default, as pip-audit has it */
#define SERVICE_TIMEOUT 15                             /* seconds for one answer, its retries included; --timeout's default */

struct service_settings {
	const char *name;      /* "osv", "pypi", "esms" */
	const char *osv_url;   /* --osv-url; NULL: SERVICE_OSV_URL */
	const char *index_url; /* of pypi: pip's index, ending in /simple (wrapper/pip/index.h); NULL: none is known, an error */
	const char *cache_dir; /* --cache-dir; NULL: the user's (XDG_CACHE_HOME/pipgate) */
	unsigned timeout;      /* seconds; 0: SERVICE_TIMEOUT */
	bool no_cache;         /* nothing is taken from the cache or kept in it */
};

struct service; /* lives in the run */

/* Components without a version are not asked about. INVALID: no such service, or settings that cannot be used. */
enum pipgate_status service_ask(struct pipgate_run *run, const struct service_settings *settings,
	const struct pipgate_component *components, size_t n, struct service **out, struct pipgate_error *error) PIPGATE_MUST_USE;

struct pipgate_cursor service_cursor(struct service *service);
/* As database_text(): the advisory as OSV JSON, what is shown of it; n 0: it did not send that id. */
enum pipgate_status service_text(struct service *service, struct span id, struct span *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* Why components[index] could not be audited by this service (it does not know the release); NULL: it was. In pip-audit's words. */
const char *service_skipped(const struct service *service, size_t index);
/* "osv (https://api.osv.dev)": what the report's first line calls it, without user and password. */
const char *service_title(const struct service *service);
void service_free(struct service **service);

/* The names there are, as pip-audit has them; ends with NULL. */
extern const char *const service_names[];

#endif
