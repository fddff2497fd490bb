/* SPDX-License-Identifier: Apache-2.0 */
/* What a signature is of: the job's body, or the regular file that its place names, whole or as its BLAKE2b-512. */
#ifndef FETCH_MESSAGE_H
#define FETCH_MESSAGE_H

#include "wrapper/fetch/minisign.h"
#include "wrapper/fetch/run.h"

struct message {
	struct span bytes; /* the file's, or digest's */
	unsigned char digest[MINISIGN_DIGEST];
	char *owned;
};

/* Sends META. hashed: read in pieces, within max-bytes. Not hashed: kept whole, so it may be no larger than MESSAGE_WHOLE_MAX.
 * Whatever the status, message_fini() is due. */
enum pipgate_status message_read(struct fetch *fetch, bool hashed, struct message *out) PIPGATE_MUST_USE;
void message_fini(struct message *message);

#define MESSAGE_WHOLE_MAX ((uint64_t)256 << 20) /* of the address space that this process may have */

#endif
