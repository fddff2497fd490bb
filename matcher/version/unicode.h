/* SPDX-License-Identifier: Apache-2.0 */
/* What Python's str does with characters beyond ASCII, as far as packaging relies on it: white space and lower(). */
#ifndef PIPGATE_VERSION_UNICODE_H
#define PIPGATE_VERSION_UNICODE_H

#include "matcher/base/span.h"

#define UNICODE_BYTES 4 /* of one character in UTF-8, at most */

/* The bytes of the white space character that text begins with (str.isspace(), \s); 0: none. */
size_t unicode_space(struct span text);
/* str.strip() */
struct span unicode_trim(struct span text);
/* str.lower(), but for its rule of the Greek final sigma; bytes that are no UTF-8 stay. */
enum pipgate_status unicode_lower(struct pipgate_run *run, struct span text, struct span *out) PIPGATE_MUST_USE;
/* Writes a character in UTF-8 and gives its bytes. */
size_t unicode_put(char *out, uint32_t code_point);

#endif
