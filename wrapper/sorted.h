/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a sorted array. */
#ifndef WRAPPER_SORTED_H
#define WRAPPER_SORTED_H

#include "matcher/base/span.h"

/* The first of n items of this size that does not stand before key; n: all do. order: as for qsort, an item and the key. */
size_t sorted_first(const void *v, size_t n, size_t size, int (*order)(const void *item, const void *key), const void *key);
/* The first whose name this is, of items that begin with a struct span of it; n: none has it. */
size_t sorted_named(const void *v, size_t n, size_t size, struct span name);

#endif
