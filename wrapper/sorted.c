/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/sorted.h"

#include "matcher/base/banned.h"

size_t sorted_first(const void *v, size_t n, size_t size, int (*order)(const void *item, const void *key), const void *key)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order((const char *)v + middle * size, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int name_order(const void *item, const void *name)
{
	return span_compare(*(const struct span *)item, *(const struct span *)name);
}

size_t sorted_named(const void *v, size_t n, size_t size, struct span name)
{
	size_t at = sorted_first(v, n, size, name_order, &name);

	return at < n && name_order((const char *)v + at * size, &name) == 0 ? at : n;
}
