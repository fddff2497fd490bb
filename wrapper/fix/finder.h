/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the index that pip uses has, told by pip's own finder: one start of the pip's interpreter, asked a line at a time, so that
 * its configuration, credentials, proxies, caches and its rules about Pythons and platforms are pip's own. Nothing is built and
 * nothing is installed: what a source distribution needs is not told.
 */
#ifndef WRAPPER_FIX_FINDER_H
#define WRAPPER_FIX_FINDER_H

#include "wrapper/pip/locate.h"

struct finder;

/* options: words of `pip install` (--index-url URL), NULL-ended; NULL: none. */
enum pipgate_status finder_start(struct pipgate_run *run, const struct pip *pip, char *const *options, struct finder **out,
	struct pipgate_error *error) PIPGATE_MUST_USE;
void finder_end(struct finder **finder);

struct asked_release {
	struct span version;
	bool yanked;
	bool fits;  /* it may be installed on this Python and platform */
	bool wheel; /* as far as it fits */
};
/* In no order. An index that has no such project gives none. */
enum pipgate_status finder_releases(struct finder *finder, struct span name, const struct asked_release **out, size_t *n,
	struct pipgate_error *error) PIPGATE_MUST_USE;
/* Requires-Dist. *known is false of a source distribution without metadata beside it, and of a wheel that is too large to look into. */
enum pipgate_status finder_needs(struct finder *finder, struct span name, struct span version, const struct span **out, size_t *n,
	bool *known, struct pipgate_error *error) PIPGATE_MUST_USE;
/* "sha256:…" of every file of the release, sorted; n 0: the index does not tell that of all of them. */
enum pipgate_status finder_hashes(struct finder *finder, struct span name, struct span version, const struct span **out, size_t *n,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
