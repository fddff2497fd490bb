/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --against: reports tell of the components before n_components. What was known moves behind them, where chains still find it: a new
 * distribution is here because of one that was there before.
 */
#include "wrapper/audit/audit.h"

#include "matcher/base/banned.h"

static size_t *places_of(struct auditing *a, size_t *n_fresh)
{
	const struct found *found = a->inventory.found.items;
	size_t n = a->inventory.found.n, *places = must(arena_array(a->run, n + 1, sizeof(*places))), next = 0;

	for (size_t i = 0; i < n; i++)
		if (!found[i].known)
			places[i] = next++;
	*n_fresh = next;
	for (size_t i = 0; i < n; i++)
		if (found[i].known)
			places[i] = next++;
	return places;
}

static void move(struct auditing *a, const size_t *places)
{
	size_t n = a->inventory.found.n;
	const struct pipgate_component *components = a->inventory.components.items;
	const struct found *found = a->inventory.found.items;
	struct pipgate_component *c = must(arena_array(a->run, n + 1, sizeof(*c)));
	struct found *f = must(arena_array(a->run, n + 1, sizeof(*f)));
	bool *unknown = must(arena_array(a->run, n + 1, sizeof(*unknown)));

	for (size_t i = 0; i < n; i++) {
		c[places[i]] = components[i];
		f[places[i]] = found[i];
		unknown[places[i]] = a->audit.unknown[i];
	}
	a->inventory.components.items = c;
	a->inventory.found.items = f;
	a->audit.components = c;
	a->audit.unknown = unknown;
}

static void rename_all(struct auditing *a, const size_t *places)
{
	struct pipgate_finding *findings = (struct pipgate_finding *)(uintptr_t)a->audit.findings;
	struct pipgate_judgement *judgements = (struct pipgate_judgement *)(uintptr_t)a->audit.verdict.judgements;

	for (size_t i = 0; i < a->audit.n_findings; i++) {
		size_t *chain = (size_t *)(uintptr_t)a->audit.chains[i].components;

		findings[i].component = places[findings[i].component];
		for (size_t k = 0; k < a->audit.chains[i].n; k++)
			chain[k] = places[chain[k]];
	}
	for (size_t i = 0; i < a->audit.verdict.n_judgements; i++)
		judgements[i].component = places[judgements[i].component];
}

void audit_only_new(struct auditing *a)
{
	size_t n_fresh, *places = places_of(a, &n_fresh);

	move(a, places);
	rename_all(a, places);
	a->inventory.components.n = a->inventory.found.n = a->audit.n_components = n_fresh;
}
