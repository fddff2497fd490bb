/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: is it UTF-8, and how may it be shown. */
#ifndef PIPGATE_BASE_TEXT_H
#define PIPGATE_BASE_TEXT_H

#include "matcher/base/buf.h"

/* The bytes of the first character (1..4); 0: not UTF-8 here (overlong forms and surrogates are not). */
size_t text_character(struct span text, uint32_t *code_point);
/* The offset of the first byte that is not UTF-8, text.n where all is. */
size_t text_valid(struct span text);
/* Appends text so that a terminal shows it and obeys nothing: C0, C1, DEL, bidirectional controls, other format
 * controls, line and paragraph separators and broken bytes as \xNN or \uNNNN; printable Unicode as it is. */
void text_escape(struct buf *out, struct span text);

#endif
