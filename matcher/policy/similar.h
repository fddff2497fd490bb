/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are one edit away from a well-known one: typed wrongly, or made to be. */
#ifndef PIPGATE_POLICY_SIMILAR_H
#define PIPGATE_POLICY_SIMILAR_H

#include "matcher/base/span.h"

#define SIMILAR_SHORT 4 /* shorter names are all similar to each other */

/* One insertion, deletion, replacement or swap of neighbours, or the same but for separators and 0/o, 1/l. Equal names are not. */
bool similar_names(struct span a, struct span b);
/* The first of known, a normalized name a line, that name (normalized) is similar to; n 0: none, or it is one of them. */
struct span similar_find(struct span name, struct span known);

#endif
