/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The feed pipgate=: a bundle that `pipgate db export` made, from an address or a folder. It is no source of records but a whole
 * database (and a policy, where one is in it): nothing is decoded anew.
 *
 * Believed is what the public key has signed, the manifest; parts are what the manifest says by size and digest, taken of the file
 * that was written, by a process that has seen no network. Refused with the old database kept: a wrong signature, a serial older
 * than one taken before from there, a bundle that has expired, parts of another version.
 */
#ifndef WRAPPER_FEED_BUNDLE_H
#define WRAPPER_FEED_BUNDLE_H

#include "wrapper/feed/bundle_manifest.h"

struct bundle_order {
	const char *place;     /* a folder, or the address of one */
	struct span shown;     /* of it what may be stored and shown; a serial is kept under it */
	struct span key;       /* text of the public key */
	const char *database;  /* the file that is replaced */
	uint32_t deadline_ms;  /* of each download; 0: the ordinary one */
};
struct bundle_outcome {
	struct bundle bundle;
	struct span key;  /* id of the key */
	bool unchanged;   /* the database was that of the bundle already */
};
enum pipgate_status bundle_install(struct pipgate_run *run, const struct bundle_order *order, struct bundle_outcome *out,
	struct pipgate_error *error) PIPGATE_MUST_USE;

#endif
