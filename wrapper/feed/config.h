/* SPDX-License-Identifier: Apache-2.0 */
/* Which feeds there are: --feeds FILE, PIPGATE_FEEDS (words), the policy's `feeds`, the user's feeds.yaml, /etc/pipgate/feeds.yaml, or
 * OSV's own. A policy that locks `feeds` stands before all others. The first that says something says all. */
#ifndef WRAPPER_FEED_CONFIG_H
#define WRAPPER_FEED_CONFIG_H

#include "wrapper/feed/feed.h"
#include "wrapper/memory.h"

struct feeds {
	struct list list;  /* of struct feed_source */
	const char *from;  /* for messages: a file, PIPGATE_FEEDS, "the built-in feed" */
};
/* file: of --feeds, or NULL. INVALID: 42 is due; names file, line and column. Everything lives in the run. */
enum pipgate_status feeds_find(struct pipgate_run *run, const char *file, struct feeds *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* KIND=PLACE words; sources of one kind are called osv, osv-2, … */
enum pipgate_status feeds_of_words(struct pipgate_run *run, char *const *words, size_t n, struct feeds *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
