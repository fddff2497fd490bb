/* SPDX-License-Identifier: Apache-2.0 */
#include "matcher/advisory/merge.h"

#include <stdlib.h>

#include "matcher/base/banned.h"

/* A record goes by this name. */
struct naming {
	struct span name;
	size_t record;
};

static int naming_order(const void *a, const void *b)
{
	return span_compare(((const struct naming *)a)->name, ((const struct naming *)b)->name);
}

/* The one that stands for its group; halves the path on its way. */
static size_t find(size_t *parent, size_t i)
{
	while (parent[i] != i) {
		parent[i] = parent[parent[i]];
		i = parent[i];
	}
	return i;
}

/* The lower number stands for both, so that a group is known by its first record. */
static void join(size_t *parent, size_t a, size_t b)
{
	a = find(parent, a);
	b = find(parent, b);
	if (a < b)
		parent[b] = a;
	else
		parent[a] = b;
}

static struct naming *collect(struct pipgate_run *run, const struct record *records, size_t n, size_t *out_n)
{
	size_t total = n, at = 0;
	struct naming *namings;

	for (size_t i = 0; i < n; i++)
		total += records[i].n_aliases;
	namings = arena_array(run, total, sizeof(*namings));
	for (size_t i = 0; namings && i < n; i++) {
		namings[at++] = (struct naming){records[i].id, i};
		for (size_t k = 0; k < records[i].n_aliases; k++)
			namings[at++] = (struct naming){records[i].aliases[k], i};
	}
	*out_n = total;
	return namings;
}

enum pipgate_status merge_groups(struct pipgate_run *run, const struct record *records, size_t n, size_t *groups, size_t *n_groups)
{
	size_t n_namings, count = 0;
	struct naming *namings = collect(run, records, n, &n_namings);
	size_t *parent = arena_array(run, n, sizeof(*parent));

	if (!namings || !parent)
		return PIPGATE_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		parent[i] = i;
	qsort(namings, n_namings, sizeof(*namings), naming_order);
	for (size_t i = 1; i < n_namings; i++)
		if (span_equal(namings[i - 1].name, namings[i].name))
			join(parent, namings[i - 1].record, namings[i].record);
	for (size_t i = 0; i < n; i++) {
		size_t root = find(parent, i);

		groups[i] = root == i ? count++ : groups[root];
	}
	*n_groups = count;
	return PIPGATE_OK;
}
