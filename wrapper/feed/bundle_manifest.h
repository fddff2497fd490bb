/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's manifest, pipgate.json (docs/bundle.md): what `db export` writes and the feed pipgate= reads. Knows no file. */
#ifndef WRAPPER_FEED_BUNDLE_MANIFEST_H
#define WRAPPER_FEED_BUNDLE_MANIFEST_H

#include "matcher/base/buf.h"
#include "wrapper/database/database.h"

#define BUNDLE_MANIFEST "pipgate.json"
#define BUNDLE_SCHEMA "pipgate/bundle/1"
#define BUNDLE_MANIFEST_BYTES ((size_t)1 << 20)
#define BUNDLE_POLICY_BYTES ((int64_t)1 << 20)
#define BUNDLE_PARTS 16            /* there are two; later versions may have more */
#define BUNDLE_PATH "sha256-"      /* a part's file: this and its digest, so that parts of all versions stand side by side */
#define BUNDLE_PATH_CHARS 71       /* with its 64 digits */
#define BUNDLE_DATABASE "database" /* the compiled file itself */
#define BUNDLE_POLICY "policy"

struct bundle_part {
	struct span name, sha256; /* hex */
	char path[BUNDLE_PATH_CHARS + 1];
	int64_t size;
};
struct bundle {
	int64_t serial;           /* from 1 on; a later one of the same place is larger */
	int64_t created, expires; /* seconds since 1970 */
	struct bundle_part parts[BUNDLE_PARTS];
	size_t n_parts;
};

/* Spans live as long as the run. INVALID: it is none; a path that is not that of its digest, too. */
enum pipgate_status bundle_parse(struct pipgate_run *run, struct span text, struct bundle *out, struct pipgate_error *error) PIPGATE_MUST_USE;
/* info: of the database that it carries. */
void bundle_write(struct buf *out, const struct bundle *bundle, const struct database_info *info);
/* NULL: it has none of that name. */
const struct bundle_part *bundle_part(const struct bundle *bundle, const char *name);
/* The copy of the manifest that a signature's trusted comment names, by its digest. A name and no more: it is not verified. */
bool bundle_manifest_named(struct span signature, char path[BUNDLE_PATH_CHARS + 1]) PIPGATE_MUST_USE;
#define BUNDLE_NAMED "manifest:" /* a word of the comment begins so; tabs between words */
/* Sets sha256 and path. */
void bundle_part_digest(struct pipgate_run *run, struct bundle_part *part, const unsigned char sha256[32]);

#endif
