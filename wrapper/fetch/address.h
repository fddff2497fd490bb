/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses (URLs) by libcurl's own parser, so that what is judged here is what curl then does. */
#ifndef FETCH_ADDRESS_H
#define FETCH_ADDRESS_H

#include "matcher/base/span.h"
#include "shims/hook/protocol.h"

bool address_looks_so(const char *place); /* "scheme://", whichever the scheme: not a path */
bool address_is(const char *url, const char *scheme);
/* What may be shown and stored: without user, password, query and fragment. "": not an address, or too long. */
void address_public(const char *url, char out[FETCH_NAME_MAX + 1]);
/* The address to go on with: to, with from's user and password where scheme, host and port are the same and with none
 * where they are not. NULL: not an address. For curl_free(). */
char *address_next(const char *from, const char *to);

/* Are host and port the same? */
bool address_same(const char *from, const char *to);

#endif
