/* SPDX-License-Identifier: Apache-2.0 */
/* What services send becomes advisories: OSV records as they are, and the claims of services that send less. */
#include <stdlib.h>

#include "wrapper/database/moment.h"
#include "wrapper/service/asking.h"

#include "matcher/base/banned.h"

enum pipgate_status record_take(struct asking *asking, const char *about, struct span wanted, struct span json,
	struct pipgate_advisory *out, struct pipgate_error *error)
{
	struct pipgate_error why = {""};
	struct pipgate_advisory advisory;
	enum pipgate_status status = pipgate_advisory_decode(asking->run, PIPGATE_OSV_JSON, json, &advisory, &why);

	if (status == PIPGATE_NO_MEMORY)
		die_no_memory();
	if (status != PIPGATE_OK)
		return answer_strange(asking, about, why.text, error);
	if (wanted.n && !span_equal(wanted, advisory.id))
		return answer_strange(asking, about, "the record of another advisory", error);
	*(struct pipgate_advisory *)must(list_push(asking->run, &asking->advisories, sizeof(advisory))) = advisory;
	if (out)
		*out = advisory;
	return PIPGATE_OK;
}

/* ---- claims ---- */

/* By id, then name: what one advisory is made of stands together. */
static int claim_order(const void *a, const void *b)
{
	const struct claim *x = *(const struct claim *const *)a, *y = *(const struct claim *const *)b;
	int order = span_compare(x->id, y->id);

	if (!order)
		order = span_compare(x->name, y->name);
	return order ? order : span_compare(x->version, y->version);
}

static void *push(struct asking *asking, struct list *list, size_t size)
{
	return must(list_push(asking->run, list, size));
}

static void versions_add(struct asking *asking, struct list *to, const struct list *from)
{
	const struct span *texts = from->items;

	for (size_t i = 0; i < from->n; i++) {
		const struct span *there = to->items;
		bool known = false;

		for (size_t k = 0; k < to->n && !known; k++)
			known = span_equal(there[k], texts[i]);
		if (!known)
			*(struct span *)push(asking, to, sizeof(struct span)) = texts[i];
	}
}

/* The releases themselves as a list of versions. The fixed ones as a range that begins nowhere: it holds no version, and tells what
 * to move to. */
static struct pipgate_affected affected_make(struct asking *asking, const struct claim *const *claims, size_t n)
{
	struct list versions = {0}, fixed = {0}, events = {0};
	struct pipgate_range *range = must(arena_alloc(asking->run, sizeof(*range)));

	for (size_t i = 0; i < n; i++) {
		*(struct span *)push(asking, &versions, sizeof(struct span)) = claims[i]->version;
		versions_add(asking, &fixed, &claims[i]->fixed);
	}
	for (size_t i = 0; i < fixed.n; i++)
		*(struct pipgate_event *)push(asking, &events, sizeof(struct pipgate_event)) =
			(struct pipgate_event){PIPGATE_EVENT_FIXED, ((const struct span *)fixed.items)[i]};
	*range = (struct pipgate_range){events.items, events.n};
	return (struct pipgate_affected){.name = claims[0]->name, .versions = versions.items, .n_versions = versions.n, .ranges = range,
		.n_ranges = events.n ? 1 : 0};
}

/* The newest; n 0: none is told. */
static struct span modified_of(const struct claim *const *claims, size_t n)
{
	struct span newest = {NULL, 0};
	struct moment at, last = {INT64_MIN, 0};

	for (size_t i = 0; i < n; i++)
		if (moment_parse(claims[i]->modified, &at) && moment_compare(at, last) > 0) {
			newest = claims[i]->modified;
			last = at;
		}
	return newest;
}

/* Those that are not withdrawn first, in their order; how many count. */
static size_t live_first(const struct claim **claims, size_t n)
{
	size_t live = 0;

	for (size_t i = 0; i < n; i++)
		if (!claims[i]->withdrawn.n)
			claims[live++] = claims[i];
	return live ? live : n;
}

static struct pipgate_advisory advisory_make(struct asking *asking, const struct claim *const *claims, size_t n)
{
	struct list aliases = {0}, affected = {0};
	struct pipgate_advisory advisory = {.id = claims[0]->id, .summary = claims[0]->summary, .details = claims[0]->details};
	struct moment ignored;

	for (size_t i = 0; i < n;) {
		size_t first = i;

		for (; i < n && span_equal(claims[i]->name, claims[first]->name); i++)
			versions_add(asking, &aliases, &claims[i]->aliases);
		*(struct pipgate_affected *)push(asking, &affected, sizeof(struct pipgate_affected)) =
			affected_make(asking, claims + first, i - first);
	}
	if (moment_parse(claims[0]->published, &ignored))
		advisory.published = claims[0]->published;
	advisory.withdrawn = claims[0]->withdrawn;
	advisory.modified = modified_of(claims, n);
	if (!advisory.modified.n)
		advisory.modified = advisory.published.n ? advisory.published : SPAN("1970-01-01T00:00:00Z"); /* it does not say */
	advisory.aliases = aliases.items;
	advisory.n_aliases = aliases.n;
	advisory.affected = affected.items;
	advisory.n_affected = affected.n;
	return advisory;
}

enum pipgate_status claims_take(struct asking *asking, const struct claim *claims, size_t n, struct pipgate_error *error)
{
	const struct claim **sorted = must(arena_array(asking->run, n + 1, sizeof(*sorted)));

	for (size_t i = 0; i < n; i++) {
		if (!claims[i].id.n || claims[i].id.n > SERVICE_ID_MAX)
			return answer_strange(asking, "an advisory", "its id is missing or too long", error);
		sorted[i] = &claims[i];
	}
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), claim_order);
	for (size_t i = 0; i < n;) {
		size_t first = i;

		while (i < n && span_equal(sorted[i]->id, sorted[first]->id))
			i++;
		*(struct pipgate_advisory *)push(asking, &asking->advisories, sizeof(struct pipgate_advisory)) =
			advisory_make(asking, sorted + first, live_first(sorted + first, i - first));
	}
	return PIPGATE_OK;
}
